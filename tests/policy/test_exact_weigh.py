"""Which of several counts as the latest: what is from the future, what has no time, and who spoke last."""

from __future__ import annotations

from datetime import timedelta

from attest import names
from attest.policy.codes import Code
from attest.policy.verdict import Outcome
from attest.signing.proof import KeyAuthor
from tests.evidence_factory import NOW, key, proven, signed
from tests.policy.conftest import Read
from tests.policy.test_absence import revocation
from tests.policy.test_match import DAY, LATEST, bom, judge


def test_without_a_time_it_may_be_later_than_what_is_young_enough(read: Read) -> None:
    finding = judge(read, f"{LATEST}, max_age: 7d", bom(None), bom(NOW))
    assert (finding.code, finding.outcome) == (Code.EVIDENCE_UNDATED, Outcome.DENIED)


def test_who_spoke_last_is_told_by_the_last_that_each_said(read: Read) -> None:
    said = [bom(NOW - 3 * DAY), bom(NOW, note="2"), bom(NOW - DAY, good=False, by="security")]
    assert judge(read, LATEST, *said).outcome is Outcome.ADMITTED


def test_what_is_from_the_future_is_not_passed_over_for_when_it_was_seen(read: Read) -> None:
    future = proven(bom(NOW + DAY), KeyAuthor(key("release").public), time=NOW - 2 * DAY)
    finding = judge(read, LATEST, future, bom(NOW - DAY, note="2"))
    assert (finding.code, finding.outcome) == (Code.EVIDENCE_FUTURE, Outcome.DENIED)


def test_now_is_not_the_future(read: Read) -> None:
    assert judge(read, "max_age: 7d", bom(NOW)).code is Code.SBOM_VERIFIED
    assert judge(read, "max_age: 7d", bom(NOW + timedelta(seconds=1))).code is Code.EVIDENCE_FUTURE


def test_where_each_stops(read: Read) -> None:
    shown = [bom(NOW), bom(NOW - DAY, good=False, note="2"), bom(by="builder"), signed("release"), bom(NOW - 9 * DAY)]
    stops = {item.failed for item in judge(read, f"{LATEST}, max_age: 7d", *shown).considered}
    assert stops == {None, "latest", "signer", "kind"}
    stale = judge(read, "max_age: 7d", *shown, revocation("release", shown[0]))
    assert sorted(str(item.failed) for item in stale.considered) == [
        "evidence-stale",
        "kind",
        "kind",
        "revocation",
        "sbom-other-package",
        "signer",
    ]


def test_what_cannot_be_read_does_not_fit(read: Read) -> None:
    broken = signed("release", names.PREDICATE_CYCLONEDX, {"bomFormat": "CycloneDX"})
    finding = judge(read, "match: any", broken)
    assert (finding.code, finding.outcome) == (Code.SBOM_MALFORMED, Outcome.DENIED)
    assert [item.failed for item in finding.considered] == ["sbom-malformed"]
    assert judge(read, "match: any", broken, bom(NOW)).outcome is Outcome.ADMITTED
