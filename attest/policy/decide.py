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

    What is admitted on the store's first answer is not asked about again: rules that want evidence are monotone, so
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
            if verdict.outcome is Outcome.ADMITTED:
                return verdict
    except StoreError as error:
        return evaluate(policy, nothing_found(subject, str(error)), now=now)
    assert verdict is not None
    return verdict
