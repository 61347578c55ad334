"""What `require: scan` denies, and whose VEX documents take findings away."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from attest import names
from attest.errors import PolicyError
from attest.evidence.model import Candidate
from attest.policy.codes import Code
from attest.policy.evaluate import evaluate
from attest.policy.verdict import Finding, Outcome
from tests.evidence_factory import DIGEST, NOW, PURL, evidence, signed
from tests.policy.conftest import HEAD, Read
from tests.policy.test_absence import revocation, seal
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

DENY = "deny: [critical, high]"
VEX = f"{DENY}, vex: {{by: [builder]}}"
CLEAN = {**grype(), "matches": []}


def scan(document: dict[str, Any], kind: str = names.PREDICATE_SCAN, by: str = "security") -> Candidate:
    return signed(by, kind, document)


def vex(document: dict[str, Any], by: str = "builder") -> Candidate:
    kind = names.PREDICATE_CYCLONEDX if "bomFormat" in document else names.PREDICATE_OPENVEX
    return signed(by, names.PREDICATE_CSAF if "document" in document else kind, document)


def judge(read: Read, terms: str, *candidates: Candidate, **more: Any) -> Finding:
    policy = read(HEAD + f"rules:\n  - {{id: scanned, require: scan, by: [security, release], {terms}}}\n")
    return evaluate(policy, evidence(candidates, policy.identities.values(), **more), now=NOW).findings[0]


CODES: dict[Code, tuple[str, list[Candidate], str]] = {
    Code.SCAN_MISSING: (DENY, [vex(openvex(), "security")], "no verified scan by security or release"),
    Code.SCAN_MALFORMED: (DENY, [scan({"SchemaVersion": 2})], "nothing was scanned"),
    Code.SCAN_FINDING: (DENY, [scan(trivy())], f"Trivy found CVE-2026-1 (high) in {PART}"),
    Code.SCAN_THRESHOLD: (f"{DENY}, threshold: 2", [scan(CLEAN)], "scan by security only (1 of 2 needed"),
    Code.SCAN_VERIFIED: (DENY, [scan(trivy("LOW", 3.0))], "as far as the store lists): 1 findings by Trivy"),
}


@pytest.mark.parametrize("code", CODES)
def test_codes(read: Read, code: Code) -> None:
    terms, candidates, told = CODES[code]
    finding = judge(read, terms, *candidates)
    assert finding.code is code
    assert told in finding.message
    assert (finding.remedy is None) == (finding.outcome is Outcome.ADMITTED)


@pytest.mark.parametrize("name", SCANS)
@pytest.mark.parametrize(
    ("terms", "outcome"),
    [
        ("max_age: 7d", Outcome.ADMITTED),
        ("deny: [critical]", Outcome.ADMITTED),
        (DENY, Outcome.DENIED),
        ("deny: [critical, high, medium, low]", Outcome.DENIED),
        ("max_score: 7.5", Outcome.ADMITTED),
        ("max_score: 7.4", Outcome.DENIED),
        ("max_score: 7", Outcome.DENIED),
        ("max_age: 12h", Outcome.DENIED),
    ],
)
def test_limits_in_every_format(read: Read, name: str, terms: str, outcome: Outcome) -> None:
    kind, document = SCANS[name]
    assert judge(read, terms, scan(document, kind)).outcome is outcome


@pytest.mark.parametrize(
    "report",
    [
        trivy("UNKNOWN", None),
        grype("", None),
        cyclonedx(None, None),
        vulns(("x", "y")),
        osv_scanner("UNKNOWN", ""),
        pip_audit(),
    ],
)
@pytest.mark.parametrize("terms", ["deny: [critical]", "max_score: 9.9"])
def test_what_has_no_known_severity_is_denied_and_said(read: Read, report: dict[str, Any], terms: str) -> None:
    kind = names.PREDICATES_VULNS[1] if "scanner" in report else names.PREDICATE_SCAN
    finding = judge(read, terms, scan(report, kind))
    assert finding.code is Code.SCAN_FINDING
    assert "CVE-2026-1 (no known severity)" in finding.message
    assert "what has no known severity counts as the worst" in finding.message


def test_all_scans_are_looked_at_unless_the_latest_is_asked_for(read: Read) -> None:
    later = {**CLEAN, "descriptor": {"timestamp": "2026-11-21T00:00:00Z"}}
    assert judge(read, DENY, scan(trivy()), scan(later)).outcome is Outcome.DENIED
    assert (
        judge(read, f"{DENY}, match: latest, absence: listing", scan(trivy()), scan(later)).outcome is Outcome.ADMITTED
    )
    assert judge(read, f"{DENY}, match: any", scan(trivy()), scan(later)).outcome is Outcome.ADMITTED
    assert judge(read, "max_age: 7d", scan(trivy()), scan(later)).outcome is Outcome.ADMITTED


@pytest.mark.parametrize(
    ("document", "clears"),
    [
        (openvex(), True),
        (openvex(product=str(PURL)), True),
        (openvex(product=f"{PURL}?arch=x"), True),
        (openvex(product={"@id": "x", "identifiers": {"purl": PART}}), True),
        (openvex(product={"hashes": {"sha-512": DIGEST.hex}}), True),
        (openvex(product={"@id": str(PURL), "subcomponents": [{"@id": PART}]}), True),
        (openvex(products=None), True),
        (openvex("fixed"), True),
        (openvex(vulnerability={"name": "GHSA-1"}), True),
        (openvex(vulnerability={"name": "x", "aliases": ["CVE-2026-1"]}), True),
        (csaf(), True),
        (cyclonedx(analysis={"state": "not_affected", "justification": "code_not_present"}), True),
        (openvex("affected"), False),
        (openvex("under_investigation"), False),
        (openvex(justification=None), False),
        (openvex(product="pkg:npm/ansi@2.0.1"), False),
        (openvex(product="pkg:npm/ansi"), False),
        (openvex(product="pkg:npm/left-pad@1.3.1"), False),
        (openvex(product="ansi"), False),
        (openvex(product={"hashes": {"sha-512": "cd" * 64}}), False),
        (openvex(product={"@id": str(PURL), "subcomponents": [{"@id": "pkg:npm/other@1"}]}), False),
        (openvex(product={"@id": str(PURL), "subcomponents": [{"@id": "ansi"}]}), False),
        (openvex(vulnerability={"name": "CVE-2026-11"}), False),
        (openvex(time="2026-11-22T12:00:00Z"), False),
        (openvex(time="yesterday"), False),
        (csaf(label=None), False),
        (csaf(purl="pkg:npm/ansi@3"), False),
        (cyclonedx(analysis={"state": "not_affected"}), False),
    ],
)
def test_what_takes_a_finding_away(read: Read, document: dict[str, Any], clears: bool) -> None:
    finding = judge(read, VEX, scan(trivy()), vex(document))
    assert finding.outcome is (Outcome.ADMITTED if clears else Outcome.DENIED), finding.message
    if clears:
        assert "1 taken away by VEX of builder" in finding.message


@pytest.mark.parametrize("by", ["security", "release", "mallory"])
def test_vex_by_a_stranger_changes_nothing(read: Read, by: str) -> None:
    before, after = (judge(read, VEX, scan(trivy()), *more) for more in ([], [vex(openvex(), by)]))
    assert (before.code, before.outcome) == (after.code, after.outcome) == (Code.SCAN_FINDING, Outcome.DENIED)


def test_a_scans_own_opinion_counts_only_where_its_signer_is_heard(read: Read) -> None:
    own = cyclonedx(analysis={"state": "resolved"})
    own["vulnerabilities"].append({"id": "CVE-2026-2", "ratings": [{"severity": "low"}]})
    assert judge(read, VEX, scan(own, names.PREDICATE_CYCLONEDX)).outcome is Outcome.DENIED
    heard = f"{DENY}, vex: {{by: [security]}}"
    assert judge(read, heard, scan(own, names.PREDICATE_CYCLONEDX)).outcome is Outcome.ADMITTED


def test_the_latest_word_counts(read: Read) -> None:
    early, late = "2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z"
    for first, second, outcome in (
        ("affected", "not_affected", Outcome.ADMITTED),
        ("not_affected", "affected", Outcome.DENIED),
        ("not_affected", "under_investigation", Outcome.DENIED),
    ):
        said = [vex(openvex(first, time=early)), vex(openvex(second, time=late))]
        assert judge(read, VEX, scan(trivy()), *said).outcome is outcome
    at_once = [vex(openvex(time=early)), vex(openvex("affected", time=early))]
    assert judge(read, VEX, scan(trivy()), *at_once).outcome is Outcome.DENIED


def test_revoked_vex_is_none(read: Read) -> None:
    said = vex(openvex())
    assert judge(read, VEX, scan(trivy()), said, revocation("builder", said)).outcome is Outcome.DENIED


def test_a_hidden_word_is_missed(read: Read) -> None:
    one, other = scan(trivy()), vex(openvex())
    taken_back = vex(openvex("affected", time="2026-11-21T00:00:00Z"))
    terms = f"{VEX}, match: any, absence: seal"
    with pytest.raises(PolicyError, match="does not go with match: any"):
        judge(read, f"{DENY}, match: any, absence: seal")
    sealed = seal("security", one, other, taken_back)
    assert judge(read, terms, one, other, sealed).code is Code.ABSENCE_HIDDEN


def test_a_list_of_vulnerabilities_is_no_sbom_and_an_sbom_no_scan(read: Read) -> None:
    policy = read(HEAD + "rules:\n  - {id: bom, require: sbom, by: [release]}\n")
    bov = {key: value for key, value in cyclonedx().items() if key != "components"}
    found = [signed("release", names.PREDICATE_CYCLONEDX, bov)]
    assert evaluate(policy, evidence(found, policy.identities.values()), now=NOW).findings[0].code is Code.SBOM_MISSING
    plain = {key: value for key, value in cyclonedx().items() if key != "vulnerabilities"}
    assert judge(read, DENY, scan(plain, names.PREDICATE_CYCLONEDX)).code is Code.SCAN_MISSING


def test_many_findings_are_told_worst_first(read: Read) -> None:
    report = sarif()
    results = report["runs"][0]["results"]
    results += [{"ruleId": f"X{n}", "level": "error"} for n in range(9)]
    message = judge(read, DENY, scan(report)).message
    assert "Lint found CVE-2026-1 (high), X0 (high), X1 (high), X2 (high), X3 (high), and 5 more" in message


@pytest.mark.parametrize(
    ("terms", "why"),
    [
        ("deny: [high]", "'deny' leaves out critical: it denies high, which is less"),
        ("deny: [severe]", "unknown value 'severe': known: low, medium, high, critical"),
        ("deny: []", "'deny' is empty"),
        ("max_score: 11", "expected a number from 0 to 10"),
        ("max_score: high", "expected a number from 0 to 10"),
        ("vex: {by: [builder]}", "'vex' takes nothing away"),
        (f"{DENY}, vex: {{}}", "'by' is missing"),
        (f"{DENY}, vex: {{by: [nobody]}}", "no identity 'nobody'"),
        (f"{DENY}, vex: {{from: [builder]}}", "unknown key 'from'"),
    ],
)
def test_what_is_not_written_so(read: Read, terms: str, why: str) -> None:
    with pytest.raises(PolicyError, match=r"gate\.yaml:10") as error:
        judge(read, terms)
    assert why in str(error.value)


def test_a_future_scan_stands_against_the_package(read: Read) -> None:
    soon = {**CLEAN, "descriptor": {"timestamp": (NOW + timedelta(minutes=1)).isoformat()}}
    terms = f"{DENY}, match: latest, absence: listing"
    assert judge(read, terms, scan(soon)).code is Code.EVIDENCE_FUTURE
