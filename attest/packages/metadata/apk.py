"""Alpine packages: .PKGINFO (apk-tools, apk-v2(5), apk-package(5)).

What is needed are packages, or what some package provides: ``so:`` a library, ``cmd:`` a program, ``pc:`` a module.
"""

from __future__ import annotations

import re
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
    lines,
    person,
    requirement,
)
from attest.packages.purl import Purl

_PKGINFO: Final = ".PKGINFO"
_DEPEND: Final = re.compile(r"(?P<name>[^\s<>=~!@]+)(?:@\S+)?(?P<wanted>[<>=~]+\S+)?")
_PINNED: Final = re.compile(r"=([^<>=~]+)")


def _read(archive: Archive, purl: Purl) -> Metadata:
    member = archive.one(_PKGINFO)
    if member is None:
        raise PackageError("no .PKGINFO")
    fields: dict[str, list[str]] = {}
    for written in member.data.decode("utf-8", "replace").split("\n"):
        key, equals, value = written.partition(" = ")
        if equals and not key.startswith("#"):
            fields.setdefault(key, []).append(value)
    one = {key: values[0] for key, values in fields.items()}
    return Metadata(
        licenses=lines(fields.get("license", [])),
        supplier=person(one.get("maintainer")) or person(one.get("packager")),
        description=line(one.get("pkgdesc")),
        homepage=address(one.get("url")),
        requirements=bounded(_requirements(fields.get("depend", []), purl), member.name),
    )


def _requirements(depends: list[str], purl: Purl) -> Iterator[Requirement]:
    for text in depends:
        if text.startswith("!"):
            continue  # what must not be installed
        match = _DEPEND.fullmatch(text.strip())
        if match is None:
            raise PackageError("not a dependency", where=_PKGINFO, why=repr(text[:80]))
        name, wanted = match["name"], match["wanted"] or ""
        if ":" in name or "/" in name:
            yield Requirement(line(name) or "?", Scope.RUNTIME, line(wanted) or "")
        else:
            exact = _PINNED.fullmatch(wanted)
            version = None if exact is None else exact[1]
            yield requirement("apk", purl.namespace, name, Scope.RUNTIME, wanted, version=version)


SOURCES: Final = {Container.APK: Source((_PKGINFO,), _read)}
