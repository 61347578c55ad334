"""Walk the referrers of a subject and read each as a candidate, or reject it with the reason.

Damaged evidence never hides good evidence: what cannot be read is one rejected candidate, and the walk goes on.
"""

from __future__ import annotations

from dataclasses import dataclass

from attest import limits, names
from attest.errors import FormatError, NotFound, StoreError
from attest.evidence.model import Candidate, Check, Collection, Rejected, Subject
from attest.oci.descriptor import Descriptor
from attest.oci.manifest import Manifest
from attest.signing.bundle import Bundle
from attest.stores.parallel import in_parallel
from attest.stores.protocol import Found, Store


def collect(store: Store, repository: str, subject: Subject) -> Collection:
    """All evidence of ``subject`` in one repository. Raises `StoreUnavailable` where nothing can be listed at all."""
    listing = store.referrers(repository, subject.manifest.digest)
    candidates: list[Candidate] = []
    rejected: list[Rejected] = []
    problems = list(listing.problems)

    def read(found: Found) -> Candidate | Rejected | _Unread:
        try:
            return _read(store, repository, found, subject)
        except _Unfit as unfit:
            return unfit.rejected
        except NotFound as error:
            return Rejected(found, Check.READ, f"listed but not there: {error}", _claims(found))
        except StoreError as error:
            return _Unread(Rejected(found, Check.READ, str(error), _claims(found)), error)

    for outcome in in_parallel(read, listing.items):
        if isinstance(outcome, Candidate):
            candidates.append(outcome)
        elif isinstance(outcome, Rejected):
            rejected.append(outcome)
        else:
            rejected.append(outcome.rejected)
            problems.append(f"{outcome.rejected.digest}: {outcome.error}")
    complete = listing.complete and len(problems) == len(listing.problems)
    return Collection(subject, tuple(candidates), tuple(rejected), complete, tuple(problems), listing.listed_at)


@dataclass(frozen=True, slots=True)
class _Unread:
    """A referrer that may be good: the store could not say."""

    rejected: Rejected
    error: StoreError


class _Unfit(Exception):
    """Carries the rejection of one referrer out of the steps that read it."""

    def __init__(self, rejected: Rejected) -> None:
        super().__init__(rejected.reason)
        self.rejected = rejected


def _read(store: Store, repository: str, found: Found, subject: Subject) -> Candidate:
    raw = _fetch(store, repository, found, found.descriptor, limits.MANIFEST)
    try:
        manifest = Manifest.parse(raw, media_type=found.descriptor.media_type)
        if manifest.subject is None or manifest.subject.digest != subject.manifest.digest:
            raise FormatError("the manifest has another subject", why=str(manifest.subject and manifest.subject.digest))
    except FormatError as error:
        raise _Unfit(Rejected(found, Check.FORM, str(error), _claims(found))) from None
    if not is_bundle(manifest):
        return Candidate(found, manifest, None)
    layer = manifest.layers[0]
    data = layer.data if layer.data is not None else _fetch(store, repository, found, layer, limits.EVIDENCE_BLOB)
    try:
        return Candidate(found, manifest, Bundle.parse(data))
    except FormatError as error:
        raise _Unfit(Rejected(found, Check.FORM, str(error), Candidate(found, manifest, None).claims)) from None


def is_bundle(manifest: Manifest) -> bool:
    """As cosign decides it (BUNDLE_SPEC.md): one layer, of a bundle media type; the artifact type does not count."""
    return len(manifest.layers) == 1 and manifest.layers[0].media_type.startswith(names.BUNDLE_PREFIX)


def _fetch(store: Store, repository: str, found: Found, descriptor: Descriptor, limit: int) -> bytes:
    if descriptor.size > limit:
        reason = f"{descriptor.size} bytes, more than the limit of {limit}"
        raise _Unfit(Rejected(found, Check.READ, reason, _claims(found)))
    try:
        return store.fetch(repository, descriptor)
    except FormatError as error:
        raise _Unfit(Rejected(found, Check.READ, str(error), _claims(found))) from None


def _claims(found: Found) -> str | None:
    return found.descriptor.annotations.get(names.ANNOTATION_BUNDLE_PREDICATE) or found.descriptor.artifact_type
