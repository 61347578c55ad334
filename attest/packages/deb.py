"""Debian packages: the vendor is the namespace, the version has its epoch.

A package is an ar with a tar of control files (deb(5)); whose distribution it belongs to stands nowhere in it.
"""

from __future__ import annotations

import re
from typing import Final

from attest.errors import PackageError
from attest.packages.archives import Archive, Container, Member
from attest.packages.containers import nested
from attest.packages.row import Ecosystem, Identity, Reader, alone

_FORMAT: Final = "debian-binary"
_TARBALL: Final = "control.tar*"
_CONTROL: Final = "control"
_FORMAT_READ: Final = re.compile(rb"2\.[0-9]+\n")
_FIELD: Final = re.compile(r"([!\"$-,.-9;-~][!-9;-~]*):[ \t]*(.*?)[ \t]*")
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9+.-]*")
_VERSION: Final = re.compile(r"(?:[0-9]+:)?[0-9][A-Za-z0-9.+~:-]*")
_ARCHITECTURE: Final = re.compile(r"[a-z0-9][a-z0-9-]*")
_ANY: Final = "all"


def _read(archive: Archive) -> Identity | None:
    written, packed = archive.one(_FORMAT), archive.one(_TARBALL)
    if written is None or packed is None:
        return None
    if _FORMAT_READ.fullmatch(written.data) is None:
        raise PackageError("a Debian package of an unknown version", where=_FORMAT, why="only version 2 is read")
    found = nested(packed, (_CONTROL,)).one(_CONTROL)
    if found is None:
        raise PackageError("not the control files of a Debian package", where=packed.name, why=f"no {_CONTROL}")
    fields = _fields(found)
    architecture = _value(fields, "Architecture", _ARCHITECTURE, found)
    return Identity(
        None,
        _value(fields, "Package", _NAME, found),
        _value(fields, "Version", _VERSION, found),
        None if architecture == _ANY else architecture,
    )


def _fields(member: Member) -> dict[str, str]:
    """The first lines of the fields of the one paragraph (deb-control(5)), by name in lower case."""
    try:
        lines = member.data.decode("utf-8").rstrip("\n").split("\n")
    except UnicodeDecodeError:
        raise _refused(member, "it is not UTF-8") from None
    fields: dict[str, str] = {}
    for line in lines:
        if line.startswith((" ", "\t")) and fields and line.strip():
            continue
        match = _FIELD.fullmatch(line)
        if match is None:
            raise _refused(member, f"a line that is no field: {line[:80]!r}")
        name = match[1].lower()
        if name in fields:
            raise _refused(member, f"{match[1][:80]} stands there twice")
        fields[name] = match[2]
    return fields


def _value(fields: dict[str, str], name: str, grammar: re.Pattern[str], member: Member) -> str:
    value = fields.get(name.lower(), "")
    if grammar.fullmatch(value) is None:
        raise _refused(member, f"its {name} is none: {value[:80]!r}")
    return value


def _refused(member: Member, why: str) -> PackageError:
    return PackageError("not the control file of a package", where=member.name, why=why)


ROW: Final = Ecosystem(
    "deb",
    namespace="the vendor, such as debian",
    namespace_min=1,
    namespace_max=1,
    registry_name=alone,
    readers=(Reader("Debian package", Container.AR, "control in control.tar", (_FORMAT, _TARBALL), _read),),
)
