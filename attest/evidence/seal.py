"""Seals: what there is, listed and signed, so that what a store hides is missed (docs/decisions/0013-lifecycle.md).

A seal of one package hangs on its anchor. One of a whole store hangs on a manifest that stands for the store, the same
everywhere, so that whoever verifies 800 packages asks once.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from attest import limits, names
from attest.errors import FormatError, NotFound, StoreError
from attest.evidence.attach import attach_bundle
from attest.evidence.model import Candidate, Check, Collection, Subject
from attest.evidence.reading import Outcome, Reader, Unread
from attest.evidence.trust import Trust
from attest.evidence.verify import NO_SEALS, StoreSeals, prove_seals
from attest.oci.descriptor import EMPTY, EMPTY_BYTES, Descriptor
from attest.oci.digest import Digest
from attest.oci.manifest import Manifest, write_image
from attest.statements.statement import Subject as StatementSubject
from attest.stores.protocol import Found, Store


def whole_store() -> Subject:
    """What seals of a whole store hang on: a manifest without content, by which nothing else is meant."""
    return Subject(_manifest().descriptor(), name="the whole store")


def read_seals(store: Store, repository: str, trust: Trust, *, now: datetime) -> StoreSeals:
    """The seals of a whole store, the youngest `limits.SEALS` of them, proven. One listing, however many packages.

    What cannot be read is a problem in the answer: then nothing is proven by it.
    """
    subject = whole_store()
    try:
        collection = _collect(store, repository, subject)
    except NotFound:
        return NO_SEALS
    except StoreError as error:
        return StoreSeals(problems=(str(error),))
    return prove_seals(collection, trust, now=now)


def sealable(collection: Collection) -> frozenset[Digest]:
    """The evidence in a listing that a seal lists: everything that is there, but for older seals, which it replaces."""
    there = {item.digest for item in collection.candidates if not _is_seal(item)}
    return frozenset(there | {item.digest for item in collection.rejected if item.check is not Check.READ})


def seal_subjects(anchors: Iterable[Subject]) -> list[StatementSubject]:
    """The subjects of a seal's statement: the manifests, nothing else."""
    digests = {item.manifest.digest: str(item) for item in anchors}
    return [StatementSubject(name or None, {key.algorithm: key.encoded}) for key, name in digests.items()]


def attach_to_store(store: Store, repository: str, bundle: bytes, *, created: datetime) -> Manifest:
    """Hang a seal on the manifest that stands for the whole store, which is pushed first."""
    manifest = _manifest()
    store.push(repository, EMPTY, EMPTY_BYTES)
    store.push(repository, manifest.descriptor(), manifest.raw)
    return attach_bundle(
        store, repository, manifest.descriptor(), bundle, predicate_type=names.PREDICATE_SEAL, created=created
    )


def _manifest() -> Manifest:
    empty = Descriptor.of(names.OCI_EMPTY, EMPTY_BYTES, inline=True)
    return write_image(artifact_type=names.SEALED, config=empty, layers=[empty])


def _collect(store: Store, repository: str, subject: Subject) -> Collection:
    """As `collect`, but only the youngest, as the listing says: old seals are of no use, and there may be thousands."""
    listing = store.referrers(repository, subject.manifest.digest)
    items = sorted(listing.items, key=_created, reverse=True)[: limits.SEALS]
    read = Reader(store, repository).read(items, about=subject.manifest.digest)
    outcomes: list[Outcome] = [outcome for some in read.values() for outcome in some]
    unread = tuple(outcome.problem for outcome in outcomes if isinstance(outcome, Unread))
    return Collection(
        subject=subject,
        candidates=tuple(outcome for outcome in outcomes if isinstance(outcome, Candidate)),
        rejected=(),
        complete=listing.complete and not unread,
        problems=(*listing.problems, *unread),
        listed_at=listing.listed_at,
        whole=True,
    )


def _created(found: Found) -> str:
    return found.descriptor.annotations.get(names.ANNOTATION_CREATED, "")


def _is_seal(candidate: Candidate) -> bool:
    try:
        return candidate.signed is not None and candidate.signed.statement().predicate_type == names.PREDICATE_SEAL
    except FormatError:
        return False
