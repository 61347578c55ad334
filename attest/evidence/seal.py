"""Seals: what there is, listed and signed, so that what a store hides is missed (docs/decisions/0013-lifecycle.md).

A seal of one package hangs on its anchor. One of a whole store hangs on a manifest that stands for the store, the same
everywhere, so that whoever verifies 800 packages asks once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from attest import limits, names
from attest.errors import FormatError, NotFound, StoreError, StoreUnavailable
from attest.evidence import claims
from attest.evidence.lookup import artifacts, subject_of, version_of
from attest.evidence.model import Candidate, Check, Collection, Subject
from attest.evidence.reading import Outcome, Reader, Unread
from attest.evidence.signed import SignedBundle
from attest.evidence.trust import Trust
from attest.evidence.verify import NO_SEALS, StoreSeals, prove_seals
from attest.oci.descriptor import EMPTY, EMPTY_BYTES, Descriptor
from attest.oci.digest import Digest
from attest.oci.manifest import Manifest, write_image
from attest.oci.reference import Reference
from attest.packages.anchors import read_anchor, read_version_anchor
from attest.signing.bundle import verify_envelope
from attest.signing.keys import PublicKey
from attest.statements.lifecycle import Seal
from attest.statements.statement import Subject as StatementSubject
from attest.stores.protocol import Found, Store


def whole_store() -> Subject:
    """What seals of a whole store hang on: a manifest without content, by which nothing else is meant."""
    return Subject(_manifest().descriptor(), name="the whole store")


def store_seals(store: Store, repository: str) -> Collection:
    """What is attached to the manifest that stands for the whole store: the youngest `limits.SEALS`, nothing verified.

    As the listing says which those are: old seals are of no use, and there may be thousands. Raises `StoreError`.
    """
    subject = whole_store()
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


def read_seals(store: Store, repository: str, trust: Trust, *, now: datetime) -> StoreSeals:
    """The seals of a whole store, the youngest `limits.SEALS` of them, proven. One listing, however many packages.

    What cannot be read is a problem in the answer: then nothing is proven by it.
    """
    try:
        collection = store_seals(store, repository)
    except NotFound:
        return NO_SEALS
    except StoreError as error:
        return StoreSeals(problems=(str(error),))
    return prove_seals(collection, trust, now=now)


def packages(store: Store, repository: str, tagged: Iterable[Subject]) -> Iterator[Subject]:
    """What there is to seal in one repository, from what is tagged there: each version with its artifacts, images as
    they are; some twice. Raises `StoreError` where something cannot be read: a seal of a part would prove that the rest
    has nothing.
    """
    for subject in tagged:
        manifest = Manifest.parse(store.fetch(repository, subject.manifest))
        try:
            if manifest.artifact_type == names.VERSION_ANCHOR:
                purl = read_version_anchor(manifest)
                known = artifacts(store, repository, purl)
                if known.problems:
                    raise StoreUnavailable("not all artifacts can be listed", why="; ".join(known.problems))
                yield from (version_of(purl), *known.subjects)
            elif manifest.artifact_type == names.ANCHOR:
                artifact = subject_of(*read_anchor(manifest))
                assert artifact.purl is not None
                yield from (version_of(artifact.purl), artifact)
            elif manifest.artifact_type not in (names.SEALED, names.PACK):
                yield subject
        except FormatError:
            yield subject  # it only looks like an anchor: then it is a manifest like any other


def sealable(collection: Collection) -> frozenset[Digest]:
    """The evidence of one manifest that a seal lists: all but older seals, which it replaces, and what is not there;
    and what signs the documents in it, without which they would be evidence of nothing.

    Raises `StoreUnavailable` where the listing is not complete.
    """
    if not collection.complete:
        why = "; ".join(collection.problems) or "the store did not say why"
        raise StoreUnavailable(f"not all evidence of {collection.subject} can be listed", why=why)
    there = {item.digest for item in collection.candidates if not isinstance(claims.content(item), Seal)}
    return frozenset(
        there | collection.over | {item.digest for item in collection.rejected if item.check is not Check.READ}
    )


def sequence(earlier: Iterable[Candidate], key: PublicKey | None, now: datetime) -> int:
    """The number of a new seal: the time in milliseconds, or more where ``key`` has already signed a higher one.

    So two sealers need not know of each other; and a stranger's seal, with whatever number, changes nothing.
    """
    number = int(now.timestamp() * 1000)
    for candidate in earlier:
        seal, signed = claims.content(candidate), candidate.signed
        if key is None or not isinstance(seal, Seal) or not isinstance(signed, SignedBundle):
            continue
        if verify_envelope(signed.bundle.envelope, [key]) is not None:
            number = max(number, seal.sequence + 1)
    return number


def seal_subjects(anchors: Iterable[Subject]) -> list[StatementSubject]:
    """The subjects of a seal's statement: the manifests, nothing else."""
    digests = {item.manifest.digest: str(item) for item in anchors}
    return [StatementSubject(name or None, {key.algorithm: key.encoded}) for key, name in digests.items()]


def push_whole_store(store: Store, repository: str) -> Subject:
    """Store the manifest that stands for the whole store, and tag it so that copies of the store take it along."""
    manifest = _manifest()
    store.push(repository, EMPTY, EMPTY_BYTES)
    store.push(repository, manifest.descriptor(), manifest.raw)
    store.tag(Reference(repository, tag=names.SEALED_REPOSITORY), manifest.descriptor())
    return whole_store()


def _manifest() -> Manifest:
    empty = Descriptor.of(names.OCI_EMPTY, EMPTY_BYTES, inline=True)
    return write_image(artifact_type=names.SEALED, config=empty, layers=[empty])


def _created(found: Found) -> str:
    return found.descriptor.annotations.get(names.ANNOTATION_CREATED, "")
