"""Lockfiles on the command line: their artifacts are subjects like any other; nothing else in them is dropped."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from attest.cli.subjects import Named, Package

if TYPE_CHECKING:
    from attest.packages.digest import ArtifactDigest
    from attest.packages.lockfiles.lock import Entry, Lock
    from attest.packages.purl import Purl
    from attest.policy.document import Policy
    from attest.report.answer import Asked, Locked


@dataclass(frozen=True, slots=True)
class Read:
    """The lockfiles that were named. ``packages`` has each artifact of them once, without those in ``before``."""

    locks: tuple[tuple[Lock, tuple[tuple[Purl, ArtifactDigest], ...]], ...]
    before: frozenset[tuple[Purl, ArtifactDigest]]

    @property
    def packages(self) -> list[Package]:
        found = dict.fromkeys(pair for _, pairs in self.locks for pair in pairs if pair not in self.before)
        return [Package(purl, digest) for purl, digest in found]

    @property
    def gaps(self) -> Iterator[tuple[Lock, Entry]]:
        """Entries that no digest pins. One that an older lockfile has as well may mean something else by now."""
        return ((lock, entry) for lock, _ in self.locks for entry in lock.entries if entry.gap is not None)


def read(arguments: argparse.Namespace) -> Read:
    """What ``--lock`` and ``--changed-since`` name. Raises `LockError` and `UsageError`."""
    locks = tuple((lock, tuple(lock.artifacts())) for lock in _locks(arguments.lock, arguments))
    older = getattr(arguments, "changed_since", None) or []
    _check_older(arguments.lock or (), older)
    return Read(locks, frozenset(pair for lock in _locks(older, arguments) for pair in lock.artifacts()))


def _check_older(names: Sequence[str], older: Sequence[str]) -> None:
    """Raises `UsageError` for one file as both: nothing in it would ever be looked at."""
    from attest.errors import UsageError

    for name in names:
        for old in older:
            if Path(name).exists() and Path(old).exists() and Path(name).samefile(old):
                raise UsageError(
                    "--lock and --changed-since name the same file",
                    where=old,
                    why="nothing in it could be new",
                    next_step="name the lockfile as it was before, such as one written by git show main:LOCKFILE",
                )


def named(arguments: argparse.Namespace, found: Read) -> list[Named]:
    """The SUBJECTs of the command line, then what the lockfiles pin. Raises `UsageError` where there is neither."""
    from attest.cli import subjects
    from attest.errors import UsageError

    if not arguments.subjects and not arguments.lock:
        raise UsageError("nothing named", next_step="name a SUBJECT, or a lockfile with --lock FILE")
    if getattr(arguments, "changed_since", None) and not arguments.lock:
        raise UsageError("--changed-since goes with --lock")
    return [*subjects.parse(arguments), *found.packages]


def note_gaps(found: Read) -> None:
    """Say on stderr which entries there is no anchor for."""
    from attest.cli import console

    for lock, entry in found.gaps:
        console.note(f"{lock.path}: {entry.place}: no anchor for {entry.purl or entry.name}: {entry.gap}")


def asked(found: Read, policies: Sequence[Policy], arguments: argparse.Namespace) -> Asked:
    """What a report has to know of them."""
    from attest.cli.remedies import typed_here
    from attest.policy.undigested import judge
    from attest.report.answer import Asked, Place, Undigested

    places: dict[tuple[str | None, str | None], list[Place]] = {}
    for lock, _ in found.locks:
        for entry in lock.entries:
            for digest in entry.digests:
                places.setdefault((str(entry.purl), str(digest)), []).append(Place(str(lock.path), entry.place))
    undigested = (
        Undigested(
            Place(str(lock.path), entry.place),
            entry.name,
            None if entry.purl is None else str(entry.purl),
            judge(policies, entry),
        )
        for lock, entry in found.gaps
    )
    return Asked(
        tuple(policy.name for policy in policies),
        tuple(_locked(lock, pairs, found) for lock, pairs in found.locks),
        tuple(undigested),
        {key: tuple(where) for key, where in places.items()},
        typed_here(arguments),
    )


def _locks(names: Sequence[str] | None, arguments: argparse.Namespace) -> Iterator[Lock]:
    from attest.packages.lockfiles.table import read_lock

    return (read_lock(Path(name), vendor=arguments.lock_vendor) for name in dict.fromkeys(names or ()))


def _locked(lock: Lock, pairs: Sequence[tuple[Purl, ArtifactDigest]], found: Read) -> Locked:
    from attest.report.answer import Locked

    seen: set[tuple[Purl | None, tuple[ArtifactDigest, ...]]] = set()
    repeated = []
    for entry in lock.entries:
        if entry.digests:
            key = entry.purl, entry.digests
            if key in seen:
                repeated.append(entry)
            seen.add(key)
    return Locked(
        path=str(lock.path),
        kind=lock.kind,
        entries=len(lock.entries),
        artifacts=len(pairs),
        unchanged=sum(pair in found.before for pair in pairs),
        covered=tuple(entry for entry in lock.entries if entry.covered is not None),
        repeated=tuple(repeated),
        conditional=tuple(entry for entry in lock.entries if entry.condition is not None),
    )
