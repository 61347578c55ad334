"""From a subject in a store to its verdict: the one way for every command and service."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from attest.errors import StoreError
from attest.evidence.collect import stages
from attest.evidence.model import Collection, Subject
from attest.evidence.released import Released
from attest.evidence.seal import read_seals
from attest.evidence.trust import Trust
from attest.evidence.verify import NO_SEALS, EvidenceSet, StoreSeals, nothing_found, verify
from attest.packages.purl import Purl
from attest.policy import trust
from attest.policy.components_tree import Near, Tree
from attest.policy.document import Policy
from attest.policy.evaluate import Hearing, evaluate_all
from attest.policy.resolve import resolve
from attest.policy.verdict import Outcome, Verdict
from attest.stores.protocol import Store


@dataclass(frozen=True, slots=True)
class Judge:
    """A policy, what it trusts now, and the seals of the whole store as they hold by that; the same for the policies
    of ``components``."""

    policy: Policy
    trust: Trust
    seals: StoreSeals = NO_SEALS
    components: Mapping[Path, Judge] = field(default_factory=dict)

    def hear(self, collection: Collection, now: datetime) -> Hearing:
        """What of a collection holds."""
        return Hearing(self.policy, verify(collection, self.trust, now=now, seals=self.seals))


def judges_of(policies: Sequence[Policy], *, offline: bool, now: datetime) -> tuple[Judge, ...]:
    """Each policy with what it trusts as it is known now. Raises `TrustError`."""
    every = [item for policy in policies for item in (policy, *policy.components.values())]
    trusts = trust.load(every, offline=offline, now=now)  # in the order of `every`
    return tuple(
        Judge(
            policy,
            next(trusts),
            components={path: Judge(item, next(trusts)) for path, item in policy.components.items()},
        )
        for policy in policies
    )


def with_seals(judges: Iterable[Judge], store: Store, repository: str, *, now: datetime) -> tuple[Judge, ...]:
    """Each that needs the seals of the whole store with those that hold by what it trusts."""

    def sealed(judge: Judge) -> Judge:
        if judge.policy.needs_seals:
            judge = replace(judge, seals=read_seals(store, repository, judge.trust, now=now))
        return replace(judge, components={path: sealed(item) for path, item in judge.components.items()})

    return tuple(map(sealed, judges))


def decide(
    store: Store,
    repository: str,
    subject: Subject,
    judges: Sequence[Judge],
    *,
    now: datetime,
    everything: bool = False,
    near: Near | None = None,
) -> Verdict:
    """Collect once, then verify and evaluate by each policy, at least one. A store that cannot be asked is evidence of
    nothing, and incomplete.

    Where every rule holds on the store's first answer nothing more is asked: rules that want evidence are monotone, so
    that more of it could change nothing. The verdict says so. With ``everything``, and where a policy needs absence,
    all of it is looked at. ``near`` says where the evidence of components lies; they are in the same place without it.
    """
    asked = [judge for judge in judges if judge.policy.applies(subject)] or judges
    everything = everything or any(judge.policy.needs_absence for judge in asked)
    verdict: Verdict | None = None
    trees = {judge.policy.digest: _tree(judge, near or (lambda _: (store, repository)), now) for judge in asked}
    try:
        for collection in stages(store, repository, subject):
            if everything and not collection.whole:
                continue
            hearings = [judge.hear(collection, now) for judge in asked]
            verdict = evaluate_all([trees[item.policy.digest].below(item) for item in hearings], now=now)
            if _is_settled(verdict):
                return verdict
    except StoreError as error:
        return unheard(judges, nothing_found(subject, str(error)), now=now)
    assert verdict is not None
    return verdict


def _tree(judge: Judge, near: Near, now: datetime) -> Tree:
    def hear(path: Path, collection: Collection) -> Hearing:
        return judge.components[path].hear(collection, now)

    def released(path: Path, purl: Purl) -> Released:
        if not judge.components[path].policy.resolvers:
            return Released(purl, {}, ("its policy has no 'resolve'",))
        own = judge.components[path]
        return resolve(*near(purl), purl, own, own.policy.resolve_absence, now=now)

    return Tree(near, hear, released, now)


def unheard(judges: Iterable[Judge], evidence: EvidenceSet, *, now: datetime) -> Verdict:
    """The verdict where nothing could be found."""
    return evaluate_all([Hearing(judge.policy, evidence) for judge in judges], now=now)


def _is_settled(verdict: Verdict) -> bool:
    """Whether every rule holds, those too that are only shown: of what is missing nobody should be told too soon."""
    return verdict.outcome is Outcome.ADMITTED and all(
        finding.outcome is Outcome.ADMITTED for finding in verdict.findings if finding.rule is not None
    )
