"""How several pieces of evidence combine, and how old they may be (design.md §6, last paragraph)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from attest import names
from attest.evidence.model import Candidate
from attest.policy.codes import Code
from attest.policy.evaluate import evaluate
from attest.policy.verdict import Fate, Finding, Outcome, Verdict
from attest.signing.proof import KeyAuthor
from tests.evidence_factory import CYCLONEDX, NOW, PURL, evidence, key, proven, signed
from tests.policy.conftest import HEAD, Read
from tests.policy.test_absence import revocation, seal

DAY = timedelta(days=1)
CODES = {Code.EVIDENCE_UNDATED, Code.EVIDENCE_FUTURE, Code.EVIDENCE_STALE}


def rule(terms: str) -> str:
    return HEAD + f"rules:\n  - {{id: bom, require: sbom, by: [release, security], {terms}}}\n"


def bom(at: datetime | None = NOW - DAY, *, good: bool = True, by: str = "release", note: str = "") -> Candidate:
    component = {
        "type": "library",
        "name": "left-pad",
        "version": "1.3.0",
        "purl": str(PURL) if good else "pkg:npm/x@1",
    }
    metadata = {"component": component} | ({} if at is None else {"timestamp": at.isoformat()})
    return signed(by, names.PREDICATE_CYCLONEDX, {**CYCLONEDX, "metadata": metadata}, note=note)


def judge(read: Read, terms: str, *candidates: Candidate, **more: Any) -> Finding:
    policy = read(rule(terms))
    verdict: Verdict = evaluate(policy, evidence(candidates, policy.identities.values(), **more), now=NOW)
    (finding,) = [finding for finding in verdict.findings if finding.rule == "bom"]
    return finding


LATEST = "match: latest, absence: listing"


@pytest.mark.parametrize(
    ("terms", "outcome"),
    [("match: any", Outcome.ADMITTED), ("match: all", Outcome.DENIED), (LATEST, Outcome.ADMITTED)],
)
def test_a_bad_one_of_yesterday_beside_a_good_one_of_today(read: Read, terms: str, outcome: Outcome) -> None:
    assert judge(read, terms, bom(NOW - DAY, good=False), bom(NOW)).outcome is outcome


@pytest.mark.parametrize(
    ("terms", "outcome"),
    [("match: any", Outcome.ADMITTED), ("match: all", Outcome.DENIED), (LATEST, Outcome.DENIED)],
)
def test_a_good_one_of_yesterday_beside_a_bad_one_of_today(read: Read, terms: str, outcome: Outcome) -> None:
    finding = judge(read, terms, bom(NOW - DAY), bom(NOW, good=False))
    assert finding.outcome is outcome
    if outcome is Outcome.DENIED:
        assert finding.code is Code.SBOM_OTHER_PACKAGE
        assert Fate.AGAINST in {item.fate for item in finding.considered}


def test_what_is_said_of_all_and_of_the_latest(read: Read) -> None:
    bad = bom(NOW, good=False)
    found = "; 2 referrers found: 1 verified SBOM by release, 1 verified SBOM by release that does not fit"
    told = "SBOM that does not fit (all must): the SBOM describes pkg:npm/x@1"
    assert judge(read, "match: all", bom(), bad).message == told + found
    assert (
        judge(read, LATEST, bom(), bad).message
        == "the latest SBOM does not fit: the SBOM describes pkg:npm/x@1" + found
    )
    assert judge(read, LATEST, bom()).message == "SBOM by release (1 of 1 needed; as far as the store lists)"
    sealed = judge(read, "match: all, absence: seal", bom(), seal("security", bom()))
    assert sealed.message == "SBOM by release (1 of 1 needed; sealed by release or security)"


def test_all_and_latest_want_one_too(read: Read) -> None:
    for terms in ("match: all", LATEST):
        assert judge(read, terms).code is Code.SBOM_MISSING


def test_what_others_say_is_not_among_all_of_it(read: Read) -> None:
    assert judge(read, "match: all", bom(), bom(good=False, by="builder")).outcome is Outcome.ADMITTED
    bad = bom(good=False)
    assert judge(read, "match: all", bom(), bad, revocation("release", bad)).outcome is Outcome.ADMITTED


def test_each_signer_has_a_latest(read: Read) -> None:
    terms = f"{LATEST}, threshold: 2"
    old, new = bom(NOW - 2 * DAY, by="security"), bom(NOW)
    assert judge(read, terms, old, new).outcome is Outcome.ADMITTED
    assert judge(read, terms, new, bom(NOW - DAY, note="2")).code is Code.SBOM_THRESHOLD
    assert judge(read, terms, bom(NOW - 2 * DAY, by="security", good=False), new).outcome is Outcome.DENIED
    assert judge(read, LATEST, bom(NOW - 2 * DAY, by="security", good=False), new).outcome is Outcome.ADMITTED


def test_two_at_the_same_time_must_both_fit(read: Read) -> None:
    assert judge(read, LATEST, bom(NOW), bom(NOW, good=False, by="security")).outcome is Outcome.DENIED
    assert judge(read, LATEST, bom(NOW), bom(NOW, good=False)).outcome is Outcome.DENIED


def test_what_has_no_time_may_be_the_latest(read: Read) -> None:
    assert judge(read, LATEST, bom(NOW), bom(None, good=False)).outcome is Outcome.DENIED
    assert judge(read, LATEST, bom(NOW, good=False), bom(None)).outcome is Outcome.DENIED
    assert judge(read, LATEST, bom(NOW), bom(None)).outcome is Outcome.ADMITTED


@pytest.mark.parametrize("terms", [LATEST, "max_age: 7d", "match: all, max_age: 7d"])
def test_the_future_is_rejected(read: Read, terms: str) -> None:
    soon = bom(NOW + timedelta(seconds=1))
    assert judge(read, terms, soon).code is Code.EVIDENCE_FUTURE
    expected = Outcome.ADMITTED if terms == "max_age: 7d" else Outcome.DENIED
    assert judge(read, terms, soon, bom()).outcome is expected
    assert judge(read, "match: any", soon).outcome is Outcome.ADMITTED


@pytest.mark.parametrize(("age", "code"), [(7 * DAY, Code.SBOM_VERIFIED), (7.001 * DAY, Code.EVIDENCE_STALE)])
def test_an_age_limit(read: Read, age: timedelta, code: Code) -> None:
    assert judge(read, "max_age: 7d", bom(NOW - age)).code is code


def test_a_stale_one_says_how_old_it_is(read: Read) -> None:
    finding = judge(read, "max_age: 7d", bom(NOW - 9 * DAY))
    assert "it is from 2026-11-12T12:00:00Z, 9 days ago, and may be 7 days old" in finding.message
    assert finding.remedy is not None
    assert finding.remedy.startswith("make it anew, then attest attach")


def test_without_a_time_it_is_too_old(read: Read) -> None:
    finding = judge(read, "max_age: 7d", bom(None))
    assert (finding.code, finding.outcome) == (Code.EVIDENCE_UNDATED, Outcome.DENIED)


def test_what_is_old_stands_against_nothing(read: Read) -> None:
    terms = "match: all, max_age: 7d"
    assert judge(read, terms, bom(NOW - 30 * DAY), bom(NOW)).outcome is Outcome.ADMITTED
    assert judge(read, terms, bom(None), bom(NOW)).outcome is Outcome.ADMITTED
    assert judge(read, terms, bom(NOW - 30 * DAY, good=False), bom(NOW)).outcome is Outcome.DENIED


@pytest.mark.parametrize(
    ("own", "verified", "code"),
    [
        (NOW, NOW - 9 * DAY, Code.EVIDENCE_STALE),
        (NOW - 9 * DAY, NOW, Code.EVIDENCE_STALE),
        (None, NOW - 9 * DAY, Code.EVIDENCE_STALE),
        (None, NOW - DAY, Code.SBOM_VERIFIED),
        (NOW + DAY, NOW - DAY, Code.EVIDENCE_FUTURE),
        (NOW - DAY, NOW + DAY, Code.EVIDENCE_FUTURE),
    ],
)
def test_age_counts_from_the_earlier_time(read: Read, own: datetime | None, verified: datetime, code: Code) -> None:
    timed = proven(bom(own), KeyAuthor(key("release").public), time=verified)
    assert judge(read, "max_age: 7d", timed).code is code


@pytest.mark.parametrize("terms", ["match: all", LATEST])
def test_what_may_be_missing_leaves_a_doubt(read: Read, terms: str) -> None:
    finding = judge(read, terms, bom(), complete=False, problems=("page 2 failed",))
    assert (finding.code, finding.outcome) == (Code.ABSENCE_LISTING, Outcome.INCONCLUSIVE)
    told = "SBOM by release (1 of 1 needed), but something may be missing: page 2 failed"
    assert finding.message == told
    bad = judge(read, terms, bom(good=False), complete=False)
    assert bad.outcome is (Outcome.DENIED if terms == "match: all" else Outcome.INCONCLUSIVE)
    sealed = f"{terms.partition(',')[0]}, absence: seal"
    assert judge(read, sealed, bom()).code is Code.ABSENCE_UNSEALED
    assert judge(read, sealed, bom(), seal("security", bom()), complete=False).outcome is Outcome.ADMITTED
    hidden = bom(NOW, good=False)
    assert judge(read, sealed, bom(), seal("security", bom(), hidden)).code is Code.ABSENCE_HIDDEN
