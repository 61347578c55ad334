"""What a file is, told from its content; and what is wrong with it, told with the place."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest import names
from attest.errors import AttestError, FormatError, UsageError
from attest.statements import documents
from attest.statements.statement import Subject, write_statement
from tests.statements import scans
from tests.statements.test_provenance import GITHUB_V1, V02

CYCLONEDX = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"type": "library", "name": "x"}]}
SPDX2 = {"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "packages": [{"SPDXID": "SPDXRef-a", "name": "a"}]}
SPDX3 = {
    "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
    "@graph": [{"type": "software_Package", "spdxId": "a"}],
}
VSA = {
    "verifier": {"id": "https://verifier.test"},
    "timeVerified": scans.TIME,
    "resourceUri": "pkg:npm/x@1",
    "policy": {"uri": "https://policy.test"},
    "verificationResult": "PASSED",
    "verifiedLevels": ["SLSA_BUILD_LEVEL_2"],
}
SPECIMENS: dict[str, tuple[Any, str, str]] = {
    "cyclonedx": (CYCLONEDX, names.PREDICATE_CYCLONEDX, names.CYCLONEDX_JSON),
    "cyclonedx with vulnerabilities": (scans.cyclonedx(), names.PREDICATE_CYCLONEDX, names.CYCLONEDX_JSON),
    "spdx 2": (SPDX2, names.PREDICATE_SPDX, names.SPDX_JSON),
    "spdx 3": (SPDX3, names.PREDICATE_SPDX, names.SPDX_JSON),
    "slsa v1": (GITHUB_V1, names.PREDICATE_SLSA_V1, documents.JSON),
    "slsa v0.2": (V02, names.PREDICATE_SLSA_V02, documents.JSON),
    "sarif": (scans.sarif(), names.PREDICATE_SCAN, names.SARIF_JSON),
    "trivy": (scans.trivy(), names.PREDICATE_SCAN, documents.JSON),
    "grype": (scans.grype(), names.PREDICATE_SCAN, documents.JSON),
    "pip-audit": (scans.pip_audit(), names.PREDICATE_SCAN, documents.JSON),
    "OSV-Scanner": (scans.osv_scanner(), names.PREDICATE_SCAN, documents.JSON),
    "in-toto vulns": (scans.vulns(), names.PREDICATES_VULNS[-1], documents.JSON),
    "cosign vuln": (scans.cosign(scans.grype()), names.PREDICATE_COSIGN_VULN, documents.JSON),
    "openvex": (scans.openvex(), names.PREDICATE_OPENVEX, documents.JSON),
    "csaf": (scans.csaf(), names.PREDICATE_CSAF, documents.JSON),
    "vsa": (VSA, names.PREDICATE_VSA, documents.JSON),
}


def read(value: Any, kind: str | None = None) -> documents.Document:
    return documents.read(json.dumps(value).encode(), where="file.json", kind=kind)


@pytest.mark.parametrize("name", SPECIMENS)
def test_each_is_told_from_its_content(name: str) -> None:
    value, predicate_type, media_type = SPECIMENS[name]
    found = read(value)
    assert (found.predicate_type, found.media_type, found.value) == (predicate_type, media_type, value)
    assert found.statement is None
    assert documents.recognise(json.dumps(value).encode(), where="x").predicate_type == predicate_type


@pytest.mark.parametrize("name", SPECIMENS)
def test_each_is_what_its_statement_says(name: str) -> None:
    value, predicate_type, _ = SPECIMENS[name]
    statement = write_statement([Subject("pkg:npm/x@1", {"sha256": "ab" * 32})], predicate_type, value)
    found = documents.read(statement, where="file.json")
    assert (found.predicate_type, found.value) == (predicate_type, value)
    assert found.statement is not None
    assert found.statement.raw == statement


def without(value: Any, *path: str | int) -> Any:
    """A copy that lacks one member."""
    copy = json.loads(json.dumps(value))
    inner = copy
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    return copy


def changed(value: Any, *path: Any) -> Any:
    """A copy in which one member has another value, the last of ``path``."""
    copy = json.loads(json.dumps(value))
    inner = copy
    for key in path[:-2]:
        inner = inner[key]
    inner[path[-2]] = path[-1]
    return copy


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (changed(CYCLONEDX, "specVersion", "2.0"), "not CycloneDX 1.x: specVersion is '2.0'"),
        (changed(CYCLONEDX, "components", 0, "name", 7), "sbom.components[0].name: expected a string"),
        (changed(CYCLONEDX, "components", "none"), "sbom.components: expected an array"),
        (changed(scans.cyclonedx(), "vulnerabilities", 0, "ratings", [7]), "vulnerabilities[0].ratings[0]"),
        (changed(SPDX2, "spdxVersion", "SPDX-1.0"), "not SPDX 2.2 or 2.3"),
        (without(SPDX2, "packages", 0, "SPDXID"), "sbom.packages[0].SPDXID: expected a string: it is missing"),
        (without(SPDX3, "@graph"), "not SPDX 3: no SPDX @context, or no @graph"),
        (without(GITHUB_V1, "buildDefinition", "buildType"), "provenance.buildDefinition.buildType"),
        (without(GITHUB_V1, "buildDefinition", "externalParameters"), "provenance.buildDefinition.externalParameters"),
        (without(GITHUB_V1, "runDetails", "builder"), "provenance.runDetails.builder: expected an object"),
        (without(GITHUB_V1, "runDetails", "builder", "id"), "provenance.runDetails.builder.id"),
        (changed(GITHUB_V1, "runDetails", "builder", "id", "me"), "builder.id: not a URI: 'me'"),
        (changed(GITHUB_V1, "buildDefinition", "resolvedDependencies", [{"name": "x"}]), "resolvedDependencies[0]"),
        (
            changed(GITHUB_V1, "runDetails", "metadata", "startedOn", "today"),
            "provenance.metadata: not a time: 'today'",
        ),
        (without(V02, "builder", "id"), "provenance.builder.id"),
        (changed(V02, "materials", [{}]), "provenance.materials[0]: it names nothing"),
        (changed(scans.sarif(), "version", "2.0.0"), "not SARIF 2.1.0: version is '2.0.0'"),
        (without(scans.sarif(), "runs", 0, "tool"), "scan.runs[0].tool: expected an object"),
        (changed(scans.sarif(), "runs", []), "scan.runs: a report without runs"),
        (changed(scans.trivy(), "SchemaVersion", 1), "not a Trivy report of schema version 2"),
        (without(scans.trivy(), "Results"), "scan.Results: a report without results"),
        (without(scans.grype(), "matches", 0, "vulnerability"), "scan.matches[0].vulnerability"),
        (without(scans.vulns(), "scanner", "uri"), "scan.scanner.uri: expected a string"),
        (changed(scans.cosign(scans.grype()), "scanner", "result", {"x": 1}), "a report in no form that is known"),
        (changed(scans.openvex(), "statements", []), "vex.statements: it says nothing"),
        (changed(scans.openvex(), "statements", 0, "status", "fine"), "vex.statements[0].status: not a status: fine"),
        (changed(scans.csaf(), "document", "category", "csaf_security_advisory"), "not a CSAF 2.0 VEX"),
        (changed(VSA, "verificationResult", "MAYBE"), "vsa.verificationResult: not a result: MAYBE"),
        (without(VSA, "policy"), "vsa.policy: expected an object"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(value: Any, said: str) -> None:
    with pytest.raises(FormatError, match=rf"^file.json: not a well-formed .* document: .*{re.escape(said)}"):
        read(value)


@pytest.mark.parametrize(
    ("kind", "name", "predicate_type"),
    [
        ("cyclonedx", "cyclonedx", names.PREDICATE_CYCLONEDX),
        ("spdx", "spdx 2", names.PREDICATE_SPDX),
        ("spdxjson", "spdx 3", names.PREDICATE_SPDX),
        ("slsaprovenance", "slsa v1", names.PREDICATE_SLSA_V1),
        ("slsaprovenance", "slsa v0.2", names.PREDICATE_SLSA_V02),
        ("slsaprovenance1", "slsa v1", names.PREDICATE_SLSA_V1),
        ("slsaprovenance02", "slsa v0.2", names.PREDICATE_SLSA_V02),
        ("vuln", "cosign vuln", names.PREDICATE_COSIGN_VULN),
        ("openvex", "openvex", names.PREDICATE_OPENVEX),
        ("https://spdx.dev/Document/v2.3", "spdx 2", "https://spdx.dev/Document/v2.3"),
        ("https://cyclonedx.org/bom/v1.6", "cyclonedx", "https://cyclonedx.org/bom/v1.6"),
        (names.PREDICATES_VULNS[0], "in-toto vulns", names.PREDICATES_VULNS[0]),
        (names.PREDICATE_SCAN, "cyclonedx with vulnerabilities", names.PREDICATE_SCAN),
        ("https://json.schemastore.org/sarif-2.1.0.json", "sarif", "https://json.schemastore.org/sarif-2.1.0.json"),
    ],
)
def test_type_says_what_it_is(kind: str, name: str, predicate_type: str) -> None:
    found = read(SPECIMENS[name][0], kind)
    assert (found.predicate_type, found.media_type) == (predicate_type, SPECIMENS[name][2])


@pytest.mark.parametrize("kind", ["link", "https://acme.test/audit/v1"])
def test_of_other_types_nothing_is_known(kind: str) -> None:
    found = read({"anything": [1]}, kind)
    assert (found.predicate_type, found.value) == (documents.ALIASES.get(kind, (kind,))[0], {"anything": [1]})


@pytest.mark.parametrize(
    ("value", "kind", "said"),
    [
        (CYCLONEDX, "spdx", "not a spdx document: its content is that of a CycloneDX document"),
        (CYCLONEDX, "https://spdx.dev/Document", "its content is that of a CycloneDX document"),
        (V02, "slsaprovenance1", "its content is that of a SLSA v0.2 provenance document"),
        ({"x": 1}, "cyclonedx", "not a well-formed CycloneDX document: neither CycloneDX nor SPDX"),
        ({"x": 1}, "slsaprovenance", "provenance.buildDefinition: expected an object: it is missing"),
        ({"x": 1}, "openvex", "neither OpenVEX nor CycloneDX nor CSAF"),
        (CYCLONEDX, names.PREDICATE_SCAN, "a report in no form that is known"),
    ],
)
def test_content_that_is_not_what_type_says(value: Any, kind: str, said: str) -> None:
    with pytest.raises(FormatError, match=re.escape(said)):
        read(value, kind)


def test_custom_is_any_text_as_cosign_wraps_it() -> None:
    moment = datetime(2026, 11, 20, 12, tzinfo=UTC)
    found = documents.read("été".encode(), where="x", kind="custom", now=moment)
    assert found.predicate_type == "https://cosign.sigstore.dev/attestation/v1"
    assert found.value == {"Data": "été", "Timestamp": "2026-11-20T12:00:00Z"}
    with pytest.raises(FormatError, match="not UTF-8: byte 0"):
        documents.read(b"\xff", where="x", kind="custom", now=moment)


@pytest.mark.parametrize(
    ("data", "error", "said"),
    [
        (b'<?xml version="1.0"?><bom/>', FormatError, "it looks like XML (next: convert it to its format's JSON)"),
        (b'{"x": 1}', UsageError, "cannot tell what kind of document this is: it is none of CycloneDX, SPDX, OpenVEX"),
        (
            b'{"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json"}',
            UsageError,
            "next: bring it in with attest import",
        ),
        (b'{"payload": "", "payloadType": "x", "signatures": []}', UsageError, "it is signed already"),
        (b'{"_type": "https://in-toto.io/Statement/v1"}', FormatError, "statement.predicateType"),
        (b"SPDXVersion: SPDX-2.3", FormatError, "not JSON"),
    ],
)
def test_what_cannot_be_attached(data: bytes, error: type[AttestError], said: str) -> None:
    with pytest.raises(error, match=re.escape(said)):
        documents.read(data, where="file.json")


@pytest.mark.parametrize("kind", ["cyclonedxxml", "sbom", ""])
def test_unknown_types(kind: str) -> None:
    with pytest.raises(UsageError, match=rf"unknown document type '{kind}': known are custom, cyclonedx, link"):
        read(CYCLONEDX, kind)


def test_sboms_in_wheels_are_recognised() -> None:
    found = [
        Path(str(file.locate()))
        for distribution in distributions()
        for file in distribution.files or ()
        if ".dist-info/sboms/" in str(file) and file.suffix == ".json"
    ]
    assert len(found) >= 2
    assert {documents.read(path.read_bytes(), where=path.name).media_type for path in found} == {names.CYCLONEDX_JSON}


LEAVES = st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
)


@given(st.sampled_from(sorted(SPECIMENS)), VALUES, st.data())
def test_any_damage_is_refused_with_an_error_of_ours(name: str, value: Any, data: st.DataObject) -> None:
    """One member of a specimen, anywhere in it, is something else."""
    copy = json.loads(json.dumps(SPECIMENS[name][0]))
    places: list[tuple[Any, Any]] = []
    pending: list[Any] = [copy]
    while pending:
        item = pending.pop()
        keys = item.keys() if isinstance(item, dict) else range(len(item)) if isinstance(item, list) else ()
        places += [(item, key) for key in keys]
        pending += [item[key] for key in keys]
    inner, key = data.draw(st.sampled_from(places))
    inner[key] = value
    said = "file.json: "
    try:
        read(copy)
    except (FormatError, UsageError) as error:
        said = str(error)
    assert said.startswith("file.json: ")
