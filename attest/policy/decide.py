"""From a subject in a store to its verdict: the one way for every command and service."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from attest.errors import StoreError
from attest.evidence.collect import stages
from attest.evidence.model import Collection, Subject
from attest.evidence.seal import read_seals
from attest.evidence.trust import Trust
from attest.evidence.verify import NO_SEALS, EvidenceSet, StoreSeals, nothing_found, verify
from attest.policy import trust
from attest.policy.document import Policy
from attest.policy.evaluate import Hearing, evaluate_all
from attest.policy.verdict import Outcome, Verdict
from attest.stores.protocol import Store


@dataclass(frozen=True, slots=True)
class Judge:
    """A policy, what it trusts now, and the seals of the whole store as they hold by that."""

    policy: Policy
    trust: Trust
    seals: StoreSeals = NO_SEALS

    def hear(self, collection: Collection, now: datetime) -> Hearing:
        """What of a collection holds."""
        return Hearing(self.policy, verify(collection, self.trust, now=now, seals=self.seals))


def judges_of(policies: Sequence[Policy], *, offline: bool, now: datetime) -> tuple[Judge, ...]:
    """Each policy with what it trusts as it is known now. Raises `TrustError`."""
    return tuple(map(Judge, policies, trust.load(policies, offline=offline, now=now)))


def with_seals(judges: Iterable[Judge], store: Store, repository: str, *, now: datetime) -> tuple[Judge, ...]:
    """Each that needs the seals of the whole store with those that hold by what it trusts."""
    return tuple(
        replace(judge, seals=read_seals(store, repository, judge.trust, now=now)) if judge.policy.needs_seals else judge
        for judge in judges
    )


def decide(
    store: Store,
    repository: str,
    subject: Subject,
    judges: Sequence[Judge],
    *,
    now: datetime,
    everything: bool = False,
) -> Verdict:
    """Collect once, then verify and evaluate by each policy, at least one. A store that cannot be asked is evidence of
    nothing, and incomplete.

    Where every rule holds on the store's first answer nothing more is asked: rules that want evidence are monotone, so
    that more of it could change nothing. The verdict says so. With ``everything``, and where a policy needs absence,
    all of it is looked at.
    """
    asked = [judge for judge in judges if judge.policy.applies(subject)] or judges
    everything = everything or any(judge.policy.needs_absence for judge in asked)
    verdict: Verdict | None = None
    try:
        for collection in stages(store, repository, subject):
            if everything and not collection.whole:
                continue
            verdict = evaluate_all([judge.hear(collection, now) for judge in asked], now=now)
            if _is_settled(verdict):
                return verdict
    except StoreError as error:
        return unheard(judges, nothing_found(subject, str(error)), now=now)
    assert verdict is not None
    return verdict


def unheard(judges: Iterable[Judge], evidence: EvidenceSet, *, now: datetime) -> Verdict:
    """The verdict where nothing could be found."""
    return evaluate_all([Hearing(judge.policy, evidence) for judge in judges], now=now)


def _is_settled(verdict: Verdict) -> bool:
    """Whether every rule holds, those too that are only shown: of what is missing nobody should be told too soon."""
    return verdict.outcome is Outcome.ADMITTED and all(
        finding.outcome is Outcome.ADMITTED for finding in verdict.findings if finding.rule is not None
    )
