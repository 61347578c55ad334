"""RPM: the vendor is the namespace, the version is VERSION-RELEASE.

What a package calls its vendor is any text, so that the namespace has to be given.
"""

from __future__ import annotations

import re
from typing import Final

from attest.errors import PackageError
from attest.packages.archives import Archive, Container
from attest.packages.row import Ecosystem, Identity, Reader, alone

_TAGS: Final = ("NAME", "VERSION", "RELEASE", "ARCH", "SOURCERPM")
_NAME: Final = re.compile(r"[A-Za-z0-9_+.][A-Za-z0-9_+.-]*")
_PART: Final = re.compile(r"[A-Za-z0-9._+~^]+")
_FILE: Final = re.compile(
    rf"(?P<name>{_NAME.pattern})-(?P<version>{_PART.pattern}-{_PART.pattern})\.[a-z0-9_]+\.rpm", re.ASCII
)
_ANY: Final = "noarch"
_SOURCE: Final = "src"


def _version(version: str) -> str:
    if ":" in version:
        raise ValueError(f"{version!r} has an epoch, which is no part of VERSION-RELEASE")
    number, dash, release = version.rpartition("-")
    if not (number and dash and release):
        raise ValueError(f"{version!r} is not VERSION-RELEASE, such as 7.50.3-1.fc25")
    return version


def _file_name(file_name: str) -> tuple[str, str] | None:
    """NAME-VERSION-RELEASE.ARCH.rpm; neither version nor release has a ``-``."""
    match = _FILE.fullmatch(file_name)
    return None if match is None else (match["name"], match["version"])


def _read(archive: Archive) -> Identity | None:
    name, version, release = (_tag(archive, "NAME", _NAME), *(_tag(archive, tag, _PART) for tag in _TAGS[1:3]))
    architecture = _tag(archive, "ARCH", _PART)
    if archive.one("SOURCERPM") is None:  # as RPM tells a source package: no other has been made of none
        architecture = _SOURCE
    return Identity(None, name, f"{version}-{release}", None if architecture == _ANY else architecture)


def _tag(archive: Archive, tag: str, grammar: re.Pattern[str]) -> str:
    found = archive.one(tag)
    value = "" if found is None else found.data.decode("utf-8", "replace")
    if grammar.fullmatch(value) is None:
        raise PackageError("not the header of an RPM package", where=tag, why=f"it is none: {value[:80]!r}")
    return value


ROW: Final = Ecosystem(
    "rpm",
    namespace="the vendor, such as fedora",
    namespace_min=1,
    namespace_max=1,
    registry_name=alone,
    version=_version,
    file_name=_file_name,
    readers=(Reader("RPM package", Container.RPM, "NAME, VERSION and RELEASE", _TAGS, _read),),
)
