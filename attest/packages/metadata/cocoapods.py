"""CocoaPods: the podspec in JSON (CocoaPods guides, "Podspec syntax reference")."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from attest import limits
from attest.errors import PackageError
from attest.oci import strict_json
from attest.packages.archives import Archive, Container
from attest.packages.containers import DOCUMENT
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
    mapping,
    people,
    person,
    requirement,
)
from attest.packages.purl import Purl

_PLATFORMS: Final = ("ios", "osx", "macos", "tvos", "visionos", "watchos")
_PINNED: Final = re.compile(r"(?:= *)?([0-9]+(?:\.[0-9A-Za-z]+)*(?:-[0-9A-Za-z.-]+)?)")


def _read(archive: Archive, purl: Purl) -> Metadata:
    member = archive.one(DOCUMENT)
    if member is None:
        raise PackageError("no podspec")
    document = strict_json.read_object(member.data, where=member.name, limit=limits.PACKAGE_METADATA)
    license, source = document.get("license"), document.get("source")
    return Metadata(
        licenses=lines(license.get("type") if isinstance(license, dict) else license),
        authors=_authors(document.get("authors", document.get("author"))),
        description=line(document.get("summary")),
        homepage=address(document.get("homepage")),
        repository=address(source.get("git")) if isinstance(source, dict) else None,
        requirements=bounded(_of(document, purl.name, member.name), member.name),
    )


def _authors(written: object) -> tuple[Person, ...]:
    if isinstance(written, dict):
        return tuple(found for name, mail in written.items() if (found := person(name, mail)) is not None)
    return people(written if isinstance(written, list) else [written])


def _of(document: Mapping[str, Any], pod: str, where: str) -> Iterator[Requirement]:
    """Those of the pod and of its parts: one that is not among the default ones is needed by who asks for it."""
    chosen = lines(document.get("default_subspecs", document.get("default_subspec")))
    yield from _of_part(document, Scope.RUNTIME, None, pod, where)
    pending: list[tuple[Any, str, Scope]] = []
    for key, scope in (("subspecs", Scope.RUNTIME), ("testspecs", Scope.DEVELOPMENT), ("appspecs", Scope.DEVELOPMENT)):
        pending += [(part, "", scope) for part in _parts(document, key, where)]
    while pending:
        part, above, scope = pending.pop(0)
        fields = mapping(part, f"{where}: subspecs")
        name = line(fields.get("name")) or "?"
        path = f"{above}/{name}" if above else name
        if not above and chosen and name not in chosen and scope is Scope.RUNTIME:
            scope = Scope.OPTIONAL
        yield from _of_part(fields, scope, path, pod, where)
        pending += [(inner, path, scope) for inner in _parts(fields, "subspecs", where)]


def _parts(fields: Mapping[str, Any], key: str, where: str) -> list[Any]:
    found = fields.get(key, [])
    if not isinstance(found, list):
        raise PackageError("not a podspec", where=f"{where}: {key}", why="it is no list")
    return found


def _of_part(fields: Mapping[str, Any], scope: Scope, part: str | None, pod: str, where: str) -> Iterator[Requirement]:
    groups: list[tuple[str | None, Any]] = [(None, fields.get("dependencies"))]
    for name in _PLATFORMS:
        own = fields.get(name)
        if isinstance(own, dict):
            groups.append((name, own.get("dependencies")))
    for platform, group in groups:
        for name, ranges in mapping(group, f"{where}: dependencies").items():
            root = name.partition("/")[0]
            if root == pod:
                continue  # another part of itself
            wanted = ", ".join(lines(ranges))
            exact = _PINNED.fullmatch(wanted)
            said = (f"subspec {part}" if part else None, platform)
            version = None if exact is None else exact[1]
            yield requirement(
                "cocoapods",
                (),
                root,
                scope,
                wanted,
                version=version,
                condition=" ".join(text for text in said if text),
                shown=name,
            )


SOURCES: Final = {Container.JSON: Source((DOCUMENT,), _read)}
