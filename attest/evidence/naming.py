"""Which package signed content names, where it names one of the subject's own ecosystem.

A purl of another ecosystem is no contradiction: the BOM inside a wheel is about the Rust crate that was compiled into
it. Name and version are put together by parts, never as text: a name is whatever its writer chose.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from attest.errors import FormatError, UsageError
from attest.evidence.model import Kind
from attest.packages.ecosystem import names_from_file_name
from attest.packages.purl import Purl, package_named
from attest.statements.sbom import Component, read_sbom
from attest.statements.statement import Statement


def by_subject(name: str | None, type: str) -> Iterator[Purl]:
    """The package that a statement's subject names: by purl, of whatever ecosystem, or by the file name of ``type``."""
    if name is not None and name.startswith("pkg:"):
        purl = package_named(name)
        if purl is not None:
            yield purl
    elif name:
        yield from names_from_file_name(type, name)


def by_predicate(statement: Statement, type: str) -> Iterator[Purl]:
    """The package of ``type`` that a predicate is about: what an SBOM describes, or its `purl`, or name and version."""
    predicate = statement.predicate
    if predicate is None:
        return
    if Kind.of(statement.predicate_type) is Kind.SBOM:
        try:
            yield from by_components(read_sbom(predicate).described, type)
        except FormatError:
            return
    else:
        named = _package(predicate.get("purl"), predicate.get("name"), predicate.get("version"), type)
        if named is not None:
            yield named


def by_components(components: Iterable[Component], type: str) -> Iterator[Purl]:
    """The packages of ``type`` among components of an SBOM, such as those that it says it describes."""
    return (purl for item in components if (purl := by_component(item, type)) is not None)


def by_component(component: Component, type: str) -> Purl | None:
    """The package of ``type`` that one component is."""
    return _package(component.purl, component.package_name, component.version, type)


def _package(purl: Any, name: Any, version: Any, type: str) -> Purl | None:
    if isinstance(purl, str):
        named = package_named(purl)
        return named if named is not None and named.type == type else None
    if isinstance(name, str) and isinstance(version, str):
        *namespace, last = name.split("/")
        with suppress(UsageError):
            return Purl.of(type, tuple(namespace), last, version)
    return None
