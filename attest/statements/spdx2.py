"""SPDX 2.2 and 2.3 in JSON (spdx-spec, chapters 6 to 11)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attest.errors import FormatError
from attest.oci.strict_json import Fields
from attest.statements.bom import Component, License, Sbom, collected
from attest.statements.moments import parse_time

VERSIONS: Final = ("SPDX-2.2", "SPDX-2.3")
_UNSAID: Final = ("NOASSERTION", "NONE", "")
_IDENTIFIERS: Final = ("purl", "cpe22Type", "cpe23Type", "swid")
_DOCUMENT: Final = "SPDXRef-DOCUMENT"


def read(document: Mapping[str, Any]) -> Sbom:
    """Raises `FormatError`."""
    version = document.get("spdxVersion")
    if version not in VERSIONS:
        raise FormatError("not SPDX 2.2 or 2.3", why=f"spdxVersion is {version!r:.40}")
    fields = Fields(document, "sbom")
    creation = fields.optional_object("creationInfo") or Fields({}, "sbom.creationInfo")
    created = creation.optional_string("created")
    roots, related = set(fields.texts("documentDescribes")), set()
    for relation in fields.objects("relationships"):
        kind = relation.string("relationshipType")
        one, other = relation.string("spdxElementId"), relation.string("relatedSpdxElement")
        if kind == "DESCRIBES" and one == _DOCUMENT:
            roots.add(other)
        elif kind == "DESCRIBED_BY" and other == _DOCUMENT:
            roots.add(one)
        elif other not in _UNSAID:
            related |= {one, other}
    packages = [_package(item) for item in fields.objects("packages")]
    return Sbom(
        "SPDX",
        str(version).removeprefix("SPDX-"),
        tuple(item for item in packages if item.ref in roots),
        tuple(item for item in packages if item.ref not in roots),
        None if created is None else parse_time(created, f"{creation.path}.created"),
        tuple(creation.texts("creators")),
        frozenset(related),
    )


def _package(fields: Fields) -> Component:
    references = fields.objects("externalRefs")
    purls = [item.string("referenceLocator") for item in references if item.value.get("referenceType") == "purl"]
    checksums = ((item.string("algorithm"), item.string("checksumValue")) for item in fields.objects("checksums"))
    licenses = (fields.optional_string(key) for key in ("licenseConcluded", "licenseDeclared"))
    license = next((text for text in licenses if text is not None and text not in _UNSAID), None)
    return Component(
        name=fields.optional_string("name") or None,
        version=fields.optional_string("versionInfo") or None,
        purl=purls[0] if purls else None,
        supplier=_said(fields.optional_string("supplier")) or _said(fields.optional_string("originator")),
        licenses=() if license is None else (License(license),),
        digests=collected(checksums, f"{fields.path}.checksums"),
        ref=fields.string("SPDXID"),
        identified=any(item.value.get("referenceType") in _IDENTIFIERS for item in references),
    )


def _said(text: str | None) -> str | None:
    return None if text is None or text in _UNSAID else text
