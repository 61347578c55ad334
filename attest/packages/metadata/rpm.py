"""RPM packages: the tags of the header (rpm.org, "RPM tags", "Dependencies").

What is required are capabilities: the name of a package, or a library, a file or anything else in its own notation.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import Final

from attest.errors import PackageError
from attest.packages.archives import Archive, Container
from attest.packages.metadata.facts import (
    Metadata,
    Requirement,
    Scope,
    Source,
    address,
    bounded,
    line,
    person,
    requirement,
)
from attest.packages.purl import Purl

_TEXTS: Final = ("VENDOR", "PACKAGER", "LICENSE", "URL")
_GROUPS: Final = (("REQUIRE", Scope.RUNTIME), ("RECOMMEND", Scope.OPTIONAL))
_PARTS: Final = ("NAME", "VERSION", "FLAGS")
_MEMBERS: Final = (*_TEXTS, "SUMMARY", *(f"{group}{part}" for group, _ in _GROUPS for part in _PARTS))
_LESS, _GREATER, _EQUAL = 0x02, 0x04, 0x08
_RPMLIB: Final = "rpmlib("
"""What the program that installs it must be able to do."""
_LIBRARY: Final = re.compile(r"\.so(?:\.|\Z)")
_PACKAGE: Final = re.compile(r"[A-Za-z0-9_+.][A-Za-z0-9_+.-]*")


def _read(archive: Archive, purl: Purl) -> Metadata:
    vendor, packager, license, url = (_text(archive, tag) for tag in _TEXTS)
    return Metadata(
        licenses=() if license is None else (license,),
        supplier=person(vendor) or person(packager),
        description=_text(archive, "SUMMARY"),
        homepage=address(url),
        requirements=bounded(_requirements(archive, purl), "REQUIRENAME"),
    )


def _text(archive: Archive, tag: str) -> str | None:
    """A text, or the first of several, which is that in no language."""
    found = archive.one(tag)
    return None if found is None else line(found.data.partition(b"\0")[0].decode("utf-8", "replace"))


def _requirements(archive: Archive, purl: Purl) -> Iterator[Requirement]:
    for group, scope in _GROUPS:
        names, versions = (_texts(archive, f"{group}{part}") for part in _PARTS[:2])
        member = archive.one(f"{group}FLAGS")
        flags = [number for (number,) in struct.iter_unpack(">I", b"" if member is None else member.data)]
        if not len(names) == len(versions) == len(flags):
            raise PackageError("not the header of an RPM package", where=group, why="names without versions")
        for name, version, flag in zip(names, versions, flags, strict=True):
            if name.startswith(_RPMLIB):
                continue
            sign = "".join(mark for bit, mark in ((_LESS, "<"), (_GREATER, ">"), (_EQUAL, "=")) if flag & bit)
            wanted = f"{sign} {version}" if sign and version else ""
            if _PACKAGE.fullmatch(name) is None or _LIBRARY.search(name):
                yield Requirement(line(name) or "?", scope, line(wanted) or "")
            else:
                exact = version if sign == "=" and "-" in version and ":" not in version else None
                yield requirement("rpm", purl.namespace, name, scope, wanted, version=exact)


def _texts(archive: Archive, tag: str) -> list[str]:
    found = archive.one(tag)
    return [] if found is None else found.data.decode("utf-8", "replace").split("\0")[:-1]


SOURCES: Final = {Container.RPM: Source(_MEMBERS, _read)}
