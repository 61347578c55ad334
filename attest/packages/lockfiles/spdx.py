"""An SPDX document as a list of packages: SPDX 2 in JSON, and SPDX 3 in JSON-LD as its own context writes it.

One package that the document describes needs no digest of its own. Where it says that it describes several, they are
packages like all others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from attest import limits
from attest.errors import LockError
from attest.oci.strict_json import Fields
from attest.packages.lockfiles import sbom
from attest.packages.lockfiles.documents import read_json, texts
from attest.packages.lockfiles.lock import Entry, Kind

_SPDX2: Final = re.compile(rb'"spdxVersion"\s*:\s*"SPDX-2')
_SPDX3: Final = re.compile(rb'"https://spdx\.org/rdf/3\.[0-9.]+/')
_DOCUMENT: Final = "SPDXRef-DOCUMENT"
_COLLECTIONS: Final = ("SpdxDocument", "software_Sbom", "Bom")


def _read_2(data: bytes) -> Iterator[Entry]:
    document = read_json(data)
    described = set(texts(document, "documentDescribes"))
    for relation in document.objects("relationships"):
        kind = relation.string("relationshipType")
        if kind == "DESCRIBES" and relation.string("spdxElementId") == _DOCUMENT:
            described.add(relation.string("relatedSpdxElement"))
        elif kind == "DESCRIBED_BY" and relation.string("relatedSpdxElement") == _DOCUMENT:
            described.add(relation.string("spdxElementId"))
    for package in document.objects("packages"):
        name = package.string("name")
        if described == {package.string("SPDXID")}:
            yield Entry(name, package.path, None, covered=sbom.DESCRIBED)
            continue
        references = package.objects("externalRefs")
        purls = [item.string("referenceLocator") for item in references if item.string("referenceType") == "purl"]
        known = [(item.string("algorithm"), item.string("checksumValue")) for item in package.objects("checksums")]
        yield sbom.component(name, package.path, purls, [known])


def _read_3(data: bytes) -> Iterator[Entry]:
    elements = read_json(data).objects("@graph")
    hashes = {item.string("@id"): item for item in elements if "@id" in item.value}
    packages = [item for item in elements if item.string("type") == "software_Package"]
    roots = {root for item in elements if item.string("type") in _COLLECTIONS for root in texts(item, "rootElement")}
    described = roots & {item.string("spdxId") for item in packages}
    for package in packages:
        name = package.string("name")
        if described == {package.string("spdxId")}:
            yield Entry(name, package.path, None, covered=sbom.DESCRIBED)
        else:
            yield sbom.component(name, package.path, _purls(package), [_hashes(package, hashes)])


def _purls(package: Fields) -> Iterator[str]:
    own = package.optional_string("software_packageUrl")
    if own is not None:
        yield own
    for item in package.objects("externalIdentifier"):
        if item.string("externalIdentifierType") == "packageUrl":
            yield item.string("identifier")


def _hashes(package: Fields, apart: dict[str, Fields]) -> Iterator[tuple[str, str]]:
    """A hash stands in the package, or apart under a blank node's name."""
    known = package.value.get("verifiedUsing") or []
    if not isinstance(known, list):
        raise LockError("expected an array", where=f"{package.path}.verifiedUsing")
    for position, item in enumerate(known):
        path = f"{package.path}.verifiedUsing[{position}]"
        found = apart.get(item) if isinstance(item, str) else Fields(item, path) if isinstance(item, dict) else None
        if found is None:
            raise LockError("not an integrity method", where=path)
        if found.string("type") == "Hash":
            yield found.string("algorithm").upper(), found.string("hashValue")


def _is_2(data: bytes) -> bool:
    return _SPDX2.search(data) is not None


def _is_3(data: bytes) -> bool:
    return _SPDX3.search(data) is not None


SPDX_2: Final = Kind("SPDX", ("*.spdx.json", "*bom*.json"), limits.LOCKFILE, _read_2, _is_2)
SPDX_3: Final = Kind(
    "SPDX 3", ("*.spdx.json", "*.spdx3.json", "*.jsonld", "*bom*.json"), limits.LOCKFILE, _read_3, _is_3
)
