"""What a scan rule says of findings, without any policy around it: which are denied, how many are told, and first."""

from __future__ import annotations

from decimal import Decimal

from attest.errors import PolicyError
from attest.evidence.identity import Signer
from attest.policy.codes import Code
from attest.policy.rules.rule import Claim, Fit, Refusal, Scene
from attest.policy.rules.scan import ScanRule
from attest.policy.standing import Standing
from attest.statements.findings import Finding, Scan, Severity
from tests.evidence_factory import NOW, SUBJECT, evidence, identity, signed
from tests.policy.conftest import HEAD, Read

SHOWN = evidence([signed("release")], [identity("release")])
WHO = frozenset({Signer("release", "key:x")})
CLAIM = Claim(SHOWN.verified[0], WHO, Scene(SHOWN, Standing.of((), (), SUBJECT, NOW), {}))
HIGH = ScanRule(id="it", by=("release",), deny=Severity.HIGH)
SEVEN = ScanRule(id="it", by=("release",), max_score=Decimal("7.0"))


def refused(rule: ScanRule, *findings: Finding) -> str | None:
    answer = rule.judge(Scan("Tool", None, findings), CLAIM)
    if isinstance(answer, Fit):
        assert answer == Fit(WHO, (f"{len(findings)} findings by Tool",) if findings else ())
        return None
    assert answer == Refusal(Code.SCAN_FINDING, answer.why)
    return answer.why


def test_which_findings_are_denied_and_told() -> None:
    unknown = Finding("U")
    assert refused(HIGH) is None
    assert refused(HIGH, Finding("A", severity=Severity.MEDIUM)) is None
    assert refused(HIGH, Finding("A", severity=Severity.HIGH)) == "Tool found A (high)"
    assert refused(HIGH, Finding("A", score=6.9)) is None
    assert refused(SEVEN, Finding("A", score=7.0)) is None
    assert refused(SEVEN, Finding("A", score=7.1)) == "Tool found A (high)"
    assert refused(SEVEN, Finding("A", severity=Severity.MEDIUM)) is None
    worst = "; what has no known severity counts as the worst"
    assert refused(SEVEN, unknown) == f"Tool found U (no known severity){worst}"
    critical = Finding("C", severity=Severity.CRITICAL)
    assert refused(HIGH, critical, unknown) == f"Tool found U (no known severity), C (critical){worst}"
    for number, more in ((4, ""), (5, ""), (6, ", and 1 more"), (7, ", and 2 more")):
        findings = [Finding(f"A{n}", severity=Severity.HIGH) for n in range(number - 1)]
        told = ", ".join(["C (critical)", *(f"A{n} (high)" for n in range(min(number, 5) - 1))])
        assert refused(HIGH, *findings, critical) == f"Tool found {told}{more}"


def test_what_can_be_written(read: Read) -> None:
    for terms, fits in (
        ("max_score: 10", True),
        ("max_score: 11", False),
        ("deny: [critical, high, medium, low]", True),
        ("deny: [critical, high, medium, low, none]", False),
        ("deny: [high]", False),
    ):
        try:
            read(f"{HEAD}rules:\n  - {{id: it, require: scan, by: [release], {terms}}}\n")
        except PolicyError:
            assert not fits
        else:
            assert fits
