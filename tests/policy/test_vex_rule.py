"""`require: vex`: somebody who should know says it, and nothing stands open."""

from __future__ import annotations

from typing import Any

import pytest

from attest import names
from attest.evidence.model import Candidate
from attest.policy.codes import Code
from attest.policy.evaluate import evaluate
from attest.policy.verdict import Finding, Outcome
from tests.evidence_factory import NOW, PURL, evidence, signed
from tests.policy.conftest import HEAD, Read
from tests.statements.scans import csaf, cyclonedx, openvex

CODES = {Code.VEX_MISSING, Code.VEX_MALFORMED, Code.VEX_AFFECTED, Code.VEX_THRESHOLD, Code.VEX_VERIFIED}
"""All are produced here."""
RULE = "require: vex, by: [release, security]"
MINE = str(PURL)
LATER, LATEST = "2026-11-20T18:00:00Z", "2026-11-21T06:00:00Z"


def vex(document: Any, by: str = "security", type_: str = names.PREDICATE_OPENVEX) -> Candidate:
    return signed(by, type_, document)


def judge(read: Read, *candidates: Candidate, rule: str = RULE) -> Finding:
    policy = read(f"{HEAD}rules:\n  - {{id: it, {rule}}}\n")
    return evaluate(policy, evidence(candidates, policy.identities.values()), now=NOW).findings[0]


@pytest.mark.parametrize("product", [MINE, "pkg:npm/ansi@2.0.0", None])
@pytest.mark.parametrize("status", ["not_affected", "fixed"])
def test_nothing_open(read: Read, status: str, product: str | None) -> None:
    document = openvex(status, products=None) if product is None else openvex(status, product)
    finding = judge(read, vex(document))
    assert (finding.code, finding.outcome) == (Code.VEX_VERIFIED, Outcome.ADMITTED)
    assert finding.message == (
        "VEX document by security (1 of 1 needed; as far as the store lists): 1 statements, and nothing open"
    )


OPEN: dict[str, tuple[dict[str, Any], str]] = {
    "affected": ({"status": "affected"}, "CVE-2026-1 is affected"),
    "looked into": ({"status": "under_investigation"}, "CVE-2026-1 is under_investigation"),
    "no reason": ({"justification": None}, "CVE-2026-1 is not_affected without a reason"),
}


@pytest.mark.parametrize("product", [MINE, "pkg:npm/ansi@2.0.0", None])
@pytest.mark.parametrize("case", OPEN)
def test_something_open(read: Read, case: str, product: str | None) -> None:
    members, told = OPEN[case]
    where: dict[str, Any] = {"products": None} if product is None else {"product": product}
    finding = judge(read, vex(openvex(**{**where, **members})))
    assert (finding.code, finding.outcome) == (Code.VEX_AFFECTED, Outcome.DENIED)
    assert told in finding.message
    assert str(finding.remedy).startswith("repair what is affected")


def test_the_latest_word_counts(read: Read) -> None:
    old, new = vex(openvex("affected", MINE)), vex(openvex("fixed", MINE, time=LATER))
    assert judge(read, old, new).outcome is Outcome.ADMITTED
    worse = vex(openvex("affected", MINE, time=LATEST))
    assert judge(read, old, new, worse).code is Code.VEX_AFFECTED


def test_what_others_say_neither_opens_nor_closes(read: Read) -> None:
    only = "require: vex, by: [release]"
    assert judge(read, vex(openvex(), "release"), vex(openvex("affected")), rule=only).outcome is Outcome.ADMITTED
    stranger = vex(openvex("fixed", MINE, time=LATER), "builder")
    assert judge(read, vex(openvex("affected", MINE), "release"), stranger).code is Code.VEX_AFFECTED


def test_it_is_about_the_vulnerability_that_is_named(read: Read) -> None:
    other = openvex("fixed", MINE, time=LATER, vulnerability={"name": "CVE-2026-2"})
    assert judge(read, vex(openvex("affected", MINE)), vex(other)).code is Code.VEX_AFFECTED


def test_all_formats(read: Read) -> None:
    assert judge(read, vex(csaf(), type_=names.PREDICATE_CSAF)).outcome is Outcome.ADMITTED
    bad = csaf("known_affected", label=None)
    assert judge(read, vex(bad, type_=names.PREDICATE_CSAF)).code is Code.VEX_AFFECTED
    report = cyclonedx("low", 2.0)
    for item in report["vulnerabilities"]:
        item["analysis"] = {"state": "exploitable"}
    assert judge(read, vex(report, type_=names.PREDICATE_CYCLONEDX)).code is Code.VEX_AFFECTED


@pytest.mark.parametrize("document", [{}, {"@context": "https://openvex.dev/ns/v0.2.0"}, openvex("no status")])
def test_what_cannot_be_read_is_refused(read: Read, document: Any) -> None:
    finding = judge(read, vex(document))
    assert (finding.code, finding.outcome) == (Code.VEX_MALFORMED, Outcome.DENIED)


def analysed(*analyses: Any) -> Any:
    """A CycloneDX document with a vulnerability for each."""
    report = cyclonedx("low", 2.0)
    (item,) = report["vulnerabilities"]
    return {**report, "vulnerabilities": [{**item, "analysis": analysis} for analysis in analyses]}


@pytest.mark.parametrize(
    ("document", "type_"),
    [
        (analysed({"detail": "x"}), names.PREDICATE_CYCLONEDX),
        ({**csaf("fixed"), "vulnerabilities": []}, names.PREDICATE_CSAF),
    ],
)
def test_who_speaks_of_nothing_has_not_spoken(read: Read, document: Any, type_: str) -> None:
    finding = judge(read, vex(document, type_=type_))
    assert (finding.code, finding.outcome) == (Code.VEX_MALFORMED, Outcome.DENIED)
    assert "it speaks of no vulnerability" in str(finding.considered)


@pytest.mark.parametrize("document", [cyclonedx("low", 2.0), analysed(), analysed(None)])
def test_what_was_only_found_is_no_vex(read: Read, document: Any) -> None:
    """As scanners write it, and SBOMs with an empty list: neither speaks, and neither stands in the way."""
    found = vex(document, type_=names.PREDICATE_CYCLONEDX)
    assert judge(read, found).code is Code.VEX_MISSING
    assert judge(read, found, vex(openvex("fixed", MINE))).code is Code.VEX_VERIFIED


@pytest.mark.parametrize(
    "document", [analysed("x"), analysed(None, {"state": "nonsense"}), {**analysed(), "vulnerabilities": [7]}]
)
def test_an_analysis_that_cannot_be_read_stands_in_the_way(read: Read, document: Any) -> None:
    finding = judge(read, vex(openvex("fixed", MINE)), vex(document, type_=names.PREDICATE_CYCLONEDX))
    assert (finding.code, finding.outcome) == (Code.VEX_MALFORMED, Outcome.DENIED)


def test_none_and_too_few(read: Read) -> None:
    assert judge(read).code is Code.VEX_MISSING
    assert judge(read, vex(openvex(), "builder")).code is Code.VEX_MISSING
    assert judge(read, vex(openvex()), rule=f"{RULE}, threshold: 2").code is Code.VEX_THRESHOLD
