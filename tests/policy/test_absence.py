"""Rules that need absence, what a revocation does to the others, and the laws of both (design.md §3.5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest import names
from attest.evidence.model import Candidate, Check, Collection, Rejected
from attest.evidence.seal import whole_store
from attest.evidence.trust import Trust
from attest.evidence.verify import EvidenceSet, StoreSeals, prove_seals, verify
from attest.oci import strict_json
from attest.oci.digest import Digest
from attest.policy.codes import Code
from attest.policy.document import Policy, parse
from attest.policy.evaluate import evaluate
from attest.policy.verdict import Fate, Finding, Outcome, Verdict
from attest.signing.proof import KeyAuthor
from attest.signing.sign import KeySigner, sign_statement
from attest.statements import lifecycle
from attest.statements.lifecycle import Evidence, Lifecycle, Revocation, Seal, Why, Withdrawal
from attest.statements.statement import Subject as StatementSubject
from tests.evidence_factory import CYCLONEDX, NOW, SUBJECT, bundle_of, evidence, key, packed, proven, signed
from tests.policy.conftest import HEAD, Read

ANCHOR = SUBJECT.manifest.digest
DAY = timedelta(days=1)
RULES = (
    HEAD
    + """\
rules:
  - {id: signed, require: signature, by: [release, builder]}
  - {id: not-revoked, require: no-revocation, by: [security], absence: %s}
  - {id: not-withdrawn, require: no-withdrawal, by: [security], absence: %s, reasons: [yanked, malicious]}
"""
)
SEALED = RULES % ("seal", "seal")
LISTED = RULES % ("listing", "listing")
OWN = HEAD + "rules:\n  - {id: signed, require: signature, by: [release, builder]}\n"


def said(name: str, content: Lifecycle, *, note: str = "", anchors: Iterable[Digest] = (ANCHOR,)) -> Candidate:
    """A lifecycle statement by ``name``, attached to the subject."""
    subjects = [StatementSubject(None, {item.algorithm: item.encoded}) for item in anchors]
    kind, statement = lifecycle.write(subjects, content)
    bundle = sign_statement(statement, KeySigner(key(name)), payload_type=lifecycle.payload_type(kind))
    return packed(bundle, kind, note=note)


def revocation(name: str, *items: Candidate, at: datetime = NOW - DAY, statement: bool = True) -> Candidate:
    content = tuple(
        Evidence(item.digest, Digest.of(bundle_of(item).envelope.payload) if statement else None) for item in items
    )
    return said(name, Revocation(at, content, "the key leaked"))


def withdrawal(name: str, why: Why = Why.MALICIOUS, at: datetime = NOW - DAY) -> Candidate:
    return said(name, Withdrawal(at, why, "steals tokens"))


def seal(
    name: str, *items: Candidate, sequence: int = 1, issued: datetime = NOW - DAY, days: float = 7, note: str = ""
) -> Candidate:
    listed = {ANCHOR: frozenset(item.digest for item in items)}
    return said(name, Seal(sequence, issued, issued + timedelta(days=days), listed), note=note)


@cache
def good() -> Candidate:
    return signed("release")


@cache
def other() -> Candidate:
    """By somebody else, in other words."""
    return signed("builder", about=[StatementSubject("left-pad", {ANCHOR.algorithm: ANCHOR.encoded})])


def judge(policy: Policy, *candidates: Candidate, complete: bool = True, now: datetime = NOW, **more: Any) -> Verdict:
    return evaluate(policy, show(policy, *candidates, complete=complete, now=now, **more), now=now)


def show(
    policy: Policy, *candidates: Candidate, complete: bool = True, now: datetime = NOW, **more: Any
) -> EvidenceSet:
    return evidence(candidates, policy.identities.values(), complete=complete, now=now, **more)


def of(verdict: Verdict, rule: str) -> Finding:
    (finding,) = [finding for finding in verdict.findings if finding.rule == rule]
    return finding


def unread(candidate: Candidate) -> Rejected:
    return Rejected(candidate.found, Check.READ, "listed but not there")


CODES = {
    Code.REVOCATION_FOUND: Outcome.DENIED,
    Code.WITHDRAWAL_FOUND: Outcome.DENIED,
    Code.REVOCATION_ABSENT: Outcome.ADMITTED,
    Code.WITHDRAWAL_ABSENT: Outcome.ADMITTED,
    Code.ABSENCE_LISTING: Outcome.INCONCLUSIVE,
    Code.ABSENCE_UNSEALED: Outcome.INCONCLUSIVE,
    Code.ABSENCE_EXPIRED: Outcome.INCONCLUSIVE,
    Code.ABSENCE_HIDDEN: Outcome.INCONCLUSIVE,
}


def check(verdict: Verdict, rule: str, code: Code, *texts: str) -> None:
    finding = of(verdict, rule)
    assert (finding.code, finding.outcome) == (code, CODES[code]), finding.message
    assert (finding.remedy is None) == (finding.outcome is Outcome.ADMITTED)
    for text in texts:
        assert text in finding.message


def test_a_sealed_package_without_revocation_is_admitted(read: Read) -> None:
    sealed = seal("security", good())
    verdict = judge(read(SEALED), good(), sealed)
    assert verdict.outcome is Outcome.ADMITTED
    check(verdict, "not-revoked", Code.REVOCATION_ABSENT, "no revocation (sealed by security)")
    check(verdict, "not-withdrawn", Code.WITHDRAWAL_ABSENT, "no withdrawal (sealed by security)")
    assert of(verdict, "not-revoked").evidence == (sealed.digest,)


def test_a_listing_proves_absence_if_the_policy_says_so(read: Read) -> None:
    check(judge(read(LISTED), good()), "not-revoked", Code.REVOCATION_ABSENT, "as far as the store lists")
    part = judge(read(LISTED), good(), complete=False, problems=("page 2 failed",))
    assert part.outcome is Outcome.INCONCLUSIVE
    check(part, "not-revoked", Code.ABSENCE_LISTING, "page 2 failed")
    assert of(part, "signed").outcome is Outcome.ADMITTED


def test_a_listing_that_was_not_looked_at_whole_proves_nothing(read: Read) -> None:
    policy = read(LISTED)
    part = replace(show(policy, good()), whole=False)
    check(evaluate(policy, part, now=NOW), "not-revoked", Code.ABSENCE_LISTING)


def test_a_seal_proves_absence_on_an_incomplete_listing_too(read: Read) -> None:
    verdict = judge(read(SEALED), good(), seal("security", good()), complete=False)
    assert verdict.outcome is Outcome.ADMITTED


@pytest.mark.parametrize(
    ("seals", "code"),
    [
        ([], Code.ABSENCE_UNSEALED),
        ([{"name": "release"}], Code.ABSENCE_UNSEALED),
        ([{"issued": NOW + DAY}], Code.ABSENCE_UNSEALED),
        ([{"days": 1}], Code.ABSENCE_EXPIRED),
        ([{"days": 1, "sequence": 2}, {"sequence": 1}], Code.ABSENCE_EXPIRED),
        ([{"days": 1, "sequence": 1}, {"sequence": 2}], Code.REVOCATION_ABSENT),
        ([{"issued": NOW + DAY, "sequence": 2}, {"sequence": 1}], Code.REVOCATION_ABSENT),
    ],
)
def test_only_the_latest_seal_by_somebody_named_proves_anything(
    read: Read, seals: list[dict[str, Any]], code: Code
) -> None:
    made = [seal(**{"name": "security", "note": str(n), **terms}) for n, terms in enumerate(seals)]
    check(judge(read(SEALED), good(), *made), "not-revoked", code)


def test_a_seal_of_other_packages_says_nothing_of_this_one(read: Read) -> None:
    elsewhere = Digest("sha256", "e" * 64)
    stray = said("security", Seal(1, NOW - DAY, NOW + DAY, {elsewhere: frozenset()}), anchors=[elsewhere])
    verdict = judge(read(SEALED), good(), stray)
    check(verdict, "not-revoked", Code.ABSENCE_UNSEALED)


def test_what_is_sealed_and_not_shown_is_missed(read: Read) -> None:
    revoked = revocation("security", good())
    sealed = seal("security", good(), revoked)
    hidden = judge(read(SEALED), good(), sealed)
    check(hidden, "not-revoked", Code.ABSENCE_HIDDEN, str(revoked.digest))
    check(hidden, "not-withdrawn", Code.ABSENCE_HIDDEN)
    lost = judge(read(SEALED), good(), sealed, rejected=[unread(revoked)])
    check(lost, "not-revoked", Code.ABSENCE_HIDDEN, str(revoked.digest))


def test_of_several_signatures_in_one_manifest_all_must_be_shown(read: Read) -> None:
    """cosign's older tags keep them as layers, and a store may hold back one of these."""
    sealed = seal("security", good())
    check(judge(read(SEALED), good(), sealed), "not-revoked", Code.REVOCATION_ABSENT)
    held_back = judge(read(SEALED), good(), sealed, rejected=[unread(good())])
    check(held_back, "not-revoked", Code.ABSENCE_HIDDEN, str(good().digest))


def test_two_seals_at_once_must_both_hold(read: Read) -> None:
    one, two = seal("security", good(), note="1"), seal("security", good(), other(), note="2")
    check(judge(read(SEALED), good(), one, two), "not-revoked", Code.ABSENCE_HIDDEN, str(other().digest))
    check(judge(read(SEALED), good(), other(), one, two), "not-revoked", Code.REVOCATION_ABSENT)


def test_evidence_that_is_younger_than_the_seal_is_fine(read: Read) -> None:
    assert judge(read(SEALED), good(), other(), seal("security", good())).outcome is Outcome.ADMITTED
    assert judge(read(SEALED), good(), seal("security")).outcome is Outcome.ADMITTED


def test_a_revocation_by_a_named_signer_denies(read: Read) -> None:
    revoked = revocation("security", good())
    for complete in (True, False):
        verdict = judge(read(LISTED), good(), other(), revoked, complete=complete)
        assert verdict.outcome is Outcome.DENIED
        check(verdict, "not-revoked", Code.REVOCATION_FOUND, f"signature {good().digest} was revoked: the key leaked")
        assert of(verdict, "not-revoked").evidence == (revoked.digest,)
        assert of(verdict, "signed").outcome is Outcome.ADMITTED  # builder's stands
        assert of(verdict, "signed").evidence == (other().digest,)


def test_revoked_evidence_does_not_count(read: Read) -> None:
    verdict = judge(read(OWN), good(), revocation("release", good()))
    assert (verdict.outcome, of(verdict, "signed").code) == (Outcome.DENIED, Code.SIGNATURE_MISSING)
    (fate,) = [item for item in of(verdict, "signed").considered if item.digest == good().digest]
    assert (fate.fate, fate.reason) == (Fate.REVOKED, "revoked by release: the key leaked")


@pytest.mark.parametrize(
    ("policy", "name", "honoured"),
    [
        (OWN, "release", True),
        (OWN, "security", False),  # named, but nowhere as one who revokes
        (OWN, "builder", False),
        (OWN, "mallory", False),
        (SEALED, "release", True),
        (SEALED, "security", True),
        (SEALED, "builder", False),
        (SEALED, "mallory", False),
    ],
)
def test_whose_revocations_are_honoured(read: Read, policy: str, name: str, honoured: bool) -> None:
    finding = of(judge(read(policy), good(), revocation(name, good())), "signed")
    assert finding.outcome is (Outcome.DENIED if honoured else Outcome.ADMITTED)


def test_revoked_evidence_does_not_come_back_in_another_manifest(read: Read) -> None:
    again = packed(bundle_of(good()).raw, names.PREDICATE_COSIGN_SIGN, note="wrapped anew")
    resigned = signed("release", note="signed anew")
    assert len({good().digest, again.digest, resigned.digest}) == 3
    revoked = revocation("release", good())
    assert judge(read(OWN), again, resigned, revoked).outcome is Outcome.DENIED
    by_manifest = revocation("release", good(), statement=False)
    assert judge(read(OWN), good(), by_manifest).outcome is Outcome.DENIED


def test_a_revocation_is_about_what_it_names_only(read: Read) -> None:
    bom = signed("release", names.PREDICATE_CYCLONEDX, CYCLONEDX)
    assert judge(read(OWN), good(), bom, revocation("release", bom)).outcome is Outcome.ADMITTED
    verdict = judge(read(SEALED), good(), seal("security", good()), revocation("security", other()))
    check(verdict, "not-revoked", Code.REVOCATION_ABSENT)  # what it is about is not there


def test_a_revoked_statement_counts_from_nobody_if_the_policy_names_the_revoker(read: Read) -> None:
    same = signed("builder")
    verdict = judge(read(LISTED), good(), same, revocation("security", good()))
    assert of(verdict, "signed").outcome is Outcome.DENIED
    own = judge(read(LISTED), good(), same, revocation("release", good()))
    assert of(own, "signed").evidence == (same.digest,)


def test_a_revocation_is_taken_back_by_its_own_signer_alone(read: Read) -> None:
    revoked = revocation("security", good())
    for name, outcome in (("security", Outcome.ADMITTED), ("release", Outcome.DENIED), ("mallory", Outcome.DENIED)):
        back = revocation(name, revoked)
        assert judge(read(LISTED), good(), revoked, back).outcome is outcome
    back = revocation("security", revoked)
    twice = revocation("security", back, at=NOW)
    assert judge(read(LISTED), good(), revoked, back, twice).outcome is Outcome.ADMITTED  # taking back is final
    anew = revocation("security", good(), at=NOW)
    assert judge(read(LISTED), good(), revoked, back, anew).outcome is Outcome.DENIED


@pytest.mark.parametrize("why", Why)
def test_a_withdrawal_denies_for_the_reasons_that_the_rule_names(read: Read, why: Why) -> None:
    verdict = judge(read(LISTED), good(), withdrawal("security", why))
    if why is Why.SUPERSEDED:
        check(verdict, "not-withdrawn", Code.WITHDRAWAL_ABSENT)
    else:
        check(verdict, "not-withdrawn", Code.WITHDRAWAL_FOUND, f"the package was withdrawn as {why}: steals tokens")
    assert of(verdict, "signed").outcome is Outcome.ADMITTED
    everything = read(LISTED.replace(", reasons: [yanked, malicious]", ""))
    check(judge(everything, good(), withdrawal("security", why)), "not-withdrawn", Code.WITHDRAWAL_FOUND)


def test_a_withdrawal_by_somebody_else_or_taken_back_is_none(read: Read) -> None:
    policy = read(LISTED)
    check(judge(policy, good(), withdrawal("release")), "not-withdrawn", Code.WITHDRAWAL_ABSENT)
    made = withdrawal("security")
    check(judge(policy, good(), made, revocation("security", made)), "not-withdrawn", Code.WITHDRAWAL_ABSENT)
    check(judge(policy, good(), made, revocation("security", made)), "not-revoked", Code.REVOCATION_ABSENT)
    again = withdrawal("security", at=NOW)
    check(judge(policy, good(), made, revocation("security", made), again), "not-withdrawn", Code.WITHDRAWAL_FOUND)


def test_a_revoked_seal_proves_nothing(read: Read) -> None:
    sealed = seal("security", good())
    check(judge(read(SEALED), good(), sealed, revocation("security", sealed)), "not-revoked", Code.ABSENCE_UNSEALED)


@pytest.mark.parametrize("made", [revocation("release", good()), withdrawal("release"), seal("release", good())])
def test_none_of_them_is_evidence_for_a_package(read: Read, made: Candidate) -> None:
    verdict = judge(read(OWN), made)
    assert (verdict.outcome, verdict.policies[0].verified) == (Outcome.DENIED, 1)
    assert {item.fate for item in of(verdict, "signed").considered} == {Fate.OTHER}


@pytest.mark.parametrize("kind", [*lifecycle.PAYLOADS, names.PREDICATE_COSIGN_SIGN])
@pytest.mark.parametrize("payload_type", [names.IN_TOTO_PAYLOAD, *lifecycle.PAYLOADS.values()])
def test_one_in_another_payload_type_is_rejected(read: Read, kind: str, payload_type: str) -> None:
    predicates: dict[str, Any] = {
        names.PREDICATE_REVOCATION: {"issued": "2026-11-20T00:00:00Z", "reason": "x"}
        | {"evidence": [{"manifest": str(good().digest)}]},
        names.PREDICATE_WITHDRAWAL: {"issued": "2026-11-20T00:00:00Z", "reason": "yanked"},
        names.PREDICATE_SEAL: {"issued": "2026-11-20T00:00:00Z", "expires": "2027-11-20T00:00:00Z", "sequence": 1}
        | {"evidence": [{"anchor": str(ANCHOR), "digests": []}]},
        names.PREDICATE_COSIGN_SIGN: {},
    }
    statement = strict_json.write(
        {
            "_type": names.STATEMENT_V1,
            "subject": [{"digest": {ANCHOR.algorithm: ANCHOR.encoded}}],
            "predicateType": kind,
            "predicate": predicates[kind],
        }
    )
    made = packed(sign_statement(statement, KeySigner(key("release")), payload_type=payload_type), kind)
    found = show(read(OWN), made)
    if payload_type == lifecycle.payload_type(kind):
        assert len(found.verified) == 1
    else:
        (rejected,) = found.rejected
        assert (rejected.check, found.verified) == (Check.STATEMENT, ())
        assert "payload type and predicate type do not agree" in rejected.reason


def test_an_end_takes_no_revocation_back_and_ends_a_seal(read: Read) -> None:
    """Without a proven time a revocation may have been made before the end; who seals has to be there still."""
    ended = HEAD.replace("security.pub", "security.pub, until: 2026-11-01")
    policy = read(LISTED.replace(HEAD, ended))
    revoked = revocation("security", good(), at=NOW - 90 * DAY)
    check(judge(policy, good(), revoked), "not-revoked", Code.REVOCATION_FOUND)
    check(judge(policy, good(), withdrawal("security")), "not-withdrawn", Code.WITHDRAWAL_FOUND)
    sealed = judge(read(SEALED.replace(HEAD, ended)), good(), seal("security", good()))
    check(sealed, "not-revoked", Code.ABSENCE_UNSEALED)


@pytest.mark.parametrize(("made", "counts"), [(NOW - 2 * DAY, True), (NOW - DAY, False), (NOW, False)])
def test_the_proven_time_of_a_revocation_decides_where_there_is_one(read: Read, made: datetime, counts: bool) -> None:
    ended = LISTED.replace("security.pub", "security.pub, until: 2026-11-20")
    timed = proven(revocation("security", good()), KeyAuthor(key("security").public), time=made)
    finding = of(judge(read(ended), good(), timed), "not-revoked")
    assert (finding.code is Code.REVOCATION_FOUND) == counts


def test_who_has_ended_takes_nothing_back_that_was_taken_away(read: Read) -> None:
    """Whoever has an old key would else undo what was revoked with it."""
    policy = read(LISTED.replace(HEAD, HEAD.replace("security.pub", "security.pub, until: 2026-11-01")))
    revoked = revocation("security", good())
    withdrawn = withdrawal("security")
    check(judge(policy, good(), revoked, revocation("security", revoked)), "not-revoked", Code.REVOCATION_FOUND)
    taken_back = revocation("security", withdrawn)
    check(judge(policy, good(), withdrawn, taken_back), "not-withdrawn", Code.WITHDRAWAL_FOUND)
    check(judge(read(LISTED), good(), withdrawn, taken_back), "not-withdrawn", Code.WITHDRAWAL_ABSENT)


def test_a_revoked_seal_does_not_bring_an_older_one_back(read: Read) -> None:
    older, newer = seal("security", good(), sequence=1), seal("security", good(), other(), sequence=2)
    shown = judge(read(SEALED), good(), older, newer, revocation("security", newer))
    check(shown, "not-revoked", Code.ABSENCE_UNSEALED)


def test_a_seal_of_the_whole_store_counts_for_each_of_its_packages(read: Read) -> None:
    policy = read(SEALED)
    trust = Trust(tuple(policy.identities.values()))
    anchors = {ANCHOR: frozenset({good().digest, other().digest}), Digest("sha256", "e" * 64): frozenset[Digest]()}
    store_wide = said("security", Seal(1, NOW - DAY, NOW + DAY, anchors), anchors=anchors)
    store = Collection(whole_store(), (store_wide,), (), True, (), NOW, whole=True)
    seals = prove_seals(store, trust, now=NOW)
    mine = Collection(SUBJECT, (good(), other()), (), True, (), NOW, whole=True)
    verdict = evaluate(policy, verify(mine, trust, now=NOW, seals=seals), now=NOW)
    assert verdict.outcome is Outcome.ADMITTED
    assert store_wide.digest in verdict.evidence
    foreign = Digest("sha256", "e" * 64)
    elsewhere = said("security", Seal(2, NOW - DAY, NOW + DAY, {foreign: frozenset()}), anchors=[foreign])
    others = prove_seals(replace(store, candidates=(elsewhere,)), trust, now=NOW)
    assert len(others.proven) == 1
    found = verify(mine, trust, now=NOW, seals=others)
    assert (len(found.verified), found.rejected) == (2, ())
    part = Collection(SUBJECT, (good(),), (), True, (), NOW, whole=True)
    check(evaluate(policy, verify(part, trust, now=NOW, seals=seals), now=NOW), "not-revoked", Code.ABSENCE_HIDDEN)
    nothing = StoreSeals(problems=("registry.example: refused",))
    unsealed = evaluate(policy, verify(mine, trust, now=NOW, seals=nothing), now=NOW)
    check(unsealed, "not-revoked", Code.ABSENCE_UNSEALED, "registry.example: refused")


@cache
def pool() -> tuple[Candidate, ...]:
    """Evidence and what can stand against it; the seals come on top."""
    bom = signed("release", names.PREDICATE_CYCLONEDX, CYCLONEDX)
    revoked = revocation("security", good())
    made = withdrawal("security")
    return (
        good(),
        other(),
        signed("security", note="third"),
        bom,
        signed("mallory", note="hers"),
        revoked,
        revocation("release", good()),
        revocation("security", other(), bom),
        revocation("mallory", other()),
        revocation("security", revoked),
        made,
        withdrawal("release"),
        withdrawal("security", Why.SUPERSEDED),
        revocation("security", made),
    )


REVOKING = frozenset({5, 6, 7, 8, 9, 13})
mixtures = st.frozensets(st.integers(0, 13))


def policy_of(keys: Path, text: str) -> Policy:
    return parse(text.encode(), where="p", base=keys)


@given(there=mixtures, hidden=mixtures, late=mixtures, complete=st.booleans())
def test_hiding_what_is_sealed_never_admits(
    keys: Path, there: frozenset[int], hidden: frozenset[int], late: frozenset[int], complete: bool
) -> None:
    """Sealed was what was there; later more came. A store that hides any of the sealed part gains nothing by it."""
    policy = policy_of(keys, SEALED)
    sealed = seal("security", *(pool()[index] for index in sorted(there)))
    whole = judge(policy, sealed, *(pool()[index] for index in sorted(there | late)))
    shown = (there | late) - (hidden & there)
    part = judge(policy, sealed, *(pool()[index] for index in sorted(shown)), complete=complete)
    if hidden & there:
        assert part.outcome is not Outcome.ADMITTED
        assert of(part, "not-revoked").outcome is not Outcome.ADMITTED
        assert of(part, "not-withdrawn").outcome is not Outcome.ADMITTED
    elif whole.outcome is not Outcome.ADMITTED:
        assert part.outcome is not Outcome.ADMITTED


@given(some=mixtures, more=mixtures, complete=st.booleans())
def test_evidence_that_revokes_nothing_never_worsens_a_rule_that_wants_evidence(
    keys: Path, some: frozenset[int], more: frozenset[int], complete: bool
) -> None:
    policy = policy_of(keys, SEALED)
    before, after = (
        of(judge(policy, *(pool()[index] for index in sorted(chosen)), complete=complete), "signed")
        for chosen in (some, some | (more - REVOKING))
    )
    assert before.outcome is not Outcome.ADMITTED or after.outcome is Outcome.ADMITTED


@given(some=mixtures)
def test_a_revocation_that_is_not_honoured_changes_nothing(keys: Path, some: frozenset[int]) -> None:
    policy = policy_of(keys, SEALED)
    chosen = [pool()[index] for index in sorted(some - {8})]
    before, after = judge(policy, *chosen), judge(policy, *chosen, pool()[8])
    outcomes = [[(finding.rule, finding.outcome) for finding in verdict.findings] for verdict in (before, after)]
    assert outcomes[0] == outcomes[1]


@given(some=mixtures, order=st.randoms(use_true_random=False))
def test_the_order_of_evidence_changes_nothing(keys: Path, some: frozenset[int], order: Any) -> None:
    policy = policy_of(keys, SEALED)
    chosen = [seal("security", good()), *(pool()[index] for index in sorted(some))]
    expected = judge(policy, *chosen)
    order.shuffle(chosen)
    assert judge(policy, *chosen) == expected
