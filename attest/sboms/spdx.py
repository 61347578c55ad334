"""A bill as SPDX 2.3 in JSON (ISO/IEC 5962, spdx-spec 2.3), the same bytes for the same bill and time."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from attest import __version__
from attest.packages.metadata.facts import Person, Scope
from attest.sboms.bill import Bill, Edge, Kind, Part
from attest.sboms.licenses import expression, is_compound

_DOCUMENT: Final = "SPDXRef-DOCUMENT"
_UNSAID: Final = "NOASSERTION"
_CHECKSUMS: Final = {"md5": "MD5", "sha1": "SHA1", "sha256": "SHA256", "sha384": "SHA384", "sha512": "SHA512"}
_NIL: Final = uuid.UUID(int=0)
_RELATIONS: Final = {
    Scope.OPTIONAL: "OPTIONAL_DEPENDENCY_OF",
    Scope.BUILD: "BUILD_DEPENDENCY_OF",
    Scope.DEVELOPMENT: "DEV_DEPENDENCY_OF",
}


def write(bill: Bill, made: datetime) -> bytes:
    """The document, with a line end behind it."""
    named: dict[str, str] = {}
    everything = (bill.main, *bill.parts)
    ids = {part.ref: _id("File" if part.kind is Kind.FILE else "Package", part.ref) for part in everything}
    ids |= {part.ref: _id("File", part.ref) for part in bill.files}
    packages = [_package(part, ids, named) for part in everything if part.kind is not Kind.FILE]
    if bill.files:
        packages[0] |= {"filesAnalyzed": True, "packageVerificationCode": _code(bill.files)}
    files = [_file(part, ids) for part in (*everything, *bill.files) if part.kind is Kind.FILE]
    document = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": _DOCUMENT,
        "name": bill.main.purl or bill.main.name,
        "creationInfo": {
            "created": made.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "creators": [f"Tool: attest-{__version__}"],
        },
        "packages": packages,
        "files": files,
        "hasExtractedLicensingInfos": [
            {"licenseId": ref, "name": text, "extractedText": text} for ref, text in sorted(named.items())
        ],
        "relationships": list(_relationships(bill, ids)),
    }
    document = {key: value for key, value in document.items() if value}
    content = json.dumps(document, sort_keys=True)
    document["documentNamespace"] = uuid.uuid5(_NIL, content).urn
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode("utf-8")


def _id(kind: str, ref: str) -> str:
    """An SPDX id has letters, digits, dots and dashes only; who reads it looks at the name."""
    return f"SPDXRef-{kind}-{hashlib.sha256(ref.encode('utf-8')).hexdigest()[:32]}"


def _package(part: Part, ids: Mapping[str, str], named: dict[str, str]) -> dict[str, Any]:
    notes = [f"{name}={value}" for name, value in part.notes]
    notes += [f"{name}:{value}" for name, value in part.digests.items() if name not in _CHECKSUMS]
    notes += [f"SBOM {place} sha256:{sha256}" for place, sha256 in part.documents]
    found = {
        "SPDXID": ids[part.ref],
        "name": f"{part.group}/{part.name}" if part.group else part.name,
        "versionInfo": part.version,
        "packageFileName": part.file_name,
        "supplier": _actor(part.supplier, part.authors),
        "originator": _actor(part.authors[0], part.authors) if part.authors else None,
        "downloadLocation": _UNSAID,
        "filesAnalyzed": False,
        "checksums": _checksums(part.digests),
        "homepage": part.homepage,
        "sourceInfo": part.repository,
        "licenseConcluded": _UNSAID,
        "licenseDeclared": _license(part.licenses, named),
        "copyrightText": _UNSAID,
        "description": part.description,
        "comment": "\n".join(notes),
    }
    if part.purl is not None:
        found["externalRefs"] = [
            {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": part.purl}
        ]
    return {key: value for key, value in found.items() if value not in (None, "", [])}


def _file(part: Part, ids: Mapping[str, str]) -> dict[str, Any]:
    return {
        "SPDXID": ids[part.ref],
        "fileName": f"./{part.name}",
        "checksums": _checksums(part.digests),
        "licenseConcluded": _UNSAID,
        "copyrightText": _UNSAID,
    }


def _actor(person: Person | None, authors: tuple[Person, ...]) -> str | None:
    """Who is one of the authors is a person; who else gives a package out is taken for an organization."""
    if person is None:
        return None
    mail = f" ({person.mail})" if person.mail and person.name else ""
    return f"{'Person' if person in authors else 'Organization'}: {person}{mail}"


def _checksums(digests: Mapping[str, str]) -> list[dict[str, str]]:
    return [
        {"algorithm": _CHECKSUMS[name], "checksumValue": value} for name, value in digests.items() if name in _CHECKSUMS
    ]


def _license(texts: tuple[str, ...], named: dict[str, str]) -> str:
    """All of them; one that is no expression is a reference to its text, noted in ``named``."""
    found = []
    for text in texts:
        part = expression(text)
        if part is None:
            part = f"LicenseRef-{hashlib.sha256(text.encode('utf-8')).hexdigest()[:16]}"
            named[part] = text
        found.append(f"({part})" if is_compound(part) and len(texts) > 1 else part)
    return " AND ".join(found) or _UNSAID


def _code(files: tuple[Part, ...]) -> dict[str, str]:
    """spdx-spec 2.3, 7.9: SHA-1 of the files' SHA-1 in hex, sorted."""
    sums = "".join(sorted(part.digests["sha1"] for part in files))
    return {"packageVerificationCodeValue": hashlib.sha1(sums.encode(), usedforsecurity=False).hexdigest()}


def _relationships(bill: Bill, ids: Mapping[str, str]) -> Iterator[dict[str, str]]:
    yield _relation(_DOCUMENT, "DESCRIBES", ids[bill.main.ref])
    for ref, edges in bill.edges.items():
        for edge in edges:
            yield from _needs(ids[ref], ids[edge.to], edge)
    for part in (bill.main, *bill.parts):
        if part.ref in bill.unsaid:
            yield _relation(ids[part.ref], "DEPENDS_ON", _UNSAID)
        elif part.ref in bill.edges and not bill.edges[part.ref]:
            yield _relation(ids[part.ref], "DEPENDS_ON", "NONE")
    for part in bill.files:
        yield _relation(ids[bill.main.ref], "CONTAINS", ids[part.ref])


def _needs(one: str, other: str, edge: Edge) -> Iterator[dict[str, str]]:
    inverse = None if edge.scope is None else _RELATIONS.get(edge.scope)
    found = _relation(one, "DEPENDS_ON", other) if inverse is None else _relation(other, inverse, one)
    yield found if edge.text is None else {**found, "comment": edge.text}


def _relation(one: str, kind: str, other: str) -> dict[str, str]:
    return {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}
