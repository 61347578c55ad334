"""SPDX 3.0 in JSON-LD (spdx-spec 3.0.1): a graph of elements that refer to one another by id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from attest.errors import FormatError
from attest.oci.strict_json import Fields
from attest.statements.bom import Component, License, Sbom, collected
from attest.statements.moments import parse_time

_CONTEXT: Final = "https://spdx.org/rdf/3."
_LISTED: Final = "https://spdx.org/licenses/"
_UNSAID: Final = ("NoAssertionLicense", "NoneLicense", "NOASSERTION", "NONE")
_LICENSES: Final = ("hasConcludedLicense", "hasDeclaredLicense")
_PACKAGES: Final = ("software_Package", "ai_AIPackage", "dataset_DatasetPackage")
"""A package, and the classes below it."""
_IDENTIFIERS: Final = {"packageUrl": "purl", "purl": "purl", "cpe22": "cpe", "cpe23": "cpe", "swid": "swid"}


@dataclass(frozen=True, slots=True)
class _Graph:
    elements: tuple[Fields, ...]
    by_id: Mapping[str, Fields]
    relations: Mapping[tuple[str, str], Sequence[str]]
    """To what, by kind and from what."""


def read(document: Mapping[str, Any]) -> Sbom:
    """Raises `FormatError`."""
    contexts = document["@context"] if isinstance(document["@context"], list) else [document["@context"]]
    found = [item for item in contexts if isinstance(item, str) and item.startswith(_CONTEXT)]
    if not found or not isinstance(document.get("@graph"), list):
        raise FormatError("not SPDX 3", why="no SPDX @context, or no @graph")
    graph = _graph(Fields(document, "sbom"))
    collections = [item for item in graph.elements if item.value.get("type") in ("SpdxDocument", "software_Sbom")]
    roots = {root for item in collections for root in item.texts("rootElement")}
    packages = [_package(item, graph) for item in graph.elements if item.value.get("type") in _PACKAGES]
    creation = _creation(collections, graph)
    created = None if creation is None else creation.optional_string("created")
    return Sbom(
        "SPDX",
        found[0].removeprefix("https://spdx.org/rdf/").partition("/")[0],
        tuple(item for item in packages if item.ref in roots),
        tuple(item for item in packages if item.ref not in roots),
        None if created is None else parse_time(created, "sbom.creationInfo.created"),
        () if creation is None else tuple(creation.texts("createdBy")),
        frozenset(end for (kind, one), to in graph.relations.items() if kind not in _LICENSES for end in (one, *to)),
    )


def _graph(fields: Fields) -> _Graph:
    elements = tuple(fields.objects("@graph"))
    by_id: dict[str, Fields] = {}
    for item in elements:
        identifier = item.optional_string("spdxId") or item.optional_string("@id")
        if identifier is not None and by_id.setdefault(identifier, item) is not item:
            raise FormatError(f"two elements are {identifier[:160]!r}", where=item.path)
    relations: dict[tuple[str, str], list[str]] = {}
    for item in elements:
        if str(item.value.get("type")).endswith("Relationship"):
            kind, one = item.string("relationshipType"), item.string("from")
            relations.setdefault((kind, one), []).extend(item.texts("to"))
    return _Graph(elements, by_id, relations)


def _package(fields: Fields, graph: _Graph) -> Component:
    ref = fields.string("spdxId")
    identifiers = [
        (_IDENTIFIERS.get(item.string("externalIdentifierType")), item.string("identifier"))
        for item in fields.objects("externalIdentifier")
    ]
    purl = fields.optional_string("software_packageUrl") or next((text for k, text in identifiers if k == "purl"), None)
    hashes = (
        (item.string("algorithm"), item.string("hashValue"))
        for item in fields.objects("verifiedUsing")
        if item.value.get("type") == "Hash"
    )
    supplier = fields.optional_string("suppliedBy")
    agent = graph.by_id.get(supplier) if supplier else None
    return Component(
        name=fields.optional_string("name") or None,
        version=fields.optional_string("software_packageVersion") or None,
        purl=purl or None,
        supplier=(agent.optional_string("name") if agent else supplier) or None,
        licenses=_licenses(ref, graph),
        digests=collected(hashes, f"{fields.path}.verifiedUsing"),
        ref=ref,
        identified=bool(purl) or any(kind for kind, _ in identifiers),
        is_software=fields.value.get("type") != "dataset_DatasetPackage",
    )


def _licenses(ref: str, graph: _Graph) -> tuple[License, ...]:
    """What was concluded, and else what is declared."""
    for wanted in _LICENSES:
        said = [end for end in graph.relations.get((wanted, ref), ()) if not end.endswith(_UNSAID)]
        if said:
            return tuple(_license(end, graph) for end in said)
    return ()


def _license(end: str, graph: _Graph) -> License:
    element = graph.by_id.get(end)
    expression = None if element is None else element.optional_string("simplelicensing_licenseExpression")
    if expression is not None:
        return License(expression)
    if end.startswith(_LISTED):
        return License(end.removeprefix(_LISTED))
    return License((element.optional_string("name") if element else None) or end, is_expression=False)


def _creation(collections: list[Fields], graph: _Graph) -> Fields | None:
    """The creation information of the document itself, inline or by id."""
    for item in sorted(collections, key=lambda found: found.value.get("type") != "SpdxDocument"):
        info = item.value.get("creationInfo")
        if isinstance(info, dict):
            return Fields(info, f"{item.path}.creationInfo")
        if isinstance(info, str) and info in graph.by_id:
            return graph.by_id[info]
    return None
