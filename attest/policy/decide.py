"""From a subject in a store to its verdict: the one way for every command and service."""

from __future__ import annotations

from datetime import datetime

from attest.errors import StoreError
from attest.evidence.collect import stages
from attest.evidence.model import Subject
from attest.evidence.trust import Trust
from attest.evidence.verify import NO_SEALS, StoreSeals, nothing_found, verify
from attest.policy.document import Policy
from attest.policy.evaluate import evaluate
from attest.policy.verdict import Outcome, Verdict
from attest.stores.protocol import Store


def decide(
    store: Store,
    repository: str,
    subject: Subject,
    policy: Policy,
    trust: Trust,
    *,
    now: datetime,
    everything: bool = False,
    seals: StoreSeals = NO_SEALS,
) -> Verdict:
    """Collect, verify and evaluate. A store that cannot be asked is evidence of nothing, and incomplete.

    Where every rule holds on the store's first answer nothing more is asked: rules that want evidence are monotone, so
    that more of it could change nothing. The verdict says so. With ``everything``, and for a policy that needs absence,
    all of it is looked at. ``seals`` are the whole store's.
    """
    everything = everything or policy.needs_absence
    verdict: Verdict | None = None
    try:
        for collection in stages(store, repository, subject):
            if everything and not collection.whole:
                continue
            verdict = evaluate(policy, verify(collection, trust, now=now, seals=seals), now=now)
            if _is_settled(verdict):
                return verdict
    except StoreError as error:
        return evaluate(policy, nothing_found(subject, str(error)), now=now)
    assert verdict is not None
    return verdict


def _is_settled(verdict: Verdict) -> bool:
    """Whether every rule holds, those too that are only shown: of what is missing nobody should be told too soon."""
    return verdict.outcome is Outcome.ADMITTED and all(
        finding.outcome is Outcome.ADMITTED for finding in verdict.findings if finding.rule is not None
    )
