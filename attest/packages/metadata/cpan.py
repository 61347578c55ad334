"""CPAN: META.json, or META.yml (CPAN::Meta::Spec, versions 2 and 1.4). It needs modules, not distributions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from attest import limits
from attest.errors import PackageError
from attest.formats import strict_yaml
from attest.formats.strict_yaml import Entries, Items, Node, Text
from attest.oci import strict_json
from attest.packages.archives import Archive, Container, Member
from attest.packages.metadata.facts import (
    Metadata,
    Requirement,
    Scope,
    Source,
    address,
    bounded,
    line,
    lines,
    mapping,
    people,
)
from attest.packages.purl import Purl

_JSON: Final = "*/META.json"
_YAML: Final = "*/META.yml"
_PHASES: Final = {
    "runtime": Scope.RUNTIME,
    "configure": Scope.BUILD,
    "build": Scope.BUILD,
    "test": Scope.DEVELOPMENT,
    "develop": Scope.DEVELOPMENT,
}
_RELATIONS: Final = ("requires", "recommends", "suggests")
_FLAT: Final = (
    ("requires", Scope.RUNTIME),
    ("recommends", Scope.OPTIONAL),
    ("build_requires", Scope.BUILD),
    ("configure_requires", Scope.BUILD),
)
_LICENSES: Final = {
    "agpl_3": "AGPL-3.0-only",
    "apache_1_1": "Apache-1.1",
    "apache_2_0": "Apache-2.0",
    "apache": "Apache-2.0",
    "artistic_1": "Artistic-1.0",
    "artistic_2": "Artistic-2.0",
    "bsd": "BSD-3-Clause",
    "freebsd": "BSD-2-Clause",
    "gfdl_1_2": "GFDL-1.2-only",
    "gfdl_1_3": "GFDL-1.3-only",
    "gpl_1": "GPL-1.0-only",
    "gpl_2": "GPL-2.0-only",
    "gpl_3": "GPL-3.0-only",
    "lgpl_2_1": "LGPL-2.1-only",
    "lgpl_3_0": "LGPL-3.0-only",
    "mit": "MIT",
    "mozilla_1_0": "MPL-1.0",
    "mozilla_1_1": "MPL-1.1",
    "openssl": "OpenSSL",
    "perl_5": "Artistic-1.0-Perl OR GPL-1.0-or-later",
    "perl": "Artistic-1.0-Perl OR GPL-1.0-or-later",
    "qpl_1_0": "QPL-1.0",
    "zlib": "Zlib",
}
"""CPAN::Meta::Spec's own words, as it explains them; others say less than which licence it is."""


def _read(archive: Archive, _purl: Purl) -> Metadata:
    member = archive.one(_JSON) or archive.one(_YAML)
    if member is None:
        raise PackageError("no META.json")
    document = _document(member)
    resources = mapping(document.get("resources"), f"{member.name}: resources")
    repository = resources.get("repository")
    return Metadata(
        licenses=tuple(_LICENSES.get(text, text) for text in lines(document.get("license")) if text != "unknown"),
        authors=people(lines(document.get("author"))),
        description=line(document.get("abstract")),
        homepage=address(resources.get("homepage")),
        repository=address(repository.get("url") if isinstance(repository, dict) else repository),
        requirements=bounded(_requirements(document, member.name), member.name),
    )


def _document(member: Member) -> Mapping[str, Any]:
    if member.path[-1] == "META.json":
        return strict_json.read_object(member.data, where=member.name, limit=limits.PACKAGE_METADATA)
    node = strict_yaml.read(member.data, where=member.name, limit=limits.CPAN_META, by_program=True)
    return mapping(_plain(node), member.name)


def _plain(node: Node) -> object:
    if isinstance(node, Text):
        return node.text
    if isinstance(node, Items):
        return [_plain(item) for item in node.items]
    return {key: _plain(value) for key, value in node.values.items()} if isinstance(node, Entries) else None


def _requirements(document: Mapping[str, Any], where: str) -> Iterator[Requirement]:
    for phase, relations in mapping(document.get("prereqs"), f"{where}: prereqs").items():
        for relation, modules in mapping(relations, f"{where}: prereqs.{phase[:40]}").items():
            scope = _PHASES.get(phase)
            if scope is not None and relation in _RELATIONS:
                if relation != "requires" and scope is Scope.RUNTIME:
                    scope = Scope.OPTIONAL
                condition = phase if relation == "requires" else f"{phase} {relation}"
                yield from _modules(modules, scope, condition, f"{where}: prereqs.{phase}.{relation}")
    for key, scope in _FLAT:
        yield from _modules(document.get(key), scope, key, f"{where}: {key}")


def _modules(modules: object, scope: Scope, condition: str, where: str) -> Iterator[Requirement]:
    for name, wanted in mapping(modules, where).items():
        text = "" if wanted in (0, "0", None) else line(str(wanted)) or ""
        yield Requirement(line(name) or "?", scope, text, condition)


_SOURCE: Final = Source((_JSON, _YAML), _read)
SOURCES: Final = {Container.TAR_GZ: _SOURCE, Container.ZIP: _SOURCE}
