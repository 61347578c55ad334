"""Hex: metadata.config (Hex specifications, "Package metadata")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from attest.errors import PackageError
from attest.packages import erlang_terms
from attest.packages.archives import Archive, Container
from attest.packages.erlang_terms import Atom, Term
from attest.packages.metadata.facts import (
    Metadata,
    Requirement,
    Scope,
    Source,
    address,
    bounded,
    line,
    lines,
    people,
    requirement,
)
from attest.packages.purl import Purl

_METADATA: Final = "metadata.config"
_PINNED: Final = re.compile(r"(?:== *)?([0-9]+\.[0-9]+\.[0-9]+(?:[-+][0-9A-Za-z.+-]+)?)")
_PUBLIC: Final = "hexpm"
_REPOSITORIES: Final = frozenset({"github", "gitlab", "source", "repository"})
_HOMEPAGES: Final = frozenset({"homepage", "home", "website"})


def _read(archive: Archive, _purl: Purl) -> Metadata:
    member = archive.one(_METADATA)
    if member is None:
        raise PackageError("no metadata.config")
    pairs = erlang_terms.pairs(member.data, member.name)
    links = {name.lower(): url for name, url in _pairs(pairs.get("links")).items() if isinstance(url, str)}
    maintainers = pairs.get("maintainers")
    return Metadata(
        licenses=lines(pairs.get("licenses") or ()),
        authors=people(maintainers if isinstance(maintainers, list) else ()),
        description=line(pairs.get("description")),
        homepage=_link(links, _HOMEPAGES),
        repository=_link(links, _REPOSITORIES),
        requirements=bounded(_requirements(pairs.get("requirements", [])), member.name),
    )


def _pairs(term: Term | None) -> dict[str, Term]:
    """A map, or a list of pairs."""
    if isinstance(term, dict):
        return term
    found: dict[str, Term] = {}
    for item in term if isinstance(term, list) else ():
        if isinstance(item, tuple) and len(item) == 2 and isinstance(item[0], str):
            found[item[0]] = item[1]
    return found


def _link(links: dict[str, str], names: frozenset[str]) -> str | None:
    return next((found for name, url in links.items() if name in names and (found := address(url))), None)


def _requirements(term: Term) -> Iterator[Requirement]:
    """A list of those that say their name within, or pairs of a name and the rest, as a list or a map."""
    named = list(_pairs(term).items())
    if not named:
        for item in term if isinstance(term, list) else ():
            name = _pairs(item).get("name")
            if not isinstance(name, str):
                raise PackageError("not the metadata of a Hex package", where=_METADATA, why="a requirement of nothing")
            named.append((name, item))
    for name, said in named:
        fields = _pairs(said)
        scope = Scope.OPTIONAL if fields.get("optional") == Atom("true") else Scope.RUNTIME
        wanted = fields.get("requirement")
        wanted = wanted if isinstance(wanted, str) else ""
        repository = fields.get("repository")
        namespace = (repository,) if isinstance(repository, str) and repository != _PUBLIC else ()
        exact = _PINNED.fullmatch(wanted)
        version = None if exact is None else exact[1]
        yield requirement("hex", namespace, name, scope, wanted, version=version)


SOURCES: Final = {Container.TAR: Source((_METADATA,), _read)}
