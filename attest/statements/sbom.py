"""Facts of a software bill of materials: its format, how much it lists, and which package it says that it describes.

CycloneDX 1.x JSON (ECMA-424), SPDX 2.x JSON and SPDX 3 JSON-LD.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from attest.errors import FormatError

_SPDX3_CONTEXT: Final = "https://spdx.org/rdf/3."
_PACKAGES: Final = ("application", "framework", "library")
"""CycloneDX component types that are packages; a `file`, a `device` or a `platform` names none."""


@dataclass(frozen=True, slots=True)
class Described:
    """What a document says that it describes; what is not said is None. ``name`` includes a CycloneDX group."""

    name: str | None
    version: str | None
    purl: str | None


@dataclass(frozen=True, slots=True)
class Sbom:
    """``format`` is ``CycloneDX`` or ``SPDX``; ``components`` does not count what the document describes."""

    format: str
    version: str
    components: int
    described: tuple[Described, ...]


def read_sbom(document: Mapping[str, Any] | None) -> Sbom:
    """Facts of a document that is already JSON. Raises `FormatError` where it is neither CycloneDX nor SPDX."""
    if document is None:
        raise FormatError("the SBOM has no content")
    if document.get("bomFormat") == "CycloneDX":
        return _cyclonedx(document)
    if "spdxVersion" in document:
        return _spdx2(document)
    if "@context" in document:
        return _spdx3(document)
    raise FormatError("neither CycloneDX nor SPDX", why="no bomFormat, spdxVersion or @context")


def _cyclonedx(document: Mapping[str, Any]) -> Sbom:
    version = document.get("specVersion")
    if not isinstance(version, str) or not version.startswith("1."):
        raise FormatError("not CycloneDX 1.x", why=f"specVersion is {version!r:.40}")
    metadata = document.get("metadata", {})
    component = metadata.get("component") if isinstance(metadata, dict) else None
    described: tuple[Described, ...] = ()
    if isinstance(component, dict):
        purl, name, group = (_string(component, key) for key in ("purl", "name", "group"))
        if component.get("type") not in _PACKAGES:
            name = None
        full = f"{group}/{name}" if group and name else name
        described = (Described(full, _string(component, "version"), purl),)
    return Sbom("CycloneDX", version, len(_objects(document, "components")), described)


def _spdx2(document: Mapping[str, Any]) -> Sbom:
    version = document.get("spdxVersion")
    if not isinstance(version, str) or not version.startswith("SPDX-2."):
        raise FormatError("not SPDX 2.x", why=f"spdxVersion is {version!r:.40}")
    packages = _objects(document, "packages")
    roots = set(_strings(document.get("documentDescribes")))
    for relation in _objects(document, "relationships"):
        ends = _string(relation, "spdxElementId"), _string(relation, "relatedSpdxElement")
        kind = relation.get("relationshipType")
        if kind == "DESCRIBES" and ends[0] == "SPDXRef-DOCUMENT" and ends[1]:
            roots.add(ends[1])
        if kind == "DESCRIBED_BY" and ends[1] == "SPDXRef-DOCUMENT" and ends[0]:
            roots.add(ends[0])
    described = tuple(
        Described(_string(item, "name"), _string(item, "versionInfo"), _spdx2_purl(item))
        for item in packages
        if _string(item, "SPDXID") in roots
    )
    return Sbom("SPDX", version.removeprefix("SPDX-"), len(packages) - len(described), described)


def _spdx2_purl(package: Mapping[str, Any]) -> str | None:
    for reference in _objects(package, "externalRefs"):
        if reference.get("referenceType") == "purl":
            return _string(reference, "referenceLocator")
    return None


def _spdx3(document: Mapping[str, Any]) -> Sbom:
    contexts = [document["@context"]] if isinstance(document["@context"], str) else document["@context"]
    context = next((item for item in _strings(contexts) if item.startswith(_SPDX3_CONTEXT)), None)
    if context is None or not isinstance(document.get("@graph"), list):
        raise FormatError("not SPDX 3", why="no SPDX @context, or no @graph")
    graph = _objects(document, "@graph")
    packages = [item for item in graph if item.get("type") == "software_Package"]
    collections = [item for item in graph if item.get("type") in ("SpdxDocument", "software_Sbom")]
    roots = {root for item in collections for root in _strings(item.get("rootElement"))}
    described = tuple(
        Described(_string(item, "name"), _string(item, "software_packageVersion"), _string(item, "software_packageUrl"))
        for item in packages
        if _string(item, "spdxId") in roots
    )
    version = context.removeprefix("https://spdx.org/rdf/").partition("/")[0]
    return Sbom("SPDX", version, len(packages) - len(described), described)


def _objects(value: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    items = value.get(name)
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _strings(value: Any) -> Iterator[str]:
    yield from (item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _string(value: Mapping[str, Any], name: str) -> str | None:
    found = value.get(name)
    return found if isinstance(found, str) and found else None
