"""Which package signed content names, where it names one of the subject's own ecosystem.

A purl of another ecosystem is no contradiction: the BOM inside a wheel is about the Rust crate that was compiled into
it. Name and version are put together by parts, never as text: a name is whatever its writer chose.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from attest.errors import FormatError, UsageError
from attest.evidence.model import Kind
from attest.packages.ecosystem import names_from_file_name
from attest.packages.purl import Purl
from attest.statements.sbom import Component, read_sbom
from attest.statements.statement import Statement


def by_subject(name: str | None, type: str) -> Iterator[Purl]:
    """The package that a statement's subject names: by purl, of whatever ecosystem, or by the file name of ``type``."""
    if name is not None and name.startswith("pkg:"):
        yield from _purl(name)
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
        yield from _package(predicate.get("purl"), predicate.get("name"), predicate.get("version"), type)


def by_components(components: Iterable[Component], type: str) -> Iterator[Purl]:
    """The packages of ``type`` among components of an SBOM, such as those that it says it describes."""
    for item in components:
        yield from _package(item.purl, item.package_name, item.version, type)


def _package(purl: Any, name: Any, version: Any, type: str) -> Iterator[Purl]:
    if isinstance(purl, str):
        yield from (named for named in _purl(purl) if named.type == type)
    elif isinstance(name, str) and isinstance(version, str):
        *namespace, last = name.split("/")
        try:
            yield Purl.of(type, tuple(namespace), last, version)
        except UsageError:
            return


def _purl(text: str) -> Iterator[Purl]:
    """``text`` without qualifiers and subpath, which say nothing about name and version; nothing if it is no purl."""
    try:
        yield Purl.parse(text.partition("#")[0].partition("?")[0])
    except UsageError:
        return
