"""`Pipfile.lock` (pipenv; pipfile-spec 6): hashes of all files of a version, any of which may be chosen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from attest import limits
from attest.errors import LockError
from attest.oci.strict_json import Fields
from attest.packages.lockfiles import lock
from attest.packages.lockfiles.documents import hashes, purl, read_json, texts
from attest.packages.lockfiles.lock import Entry, Kind

_SPECIFICATION: Final = 6


def _read(data: bytes) -> Iterator[Entry]:
    document = read_json(data)
    version = document.object("_meta").integer("pipfile-spec")
    if version != _SPECIFICATION:
        raise LockError("not a Pipfile.lock of a known version", where="_meta.pipfile-spec", why=f"{version}, not 6")
    for group in document.value:
        if group != "_meta":
            packages = document.object(group)
            for name in packages.value:
                yield _entry(name, packages.object(name))


def _entry(name: str, item: Fields) -> Entry:
    condition = item.optional_string("markers")
    if "git" in item.value:
        return Entry(name, item.path, None, gap="a git dependency", condition=condition)
    if "path" in item.value or item.value.get("editable") is True:
        return Entry(name, item.path, None, gap="a local directory", condition=condition)
    version = item.optional_string("version") or ""
    if not version.startswith("=="):
        return Entry(name, item.path, None, gap="no pinned version", condition=condition)
    package = purl("pypi", name, version.removeprefix("=="), where=item.path)
    digests = [hashes([text], where=item.path) for text in texts(item, "hashes")]
    return lock.entry(name, item.path, package, digests, condition)


KIND: Final = Kind("Pipfile.lock", ("Pipfile.lock",), limits.LOCKFILE, _read)
