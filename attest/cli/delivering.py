"""Deliver gathered graphs to a store, and say subject by subject what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from attest.cli import console
from attest.cli.copying import Gathered, place, tags_at
from attest.errors import EXIT_DENIED, EXIT_DONE, EXIT_INCONCLUSIVE, UsageError
from attest.evidence.model import Subject
from attest.oci.digest import Digest
from attest.policy.verdict import Outcome, Verdict
from attest.stores.location import SERVICES, Location
from attest.stores.protocol import Store
from attest.stores.transfer import Side, plan, transfer, unproven


class Fate(StrEnum):
    """What became of a subject."""

    COPIED = "copied"
    PRESENT = "present"
    """It was there already, with everything about it."""
    PLANNED = "planned"
    """It would be copied, without --dry-run."""
    INCOMPLETE = "incomplete"
    """Something of it could not be read, or not be written."""
    DENIED = "denied"
    INCONCLUSIVE = "inconclusive"
    """Whether the policy admits it cannot be said."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A subject and its fate; ``repository`` is where it was to go, None where it has no place there."""

    subject: Subject
    repository: str | None
    fate: Fate
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Delivered:
    """All deliveries. The counts are of what was missing at the destination, ``size`` in bytes; ``present`` counts the
    manifests that were not."""

    deliveries: tuple[Delivery, ...] = ()
    manifests: int = 0
    blobs: int = 0
    size: int = 0
    present: int = 0

    def __add__(self, other: Delivered) -> Delivered:
        return Delivered(
            self.deliveries + other.deliveries,
            self.manifests + other.manifests,
            self.blobs + other.blobs,
            self.size + other.size,
            self.present + other.present,
        )

    @property
    def whole(self) -> bool:
        """Whether whatever was to be delivered is there, without doubt."""
        return bool(self.deliveries) and {item.fate for item in self.deliveries} <= {Fate.COPIED, Fate.PRESENT}

    @property
    def exit_code(self) -> int:
        """A denial is a denial; whatever else was not delivered leaves doubt."""
        fates = {delivery.fate for delivery in self.deliveries}
        if Fate.DENIED in fates:
            return EXIT_DENIED
        return EXIT_INCONCLUSIVE if fates & {Fate.INCOMPLETE, Fate.INCONCLUSIVE} or not fates else EXIT_DONE


@dataclass(frozen=True, slots=True)
class Destination:
    """Where to deliver. ``mounting``: the source is another repository of the same registry."""

    location: Location
    store: Store
    dry_run: bool = False
    verify: bool = False
    mounting: bool = False


def parse_destination(text: str) -> Location:
    """A STORE to write to. Raises `UsageError`."""
    location = Location.parse(text)
    if location.scheme in SERVICES:
        raise UsageError("a service is read-only", where=text, next_step="name a store that can be written")
    return location


def refused(judged: Iterable[tuple[Subject, Verdict]]) -> list[Delivery]:
    """A delivery for each subject that a policy does not admit, with the reasons."""
    fates = {Outcome.DENIED: Fate.DENIED, Outcome.INCONCLUSIVE: Fate.INCONCLUSIVE}
    return [
        Delivery(
            subject,
            None,
            fates[verdict.outcome],
            tuple(item.message for item in verdict.findings if item.outcome is not Outcome.ADMITTED),
        )
        for subject, verdict in judged
        if verdict.outcome is not Outcome.ADMITTED
    ]


def deliver(gathered: Gathered, subjects: Sequence[Subject], to: Destination) -> Delivered:
    """Copy these of the gathered subjects, each with its whole graph."""
    routes: dict[str, list[Subject]] = {}
    done = Delivered()
    for subject in subjects:
        repository = place(to.location, gathered, subject)
        if repository is None:
            why = f"it is no package, and {to.location.text} has a repository for each package"
            done += Delivered((Delivery(subject, None, Fate.INCOMPLETE, (why,)),))
        else:
            routes.setdefault(repository, []).append(subject)
    for repository, group in routes.items():
        done += _route(gathered, group, to, repository)
    return done


def _route(gathered: Gathered, subjects: Sequence[Subject], to: Destination, repository: str) -> Delivered:
    source, target = gathered.source.side, Side(to.store, repository)
    parts = {subject: gathered.graph.reached([subject.manifest.digest]) for subject in subjects}
    graph = gathered.graph.only(frozenset().union(*parts.values()))
    tags: dict[str, Digest] = {}
    for subject, part in parts.items():
        tags |= tags_at(to.location, gathered, subject, graph.only(part))
    made = plan(graph, target, tags)
    failed: dict[Digest, str] = {}
    doubts: dict[Digest, str] = {}
    if not to.dry_run:
        failed = transfer(made, source, target, mount=to.mounting and source.repository != repository)
        if to.verify:
            doubts = unproven(graph, [subject.manifest.digest for subject in subjects], target, tags)
    missing = {node.descriptor.digest for generation in made.generations for node in generation}
    missing |= {descriptor.digest for descriptor in made.tags.values()}
    deliveries = []
    for subject, part in parts.items():
        problems = list(made.problems) if to.dry_run else []
        problems += [why for digest in sorted(part) for why in graph.problems.get(digest, ())]
        problems += [why[digest] for why in (failed, doubts) for digest in sorted(part) if digest in why]
        fate = Fate.PRESENT
        if problems:
            fate = Fate.INCOMPLETE
        elif part & missing:
            fate = Fate.PLANNED if to.dry_run else Fate.COPIED
        deliveries.append(Delivery(subject, repository, fate, tuple(dict.fromkeys(problems))))
    return Delivered(tuple(deliveries), made.manifests, len(made.blobs), made.size, made.present)


def as_json(done: Delivered, *, dry_run: bool) -> dict[str, Any]:
    """`schemas/copy.schema.json`."""
    return {
        "subjects": [
            {
                "subject": str(item.subject),
                "digest": None if item.subject.digest is None else str(item.subject.digest),
                "manifest": str(item.subject.manifest.digest),
                "repository": item.repository,
                "outcome": item.fate.value,
                "problems": list(item.problems),
            }
            for item in done.deliveries
        ],
        "missing": {"manifests": done.manifests, "blobs": done.blobs, "bytes": done.size},
        "present": {"manifests": done.present},
        "dryRun": dry_run,
    }


def show(done: Delivered, *, dry_run: bool) -> None:
    """One line a subject, then the sums; problems go to stderr."""
    for item in done.deliveries:
        console.say(f"{item.fate.value}  {item.subject}  {item.subject.manifest.digest}")
    complain(done)
    verb = "to copy" if dry_run else "copied"
    print(f"{verb}: {done.manifests} manifests, {done.blobs} blobs, {done.size} bytes; there already: {done.present}")


def complain(done: Delivered) -> None:
    """What is wrong, on stderr."""
    for item in done.deliveries:
        for problem in item.problems:
            console.complain(f"{item.subject}: {item.fate.value}: {problem}")
