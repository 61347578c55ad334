"""Reading what was found: manifests, then the layers that are signed. Whatever fails costs only itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias, TypeVar

from attest import limits, names
from attest.errors import FormatError, NotFound, StoreError
from attest.evidence.forms import Form, claimed, signed_layers
from attest.evidence.model import Candidate, Check, Rejected
from attest.oci.descriptor import Descriptor
from attest.oci.digest import Digest
from attest.oci.manifest import Manifest
from attest.stores.parallel import in_parallel
from attest.stores.protocol import Found, Store, Where

T = TypeVar("T")

_NO_ROOM: Final = f"not read: there is more evidence than {limits.EVIDENCE_TOTAL} bytes"
_TOO_MANY: Final = f"not read: the manifests of what is attached have more than {limits.EVIDENCE_MANIFESTS} bytes"
_TOO_LATE: Final = f"not read: it takes longer than {limits.EVIDENCE_SECONDS:.0f} seconds to read what is attached"


@dataclass(frozen=True, slots=True)
class Unread:
    """What may be good: it could not be read, which says nothing about it."""

    rejected: Rejected

    @property
    def digest(self) -> Digest:
        return self.rejected.digest

    @property
    def problem(self) -> str:
        return f"{self.rejected.digest}: {self.rejected.reason}"


Outcome: TypeAlias = Candidate | Rejected | Unread


class _Unfit(Exception):
    """Carries a rejection out of the steps that read."""

    def __init__(self, rejected: Rejected) -> None:
        super().__init__()
        self.rejected = rejected


@dataclass(frozen=True, slots=True)
class _Blob:
    """One signed blob and the layers that name it: cosign signs one payload many times."""

    seen: Candidate
    layers: tuple[tuple[Descriptor, Form], ...]

    @property
    def size(self) -> int:
        """What it takes: it is read as often as layers name it."""
        return self.layers[0][0].size * len(self.layers)


@dataclass(slots=True)
class _Room:
    """How many bytes may still be read."""

    left: int

    def take(self, size: int) -> bool:
        """Whether there was room for so many."""
        fits = size <= self.left
        if fits:
            self.left -= size
        return fits


class Reader:
    """Reads from one repository; of manifests at most `limits.EVIDENCE_MANIFESTS` bytes in all, of signed content
    `limits.EVIDENCE_TOTAL`, the smallest first: sizes are claimed, and who claims a large one must not hide what is
    small. What was not asked for in `limits.EVIDENCE_SECONDS` stays unread."""

    def __init__(self, store: Store, repository: str) -> None:
        self._store = store
        self._repository = repository
        self._manifests = _Room(limits.EVIDENCE_MANIFESTS)
        self._content = _Room(limits.EVIDENCE_TOTAL)
        self._until = time.monotonic() + limits.EVIDENCE_SECONDS

    def read(self, found: Sequence[Found], *, about: Digest) -> dict[Digest, list[Outcome]]:
        """What is attached to the manifest ``about``, by the digest of its own manifest."""
        outcomes: dict[Digest, list[Outcome]] = {}
        signed: list[_Blob] = []
        for seen in self._read_manifests(found, about):
            mine = outcomes.setdefault(seen.digest, [])
            layers = list(signed_layers(seen.manifest)) if isinstance(seen, Candidate) else []
            if not isinstance(seen, Candidate) or not layers:
                mine.append(seen)
                continue
            if len(layers) > limits.SIGNATURES:
                mine.append(_unread(seen, f"not read: more than {limits.SIGNATURES} signatures in one manifest"))
            signed.extend(_blobs(seen, layers[: limits.SIGNATURES]))
        blobs: list[_Blob] = []
        for blob in sorted(signed, key=lambda item: item.size):
            if blob.layers[0][0].size <= limits.EVIDENCE_BLOB and not self._content.take(blob.size):
                outcomes[blob.seen.digest].append(_unread(blob.seen, _NO_ROOM))
            else:
                blobs.append(blob)
        for blob, read in zip(blobs, in_parallel(self._read_blob, blobs), strict=True):
            outcomes[blob.seen.digest].extend(read)
        return outcomes

    def document(self, candidate: Candidate) -> bytes | Rejected | Unread:
        """The one file of an unsigned document."""
        layer = candidate.manifest.layers[0]
        if layer.size <= limits.EVIDENCE_BLOB and not self._content.take(layer.size):
            return _unread(candidate, _NO_ROOM)
        return self._guarded(candidate.found, lambda: self._data(candidate.found, layer))

    def _read_manifests(self, found: Sequence[Found], about: Digest) -> Iterator[Candidate | Rejected | Unread]:
        """In the order of ``found``."""
        too_many: set[Digest] = set()
        for item in sorted(found, key=lambda item: item.descriptor.size):
            if item.descriptor.size <= limits.MANIFEST and not self._manifests.take(item.descriptor.size):
                too_many.add(item.descriptor.digest)

        def read(item: Found) -> Candidate | Rejected | Unread:
            if item.descriptor.digest in too_many:
                return Unread(Rejected(item, Check.READ, _TOO_MANY, _listed_claim(item)))
            return self._guarded(item, lambda: self._manifest(item, about))

        return iter(in_parallel(read, found))

    def _read_blob(self, blob: _Blob) -> list[Outcome]:
        seen = blob.seen
        data = self._guarded(seen.found, lambda: self._data(seen.found, blob.layers[0][0]))
        if not isinstance(data, bytes):
            return [data]
        return [self._signed(seen, layer, form, data) for layer, form in blob.layers]

    @staticmethod
    def _signed(seen: Candidate, layer: Descriptor, form: Form, data: bytes) -> Candidate | Rejected:
        claims = form.claims(seen.manifest, layer)
        try:
            return replace(seen, signed=form.read(layer, data), claims=claims)
        except FormatError as error:
            return Rejected(seen.found, Check.FORM, str(error), claims)

    def _manifest(self, found: Found, about: Digest) -> Candidate:
        if found.descriptor.size > limits.MANIFEST:  # as the lister says
            raise StoreError(_too_large(found.descriptor, limits.MANIFEST))
        raw = self._fetch(found.descriptor)
        try:
            manifest = Manifest.parse(raw)  # whatever the lister calls it: that must not make good evidence bad
            other = manifest.subject and manifest.subject.digest
            if other is not None and other != about and not _is_tagged(found):
                raise FormatError("the manifest has another subject", why=str(other))
        except FormatError as error:
            raise _Unfit(Rejected(found, Check.FORM, str(error), _listed_claim(found))) from None
        return Candidate(found, manifest, None, claimed(manifest))

    def _data(self, found: Found, layer: Descriptor) -> bytes:
        if layer.data is not None:
            return layer.data
        if layer.size > limits.EVIDENCE_BLOB:  # as its manifest says, whoever shows it
            reason = _too_large(layer, limits.EVIDENCE_BLOB)
            raise _Unfit(Rejected(found, Check.READ, reason, _listed_claim(found)))
        return self._fetch(layer)

    def _fetch(self, descriptor: Descriptor) -> bytes:
        if time.monotonic() > self._until:
            raise StoreError(_TOO_LATE)
        return self._store.fetch(self._repository, descriptor)

    @staticmethod
    def _guarded(found: Found, read: Callable[[], T]) -> T | Rejected | Unread:
        """What a store lists and does not show may be anything: also what speaks against the package."""
        try:
            return read()
        except _Unfit as unfit:
            return unfit.rejected
        except NotFound as error:
            reason = f"listed but not there: {error}"
        except (FormatError, StoreError) as error:
            reason = str(error)
        return Unread(Rejected(found, Check.READ, reason, _listed_claim(found)))


def _blobs(seen: Candidate, layers: Iterable[tuple[Descriptor, Form]]) -> Iterable[_Blob]:
    by_digest: dict[Digest, list[tuple[Descriptor, Form]]] = {}
    for layer, form in layers:
        by_digest.setdefault(layer.digest, []).append((layer, form))
    return [_Blob(seen, tuple(same)) for same in by_digest.values()]


def _too_large(descriptor: Descriptor, limit: int) -> str:
    return f"{descriptor.size} bytes, more than the limit of {limit}"


def _is_tagged(found: Found) -> bool:
    """cosign's older tags name manifests that need no subject: what is signed says what it is about.

    So it does wherever else somebody lists them.
    """
    return any(place.where is Where.COSIGN_TAG for place in found.places)


def _unread(seen: Candidate, reason: str) -> Unread:
    return Unread(Rejected(seen.found, Check.READ, reason, seen.claims))


def _listed_claim(found: Found) -> str | None:
    return found.descriptor.annotations.get(names.ANNOTATION_BUNDLE_PREDICATE) or found.descriptor.artifact_type
