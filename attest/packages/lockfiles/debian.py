"""Debian's `Packages` indexes, with a SHA-256 a file; and dpkg's `status`, the list of what is installed, without any.

Both are paragraphs of fields (deb-control(5), dpkg-status; Debian wiki, "DebianRepository/Format").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from attest import limits
from attest.errors import LockError
from attest.packages.lockfiles import lock
from attest.packages.lockfiles.documents import hashes, purl, read_lines, unpacked
from attest.packages.lockfiles.lock import Entry, Index, Kind

_FIELD: Final = re.compile(r"([!-,./0-9;-~][!-9;-~]*+):[ \t]*+(.*)")
_WANTED: Final = frozenset({"package", "version", "architecture", "sha256", "status"})
_STATUS: Final = re.compile(rb"^Status:", re.MULTILINE | re.IGNORECASE)


@dataclass(slots=True)
class _Paragraph:
    place: str
    fields: dict[str, str] = field(default_factory=dict)

    def value(self, name: str) -> str:
        value = self.fields.get(name.lower())
        if not value:
            raise LockError(f"a package without {name}", where=self.place)
        return value

    @property
    def shown(self) -> str:
        return f"{self.value('Package')} {self.value('Version')} {self.value('Architecture')}"


def _paragraphs(data: bytes) -> Iterator[_Paragraph]:
    paragraph: _Paragraph | None = None
    for number, line in enumerate(read_lines(data), 1):
        if not line.strip():
            if paragraph is not None:
                yield paragraph
            paragraph = None
            continue
        if line[0] in " \t" and paragraph is not None:
            continue  # a field goes on; none that is read here does
        match = _FIELD.fullmatch(line)
        if match is None:
            raise LockError("not a field of a control file", where=f"line {number}", why=line[:160])
        if paragraph is None:
            paragraph = _Paragraph(f"line {number}")
        name, value = match.groups()
        key = name.lower()  # names of fields are so compared by dpkg and apt
        if key in _WANTED:
            if key in paragraph.fields:
                raise LockError(
                    f"{name} stands twice", where=f"line {number}", why=f"in the package of {paragraph.place}"
                )
            paragraph.fields[key] = value.strip()
    if paragraph is not None:
        yield paragraph


def _packages(data: bytes, vendor: str) -> Iterator[Entry]:
    for item in _paragraphs(unpacked(data)):
        package = purl("deb", f"{vendor}/{item.value('Package')}", item.value("Version"), where=item.place)
        sha256 = item.fields.get("sha256")
        digests = [] if not sha256 else hashes([f"sha256:{sha256}"], where=item.place)
        architecture = item.value("Architecture")
        condition = None if architecture == "all" else architecture
        yield lock.entry(item.shown, item.place, package, [digests], condition)


def _status(data: bytes) -> Iterator[Entry]:
    for item in _paragraphs(data):
        wanted, _, state = item.value("Status").partition(" ok ")
        if state in ("not-installed", "config-files"):
            yield Entry(item.value("Package"), item.place, None, covered=f"not installed: {wanted}")
        else:
            yield Entry(item.shown, item.place, None, gap="no digest: dpkg does not keep any of the package")


def _is_status(data: bytes) -> bool:
    return _STATUS.search(data) is not None


PACKAGES: Final = Index(
    "Debian Packages",
    tuple(f"{name}{packed}" for name in ("Packages", "*_Packages") for packed in ("", ".gz", ".xz")),
    limits.LOCKFILE,
    _packages,
)
STATUS: Final = Kind("dpkg status", ("status", "dpkg-status", "*.dpkg-status"), limits.LOCKFILE, _status, _is_status)
