"""RubyGems: the YAML of a Gem::Specification (RubyGems guides, "Specification reference")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from attest import limits
from attest.errors import PackageError
from attest.formats import strict_yaml
from attest.formats.strict_yaml import Entries, Items, Node, Text, text_of
from attest.packages import gem
from attest.packages.archives import Archive, Container
from attest.packages.metadata.facts import (
    Metadata,
    Person,
    Requirement,
    Scope,
    Source,
    address,
    bounded,
    line,
    lines,
    requirement,
)
from attest.packages.purl import Purl

_SHARED: Final = re.compile(r"(?m)^( *)((?:version_)?requirements?): &(\w+) !ruby/object:Gem::Requirement *$")
_AGAIN: Final = re.compile(r"(?m)^( *(?:version_)?requirements?:) \*(\w+) *$")
"""One requirement may stand there once and be referred to from elsewhere; nothing else is, where RubyGems writes."""
_MARKS: Final = re.compile(
    r"(?m)^((?:---|[ -]*(?:[A-Za-z_]+:)?)) *(?:&\w+ +)?(?:!(?:ruby/[\w:/-]+|binary|str|float)?(?: |$))?"
)
"""Up to what a line says: of which Ruby class it is tells nothing here."""
_ANCHOR: Final = "anchor"
_NUMBER: Final = re.compile(r"= ([0-9]+(?:\.[0-9A-Za-z]+)*)")
_REPOSITORY: Final = "source_code_uri"


def _read(archive: Archive, _purl: Purl) -> Metadata:
    member = archive.one("metadata.gz")
    if member is None:
        raise PackageError("no metadata")
    text = _AGAIN.sub(r"\1 '\2'", _SHARED.sub(rf"\1\2:\n\1  {_ANCHOR}: '\3'", gem.text(member)))
    text = _MARKS.sub(r"\1 ", text)
    document = strict_yaml.read(
        text.encode("utf-8"), where=member.name, limit=2 * limits.PACKAGE_METADATA, by_program=True
    )
    if not isinstance(document, Entries):
        raise PackageError("not the metadata of a gem", where=member.name)
    mails = lines(_texts(document.values.get("email")))
    names = lines(_texts(document.values.get("authors") or document.values.get("author")))
    paired = mails if len(mails) == len(names) else (None,) * len(names)
    licenses = document.values.get("licenses") or document.values.get("license")
    return Metadata(
        licenses=lines(_texts(licenses)),
        authors=tuple(Person(name, mail) for name, mail in zip(names, paired, strict=True)),
        description=line(text_of(document, "summary")),
        homepage=address(text_of(document, "homepage")),
        repository=address(text_of(document.values.get("metadata"), _REPOSITORY)),
        requirements=bounded(_requirements(document.values.get("dependencies")), member.name),
    )


def _requirements(node: Node | None) -> Iterator[Requirement]:
    items = node.items if isinstance(node, Items) else ()
    shared = dict(_anchored(items))
    for item in items:
        name = text_of(item, "name")
        if not isinstance(item, Entries) or not name:
            raise PackageError("not a dependency of a gem", where=item.where)
        wanted = item.values.get("requirement") or item.values.get("version_requirements")
        if isinstance(wanted, Text) and wanted.text:
            if wanted.text not in shared:
                raise PackageError("not a dependency of a gem", where=wanted.where, why="it refers to nothing")
            wanted = shared[wanted.text]
        ranges = [text for text in _ranges(wanted) if text != ">= 0"]
        scope = Scope.DEVELOPMENT if text_of(item, "type") == ":development" else Scope.RUNTIME
        exact = _NUMBER.fullmatch(ranges[0]) if len(ranges) == 1 else None
        version = None if exact is None else exact[1]
        yield requirement("gem", (), name, scope, ", ".join(ranges), version=version)


def _anchored(items: tuple[Node, ...]) -> Iterator[tuple[str, Node]]:
    for item in items:
        for value in item.values.values() if isinstance(item, Entries) else ():
            name = text_of(value, _ANCHOR)
            if name is not None:
                yield name, value


def _ranges(node: Node | None) -> Iterator[str]:
    """Pairs of an operator and a Gem::Version."""
    pairs = node.values.get("requirements") if isinstance(node, Entries) else None
    for pair in pairs.items if isinstance(pairs, Items) else ():
        if isinstance(pair, Items) and len(pair.items) == 2 and isinstance(pair.items[0], Text):
            number = text_of(pair.items[1], "version")
            if number:
                yield f"{pair.items[0].text} {number}"


def _texts(node: Node | None) -> list[str]:
    found = node.items if isinstance(node, Items) else (node,)
    return [item.text for item in found if isinstance(item, Text) and item.text]


SOURCES: Final = {Container.TAR: Source(("metadata.gz",), _read)}
