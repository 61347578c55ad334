"""Conda's `repodata.json` of one channel and platform (CEP 36): the archives by file name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from attest import limits
from attest.errors import LockError
from attest.oci.strict_json import Fields
from attest.packages.lockfiles import lock
from attest.packages.lockfiles.documents import hashes, purl, read_json
from attest.packages.lockfiles.lock import Entry, Kind

_GROUPS: Final = ("packages", "packages.conda")
_VERSIONS: Final = (1, 2)
_ANYWHERE: Final = "noarch"


def _read(data: bytes) -> Iterator[Entry]:
    document = read_json(data)
    version = document.integer("repodata_version") if "repodata_version" in document.value else 1
    if version not in _VERSIONS:
        raise LockError(
            "not a repodata.json of a known version", where="repodata_version", why=f"{version}, not 1 or 2"
        )
    subdir = document.object("info").string("subdir")
    for group in _GROUPS:
        files = document.optional_object(group)
        for file in () if files is None else files.value:
            assert files is not None
            yield _entry(file, files.object(file), None if subdir == _ANYWHERE else subdir)


def _entry(file: str, item: Fields, condition: str | None) -> Entry:
    sha256 = item.optional_string("sha256")
    digests = [] if not sha256 else hashes([f"sha256:{sha256}"], where=item.path)
    package = purl("conda", item.string("name"), item.string("version"), where=item.path)
    return lock.entry(file, item.path, package, [digests], condition)


KIND: Final = Kind("repodata.json", ("repodata.json", "current_repodata.json"), limits.LOCKFILE, _read)
