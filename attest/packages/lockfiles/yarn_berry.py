"""`yarn.lock` of yarn 2 and later: its checksums are of archives that yarn itself makes, so none is of use here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from attest import limits
from attest.packages.lockfiles.documents import purl, read_yaml
from attest.packages.lockfiles.lock import Entry, Kind

_METADATA: Final = "__metadata"
_NPM: Final = "npm:"
_GAP: Final = "no digest of the package: yarn writes that of its own archive"


def _fits(data: bytes) -> bool:
    return b"__metadata:" in data


def _read(data: bytes) -> Iterator[Entry]:
    document = read_yaml(data)
    document.object(_METADATA).string("version")
    for key in document.value:
        if key == _METADATA:
            continue
        item = document.object(key)
        resolution = item.string("resolution")
        name, _, origin = resolution[1:].partition("@")
        name = resolution[:1] + name
        if origin == "workspace:.":
            yield Entry(name, item.path, None, covered="the project itself")
        elif origin.startswith(("workspace:", "portal:", "link:")):
            yield Entry(name, item.path, None, gap="a local directory")
        else:
            condition = item.optional_string("conditions")
            gap = "a git dependency" if "commit=" in origin else _GAP
            version = origin.removeprefix(_NPM).partition("::")[0]
            package = purl("npm", name, version, where=item.path) if origin.startswith(_NPM) else None
            yield Entry(name, item.path, package, gap=gap, condition=condition)


KIND: Final = Kind("yarn.lock (berry)", ("yarn.lock",), limits.LOCKFILE, _read, _fits)
