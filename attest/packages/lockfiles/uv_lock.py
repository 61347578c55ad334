"""`uv.lock`, version 1 (uv's `crates/uv-resolver/src/lock`): an sdist and wheels, any of which may be chosen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from attest import limits
from attest.errors import LockError
from attest.oci.strict_json import Fields
from attest.packages.lockfiles import lock
from attest.packages.lockfiles.documents import hashes, purl, read_toml, texts
from attest.packages.lockfiles.lock import Entry, Kind

_LOCAL: Final = ("editable", "virtual", "directory")
_SOURCES: Final = {"registry", "git", "url", "path", *_LOCAL}


def _read(data: bytes) -> Iterator[Entry]:
    document = read_toml(data)
    version = document.integer("version")
    if version != 1:
        raise LockError("not a uv.lock of a known version", where="version", why=f"{version}, not 1")
    for item in document.objects("package"):
        yield _entry(item)


def _entry(item: Fields) -> Entry:
    name, version = item.string("name"), item.optional_string("version")
    place = f"{item.path} {name} {version or ''}".rstrip()
    source = item.object("source")
    if len(source.value.keys() & _SOURCES) != 1:
        raise LockError("not one source", where=source.path, why=", ".join(source.value)[:160])
    condition = "; ".join(texts(item, "resolution-markers")) or None
    local = next((source.string(kind) for kind in _LOCAL if kind in source.value), None)
    if local == ".":
        return Entry(name, place, None, covered="the project itself")
    if local is not None:
        return Entry(name, place, None, gap="a local directory", condition=condition)
    if "git" in source.value:
        return Entry(name, place, None, gap="a git dependency", condition=condition)
    if version is None:
        return Entry(name, place, None, gap="no version", condition=condition)
    sdist = item.optional_object("sdist")
    files = [*([] if sdist is None else [sdist]), *item.objects("wheels")]
    files += [packed for file in files if (packed := file.optional_object("zstd")) is not None]  # uv prefers it
    digests = [hashes([file.optional_string("hash") or ""], where=file.path) for file in files]
    return lock.entry(name, place, purl("pypi", name, version, where=place), digests, condition)


KIND: Final = Kind("uv.lock", ("uv.lock",), limits.LOCKFILE_TOML, _read)
