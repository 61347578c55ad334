"""A bill as CycloneDX 1.6 in JSON (ECMA-424), the same bytes for the same bill and time.

Written with `cyclonedx-python-lib`, but for purls: `packageurl` lower-cases names that differ by their case only.
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
from attest.sboms.bill import Bill, Kind, Part
from attest.sboms.licenses import expression, is_compound, joined

if TYPE_CHECKING:
    from cyclonedx.model import ExternalReference, HashType
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component
    from cyclonedx.model.contact import OrganizationalContact
    from cyclonedx.model.dependency import Dependency
    from cyclonedx.model.license import DisjunctiveLicense, LicenseExpression

_HASHES: Final = {"md5": "MD5", "sha1": "SHA-1", "sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}
_NIL: Final = uuid.UUID(int=0)
_MEMBERS: Final = (
    "$schema",
    "bomFormat",
    "specVersion",
    "serialNumber",
    "version",
    "metadata",
    "components",
    "dependencies",
)
"""In the order of the specification, for people."""
_TYPES: Final = {Kind.PACKAGE: "library", Kind.PROJECT: "application", Kind.FILE: "file"}


def write(bill: Bill, made: datetime) -> bytes:
    """The document, with a line end behind it. Raises `UsageError` where the library is missing."""
    try:
        from cyclonedx.output.json import JsonV1Dot6
    except ImportError:
        raise UsageError(
            "CycloneDX cannot be written", why="a library is missing", next_step=f"{install('sbom')}, or --format spdx"
        ) from None
    purls = {part.ref: part.purl for part in (bill.main, *bill.parts) if part.purl is not None}
    document = json.loads(JsonV1Dot6(_bom(bill, made)).output_as_string())
    for component in (document["metadata"]["component"], *document.get("components", ())):
        if component["bom-ref"] in purls:
            component["purl"] = purls[component["bom-ref"]]
    said = {bill.main.ref, *bill.edges} - bill.unsaid
    document["dependencies"] = [
        item for item in document["dependencies"] if item.get("dependsOn") or item["ref"] in said
    ]  # the library says of all others, of which nothing is known, that they need nothing
    content = json.dumps(document, sort_keys=True)
    document["serialNumber"] = uuid.uuid5(_NIL, content).urn
    ordered = {key: document[key] for key in _MEMBERS if document.get(key)}
    return (json.dumps(ordered, indent=2, ensure_ascii=False) + "\n").encode("utf-8")


def _bom(bill: Bill, made: datetime) -> Bom:
    from cyclonedx.model.bom import Bom, BomMetaData
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.model.tool import ToolRepository

    tool = Component(type=ComponentType.APPLICATION, name="attest", version=__version__, bom_ref="tool:attest")
    main = _component(bill.main)
    main.components.update(map(_component, bill.files))
    return Bom(
        serial_number=_NIL,
        metadata=BomMetaData(timestamp=made, tools=ToolRepository(components=[tool]), component=main),
        components=map(_component, bill.parts),
        dependencies=_dependencies(bill),
    )


def _dependencies(bill: Bill) -> Iterator[Dependency]:
    """What needs what."""
    from cyclonedx.model.bom_ref import BomRef
    from cyclonedx.model.dependency import Dependency

    for ref, edges in bill.edges.items():
        yield Dependency(BomRef(ref), dependencies=(Dependency(BomRef(edge.to)) for edge in edges))


def _component(part: Part) -> Component:
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
        **({} if part.purl is None else {"purl": _placeholder()}),
    )


def _placeholder() -> Any:
    """Stands in the library's own order of members until the purl takes its place."""
    from packageurl import PackageURL

    return PackageURL("generic", name="placeholder")


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
