"""Dart and Flutter: pubspec.yaml (dart.dev, "The pubspec file")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from attest import limits
from attest.errors import PackageError
from attest.formats import strict_yaml
from attest.formats.strict_yaml import Entries, Items, Node, Text, text_of
from attest.packages.archives import Archive, Container
from attest.packages.metadata.facts import (
    Metadata,
    Requirement,
    Scope,
    Source,
    address,
    bounded,
    line,
    people,
    requirement,
)
from attest.packages.purl import Purl

_PUBSPEC: Final = "pubspec.yaml"
_PINNED: Final = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+(?:[-+][0-9A-Za-z.+-]+)?")
_GROUPS: Final = (("dependencies", Scope.RUNTIME), ("dev_dependencies", Scope.DEVELOPMENT))
_ELSEWHERE: Final = ("sdk", "git", "path", "hosted")


def _read(archive: Archive, _purl: Purl) -> Metadata:
    member = archive.one(_PUBSPEC)
    if member is None:
        raise PackageError("no pubspec")
    document = strict_yaml.read(member.data, where=member.name, limit=limits.PUBSPEC)
    if not isinstance(document, Entries):
        raise PackageError("not the pubspec of a package", where=member.name, why="it is no mapping")
    authors = document.values.get("authors") or document.values.get("author")
    written = authors.items if isinstance(authors, Items) else (authors,)
    return Metadata(
        authors=people(item.text for item in written if isinstance(item, Text)),
        description=line(text_of(document, "description")),
        homepage=address(text_of(document, "homepage")),
        repository=address(text_of(document, "repository")),
        requirements=bounded(_requirements(document), member.name),
    )


def _requirements(document: Entries) -> Iterator[Requirement]:
    for group, scope in _GROUPS:
        node = document.values.get(group)
        if isinstance(node, Entries):
            for name, value in node.values.items():
                yield _requirement(name, value, scope)
        elif node is not None and not (isinstance(node, Text) and node.text in ("", "null", "~")):
            raise PackageError("not the pubspec of a package", where=node.where, why=f"{group} is no mapping")


def _requirement(name: str, value: Node, scope: Scope) -> Requirement:
    wanted = value.text if isinstance(value, Text) else (text_of(value, "version") or "")
    wanted = "" if wanted in ("any", "null", "~") else wanted
    if isinstance(value, Entries):
        place = next((key for key in _ELSEWHERE if key in value.values), None)
        if place is not None:
            inner = value.values[place]
            at = inner.text if isinstance(inner, Text) else text_of(inner, "url")
            return Requirement(line(name) or "?", scope, line(f"{wanted} {place}: {at or ''}") or "")
    version = wanted if _PINNED.fullmatch(wanted) else None
    return requirement("pub", (), name, scope, wanted, version=version)


SOURCES: Final = {Container.TAR_GZ: Source((_PUBSPEC,), _read)}
