"""The SBOMs that a wheel carries (PEP 770) as parts of its own: each says which document it was taken from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from attest import limits, names
from attest.errors import FormatError, PackageError
from attest.oci import strict_json
from attest.oci.strict_json import Fields
from attest.packages.metadata.facts import Person
from attest.packages.purl import package_named
from attest.sboms.bill import Bill, Edge, Part
from attest.sboms.parts import add
from attest.statements.sbom import Component, read_sbom

_FORWARD: Final = frozenset({"DEPENDS_ON", "CONTAINS", "STATIC_LINK", "DYNAMIC_LINK"})
_INVERSE: Final = "_DEPENDENCY_OF"
_SPDX_2: Final = "spdxVersion"


def with_embedded(bill: Bill, documents: Sequence[tuple[str, bytes]]) -> Bill:
    """The bill with what the documents list, each a path and its content.

    A document that is not in JSON is only named. Raises `PackageError` for one that is, and is no SBOM, and for more
    than an SBOM may have.
    """
    if len(documents) > limits.EMBEDDED_SBOMS:
        raise PackageError("too many SBOMs in one package", why=f"more than {limits.EMBEDDED_SBOMS}")
    taken = _Taken(bill)
    for place, data in documents:
        sha256 = hashlib.sha256(data).hexdigest()
        taken.note(place, sha256)
        if data.lstrip().startswith(b"{"):
            try:
                _check(data.count(b"{"), limits.EMBEDDED_SBOM_OBJECTS, "objects")
                taken.over(place, sha256, strict_json.read_object(data, where=place, limit=limits.EMBEDDED_SBOM))
            except FormatError as error:
                where = place if error.where in (None, place) else f"{place}: {error.where}"
                why = f"{error.what}: {error.why}" if error.why else error.what
                raise PackageError("cannot take over an SBOM", where=where, why=why) from None
    return taken.bill


class _Taken:
    """What there is so far."""

    def __init__(self, bill: Bill) -> None:
        self._bill = bill
        self._main = bill.main
        self._said: dict[str, None] = {}
        self._parts = {part.ref: part for part in bill.parts}
        self._edges = {ref: dict.fromkeys(edges) for ref, edges in bill.edges.items()}
        self._known = {(ref, edge.to) for ref, edges in bill.edges.items() for edge in edges}
        self._components = len(bill.parts)
        self._dependencies = len(self._known)
        self._licenses: set[str] = set()

    @property
    def bill(self) -> Bill:
        edges = {ref: tuple(found) for ref, found in self._edges.items()}
        notes = (*self._main.notes, *((names.NOTE_SAID, text) for text in self._said))
        main = replace(self._main, notes=notes)
        return replace(self._bill, main=main, parts=tuple(self._parts.values()), edges=edges)

    def note(self, place: str, sha256: str) -> None:
        self._main = replace(self._main, documents=(*self._main.documents, (place, sha256)))

    def over(self, place: str, sha256: str, document: Mapping[str, Any]) -> None:
        """Take over what one document lists, and what needs what in it."""
        sbom = read_sbom(document)
        self._components += len(sbom.everything)
        _check(self._components, limits.SBOM_COMPONENTS, "components")
        self._licenses.update(license.text for item in sbom.everything for license in item.licenses)
        _check(len(self._licenses), limits.SBOM_LICENSES, "licences")
        refs: dict[str, str] = {}
        found = [self._add(place, f"sbom:{sha256}#{n}", item, refs) for n, item in enumerate(sbom.everything)]
        depended: set[str] = set()
        for one, other in _edges(document):
            self._dependencies += 1
            _check(self._dependencies, limits.SBOM_EDGES, "dependencies")
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

    def _add(self, place: str, otherwise: str, item: Component, refs: dict[str, str]) -> str:
        """The ref in the bill of one component, which may be the package itself."""
        part = _part(item, place, otherwise)
        if item.purl is not None and str(package_named(item.purl)) == self._main.purl:
            self._itself(place, part)
            ref = self._main.ref
        else:
            ref = add(self._parts, part, otherwise)
            self._parts[ref] = replace(self._parts[ref], needed=None)  # it is in the package, whatever else needs it
        if item.ref is not None:
            refs[item.ref] = ref
        return ref

    def _itself(self, place: str, part: Part) -> None:
        """What a document says of the package that it lies in: licences hold, all else is only told.

        Nothing in a file can know the digest of the file.
        """
        main = self._main
        if not set(part.licenses) <= set(main.licenses):
            self._main = replace(main, licenses=tuple(dict.fromkeys((*main.licenses, *part.licenses))))
        said = [f"{algorithm}:{value}" for algorithm, value in part.digests.items()]
        if part.version not in (None, main.version):
            said.append(f"version {part.version}")
        if part.supplier not in (None, main.supplier):
            said.append(f"supplier {part.supplier}")
        self._said.update((f"{place}: {text}", None) for text in said)


def _check(count: int, limit: int, what: str) -> None:
    """Of all documents together what is listed, also twice, for that takes time as well; objects of each alone."""
    if count > limit:
        raise FormatError("too much", why=f"more than {limit} {what}")


def _part(item: Component, place: str, otherwise: str) -> Part:
    """By its purl, or else by a ref that no purl can be."""
    return Part(
        item.purl if item.purl is not None and item.purl.startswith("pkg:") else otherwise,
        item.name or str(item),
        version=item.version,
        purl=item.purl,
        digests=item.digests,
        licenses=tuple(dict.fromkeys(license.text for license in item.licenses)),
        supplier=None if item.supplier is None else Person(item.supplier),
        notes=((names.NOTE_FROM, place),),
    )


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
        yield from ((item.string("ref"), ref) for ref in item.texts("dependsOn"))
