"""What a rule is that says nothing else of itself: one piece of evidence is enough, and nothing more is known of it."""

from __future__ import annotations

from attest.policy.codes import Code
from attest.policy.publisher_lock import PinnedIdentity, PublisherLock
from attest.policy.rules.rule import Match, Mode, Refusal, Scene
from attest.policy.rules.signature import SignatureRule
from attest.policy.standing import Standing
from attest.policy.verdict import Outcome
from tests.evidence_factory import NOW, SUBJECT, evidence, identity, proven, signed
from tests.policy.conftest import Read
from tests.policy.test_check import KEYLESS, by_run, checking, judge

WHO = {"alice": identity("alice"), "publisher": PinnedIdentity("publisher", lock=PublisherLock.of({}))}


def test_a_plain_rule() -> None:
    rule = SignatureRule(id="it", by=("alice",))
    scene = Scene(evidence([], []), Standing.of((), (), SUBJECT, NOW), WHO)
    assert (rule.threshold, rule.mode, rule.match) == (1, Mode.ENFORCE, Match.ANY)
    assert (rule.absence, rule.max_age, rule.revokers) == (None, None, ())
    assert rule.about(SUBJECT) is rule
    assert (rule.components(scene), rule.unanswerable(scene), rule.noun) == ((), None, "signature")
    assert (scene.subject, scene.unresolved) == (SUBJECT, False)
    assert scene.by(("publisher", "alice")) == (WHO["publisher"], WHO["alice"])


def test_a_publisher_whom_nobody_pinned_cannot_answer() -> None:
    scene = Scene(evidence([], []), Standing.of((), (), SUBJECT, NOW), WHO)
    for by in (("publisher",), ("alice", "publisher")):
        answer = SignatureRule(id="it", by=by).unanswerable(scene)
        assert answer == Refusal(Code.PUBLISHER_UNKNOWN, "attest.lock pins no publisher of pkg:npm/left-pad")


def test_where_the_evidence_says_nothing_its_certificate_may(read: Read) -> None:
    author = by_run(7, source_repository_ref="refs/tags/v1")
    policy = checking(
        read, "signed.ref == 'refs/tags/v1'", "rules:\n  - {id: signed, require: signature, by: [release]}\n", KEYLESS
    )
    assert judge(policy, proven(signed("x"), author)).outcome is Outcome.ADMITTED
