"""The same evidence by two sets of policies: what a change of policy would change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from attest.errors import StoreError
from attest.evidence.collect import collect
from attest.evidence.model import Subject
from attest.evidence.verify import nothing_found
from attest.policy.decide import Judge, unheard
from attest.policy.evaluate import evaluate_all
from attest.policy.rules.rule import Mode
from attest.policy.verdict import Finding, Outcome, Verdict
from attest.stores.protocol import Store


@dataclass(frozen=True, slots=True)
class Replayed:
    """Both verdicts about one subject."""

    old: Verdict
    new: Verdict

    @property
    def changed(self) -> bool:
        """Whether one admits, denies or doubts what the other does not."""
        return self.old.outcome is not self.new.outcome


def replay(
    store: Store, repository: str, subject: Subject, old: Sequence[Judge], new: Sequence[Judge], *, now: datetime
) -> Replayed:
    """Collect everything once, judge it twice. A store that cannot be asked leaves both in doubt."""
    try:
        collection = collect(store, repository, subject, documents=True)
    except StoreError as error:
        nothing = nothing_found(subject, str(error))
        return Replayed(unheard(old, nothing, now=now), unheard(new, nothing, now=now))
    before, after = (evaluate_all([judge.hear(collection, now) for judge in judges], now=now) for judges in (old, new))
    return Replayed(before, after)


def reasons(verdict: Verdict) -> tuple[Finding, ...]:
    """What stands in the way; for one that admits, what it admits by."""
    admits = verdict.outcome is Outcome.ADMITTED
    return tuple(
        finding
        for finding in verdict.findings
        if finding.mode is Mode.ENFORCE and (finding.effect is Outcome.ADMITTED) == admits
    )
