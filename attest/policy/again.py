"""A verdict once more, from what was recorded with it and the evidence itself: no listing is believed but that one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from attest.errors import StoreUnavailable, UsageError
from attest.evidence.collect import collect
from attest.evidence.model import Check, Collection, Rejected, Subject
from attest.evidence.recorded import AsRecorded
from attest.evidence.verify import EvidenceSet, nothing_found
from attest.oci.digest import Digest
from attest.policy.decide import Judge, unheard, with_seals
from attest.policy.evaluate import evaluate_all
from attest.policy.rules.dependencies import DependenciesRule
from attest.policy.verdict import Unread, Verdict
from attest.stores.protocol import Place, Store

_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class Record:
    """What a verdict went by beside policies, trust roots and the evidence's own bytes; all as in `Verdict`.

    ``seal_problems`` are those of each policy, by its name; ``places`` where each piece of evidence was found, as far
    as it was told.
    """

    subject: Subject
    evidence: frozenset[Digest]
    over: frozenset[Digest]
    unread: tuple[Unread, ...]
    complete: bool
    problems: tuple[str, ...]
    listed_at: datetime | None
    whole: bool
    now: datetime
    seal_problems: Mapping[str, tuple[str, ...]] = field(hash=False)
    places: Mapping[Digest, tuple[Place, ...]] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Again:
    """What comes out, and how many more pieces of evidence are listed now: they have come since, or were left out."""

    verdict: Verdict
    beside: int


def evaluate_again(
    record: Record, judges: Sequence[Judge], store: Store, repository: str, sealed: tuple[Store, str] | None
) -> Again:
    """Read, verify and evaluate what was recorded. ``judges`` are of the recorded ``now``, ``sealed`` is where the
    seals of the whole store lie.

    Raises `StoreUnavailable` where a part of the evidence is not there, `UsageError` for a policy with a rule
    `dependencies`: what was seen of components is not recorded.
    """
    for judge in judges:
        if any(isinstance(rule, DependenciesRule) for rule in judge.policy.rules):
            raise UsageError(
                f"a verdict by the policy {judge.policy.name} cannot be evaluated again",
                why="it has a rule 'dependencies', and what was seen of components is not recorded",
            )
    if record.listed_at is None:
        verdict = unheard(judges, replace(nothing_found(record.subject, ""), problems=record.problems), now=record.now)
        return Again(_told(verdict, record), 0)
    seen = record.evidence | record.over
    then = AsRecorded(store, seen)
    found = collect(then, repository, record.subject, documents=record.whole)
    if sealed is not None:
        judges = with_seals(judges, AsRecorded(sealed[0], seen), sealed[1], now=record.now)
    judges = [_with_problems(judge, record) for judge in judges]
    collection = _as_recorded(found, record)
    hearings = [judge.hear(collection, record.now) for judge in judges]
    _check_all_there(record, [item.evidence for item in hearings])
    return Again(_told(evaluate_all(hearings, now=record.now), record), len(then.beside))


def _as_recorded(found: Collection, record: Record) -> Collection:
    """With the recorded listing. What could not be read then is not read now."""
    could = {item.digest: (item.check, item.reason) for item in found.rejected}
    unread = {item.digest: item for item in record.unread if could.get(item.digest) != (Check.READ, item.reason)}
    places = {item.digest: item.found for item in found.candidates} | {
        item.digest: item.found for item in found.rejected
    }
    return replace(
        found,
        candidates=tuple(item for item in found.candidates if item.digest not in unread),
        rejected=(
            *(item for item in found.rejected if item.digest not in unread),
            *(
                Rejected(places[digest], Check.READ, item.reason, item.claims)
                for digest, item in unread.items()
                if digest in places
            ),
        ),
        complete=record.complete,
        problems=record.problems,
        listed_at=record.listed_at or found.listed_at,
        whole=record.whole,
    )


def _with_problems(judge: Judge, record: Record) -> Judge:
    return replace(judge, seals=replace(judge.seals, problems=record.seal_problems.get(judge.policy.name, ())))


def _check_all_there(record: Record, evidence: Sequence[EvidenceSet]) -> None:
    there = {item.digest for one in evidence for item in one.verified}
    there |= {item.digest for one in evidence for item in one.rejected}
    there |= {digest for one in evidence for digest in one.over}
    missing = sorted((record.evidence | record.over) - there)
    if missing:
        more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
        raise StoreUnavailable(
            f"{record.subject}: not all evidence that the verdict went by is there",
            why=f"{', '.join(map(str, missing[:_SHOWN]))}{more} is missing",
            next_step="name the store or the pack that has it with --store",
        )


def _told(verdict: Verdict, record: Record) -> Verdict:
    """With the places where the evidence was found then."""
    findings = tuple(
        replace(
            finding,
            considered=tuple(
                replace(item, places=record.places.get(item.digest, item.places)) for item in finding.considered
            ),
        )
        for finding in verdict.findings
    )
    return replace(verdict, findings=findings)
