"""Reports of scanners and VEX documents: one form out of many."""

from __future__ import annotations

import copy
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest import names
from attest.errors import FormatError
from attest.statements.findings import Finding, Severity
from attest.statements.scan import is_scan, read_report, read_scan
from attest.statements.vex import is_vex, read_vex
from attest.statements.vex_statements import Status
from tests.statements import scans
from tests.statements.scans import (
    PART,
    SCANS,
    csaf,
    cyclonedx,
    grype,
    openvex,
    osv_scanner,
    pip_audit,
    sarif,
    trivy,
    vulns,
)

WHEN = datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.mark.parametrize("name", SCANS)
def test_one_finding_in_every_format(name: str) -> None:
    kind, document = SCANS[name]
    scan = read_scan(kind, document)
    (found,) = scan.findings
    assert is_scan(kind, document)
    assert scan.time == WHEN
    assert (found.id, found.severity, found.score) == ("CVE-2026-1", Severity.HIGH, 7.5)
    if "in-toto" not in name and name != "SARIF":
        assert (found.component, found.aliases) == (PART, ("GHSA-1",))
        assert found.fixed == (() if name == "CycloneDX" else ("2.0.1",))


@pytest.mark.parametrize(
    "report",
    [
        sarif(level="none", score=None),
        trivy("UNKNOWN", None),
        grype("Unknown", None),
        vulns(("acme", "terrible")),
        cyclonedx("unknown", None),
        osv_scanner("", ""),
        pip_audit(),
    ],
)
def test_what_has_no_known_severity(report: dict[str, Any]) -> None:
    kind = names.PREDICATES_VULNS[1] if "scanner" in report else names.PREDICATE_SCAN
    (found,) = read_scan(kind, report).findings
    assert found.worst is (Severity.NONE if "runs" in report else None)


def test_the_worst_of_word_and_score_counts() -> None:
    assert Finding("x", severity=Severity.LOW, score=9.8).worst is Severity.CRITICAL
    assert Finding("x", severity=Severity.CRITICAL, score=1.0).worst is Severity.CRITICAL
    assert Finding("x", severity=Severity.HIGH).highest == 8.9
    assert [Severity.of_score(score) for score in (0, 0.1, 3.9, 4, 6.9, 7, 8.9, 9, 10)] == [0, 1, 1, 2, 2, 3, 3, 4, 4]


def test_sarif_levels() -> None:
    def level(report: dict[str, Any]) -> Severity | None:
        return read_report(report).findings[0].severity

    assert level(sarif(None, None)) is Severity.MEDIUM
    configured = sarif(None, None)
    configured["runs"][0]["tool"]["driver"]["rules"][0]["defaultConfiguration"] = {"level": "error"}
    assert level(configured) is Severity.HIGH
    assert read_report(sarif(kind="pass")).findings == ()
    assert read_report(sarif(baselineState="absent")).findings == ()
    assert len(read_report(sarif(suppressions=[{"kind": "inSource"}])).findings) == 1


def test_what_a_scanner_was_told_to_ignore_is_found() -> None:
    ignored = grype()
    ignored["ignoredMatches"] = ignored.pop("matches")
    assert len(read_report({**ignored, "matches": []}).findings) == 1
    finding = trivy()["Results"][0]["Vulnerabilities"][0]
    modified = {"Type": "vulnerability", "Status": "ignored", "Finding": finding}
    assert len(read_report(trivy(Results=[{"ExperimentalModifiedFindings": [modified]}])).findings) == 1


def test_misconfigurations_and_secrets_are_findings() -> None:
    result = {
        "Misconfigurations": [
            {"ID": "DS002", "Severity": "HIGH", "Status": "FAIL"},
            {"ID": "DS003", "Severity": "HIGH", "Status": "PASS"},
        ],
        "Secrets": [{"RuleID": "aws", "Severity": "CRITICAL"}],
    }
    assert [item.id for item in read_report(trivy(Results=[result])).findings] == ["DS002", "aws"]


def test_what_pip_audit_left_out_is_a_finding_of_which_nothing_is_known() -> None:
    report = pip_audit()
    report["dependencies"].append({"name": "acme", "skip_reason": "not on the index"})
    one, other = read_report(report).findings
    assert (one.id, one.aliases, one.component, one.fixed) == (
        "CVE-2026-1",
        ("GHSA-1",),
        "pkg:pypi/ansi@2.0.0",
        ("2.0.1",),
    )
    assert (other.id, other.worst, other.component) == ("not audited", None, "acme")
    assert read_report({"dependencies": [{"name": "ansi", "version": "2", "vulns": []}], "fixes": []}).findings == ()


@pytest.mark.parametrize(
    ("ecosystem", "name", "version", "component"),
    [
        ("npm", "@acme/x", "1.0.0", "pkg:npm/%40acme/x@1.0.0"),
        ("PyPI", "Ansi_X", "1.0", "pkg:pypi/ansi-x@1.0"),
        ("crates.io", "libc", "0.2.1", "pkg:cargo/libc@0.2.1"),
        ("Maven", "org.acme:core", "1.0", "pkg:maven/org.acme/core@1.0"),
        ("Go", "github.com/acme/x", "1.2.3", "pkg:golang/github.com/acme/x@v1.2.3"),
        ("Debian:12", "curl", "7.88", "curl@7.88"),
        ("PyPI", "a b", "1.0", "a b@1.0"),
        ("npm", "x", "", "x"),
    ],
)
def test_whose_osv_scanners_finding_is(ecosystem: str, name: str, version: str, component: str) -> None:
    report = osv_scanner()
    report["results"][0]["packages"][0]["package"] = {"name": name, "version": version, "ecosystem": ecosystem}
    (found,) = read_report(report).findings
    assert found.component == component


def test_osv_records_of_one_vulnerability_share_the_highest_score() -> None:
    report = osv_scanner("LOW")
    (package,) = report["results"][0]["packages"]
    package["vulnerabilities"].append(scans.osv_record(id="PYSEC-1", database_specific={}))
    package["groups"] = [
        {"ids": ["CVE-2026-1"], "max_severity": "3.0"},
        {"ids": ["PYSEC-1", "CVE-2026-1"], "max_severity": "9.8"},
    ]
    assert [(item.id, item.score) for item in read_report(report).findings] == [("CVE-2026-1", 9.8), ("PYSEC-1", 9.8)]
    del package["groups"]
    assert [item.worst for item in read_report(report).findings] == [Severity.LOW, None]


def test_a_component_without_a_purl_is_told_by_its_name() -> None:
    def component(**part: Any) -> str | None:
        return read_report({**cyclonedx(), "components": [{"bom-ref": "part", **part}]}).findings[0].component

    assert component(name="ansi", version="2.0.0") == "ansi@2.0.0"
    assert component(name="ansi") == "ansi"
    assert component() == "part"
    affected = cyclonedx()
    affected["vulnerabilities"][0]["affects"] = [{"ref": PART}]
    affected["components"] = [{"bom-ref": PART, "name": "ansi"}]
    assert read_report(affected).findings[0].component == PART


def failed() -> dict[str, Any]:
    report = sarif()
    report["runs"][0]["invocations"][0]["executionSuccessful"] = False
    return report


@pytest.mark.parametrize(
    ("report", "why"),
    [
        (failed(), "did not get to its end"),
        ({**sarif(), "version": "2.0.0"}, "not SARIF 2.1.0"),
        ({**sarif(), "runs": []}, "nothing was scanned"),
        ({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x"}}}]}, "without it nothing was scanned"),
        ({"SchemaVersion": 1}, "not a Trivy report of schema version 2"),
        ({"SchemaVersion": 2}, "nothing was scanned"),
        ({"matches": None}, "not a Grype report"),
        ({}, "in no form that is known"),
        ({"results": []}, "in no form that is known"),
        ({"results": [{"errors": []}]}, "in no form that is known"),
        ({**osv_scanner(), "results": []}, "a report without packages"),
        ({"results": [{"packages": []}]}, "a report without packages"),
        ({**pip_audit(), "dependencies": []}, "nothing was scanned"),
        (pip_audit(vulns=None), "without it nothing was scanned"),
        ({"dependencies": [{"name": "ansi"}], "fixes": []}, "without it nothing was scanned"),
        (cyclonedx(analysis={"state": "exploitable"}), "a VEX document is no scan"),
        ({**cyclonedx(), "specVersion": "9.9"}, "not CycloneDX"),
    ],
)
def test_what_is_no_scan(report: dict[str, Any], why: str) -> None:
    with pytest.raises(FormatError) as error:
        read_report(report)
    assert why in str(error.value)


def test_a_cyclonedx_vex_is_no_scan_and_a_bov_is() -> None:
    vex = cyclonedx(analysis={"state": "not_affected", "justification": "code_not_present"})
    assert not is_scan(names.PREDICATE_CYCLONEDX, vex)
    assert is_vex(names.PREDICATE_CYCLONEDX, vex)
    assert is_scan(names.PREDICATE_CYCLONEDX, {**cyclonedx(), "vulnerabilities": []})
    assert not is_scan(names.PREDICATE_CYCLONEDX, {"bomFormat": "CycloneDX", "specVersion": "1.6"})


@pytest.mark.parametrize(
    ("document", "status", "clears"),
    [
        (openvex(), Status.NOT_AFFECTED, True),
        (openvex(justification=None), Status.NOT_AFFECTED, False),
        (openvex(justification=None, impact_statement="trust me"), Status.NOT_AFFECTED, False),
        (openvex(justification="trust me"), Status.NOT_AFFECTED, False),
        (openvex("fixed"), Status.FIXED, True),
        (openvex("affected"), Status.AFFECTED, False),
        (openvex("under_investigation"), Status.UNDER_INVESTIGATION, False),
        (csaf(), Status.NOT_AFFECTED, True),
        (csaf(label=None), Status.NOT_AFFECTED, False),
        (csaf("fixed"), Status.FIXED, True),
        (csaf("known_affected"), Status.AFFECTED, False),
        (cyclonedx(analysis={"state": "not_affected"}), Status.NOT_AFFECTED, False),
        (cyclonedx(analysis={"state": "not_affected", "justification": "code_not_present"}), Status.NOT_AFFECTED, True),
        (cyclonedx(analysis={"state": "resolved"}), Status.FIXED, True),
        (cyclonedx(analysis={"state": "exploitable"}), Status.AFFECTED, False),
        (cyclonedx(analysis={"state": "in_triage"}), Status.UNDER_INVESTIGATION, False),
    ],
)
def test_what_a_vex_document_says(document: dict[str, Any], status: Status, clears: bool) -> None:
    (said,) = read_vex(document).statements
    assert (said.status, said.clears, said.time) == (status, clears, WHEN)
    assert "CVE-2026-1" in said.vulnerabilities
    assert said.products == {PART}


def test_a_component_of_a_product_in_csaf() -> None:
    document = csaf()
    tree = document["product_tree"]
    tree["full_product_names"] = [
        {"name": "l", "product_id": "L", "product_identification_helper": {"purl": "pkg:npm/left-pad@1.3.0"}}
    ]
    tree["relationships"] = [
        {
            "category": "default_component_of",
            "product_reference": "P",
            "relates_to_product_reference": "L",
            "full_product_name": {"name": "p in l", "product_id": "P:L"},
        }
    ]
    document["vulnerabilities"][0]["product_status"] = {"known_not_affected": ["P:L"]}
    (said,) = read_vex(document).statements
    assert (*said.products, *said.parts, said.clears) == ("pkg:npm/left-pad@1.3.0", PART, False)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-1, 11)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
DOCUMENTS = [
    *(document for _, document in SCANS.values()),
    openvex(),
    csaf(),
    failed(),
    scans.vulns_01(),
    osv_scanner(),
    pip_audit(),
]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in items for place in places(item, (*path, key)))]


@st.composite
def damaged(draw: st.DrawFn) -> dict[str, Any]:
    """A good document with anything at one or two of its places."""
    document: dict[str, Any] = copy.deepcopy(draw(st.sampled_from(DOCUMENTS)))
    for _ in range(draw(st.integers(1, 2))):
        *path, last = draw(st.sampled_from(places(document)[1:]))
        inner: Any = document
        for key in path:
            inner = inner[key]
        if draw(st.booleans()):
            inner[last] = draw(JSON)
        else:
            del inner[last]
    return document


@given(damaged())
def test_any_damage_is_read_or_refused(document: dict[str, Any]) -> None:
    for kind in (*names.PREDICATES_SCAN, *names.PREDICATES_VEX, names.PREDICATE_CYCLONEDX):
        is_scan(kind, document)
        is_vex(kind, document)
    reads: list[Callable[[dict[str, Any]], object]] = [
        *(partial(read_scan, kind) for kind in names.PREDICATES_SCAN),
        read_vex,
    ]
    for read in reads:
        with suppress(FormatError):
            read(document)
