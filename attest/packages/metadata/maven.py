"""Maven: the pom.xml that its archiver puts into a jar (Maven docs, "POM reference").

What a parent says is not in the jar: a version or a licence that stands only there stays unsaid.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from attest import limits
from attest.formats import strict_xml
from attest.formats.strict_xml import Element
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
    person,
    requirement,
)
from attest.packages.purl import Purl

_PATTERN: Final = "META-INF/maven/*/*/pom.xml"
_PROPERTY: Final = re.compile(r"\$\{([^${}]*)\}")
_ROUNDS: Final = 8
"""How often a property may stand for another one."""
_PINNED: Final = re.compile(r"\[([^\[\](),]+)\]")
_SCOPES: Final = {
    "": (Scope.RUNTIME, None),
    "compile": (Scope.RUNTIME, None),
    "runtime": (Scope.RUNTIME, None),
    "provided": (Scope.RUNTIME, "provided"),
    "system": (Scope.RUNTIME, "system"),
    "test": (Scope.DEVELOPMENT, "test"),
}


def _read(archive: Archive, purl: Purl) -> Metadata:
    member = archive.one(_PATTERN)
    if member is None:
        return Metadata()
    project = strict_xml.read(member.data, where=member.name, limit=limits.PACKAGE_METADATA)
    properties = dict(_properties(project, purl))
    licenses = (_value(item, "name", properties) for item in _inside(project, "licenses", "license"))
    organization = project.one("organization")
    scm = project.one("scm")
    return Metadata(
        licenses=tuple(dict.fromkeys(found for text in licenses if (found := line(text)) is not None)),
        authors=tuple(_people(project, properties)),
        supplier=None if organization is None else person(_value(organization, "name", properties)),
        description=line(_value(project, "description", properties)) or line(_value(project, "name", properties)),
        homepage=address(_value(project, "url", properties)),
        repository=None if scm is None else address(_value(scm, "url", properties)),
        requirements=bounded(_requirements(project, properties), member.name),
    )


def _properties(project: Element, purl: Purl) -> Iterator[tuple[str, str]]:
    (group,) = purl.namespace
    for prefix in ("project.", "pom.", ""):
        yield from ((f"{prefix}{key}", value) for key, value in (("groupId", group), ("version", purl.version)))
        yield f"{prefix}artifactId", purl.name
    parent = project.one("parent")
    if parent is not None:
        yield "project.parent.version", (parent.value("version") or "").strip()
        yield "project.parent.groupId", (parent.value("groupId") or "").strip()
    own = project.one("properties")
    for item in () if own is None else own.children:
        yield item.name, item.text.strip()


def _value(element: Element, name: str, properties: Mapping[str, str]) -> str:
    """The text of a child with what its properties stand for, as far as this file says it."""
    found = element.one(name)
    text = "" if found is None else found.text.strip()
    for _ in range(_ROUNDS):
        if "${" not in text or len(text) > limits.PURL:
            break
        text = _PROPERTY.sub(lambda match: properties.get(match[1], match[0]), text)
    return text


def _inside(element: Element, outer: str, inner: str) -> tuple[Element, ...]:
    found = element.one(outer)
    return () if found is None else found.all(inner)


def _people(project: Element, properties: Mapping[str, str]) -> Iterator[Person]:
    for item in _inside(project, "developers", "developer"):
        found = person(_value(item, "name", properties) or _value(item, "id", properties), _value(item, "email", {}))
        if found is not None:
            yield found


def _requirements(project: Element, properties: Mapping[str, str]) -> Iterator[Requirement]:
    management = project.one("dependencyManagement")
    managed = {}
    for item in () if management is None else _inside(management, "dependencies", "dependency"):
        managed[_value(item, "groupId", properties), _value(item, "artifactId", properties)] = item
    for item in _inside(project, "dependencies", "dependency"):
        group, artifact = (_value(item, key, properties) for key in ("groupId", "artifactId"))
        above = managed.get((group, artifact))
        wanted, said = (
            _value(item, key, properties) or ("" if above is None else _value(above, key, properties))
            for key in ("version", "scope")
        )
        scope, condition = _SCOPES.get(said, (Scope.RUNTIME, said))
        if _value(item, "optional", properties) == "true" and scope is Scope.RUNTIME:
            scope = Scope.OPTIONAL
        classified = [_value(item, key, properties) for key in ("classifier", "type")]
        condition = " ".join(part for part in (condition, *classified) if part) or None
        if "${" in wanted:
            wanted = ""  # the parent knows
        exact = _PINNED.fullmatch(wanted)
        version = None if exact is None else exact[1].strip()
        yield requirement("maven", (group,), artifact, scope, wanted, version=version, condition=condition)


SOURCES: Final = {Container.ZIP: Source((_PATTERN,), _read)}
