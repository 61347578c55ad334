"""How a statement belongs to a subject (design.md §3.2).

Anyone can compute an anchor for any name and digest, so that two packages share bytes proves nothing about their names.
A statement belongs to a subject by its anchor; or by the package's own digest together with a name that the *signed*
content gives it; or by the digest alone where this process read name and version out of those very bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from attest.errors import UsageError
from attest.evidence.model import Subject
from attest.packages.ecosystem import names_from_file_name
from attest.packages.purl import Purl
from attest.statements.statement import Statement


class Binding(StrEnum):
    """The strongest way in which a statement belongs to a subject."""

    ANCHOR = "anchor"
    NAME = "name"
    BYTES = "bytes"


def bind(statement: Statement, subject: Subject) -> Binding | str:
    """The binding, or the reason why there is none."""
    anchor = subject.manifest.digest
    if any(item.matches(anchor.algorithm, anchor.encoded) for item in statement.subjects):
        return Binding.ANCHOR
    if subject.purl is None or subject.digest is None:
        return f"no subject has the digest {anchor}"
    digest = subject.digest
    same = [item for item in statement.subjects if item.matches(digest.algorithm, digest.hex)]
    if not same:
        return f"no subject has the digest {anchor} or {digest}"
    claimed = {purl for item in same for purl in _named_by(item.name, subject.purl)}
    if not claimed:
        claimed = set(_named_in(statement.predicate, subject.purl))
    if claimed == {subject.purl}:
        return Binding.NAME
    if claimed:
        others = ", ".join(sorted(str(purl) for purl in claimed - {subject.purl}))
        return f"the signed content names another package: {others}"
    if subject.read_from_file:
        return Binding.BYTES
    return "only the digest agrees and the signed content names no package; verify the file itself"


def _named_by(name: str | None, purl: Purl) -> Iterator[Purl]:
    """The package that a subject's name means: a purl, or a file name of the ecosystem that gives name and version."""
    if not name:
        return
    if name.startswith("pkg:"):
        yield from _purl(name)
    else:
        yield from names_from_file_name(purl.type, name)


def _named_in(predicate: Mapping[str, Any] | None, purl: Purl) -> Iterator[Purl]:
    """The package of the same ecosystem that a predicate is about: a BOM's own component, or its name and version.

    A purl of another ecosystem is no contradiction: a BOM inside a wheel is about the Rust crate it was built of.
    """
    if predicate is None:
        return
    metadata = predicate.get("metadata")
    component = metadata.get("component") if isinstance(metadata, dict) else None
    for place in (component, predicate):
        if not isinstance(place, dict):
            continue
        written, name, version = place.get("purl"), place.get("name"), place.get("version")
        if isinstance(written, str):
            yield from (named for named in _purl(written) if named.type == purl.type)
        elif isinstance(name, str) and isinstance(version, str):
            yield from _purl(f"pkg:{purl.type}/{name}@{version}")


def _purl(text: str) -> Iterator[Purl]:
    """``text`` without qualifiers and subpath, which say nothing about name and version; nothing if it is no purl."""
    try:
        yield Purl.parse(text.partition("#")[0].partition("?")[0])
    except UsageError:
        return
