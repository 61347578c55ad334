"""Findings of scans in words and in order, and what a VSA must be about."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from attest import names
from attest.errors import PolicyError
from attest.evidence.model import Subject
from attest.policy.codes import Code
from attest.policy.evaluate import evaluate
from attest.policy.verdict import Finding, Outcome
from tests.evidence_factory import NOW, PURL, SUBJECT, evidence, signed
from tests.policy.conftest import HEAD, Read
from tests.policy.test_other_rules import vsa
from tests.policy.test_scan_rule import DENY, VEX, judge, scan, vex
from tests.statements.scans import PART, grype, openvex


def report(*found: tuple[str, str]) -> dict[str, Any]:
    """Findings as id and severity."""
    matches = []
    for name, severity in found:
        (match,) = grype(severity, None)["matches"]
        vulnerability = {**match["vulnerability"], "id": name}
        matches.append({**match, "vulnerability": vulnerability, "relatedVulnerabilities": []})
    return {**grype(), "matches": matches}


def told(name: str, severity: str) -> str:
    return f"{name} ({severity}) in {PART}"


@pytest.mark.parametrize("more", range(6))
def test_the_worst_come_first_and_five_are_told(read: Read, more: int) -> None:
    found = [("CVE-3", "High"), ("CVE-2", "Critical"), *((f"CVE-1{n}", "Medium") for n in range(more))]
    message = judge(read, "deny: [critical, high, medium]", scan(report(*found))).message
    all_told = [told("CVE-2", "critical"), told("CVE-3", "high"), *(told(f"CVE-1{n}", "medium") for n in range(more))]
    rest = f", and {more - 3} more" if more > 3 else ""
    assert f"Grype found {', '.join(all_told[:5])}{rest}; 1 referrer found" in message


def test_what_is_not_known_comes_first(read: Read) -> None:
    message = judge(read, DENY, scan(report(("CVE-2", "Critical"), ("CVE-1", "")))).message
    unknown = f"CVE-1 (no known severity) in {PART}"
    assert f"found {unknown}, {told('CVE-2', 'critical')}; what has no known severity counts as the worst;" in message
    assert "counts as the worst" not in judge(read, DENY, scan(report(("CVE-2", "Critical")))).message


@pytest.mark.parametrize(
    ("terms", "document", "notes"),
    [
        (DENY, report(), ""),
        (DENY, report(("CVE-1", "Low")), ": 1 findings by Grype"),
        (DENY, report(("CVE-1", "Low"), ("CVE-2", "Medium")), ": 2 findings by Grype"),
        (VEX, report(("CVE-1", "Low")), ": 1 findings by Grype"),
        (VEX, report(("CVE-2026-1", "High")), ": 1 findings by Grype; 1 taken away by VEX of builder"),
    ],
)
def test_what_a_scan_that_fits_found(read: Read, terms: str, document: dict[str, Any], notes: str) -> None:
    finding = judge(read, terms, scan(document), vex(openvex()))
    assert finding.message == f"scan by security (1 of 1 needed; as far as the store lists){notes}"


def test_a_score_alone_forbids_too_and_may_be_taken_away(read: Read) -> None:
    good, bad = scan(grype("Low", 3.0)), scan(grype("High", 7.1), by="release")
    finding = judge(read, "max_score: 7.0", good, bad)
    assert (finding.code, finding.outcome) == (Code.SCAN_FINDING, Outcome.DENIED)
    assert judge(read, "max_score: 7.0", good, complete=False).outcome is Outcome.INCONCLUSIVE
    assert judge(read, "threshold: 1", good, bad, complete=False).outcome is Outcome.ADMITTED
    cleared = judge(read, "max_score: 7.0, vex: {by: [builder]}", good, bad, vex(openvex()))
    assert cleared.outcome is Outcome.ADMITTED
    with pytest.raises(PolicyError, match="'vex' takes nothing away"):
        judge(read, "vex: {by: [builder]}", good)


def test_what_may_be_denied_and_asked(read: Read) -> None:
    for terms in ("max_score: 0", "max_score: 10", "deny: [critical, high, medium, low]"):
        judge(read, terms, scan(report()))
    for terms in ("max_score: 10.1", "max_score: 11", "deny: [critical, high, medium, low, none]"):
        with pytest.raises(PolicyError, match=terms.partition(":")[0]):
            judge(read, terms, scan(report()))
    check = "  - {id: it, check: 'scanned.tool == \"Grype\" && scanned.findings == 1'}\n"
    policy = read(HEAD + "rules:\n  - {id: scanned, require: scan, by: [security]}\n" + check)
    found = evidence([scan(report(("CVE-1", "Low")))], policy.identities.values())
    assert evaluate(policy, found, now=NOW).outcome is Outcome.ADMITTED


@pytest.mark.parametrize(
    ("deny", "left_out", "instead"),
    [
        ("[high]", "critical", "[critical, high]"),
        ("[low, critical]", "high", "[critical, high, medium, low]"),
        ("[medium, high]", "critical", "[critical, high, medium]"),
    ],
)
def test_what_is_worse_is_denied_too(read: Read, deny: str, left_out: str, instead: str) -> None:
    with pytest.raises(PolicyError, match=f"'deny' leaves out {left_out}") as caught:
        judge(read, f"deny: {deny}", scan(report()))
    assert caught.value.next_step == f"write deny: {instead}"


SUMMARY = "{id: passed, require: vsa, by: [security], verifier: 'https://acme.example/v'"


def summary(read: Read, terms: str, subject: Subject = SUBJECT, **members: Any) -> Finding:
    head = HEAD.replace('"pkg:npm/*"', '"pkg:npm/*", "registry.example/**"')
    policy = read(f"{head}rules:\n  - {SUMMARY}{terms}}}\n")
    predicate = {
        "verifier": {"id": "https://acme.example/v"},
        "timeVerified": "2026-11-20T12:00:00Z",
        "resourceUri": str(PURL),
        "policy": {"uri": "x", "digest": {"sha256": "ab" * 32}},
        "verificationResult": "PASSED",
        "verifiedLevels": ["SLSA_BUILD_LEVEL_3"],
        **members,
    }
    candidate = signed("security", names.PREDICATE_VSA, predicate, subject=subject)
    found = evidence([candidate], policy.identities.values(), subject=subject)
    return evaluate(policy, found, now=NOW).findings[0]


IMAGE = replace(SUBJECT, purl=None, digest=None, name="registry.example/app:1", image="registry.example/app")


@pytest.mark.parametrize(
    ("subject", "resource", "fits"),
    [
        (SUBJECT, str(PURL), True),
        (SUBJECT, f"{PURL}?arch=x", True),
        (SUBJECT, f"{PURL}#lib", True),
        (SUBJECT, "pkg:npm/left-pad@1.3.1", False),
        (SUBJECT, "not a purl", False),
        (IMAGE, "registry.example/app", True),
        (IMAGE, f"registry.example/app@{IMAGE.manifest.digest}", True),
        (IMAGE, "registry.example/app2", False),
        (IMAGE, "None", False),
        (replace(IMAGE, image=None), "None", False),
        (replace(IMAGE, image=None), "registry.example/app", False),
    ],
)
def test_what_a_summary_is_about(read: Read, subject: Subject, resource: str, fits: bool) -> None:
    finding = summary(read, "", subject, resourceUri=resource)
    if subject.image is None and subject.purl is None:
        assert finding.code in (Code.VSA_RESOURCE, Code.POLICY_NOT_APPLICABLE)
    else:
        assert finding.code is (Code.VSA_VERIFIED if fits else Code.VSA_RESOURCE)


@pytest.mark.parametrize(
    ("terms", "members", "says"),
    [
        ("", {}, ": https://acme.example/v says SLSA_BUILD_LEVEL_3"),
        (", levels: [SLSA_BUILD_LEVEL_1, SLSA_BUILD_LEVEL_3]", {}, "says SLSA_BUILD_LEVEL_3"),
        (", levels: [X, Y]", {}, "it says SLSA_BUILD_LEVEL_3, not X and Y;"),
        (", levels: [X, SLSA_BUILD_LEVEL_3]", {}, "it says SLSA_BUILD_LEVEL_3, not X;"),
        (", levels: [X]", {"verifiedLevels": []}, "it says no level, not X;"),
        (f", policy: 'sha256:{'ab' * 32}'", {}, "says SLSA_BUILD_LEVEL_3"),
        (f", policy: 'sha256:{'ac' * 32}'", {}, f"names is sha256:{'ab' * 32}, not sha256:{'ac' * 32};"),
        (f", policy: 'sha256:{'ac' * 32}'", {"policy": {"uri": "x"}}, "names is none, not sha256:"),
        (f", policy: 'sha512:{'ab' * 64}'", {}, "names is none, not sha512:"),
        ("", {"verifier": {"id": "https://acme.example/w"}}, "verified by https://acme.example/w, not https:"),
        (", resource: 'pkg:npm/x@1'", {}, f"it is about {PURL}, not pkg:npm/x@1;"),
        ("", {"resourceUri": "pkg:npm/x@1"}, f"it is about pkg:npm/x@1, not {SUBJECT};"),
        ("", {"resourceUri": "x" * 170}, f"it is about {'x' * 160}, not "),
        ("", {"verifier": {"id": "x" * 170}}, f"verified by {'x' * 160}, not "),
        ("", {"verifiedLevels": ["x" * 170]}, f"says {'x' * 160}"),
        (", levels: [X]", {"verifiedLevels": ["x" * 170]}, f"it says {'x' * 160}, not X"),
        ("", {"verificationResult": "FAILED"}, "https://acme.example/v says that the verification failed;"),
    ],
)
def test_what_a_summary_says(read: Read, terms: str, members: dict[str, Any], says: str) -> None:
    assert says in summary(read, terms, **members).message


def test_a_summary_without_levels_says_nothing(read: Read) -> None:
    assert summary(read, "", verifiedLevels=[]).message.endswith("verification summary by security (1 of 1 needed)")
    assert summary(read, "", verifiedLevels=["x" * 170]).message.endswith(f" says {'x' * 160}")


def test_summaries_of_two_at_once(read: Read) -> None:
    policy = read(f"{HEAD}rules:\n  - {SUMMARY}}}\n")
    found = evidence([vsa(), vsa(resourceUri="pkg:npm/x@1")], policy.identities.values())
    assert evaluate(policy, found, now=NOW).findings[0].code is Code.VSA_VERIFIED
