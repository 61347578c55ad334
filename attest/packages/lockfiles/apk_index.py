"""Alpine's `APKINDEX` and the list of what is installed (apk-tools, `apk-package(5)`, "APKINDEX format").

Both have the same letters a package. The checksum is the SHA-1 of the control part: no digest of a package file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from attest import limits
from attest.errors import LockError
from attest.packages.lockfiles.documents import read_lines
from attest.packages.lockfiles.lock import Entry, Kind

_FIELD: Final = re.compile(r"([A-Za-z]):(.*)")
_FIRST: Final = re.compile(rb"\s*[A-Za-z]:")
_GAP: Final = "no digest of the file: apk keeps the SHA-1 of a part of it"


def _read(data: bytes) -> Iterator[Entry]:
    fields: dict[str, str] = {}
    start = 0
    for number, line in enumerate([*read_lines(data), ""], 1):
        if line:
            match = _FIELD.fullmatch(line)
            if match is None:
                raise LockError("not a line of an apk index", where=f"line {number}", why=line[:160])
            start = start or number
            fields.setdefault(match[1], match[2])
        elif fields:
            yield _entry(fields, f"line {start}")
            fields, start = {}, 0


def _entry(fields: dict[str, str], place: str) -> Entry:
    if not (fields.get("P") and fields.get("V")):
        raise LockError("a package without name or version", where=place)
    return Entry(f"{fields['P']}-{fields['V']}", place, None, gap=_GAP, condition=fields.get("A"))


def _fits(data: bytes) -> bool:
    return _FIRST.match(data) is not None


KIND: Final = Kind("APKINDEX", ("APKINDEX", "installed"), limits.LOCKFILE, _read, _fits)
