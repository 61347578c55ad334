"""Debian packages: the control file (deb-control(5); Debian Policy, chapter 7)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from attest.errors import PackageError
from attest.packages.archives import Archive, Container, Member
from attest.packages.containers import nested
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

_TARBALL: Final = "control.tar*"
_CONTROL: Final = "control"
_ONE: Final = re.compile(r"([a-z0-9][a-z0-9+.-]*)(?::([a-z0-9-]+))?\s*(?:\(([^()]*)\))?\s*(?:\[([^\[\]]*)\])?")
_PINNED: Final = re.compile(r"=\s*([^\s]+)")
_FIELDS: Final = (
    ("pre-depends", Scope.RUNTIME),
    ("depends", Scope.RUNTIME),
    ("recommends", Scope.OPTIONAL),
    ("suggests", Scope.OPTIONAL),
)


def _read(archive: Archive, purl: Purl) -> Metadata:
    packed = archive.one(_TARBALL)
    member = None if packed is None else nested(packed, (_CONTROL,)).one(_CONTROL)
    if member is None:
        raise PackageError("no control file")
    fields = _fields(member)
    return Metadata(
        supplier=person(fields.get("maintainer")),
        description=line(fields.get("description", "").partition("\n")[0]),
        homepage=address(fields.get("homepage")),
        repository=address(fields.get("vcs-browser")),
        requirements=bounded(_requirements(fields, purl, member.name), member.name),
    )


def _fields(member: Member) -> dict[str, str]:
    """The fields with the lines that continue them; `attest.packages.deb` has seen that each stands there once."""
    fields: dict[str, str] = {}
    name = ""
    for written in member.data.decode("utf-8", "replace").split("\n"):
        if written.startswith((" ", "\t")):
            fields[name] += f"\n{written.strip()}"
        elif written:
            name, _, value = written.partition(":")
            name = name.lower()
            fields[name] = value.strip()
    return fields


def _requirements(fields: dict[str, str], purl: Purl, where: str) -> Iterator[Requirement]:
    for field, scope in _FIELDS:
        for group in fields.get(field, "").split(","):
            written = " ".join(group.split())
            alternatives = [part.strip() for part in written.split("|")] if written else []
            for part in alternatives:
                match = _ONE.fullmatch(part)
                if match is None:
                    raise PackageError("not a dependency", where=f"{where}: {field}", why=repr(part[:80]))
                name, architecture, wanted, platforms = match.groups()
                said = (platforms, f":{architecture}" if architecture else None)
                condition = [text for text in said if text]
                if len(alternatives) > 1:
                    condition.append(f"one of: {written}")
                exact = _PINNED.fullmatch(wanted or "")
                yield requirement(
                    "deb",
                    purl.namespace,
                    name,
                    scope,
                    wanted or "",
                    version=None if exact is None else exact[1],
                    condition=", ".join(condition) or None,
                )


SOURCES: Final = {Container.AR: Source((_TARBALL,), _read)}
