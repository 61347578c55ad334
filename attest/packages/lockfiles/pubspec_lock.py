"""Dart's `pubspec.lock`: `sha256` is that of the package's archive (pub's `lock_file.dart`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from attest import limits
from attest.errors import LockError
from attest.oci.strict_json import Fields
from attest.packages.lockfiles import lock
from attest.packages.lockfiles.documents import hashes, purl, read_yaml
from attest.packages.lockfiles.lock import Entry, Kind

_GAPS: Final = {"git": "a git dependency", "path": "a local directory"}


def _read(data: bytes) -> Iterator[Entry]:
    packages = read_yaml(data).optional_object("packages")
    for name in () if packages is None else packages.value:
        assert packages is not None
        yield _entry(name, packages.object(name))


def _entry(name: str, item: Fields) -> Entry:
    source = item.string("source")
    if source == "sdk":
        return Entry(name, item.path, None, covered="a part of the SDK")
    if source in _GAPS:
        return Entry(name, item.path, None, gap=_GAPS[source])
    if source != "hosted":
        raise LockError("not a source of pub", where=f"{item.path}.source", why=source[:80])
    description = item.object("description")
    real = description.string("name")
    digest = description.optional_string("sha256")
    digests = [] if not digest else hashes([f"sha256:{digest}"], where=description.path)
    return lock.entry(real, item.path, purl("pub", real, item.string("version"), where=item.path), [digests])


KIND: Final = Kind("pubspec.lock", ("pubspec.lock",), limits.LOCKFILE, _read)
