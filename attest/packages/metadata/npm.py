"""npm: package.json (npm docs, "package.json")."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from attest import limits
from attest.errors import PackageError
from attest.oci import strict_json
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
    mapping,
    person,
    requirement,
)
from attest.packages.purl import Purl

_BOM: Final = b"\xef\xbb\xbf"
_ALIAS: Final = re.compile(r"npm:(@?[^@]+)(?:@(.*))?")
_ELSEWHERE: Final = re.compile(r"[a-z+]+:|[^@\s]+/|\.{0,2}/")
"""A repository, a file or an address, instead of a range."""
_EXACT: Final = re.compile(r"[=v]?([0-9]+\.[0-9]+\.[0-9]+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)")
_SCOPES: Final = (
    ("optionalDependencies", Scope.OPTIONAL),
    ("dependencies", Scope.RUNTIME),
    ("peerDependencies", Scope.RUNTIME),
    ("devDependencies", Scope.DEVELOPMENT),
)


def _read(archive: Archive, _purl: Purl) -> Metadata:
    member = archive.one("*/package.json")
    if member is None:
        raise PackageError("no package.json")
    data = member.data.removeprefix(_BOM)
    document = strict_json.read_object(data, where=member.name, limit=limits.PACKAGE_METADATA)
    authors = [_person(document.get("author"))]
    for group in ("contributors", "maintainers"):
        listed = document.get(group)
        authors += [_person(item) for item in (listed if isinstance(listed, list) else [listed])]
    repository = document.get("repository")
    return Metadata(
        licenses=tuple(_licenses(document)),
        authors=tuple(dict.fromkeys(found for found in authors if found is not None)),
        description=line(document.get("description")),
        homepage=address(document.get("homepage")),
        repository=address(repository.get("url") if isinstance(repository, dict) else repository),
        requirements=bounded(_requirements(document, member.name), member.name),
    )


def _person(value: object) -> Person | None:
    return person(value.get("name"), value.get("email")) if isinstance(value, dict) else person(value)


def _licenses(document: Mapping[str, object]) -> Iterator[str]:
    """`license`; or the list `licenses` of objects, as npm had it at first."""
    written = document.get("license", document.get("licenses"))
    for item in written if isinstance(written, list) else [written]:
        yield from lines(item.get("type") if isinstance(item, dict) else item)


def _requirements(document: Mapping[str, object], where: str) -> Iterator[Requirement]:
    bundled = document.get("bundleDependencies", document.get("bundledDependencies"))
    optional_peers = mapping(document.get("peerDependenciesMeta"), where)
    optional: set[str] = set()
    for group, scope in _SCOPES:
        for name, wanted in mapping(document.get(group), f"{where}: {group}").items():
            if not isinstance(wanted, str):
                raise PackageError("not a range of versions", where=f"{where}: {group}.{name[:80]}")
            if group == "optionalDependencies":
                optional.add(name)
            elif group == "dependencies" and name in optional:
                continue  # npm writes such a one in both, and installs it as optional
            condition = "bundled" if isinstance(bundled, list) and name in bundled else None
            if group == "peerDependencies":
                condition = "peer"
                meta = optional_peers.get(name)
                scope = Scope.OPTIONAL if isinstance(meta, dict) and meta.get("optional") is True else Scope.RUNTIME
            yield _requirement(name, wanted.strip(), scope, condition)


def _requirement(name: str, wanted: str, scope: Scope, condition: str | None) -> Requirement:
    alias = _ALIAS.fullmatch(wanted)
    if alias is not None:
        name, wanted = alias[1], alias[2] or ""
    elif _ELSEWHERE.match(wanted):
        return Requirement(line(name) or "?", scope, line(wanted) or "", condition)
    *scoped, last = name.split("/")
    exact = _EXACT.fullmatch(wanted)
    version = None if exact is None else exact[1]
    return requirement("npm", tuple(scoped), last, scope, wanted, version=version, condition=condition, shown=name)


SOURCES: Final = {Container.TAR_GZ: Source(("*/package.json",), _read)}
