"""A bill as CycloneDX 1.6 in JSON (ECMA-424), the same bytes for the same bill and time.

Components are written with `cyclonedx-python-lib`; not their frame, for it says of each one that it needs nothing, and
takes time by the square of their number; and not purls: `packageurl` lower-cases names that differ by their case only.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from attest import __version__, names
from attest.errors import UsageError, install
from attest.packages.metadata.facts import Person, Scope
from attest.sboms.bill import Bill, Edge, Kind, Part
from attest.sboms.licenses import expression, is_compound, joined

if TYPE_CHECKING:
    from cyclonedx.model import ExternalReference, HashType
    from cyclonedx.model.component import Component
    from cyclonedx.model.contact import OrganizationalContact
    from cyclonedx.model.license import DisjunctiveLicense, LicenseExpression

_HASHES: Final = {"md5": "MD5", "sha1": "SHA-1", "sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}
_NIL: Final = uuid.UUID(int=0)
_MEMBERS: Final = (
    "type",
    "bom-ref",
    "supplier",
    "authors",
    "group",
    "name",
    "version",
    "description",
    "scope",
    "hashes",
    "licenses",
    "purl",
    "externalReferences",
    "properties",
)
"""Of a component, in the order of the specification, for people."""
_TYPES: Final = {Kind.PACKAGE: "library", Kind.PROJECT: "application", Kind.FILE: "file"}


def write(bill: Bill, made: datetime) -> bytes:
    """The document, with a line end behind it. Raises `UsageError` where the library is missing."""
    main = _component(bill.main)
    if bill.files:
        main["components"] = list(map(_component, bill.files))
    tool = {"type": "application", "name": "attest", "version": __version__}
    document: dict[str, Any] = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": "",
        "version": 1,
        "metadata": {
            "timestamp": made.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "tools": {"components": [tool]},
            "component": main,
        },
        "components": [_component(part) for part in sorted(bill.parts, key=lambda part: part.ref)],
        "dependencies": [_dependency(ref, edges) for ref, edges in sorted(bill.edges.items()) if _is_said(ref, bill)],
    }
    document = {key: value for key, value in document.items() if value != []}
    content = json.dumps(document, sort_keys=True)
    document["serialNumber"] = uuid.uuid5(_NIL, content).urn
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode("utf-8")


def _is_said(ref: str, bill: Bill) -> bool:
    """That a part needs nothing is said of those only that say it themselves."""
    return bool(bill.edges[ref]) or ref not in bill.unsaid


def _dependency(ref: str, edges: tuple[Edge, ...]) -> dict[str, Any]:
    needed = sorted({edge.to for edge in edges})
    return {"ref": ref, "dependsOn": needed} if needed else {"ref": ref}


def _component(part: Part) -> dict[str, Any]:
    """One component as the library writes it, with the purl as it is written here."""
    try:
        from cyclonedx.schema.schema import SchemaVersion1Dot6
    except ImportError:
        raise UsageError(
            "CycloneDX cannot be written", why="a library is missing", next_step=f"{install('sbom')}, or --format spdx"
        ) from None
    written: dict[str, Any] = json.loads(_modelled(part).as_json(SchemaVersion1Dot6))  # type: ignore[attr-defined]
    if part.purl is not None:
        written["purl"] = part.purl
    return {key: written[key] for key in sorted(written, key=_MEMBERS.index)}


def _modelled(part: Part) -> Component:
    from cyclonedx.model import Property
    from cyclonedx.model.component import Component, ComponentScope, ComponentType
    from cyclonedx.model.contact import OrganizationalEntity

    scopes = {Scope.RUNTIME: ComponentScope.REQUIRED, Scope.OPTIONAL: ComponentScope.OPTIONAL}
    scope = None if part.needed is None else scopes.get(part.needed, ComponentScope.EXCLUDED)
    supplier = None
    if part.supplier is not None:
        contacts = [_contact(part.supplier)] if part.supplier.mail else []
        supplier = OrganizationalEntity(name=str(part.supplier), contacts=contacts)
    notes = [*part.notes, *((names.NOTE_DIGEST, f"{name}:{value}") for name, value in _inexpressible(part.digests))]
    if part.file_name is not None:
        notes.append((names.NOTE_FILE, part.file_name))
    return Component(
        type=ComponentType(_TYPES[part.kind]),
        bom_ref=part.ref,
        group=part.group,
        name=part.name,
        version=part.version,
        supplier=supplier,
        authors=map(_contact, part.authors),
        description=part.description,
        scope=scope,
        hashes=_hashes(part.digests),
        licenses=_licenses(part.licenses),
        external_references=_references(part),
        properties=(Property(name=name, value=value) for name, value in notes),
    )


def _contact(person: Person) -> OrganizationalContact:
    from cyclonedx.model.contact import OrganizationalContact

    return OrganizationalContact(name=person.name, email=person.mail)


def _hashes(digests: Mapping[str, str]) -> Iterator[HashType]:
    from cyclonedx.model import HashAlgorithm, HashType

    for name, value in digests.items():
        if name in _HASHES:
            yield HashType(alg=HashAlgorithm(_HASHES[name]), content=value)


def _inexpressible(digests: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in digests.items() if name not in _HASHES]


def _licenses(texts: tuple[str, ...]) -> Iterator[DisjunctiveLicense | LicenseExpression]:
    """One expression stands alone; beside others there can only be ids and names."""
    from cyclonedx.model.license import DisjunctiveLicense, LicenseAcknowledgement, LicenseExpression

    declared = LicenseAcknowledgement.DECLARED
    whole = joined(texts)
    if whole is not None and any(is_compound(expression(text) or "") for text in texts):
        yield LicenseExpression(whole, acknowledgement=declared)
        return
    for text in texts:
        found = expression(text)
        if found is not None and not is_compound(found):
            yield DisjunctiveLicense(id=found, acknowledgement=declared)
        else:
            yield DisjunctiveLicense(name=text, acknowledgement=declared)


def _references(part: Part) -> Iterator[ExternalReference]:
    from cyclonedx.model import ExternalReference, ExternalReferenceType, XsUri

    if part.homepage is not None:
        yield ExternalReference(type=ExternalReferenceType.WEBSITE, url=XsUri(part.homepage))
    if part.repository is not None:
        yield ExternalReference(type=ExternalReferenceType.VCS, url=XsUri(part.repository))
    for place, sha256 in part.documents:
        yield ExternalReference(
            type=ExternalReferenceType.BOM, url=XsUri(place), hashes=list(_hashes({"sha256": sha256}))
        )
