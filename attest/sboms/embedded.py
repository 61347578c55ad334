"""The SBOMs that a wheel carries (PEP 770) as parts of its own: each says which document it was taken from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from attest import limits, names
from attest.errors import FormatError, PackageError, UsageError
from attest.oci import strict_json
from attest.oci.strict_json import Fields
from attest.packages.metadata.facts import Person
from attest.packages.purl import Purl
from attest.sboms.bill import Bill, Edge, Part
from attest.sboms.package import both
from attest.statements.sbom import Component, read_sbom

_FORWARD: Final = frozenset({"DEPENDS_ON", "CONTAINS", "STATIC_LINK", "DYNAMIC_LINK"})
_INVERSE: Final = "_DEPENDENCY_OF"
_SPDX_2: Final = "spdxVersion"


def with_embedded(bill: Bill, documents: Iterable[tuple[str, bytes]]) -> Bill:
    """The bill with what the documents list, each a path and its content.

    A document that is not in JSON is only named. Raises `PackageError` for one that is, and is no SBOM.
    """
    taken = _Taken(bill)
    for place, data in documents:
        taken.note(place, data)
        if data.lstrip().startswith(b"{"):
            try:
                taken.over(place, strict_json.read_object(data, where=place, limit=limits.EVIDENCE_BLOB))
            except FormatError as error:
                where = place if error.where in (None, place) else f"{place}: {error.where}"
                raise PackageError("not an SBOM", where=where, why=error.why or error.what) from None
    return taken.bill


class _Taken:
    """What there is so far."""

    def __init__(self, bill: Bill) -> None:
        self._bill = bill
        self._main = bill.main
        self._parts = {part.ref: part for part in bill.parts}
        self._edges = {ref: dict.fromkeys(edges) for ref, edges in bill.edges.items()}
        self._known = {(ref, edge.to) for ref, edges in bill.edges.items() for edge in edges}

    @property
    def bill(self) -> Bill:
        edges = {ref: tuple(found) for ref, found in self._edges.items()}
        return replace(self._bill, main=self._main, parts=tuple(self._parts.values()), edges=edges)

    def note(self, place: str, data: bytes) -> None:
        document = (place, hashlib.sha256(data).hexdigest())
        self._main = replace(self._main, documents=(*self._main.documents, document))

    def over(self, place: str, document: Mapping[str, Any]) -> None:
        """Take over what one document lists, and what needs what in it."""
        sbom = read_sbom(document)
        if len(sbom.everything) + len(self._parts) > limits.SBOM_COMPONENTS:
            raise FormatError("too many components", why=f"more than {limits.SBOM_COMPONENTS}")
        refs: dict[str, str] = {}
        found = [self._add(place, number, item, refs) for number, item in enumerate(sbom.everything)]
        depended: set[str] = set()
        for one, other in _edges(document):
            if one in refs and other in refs and refs[one] != refs[other]:
                self._edge(refs[one], refs[other])
                depended.add(refs[other])
        described = set(found[: len(sbom.described)]) - {self._main.ref}
        for ref in described or found:
            if ref != self._main.ref and (ref in described or ref not in depended):
                self._edge(self._main.ref, ref)

    def _edge(self, one: str, other: str) -> None:
        if (one, other) not in self._known:
            self._known.add((one, other))
            self._edges.setdefault(one, {})[Edge(other)] = None

    def _add(self, place: str, number: int, item: Component, refs: dict[str, str]) -> str:
        """The ref in the bill of one component, which may be the package itself."""
        part = _part(item, place, f"{place}#{number}")
        if item.purl is not None and _purl(item.purl) == self._bill.main.purl:
            ref = self._main.ref
        else:
            known = self._parts.get(part.ref)
            if known is not None and (known.version, known.digests) != (part.version, part.digests):
                part = replace(part, ref=f"{place}#{number}")
                known = None
            self._parts[part.ref] = part if known is None else both(known, part)
            ref = part.ref
        if item.ref is not None:
            refs[item.ref] = ref
        return ref


def _part(item: Component, place: str, otherwise: str) -> Part:
    return Part(
        item.purl or otherwise,
        item.name or str(item),
        version=item.version,
        purl=item.purl,
        digests=item.digests,
        licenses=tuple(dict.fromkeys(license.text for license in item.licenses)),
        supplier=None if item.supplier is None else Person(item.supplier),
        notes=((names.NOTE_FROM, place),),
    )


def _purl(text: str) -> str | None:
    """As this project writes it, without qualifiers and subpath; None for what is none."""
    try:
        return str(Purl.parse(text.partition("#")[0].partition("?")[0]))
    except UsageError:
        return None


def _edges(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Which needs which, by the document's own refs."""
    fields = Fields(document, "sbom")
    if _SPDX_2 in document:
        for item in fields.objects("relationships"):
            kind = item.string("relationshipType")
            one, other = item.string("spdxElementId"), item.string("relatedSpdxElement")
            if kind in _FORWARD:
                yield one, other
            elif kind.endswith(_INVERSE):
                yield other, one
        return
    for item in fields.objects("dependencies"):
        needed = item.value.get("dependsOn", [])
        if not isinstance(needed, list) or not all(isinstance(ref, str) for ref in needed):
            raise FormatError("expected an array of strings", where=f"{item.path}.dependsOn")
        yield from ((item.string("ref"), ref) for ref in needed)
