"""What `require: sbom` wants of a document: the package in it, its digest, the minimum elements, licences."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest import names
from attest.errors import PolicyError
from attest.policy.codes import Code
from attest.policy.evaluate import evaluate
from attest.policy.licenses import Licenses
from attest.policy.verdict import Finding, Outcome
from attest.statements.sbom import Component, License, Sbom
from tests.evidence_factory import DIGEST, NOW, PURL, evidence, signed
from tests.policy.conftest import HEAD, Read

MAIN: dict[str, Any] = {
    "type": "library",
    "bom-ref": "main",
    "name": "left-pad",
    "version": "1.3.0",
    "purl": str(PURL),
    "supplier": {"name": "Acme"},
    "licenses": [{"license": {"id": "MIT"}}],
    "hashes": [{"alg": "SHA-512", "content": DIGEST.hex}],
}
PART = MAIN | {"bom-ref": "part", "name": "ansi", "version": "2.0.0", "purl": "pkg:npm/ansi@2.0.0", "hashes": []}


def cyclonedx(main: dict[str, Any] | None = None, *parts: dict[str, Any], **members: Any) -> dict[str, Any]:
    metadata = {
        "timestamp": "2026-11-20T12:00:00Z",
        "authors": [{"name": "A. Person"}],
        "component": main or MAIN,
    }
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "metadata": metadata,
        "components": list(parts or (PART,)),
        "dependencies": [{"ref": "main", "dependsOn": ["part"]}],
        **members,
    }


def spdx2(**package: Any) -> dict[str, Any]:
    main = {
        "SPDXID": "SPDXRef-a",
        "name": "left-pad",
        "versionInfo": "1.3.0",
        "supplier": "Organization: Acme",
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "MIT",
        "externalRefs": [{"referenceType": "purl", "referenceLocator": str(PURL)}],
        **package,
    }
    part = {**main, "SPDXID": "SPDXRef-b", "name": "ansi", "versionInfo": "2", "licenseConcluded": "ISC", **PART_REFS}
    return {
        "spdxVersion": "SPDX-2.3",
        "creationInfo": {"created": "2026-11-20T12:00:00Z", "creators": ["Tool: made-up-1.0"]},
        "documentDescribes": ["SPDXRef-a"],
        "packages": [main, part],
        "relationships": [
            {"spdxElementId": "SPDXRef-a", "relationshipType": "DEPENDS_ON", "relatedSpdxElement": "SPDXRef-b"}
        ],
    }


PART_REFS = {"externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:npm/ansi@2"}]}


def spdx3() -> dict[str, Any]:
    package = {"type": "software_Package", "suppliedBy": "urn:acme", "software_packageVersion": "1.3.0"}
    graph = [
        {"type": "CreationInfo", "@id": "_:info", "created": "2026-11-20T12:00:00Z", "createdBy": ["urn:acme"]},
        {"type": "Organization", "spdxId": "urn:acme", "name": "Acme"},
        {"type": "SpdxDocument", "spdxId": "urn:d", "creationInfo": "_:info", "rootElement": ["urn:a"]},
        {**package, "spdxId": "urn:a", "name": "left-pad", "software_packageUrl": str(PURL)},
        {**package, "spdxId": "urn:b", "name": "ansi", "software_packageUrl": "pkg:npm/ansi@1.3.0"},
        {"type": "Relationship", "relationshipType": "dependsOn", "from": "urn:a", "to": ["urn:b"]},
        *(
            {"type": "Relationship", "relationshipType": "hasDeclaredLicense", "from": one, "to": [to]}
            for one, to in (("urn:a", "https://spdx.org/licenses/MIT"), ("urn:b", "urn:l"))
        ),
        {
            "type": "simplelicensing_LicenseExpression",
            "spdxId": "urn:l",
            "simplelicensing_licenseExpression": "MIT AND ISC",
        },
    ]
    return {"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": graph}


def judge(read: Read, terms: str, document: dict[str, Any]) -> Finding:
    policy = read(HEAD + f"rules:\n  - {{id: bom, require: sbom, by: [release]{terms}}}\n")
    predicate = names.PREDICATE_CYCLONEDX if "bomFormat" in document else names.PREDICATE_SPDX
    found = evidence([signed("release", predicate, document)], policy.identities.values())
    return evaluate(policy, found, now=NOW).findings[0]


def without(part: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in part.items() if key not in keys}


CODES: dict[Code, list[tuple[str, dict[str, Any], str]]] = {
    Code.SBOM_CONTRADICTION: [
        ("", cyclonedx(MAIN | {"hashes": [{"alg": "SHA-512", "content": "cd" * 64}]}), "of a file with sha512 cdcd"),
        ("", spdx2(checksums=[{"algorithm": "SHA512", "checksumValue": "cd" * 64}]), "of a file with sha512 cdcd"),
    ],
    Code.SBOM_WITHOUT_PACKAGE: [
        (", includes_package: true", cyclonedx(MAIN | {"purl": "pkg:cargo/x@1"}), f"{PURL} is not in it"),
        (", minimum: ntia", cyclonedx(MAIN | {"purl": "pkg:cargo/x@1"}), f"{PURL} is not in it"),
    ],
    Code.SBOM_COMPONENTS: [
        (", min_components: 2", cyclonedx(), "it lists 1 components, and 2 are needed"),
        (", min_components: 1", cyclonedx(components=[]), "it lists 0 components"),
    ],
    Code.SBOM_MINIMUM: [
        (", minimum: ntia", cyclonedx(metadata={"component": MAIN}), "it has no time at which it was made; no author"),
        (", minimum: ntia", cyclonedx(None, without(PART, "supplier")), "no supplier of pkg:npm/ansi@2.0.0"),
        (", minimum: ntia", cyclonedx(None, without(PART, "version")), "no version of pkg:npm/ansi@2.0.0"),
        (", minimum: ntia", cyclonedx(None, without(PART, "purl")), "no purl, CPE or SWID tag of ansi@2.0.0"),
        (", minimum: ntia", cyclonedx(dependencies=[]), "no dependencies of what it describes"),
        (", minimum: ntia", cyclonedx(None, PART | {"supplier": {}}, PART | {"supplier": {}}), "2.0.0 and 1 more"),
    ],
    Code.SBOM_LICENSE: [
        (", licenses: {deny: [MIT]}", cyclonedx(), f"{PURL} is MIT, which is denied; pkg:npm/ansi@2.0.0 is MIT"),
        (", licenses: {allow: [ISC]}", cyclonedx(), f"{PURL} is MIT, which is not allowed"),
        (", licenses: {allow: [MIT]}", cyclonedx(None, PART | {"licenses": []}), "ansi@2.0.0 has no known licence"),
        (", licenses: {allow: [MIT]}", spdx2(licenseDeclared="NOASSERTION"), f"{PURL} has no known licence"),
        (", licenses: {allow: [MIT]}", spdx2(), "pkg:npm/ansi@2 is ISC, which is not allowed"),
        (", licenses: {deny: [ISC]}", spdx3(), "pkg:npm/ansi@1.3.0 is MIT AND ISC, which is denied"),
        (
            ", licenses: {deny: [ISC]}",
            cyclonedx(None, PART | {"licenses": [{"expression": "MIT AND"}]}),
            "cannot be read",
        ),
        (
            ", licenses: {allow: [MIT]}",
            cyclonedx(None, PART | {"licenses": [{"license": {"name": "Acme's own"}}]}),
            'has a licence that is no SPDX id: "Acme\'s own"',
        ),
    ],
    Code.SBOM_MALFORMED: [
        ("", cyclonedx(components={}), "sbom.components: expected an array"),
        ("", cyclonedx(components=["x"]), "sbom.components[0]: expected an object"),
        ("", cyclonedx(specVersion="1.8"), "not CycloneDX 1.x: specVersion is '1.8'"),
        ("", cyclonedx(None, PART | {"hashes": [{"alg": "MD5", "content": x} for x in "ab"]}), "two md5 digests"),
        ("", cyclonedx(metadata={"timestamp": "yesterday"}), "not a time: 'yesterday'"),
        ("", spdx2(SPDXID=1), "sbom.packages[0].SPDXID: expected a string"),
    ],
}


@pytest.mark.parametrize(
    ("code", "terms", "document", "why"), [(code, *case) for code, cases in CODES.items() for case in cases]
)
def test_what_is_refused(read: Read, code: Code, terms: str, document: dict[str, Any], why: str) -> None:
    finding = judge(read, terms, document)
    assert (finding.code, finding.outcome) == (code, Outcome.DENIED), finding.message
    assert why in finding.message
    assert finding.remedy is not None


@pytest.mark.parametrize("document", [cyclonedx(), spdx2(), spdx3()], ids=["CycloneDX", "SPDX 2.3", "SPDX 3.0"])
@pytest.mark.parametrize(
    "terms",
    [
        ", minimum: ntia",
        ", includes_package: true",
        ", min_components: 1",
        ", max_age: 2d",
        ", licenses: {allow: [MIT, ISC]}",
        ", licenses: {deny: [AGPL-3.0-only]}",
    ],
)
def test_what_fits(read: Read, terms: str, document: dict[str, Any]) -> None:
    finding = judge(read, terms, document)
    assert finding.outcome is Outcome.ADMITTED, finding.message


def test_licences_are_asked_of_all_documents(read: Read) -> None:
    policy = read(HEAD + "rules:\n  - {id: bom, require: sbom, by: [release], licenses: {deny: [ISC]}}\n")
    found = [
        signed("release", names.PREDICATE_CYCLONEDX, cyclonedx()),
        signed("release", names.PREDICATE_SPDX, spdx2()),
    ]
    verdict = evaluate(policy, evidence(found, policy.identities.values()), now=NOW)
    assert (verdict.outcome, verdict.findings[0].code) == (Outcome.DENIED, Code.SBOM_LICENSE)


@pytest.mark.parametrize(
    ("text", "allow", "deny"),
    [
        ("MIT", True, True),
        ("MIT OR AGPL-3.0-only", True, True),
        ("MIT AND AGPL-3.0-only", False, False),
        ("AGPL-3.0-only", False, False),
        ("AGPL-3.0", False, False),
        ("AGPL-3.0-only OR GPL-2.0-only", False, True),
        ("AGPL-3.0-only OR AGPL-3.0-only WITH Classpath-exception-2.0", False, False),
        ("MIT WITH Classpath-exception-2.0", True, True),
        ("(MIT AND Apache-2.0) OR (AGPL-3.0-only AND MIT)", False, True),
        ("mit", True, True),
        ("LicenseRef-MIT-Bootstrap", False, True),
        ("MIT OR LicenseRef-x", True, True),
        ("AND", False, False),
        ("()", False, False),
        ("(" * 9000 + "MIT" + ")" * 9000, False, False),
    ],
)
def test_expressions(text: str, allow: bool, deny: bool) -> None:
    document = Sbom("SPDX", "2.3", (), (Component("a", "1", None, licenses=(License(text),)),))
    assert (not list(Licenses(allow=frozenset({"MIT"})).objections(document))) == allow
    assert (not list(Licenses(deny=frozenset({"AGPL-3.0-only"})).objections(document))) == deny


@given(st.text(max_size=60) | st.text("()ANDORWITH MIT-", max_size=60))
def test_any_text_is_a_licence_or_is_refused(text: str) -> None:
    document = Sbom("SPDX", "2.3", (), (Component("a", "1", None, licenses=(License(text), License(text, False))),))
    list(Licenses(allow=frozenset({"MIT"})).objections(document))
    list(Licenses(deny=frozenset({"MIT"})).objections(document))


@pytest.mark.parametrize(
    ("terms", "why"),
    [
        ("licenses: {}", "expected one of 'allow' and 'deny'"),
        ("licenses: {allow: [MIT], deny: [ISC]}", "expected one of"),
        ("licenses: {allow: []}", "'allow' is empty"),
        ("licenses: {deny: [AGPL3]}", "not an SPDX licence id: 'AGPL3'"),
        ("licenses: {deny: ['MIT OR ISC']}", "not an SPDX licence id"),
        ("minimum: cisa", "unknown value 'cisa': known: ntia"),
        ("min_components: 0", "from 1 to 1000000"),
    ],
)
def test_what_is_not_written_so(read: Read, terms: str, why: str) -> None:
    with pytest.raises(PolicyError, match=r"gate\.yaml:10") as error:
        judge(read, f", {terms}", cyclonedx())
    assert why in str(error.value)
