"""Alpine packages: the vendor is the namespace; the digest is that of the whole file."""

from __future__ import annotations

import re
from typing import Final

from attest.errors import PackageError
from attest.packages.archives import Archive, Container, Member
from attest.packages.row import Ecosystem, Identity, Reader, alone

_PKGINFO: Final = ".PKGINFO"
_FIELD: Final = re.compile(r"([A-Za-z0-9_]+) = (.*)")
_NAME: Final = re.compile(r"[A-Za-z0-9._+-]+")
_VERSION: Final = re.compile(r"[0-9]+(?:\.[0-9]+)*[a-z]?(?:_[a-z]+[0-9]*)*(?:~[0-9a-f]+)?(?:-r[0-9]+)?")
_ARCHITECTURE: Final = re.compile(r"[a-z0-9_]+")
_ANY: Final = "noarch"
_WANTED: Final = ("pkgname", "pkgver", "arch")


def _file_name(file_name: str) -> tuple[str, str] | None:
    """NAME-VERSION-rRELEASE.apk; a version has no ``-``."""
    name, *version = file_name.removesuffix(".apk").rsplit("-", 2)
    number = "-".join(version)
    certain = file_name.endswith(".apk") and len(version) == 2 and _NAME.fullmatch(name) and _VERSION.fullmatch(number)
    return (name, number) if certain else None


def _read(archive: Archive) -> Identity | None:
    found = archive.one(_PKGINFO)
    if found is None:
        raise PackageError("an Alpine package without metadata", why=f"no {_PKGINFO} in its control stream")
    fields = _fields(found)
    architecture = _value(fields, "arch", _ARCHITECTURE, found)
    return Identity(
        None,
        _value(fields, "pkgname", _NAME, found),
        _value(fields, "pkgver", _VERSION, found),
        None if architecture == _ANY else architecture,
    )


def _fields(member: Member) -> dict[str, str]:
    """What is wanted of the lines ``key = value`` (apk-tools, apk-v2(5)); other keys may stand there many times."""
    try:
        lines = member.data.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        raise _refused(member, "it is not UTF-8") from None
    fields: dict[str, str] = {}
    for line in lines:
        match = _FIELD.fullmatch(line)
        if match is None:
            if line and not line.startswith("#"):
                raise _refused(member, f"a line that is no field: {line[:80]!r}")
        elif match[1] in _WANTED:
            if match[1] in fields:
                raise _refused(member, f"{match[1]} stands there twice")
            fields[match[1]] = match[2]
    return fields


def _value(fields: dict[str, str], name: str, grammar: re.Pattern[str], member: Member) -> str:
    value = fields.get(name, "")
    if grammar.fullmatch(value) is None:
        raise _refused(member, f"its {name} is none: {value[:80]!r}")
    return value


def _refused(member: Member, why: str) -> PackageError:
    return PackageError("not the metadata of an Alpine package", where=member.name, why=why)


ROW: Final = Ecosystem(
    "apk",
    namespace="the vendor, such as alpine",
    namespace_min=1,
    namespace_max=1,
    registry_name=alone,
    file_name=_file_name,
    readers=(Reader("Alpine package", Container.APK, _PKGINFO, (_PKGINFO,), _read),),
)
