"""Walk the referrers of a subject and read each as a candidate, or reject it with the reason.

Damaged evidence never hides good evidence: what cannot be read is one rejected candidate, and the walk goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from attest import limits, names
from attest.errors import FormatError, NotFound, StoreError
from attest.evidence.model import Candidate, Check, Collection, Rejected, Subject
from attest.evidence.signed import SignedBundle
from attest.oci.descriptor import Descriptor
from attest.oci.manifest import Manifest
from attest.signing.bundle import Bundle
from attest.stores.parallel import in_parallel
from attest.stores.protocol import Found, Store, bounded


def collect(store: Store, repository: str, subject: Subject) -> Collection:
    """All evidence of ``subject`` in one repository. Raises `StoreUnavailable` where nothing can be listed at all.

    Manifests first and then bundles, each of these in parallel; of bundles at most `limits.EVIDENCE_TOTAL` bytes.
    """
    listing = store.referrers(repository, subject.manifest.digest)
    reader = _Reader(store, repository, subject)
    seen = list(in_parallel(reader.manifest, listing.items))
    outcomes = list(in_parallel(reader.content, _affordable(seen)))
    problems = (*listing.problems, *(outcome.problem for outcome in outcomes if isinstance(outcome, _Unread)))
    return Collection(
        subject=subject,
        candidates=tuple(outcome for outcome in outcomes if isinstance(outcome, Candidate)),
        rejected=tuple(
            outcome.rejected if isinstance(outcome, _Unread) else outcome
            for outcome in outcomes
            if not isinstance(outcome, Candidate)
        ),
        complete=listing.complete and not any(isinstance(outcome, _Unread) for outcome in outcomes),
        problems=bounded(problems),
        listed_at=listing.listed_at,
    )


@dataclass(frozen=True, slots=True)
class _Unread:
    """A referrer that may be good: it could not be read, which says nothing about it."""

    rejected: Rejected

    @property
    def problem(self) -> str:
        return f"{self.rejected.digest}: {self.rejected.reason}"


_Outcome = Candidate | Rejected | _Unread


class _Unfit(Exception):
    """Carries the rejection of one referrer out of the steps that read it."""

    def __init__(self, rejected: Rejected) -> None:
        super().__init__(rejected.reason)
        self.rejected = rejected


def _affordable(seen: Sequence[_Outcome]) -> list[_Outcome]:
    """In the order of the listing, bundles until their sizes sum up to the cap; the rest is left unread."""
    total = 0
    chosen: list[_Outcome] = []
    for outcome in seen:
        if isinstance(outcome, Candidate) and is_bundle(outcome.manifest):
            total += outcome.manifest.layers[0].size
            if total > limits.EVIDENCE_TOTAL:
                reason = f"not read: there is more evidence than {limits.EVIDENCE_TOTAL} bytes"
                outcome = _Unread(Rejected(outcome.found, Check.READ, reason, outcome.claims))
        chosen.append(outcome)
    return chosen


class _Reader:
    """Reads one referrer of one subject, in two steps; what cannot be read or is malformed comes back rejected."""

    def __init__(self, store: Store, repository: str, subject: Subject) -> None:
        self._store = store
        self._repository = repository
        self._subject = subject.manifest.digest

    def manifest(self, found: Found) -> _Outcome:
        """A candidate without its bundle."""
        return self._guarded(found, _claims(found), lambda: self._manifest(found))

    def content(self, seen: _Outcome) -> _Outcome:
        """The candidate with its bundle, if it is one; whatever is no candidate stays as it is."""
        if not isinstance(seen, Candidate) or not is_bundle(seen.manifest):
            return seen
        return self._guarded(seen.found, seen.claims, lambda: self._bundle(seen))

    def _guarded(self, found: Found, claims: str | None, read: Callable[[], Candidate]) -> _Outcome:
        try:
            return read()
        except _Unfit as unfit:
            return unfit.rejected
        except NotFound as error:
            return Rejected(found, Check.READ, f"listed but not there: {error}", claims)
        except StoreError as error:
            return _Unread(Rejected(found, Check.READ, str(error), claims))

    def _manifest(self, found: Found) -> Candidate:
        raw = self._fetch(found, found.descriptor, limits.MANIFEST)
        try:
            manifest = Manifest.parse(raw, media_type=found.descriptor.media_type)
            other = manifest.subject and manifest.subject.digest
            if other != self._subject:
                raise FormatError("the manifest has another subject", why=str(other))
        except FormatError as error:
            raise _Unfit(Rejected(found, Check.FORM, str(error), _claims(found))) from None
        return Candidate(found, manifest, None, _claimed(manifest))

    def _bundle(self, seen: Candidate) -> Candidate:
        layer = seen.manifest.layers[0]
        data = layer.data if layer.data is not None else self._fetch(seen.found, layer, limits.EVIDENCE_BLOB)
        try:
            return replace(seen, signed=SignedBundle(Bundle.parse(data)))
        except FormatError as error:
            raise _Unfit(Rejected(seen.found, Check.FORM, str(error), seen.claims)) from None

    def _fetch(self, found: Found, descriptor: Descriptor, limit: int) -> bytes:
        if descriptor.size > limit:
            reason = f"{descriptor.size} bytes, more than the limit of {limit}"
            raise _Unfit(Rejected(found, Check.READ, reason, _claims(found)))
        try:
            return self._store.fetch(self._repository, descriptor)
        except FormatError as error:
            raise _Unfit(Rejected(found, Check.READ, str(error), _claims(found))) from None


def is_bundle(manifest: Manifest) -> bool:
    """As cosign decides it (BUNDLE_SPEC.md): one layer, of a bundle media type; the artifact type does not count."""
    return len(manifest.layers) == 1 and manifest.layers[0].media_type.startswith(names.BUNDLE_PREFIX)


def _claims(found: Found) -> str | None:
    return found.descriptor.annotations.get(names.ANNOTATION_BUNDLE_PREDICATE) or found.descriptor.artifact_type


def _claimed(manifest: Manifest) -> str | None:
    return manifest.annotations.get(names.ANNOTATION_BUNDLE_PREDICATE) or manifest.effective_artifact_type
