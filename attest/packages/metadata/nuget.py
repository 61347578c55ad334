"""NuGet: the manifest at the root (NuGet docs, ".nuspec reference", "Package versioning")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from attest import limits
from attest.errors import PackageError
from attest.formats import strict_xml
from attest.formats.strict_xml import Element
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

_NUSPEC: Final = "*.nuspec"
_PINNED: Final = re.compile(r"\[\s*([^\[\](),\s]+)\s*\]")


def _read(archive: Archive, _purl: Purl) -> Metadata:
    member = archive.one(_NUSPEC)
    metadata = None
    if member is not None:
        metadata = strict_xml.read(member.data, where=member.name, limit=limits.PACKAGE_METADATA).one("metadata")
    if member is None or metadata is None:
        raise PackageError("no manifest")
    license, repository = metadata.one("license"), metadata.one("repository")
    stated = None
    if license is not None and license.attributes.get("type") == "expression":
        stated = line(license.text)
    elif license is None:
        stated = line(metadata.value("licenseUrl"))
    return Metadata(
        licenses=() if stated is None else (stated,),
        authors=people((metadata.value("authors") or "").split(",")),
        supplier=next(iter(people((metadata.value("owners") or "").split(","))), None),
        description=line(metadata.value("description")),
        homepage=address(metadata.value("projectUrl")),
        repository=None if repository is None else address(repository.attributes.get("url")),
        requirements=bounded(_requirements(metadata), member.name),
    )


def _requirements(metadata: Element) -> Iterator[Requirement]:
    dependencies = metadata.one("dependencies")
    if dependencies is None:
        return
    for item in dependencies.all("dependency"):
        yield _requirement(item, None)
    for group in dependencies.all("group"):
        for item in group.all("dependency"):
            yield _requirement(item, group.attributes.get("targetFramework"))


def _requirement(item: Element, framework: str | None) -> Requirement:
    name, wanted = item.attributes.get("id", ""), item.attributes.get("version", "")
    if not name:
        raise PackageError("a dependency without an id", where=item.where)
    exact = _PINNED.fullmatch(wanted)
    version = None if exact is None else exact[1]
    return requirement("nuget", (), name, Scope.RUNTIME, wanted, version=version, condition=framework)


SOURCES: Final = {Container.ZIP: Source((_NUSPEC,), _read)}
