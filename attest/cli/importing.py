"""What `import` does: read documents from files and services, decide to which packages they belong, hang them there."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from attest import limits
from attest.cli import console, subjects, written
from attest.cli.subjects import Package, Version
from attest.cli.targets import Targets
from attest.errors import EXIT_DENIED, EXIT_DONE, EXIT_INCONCLUSIVE, EXIT_USAGE, FormatError, StoreError, UsageError
from attest.evidence.imports import npm_keys
from attest.evidence.imports.hang import hang, referrer_of
from attest.evidence.imports.model import Document, Item, Malformed
from attest.evidence.imports.npm_keys import RegistryKey
from attest.evidence.imports.place import Placement, place
from attest.evidence.imports.read import read
from attest.evidence.lookup import subject_of
from attest.evidence.model import Subject
from attest.oci.digest import Digest
from attest.stores.location import SERVICES, Location
from attest.stores.protocol import Store


class Fate(StrEnum):
    """What became of one attestation."""

    IMPORTED = "imported"
    PRESENT = "present"
    """It was there already."""
    PLANNED = "planned"
    """It would be imported, without --dry-run."""
    NONE = "none"
    """A service publishes nothing about the package, or a document is empty."""
    REFUSED = "refused"
    """It belongs to no package that is meant."""
    MALFORMED = "malformed"
    UNREAD = "unread"
    """A service did not answer."""


_EXIT_CODES = {Fate.MALFORMED: EXIT_USAGE, Fate.REFUSED: EXIT_DENIED, Fate.UNREAD: EXIT_INCONCLUSIVE}


@dataclass(frozen=True, slots=True)
class Outcome:
    """One attestation on one package, or the reason why it is on none. ``where`` is its place in its source."""

    where: str
    fate: Fate
    reason: str | None = None
    subject: Subject | None = None
    referrer: Digest | None = None
    predicate_type: str | None = None
    binding: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Source:
    """A document, and the packages that it is to be about; where there are none, those that it names itself."""

    document: Document
    subjects: tuple[Subject, ...]


def run(arguments: argparse.Namespace) -> list[Outcome]:
    """Import everything; what goes wrong with one attestation does not stop the others.

    Raises `UsageError`, and `StoreError` where nothing can be written.
    """
    files = {
        text: written.read_file(Path(text), limit=limits.EVIDENCE_BLOB)
        for text in arguments.sources
        if not _is_service(text)
    }
    named = [_package(item) for item in subjects.parse(arguments)]
    keys = _keys(arguments.npm_keys)
    now = datetime.now(UTC)
    with Targets(arguments, create=True) as targets:

        def carried(source: _Source) -> Iterator[Outcome]:
            for part in source.document.parts:
                if isinstance(part, Malformed):
                    yield Outcome(part.where, Fate.MALFORMED, part.reason)
                    continue
                placed = _placed(part, source.subjects, keys, now)
                if isinstance(placed, str):
                    yield Outcome(part.where, Fate.REFUSED, placed, notes=part.notes)
                    continue
                for item in placed:
                    yield _carry(item, source.document, None if arguments.dry_run else targets)

        done: list[Outcome] = []
        for source in _sources(arguments.sources, files, named):
            done.extend([source] if isinstance(source, Outcome) else carried(source))
    return done


def exit_code(done: Iterable[Outcome]) -> int:
    """Of several, malformed before refused before unread."""
    fates = {item.fate for item in done}
    return next((code for fate, code in _EXIT_CODES.items() if fate in fates), EXIT_DONE)


def show(done: Iterable[Outcome]) -> None:
    """One line an attestation; what was not imported, and what else is to be known, goes to stderr."""
    for item in done:
        if item.reason is not None:
            console.complain(f"{item.where}: {item.fate.value}: {item.reason}")
        else:
            console.say(
                " ".join(
                    str(part)
                    for part in (item.fate.value, item.subject or item.where, item.referrer)
                    if part is not None
                )
            )
        for note in item.notes:
            console.note(f"{item.where}: {note}")


def as_json(done: Iterable[Outcome], *, dry_run: bool) -> dict[str, Any]:
    """`schemas/import.schema.json`."""
    return {
        "attestations": [
            {
                "where": item.where,
                "outcome": item.fate.value,
                "reason": item.reason,
                "subject": None if item.subject is None else str(item.subject),
                "digest": None if item.subject is None else str(item.subject.digest),
                "manifest": None if item.subject is None else str(item.subject.manifest.digest),
                "referrer": None if item.referrer is None else str(item.referrer),
                "predicateType": item.predicate_type,
                "binding": item.binding,
                "notes": list(item.notes),
            }
            for item in done
        ],
        "dryRun": dry_run,
    }


def _is_service(text: str) -> bool:
    return text.partition(":")[0] in SERVICES and not Path(text).exists()


def _package(named: subjects.Named) -> Package | Version:
    if isinstance(named, subjects.Image):
        raise UsageError("not a package", where=named.text, next_step="name a package file, or a purl")
    return named


def _keys(path: str | None) -> tuple[RegistryKey, ...] | None:
    if path is None:
        return None
    return npm_keys.read_keys(written.read_file(Path(path), limit=limits.KEY_FILE), path)


def _sources(
    texts: Sequence[str], files: dict[str, bytes], named: Sequence[Package | Version]
) -> Iterator[_Source | Outcome]:
    given = []
    for item in named:
        if isinstance(item, Package):
            given.append(subject_of(item.purl, item.digest, read_from_file=item.file is not None))
        elif files:
            raise UsageError(
                "no digest", where=str(item.purl), next_step="name the package file, or give --digest ALG:HEX"
            )
    for text in texts:
        if text in files:
            try:
                document = read(files[text], text)
            except FormatError as error:
                yield Outcome(text, Fate.MALFORMED, str(error))
                continue
            yield _Source(document, tuple(given)) if document.parts else Outcome(text, Fate.NONE)
        else:
            yield from _of_service(Location.parse(text), named)


def _of_service(location: Location, named: Sequence[Package | Version]) -> Iterator[_Source | Outcome]:
    """Everything that a service publishes about the packages; of a version, about each of its artifacts."""
    import os

    from attest.evidence.services import open_service

    if not named:
        raise UsageError("which package?", where=location.text, next_step="name it with --subject")
    with ExitStack() as stack:
        service = stack.enter_context(closing(open_service(location.scheme, os.environ, Path.home())))
        for item in named:
            where = f"{location.text} {item.purl}"
            if item.purl.type != service.type:
                raise UsageError(f"not a package of {service.type}", where=str(item.purl))
            try:
                listed = [
                    entry
                    for entry in service.artifacts(item.purl)
                    if entry.purl == item.purl and (isinstance(item, Version) or entry.digest == item.digest)
                ]
                if not listed:
                    yield Outcome(where, Fate.REFUSED, "the service does not list this artifact")
                for entry in listed:
                    from_file = isinstance(item, Package) and item.file is not None
                    subject = subject_of(entry.purl, entry.digest, read_from_file=from_file)
                    documents = service.documents(entry)
                    if not documents:
                        yield Outcome(where, Fate.NONE, subject=subject)
                    yield from (_Source(document, (subject,)) for document in documents)
            except StoreError as error:
                yield Outcome(where, Fate.UNREAD, str(error))
            except FormatError as error:
                yield Outcome(where, Fate.MALFORMED, str(error))


def _placed(
    item: Item, given: Sequence[Subject], keys: tuple[RegistryKey, ...] | None, now: datetime
) -> list[Placement] | str:
    """Where it belongs, or why nowhere. A registry signature must hold where there are keys to check it with."""
    placed = place(item, given)
    if item.package is None or keys is None or isinstance(placed, str):
        return placed
    return npm_keys.check(item.bundle, *item.package, keys, now) or placed


def _carry(placement: Placement, document: Document, targets: Targets | None) -> Outcome:
    """Write one, unless it is there; without ``targets`` only say what would be written."""
    referrer, _ = referrer_of(placement)
    subject = placement.subject
    fate = Fate.PLANNED
    if targets is not None:
        assert subject.purl is not None
        assert subject.digest is not None
        target = targets.write(Package(subject.purl, subject.digest))
        fate = Fate.PRESENT if _is_there(target.store, target.repository, subject, referrer.digest) else Fate.IMPORTED
        hang(target.store, target.repository, placement, document)
    return Outcome(
        placement.item.where,
        fate,
        subject=subject,
        referrer=referrer.digest,
        predicate_type=placement.predicate_type,
        binding=placement.binding.value,
        notes=placement.item.notes,
    )


def _is_there(store: Store, repository: str, subject: Subject, referrer: Digest) -> bool:
    listing = store.referrers(repository, subject.manifest.digest)
    return any(found.descriptor.digest == referrer for found in listing.items)
