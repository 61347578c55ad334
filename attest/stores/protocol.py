"""The one interface of all stores.

A store holds *repositories*; a repository holds blobs and manifests by digest, tags that name manifests, and for every
manifest the list of its referrers (manifests whose `subject` it is). Repositories come into being by the first push.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from attest import limits
from attest.oci.descriptor import Descriptor
from attest.oci.digest import Digest
from attest.oci.reference import Reference


class Where(StrEnum):
    """By which way a referrer was found."""

    API = "api"
    FALLBACK_TAG = "fallback-tag"
    COSIGN_TAG = "cosign-tag"
    LAYOUT = "layout"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Place:
    """One way in one store; ``store`` is the STORE as the user wrote it."""

    store: str
    where: Where


@dataclass(frozen=True, slots=True)
class Found:
    """A referrer and every place where it was found, sorted. Its annotations are the lister's word: unverified."""

    descriptor: Descriptor
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Referrers:
    """One listing. ``complete`` is False where a cap was hit or a part could not be read: ``problems`` says which.

    Of many problems only the first `limits.PROBLEMS` are kept, and how many there were more.
    """

    items: tuple[Found, ...]
    complete: bool
    listed_at: datetime
    problems: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "problems", bounded(self.problems))


def bounded(problems: tuple[str, ...]) -> tuple[str, ...]:
    """The first `limits.PROBLEMS` and how many there were more. Doing it again changes nothing."""
    more = len(problems) - limits.PROBLEMS
    return problems if more <= 1 else (*problems[: limits.PROBLEMS], f"and {more} more problems")


class Store(Protocol):
    """See the contract suite, `tests/stores/test_contract.py`, for what each method promises.

    All raise `NotFound` where there is no such thing, `StoreUnavailable` where the store cannot be read, `StoreRefused`
    where a write is not taken, and `DigestMismatch` where content is not what its descriptor says.
    """

    @property
    def name(self) -> str:
        """The STORE as the user wrote it, for messages."""
        ...

    def resolve(self, reference: Reference) -> Descriptor:
        """The manifest that a tag or digest names: media type, digest and size."""
        ...

    def fetch(self, repository: str, descriptor: Descriptor) -> bytes:
        """Content of a manifest or blob; size and digest are checked."""
        ...

    def push(self, repository: str, descriptor: Descriptor, data: bytes) -> None:
        """Store content. Manifests (by media type) must come after what they name, except their subject; a manifest
        with a `subject` is listed as its referrer when this returns. Pushing again is harmless."""
        ...

    def referrers(self, repository: str, subject: Digest, *, artifact_type: str | None = None) -> Referrers:
        """All manifests whose subject is ``subject``, by digest once each; an unknown subject has none."""
        ...

    def tag(self, reference: Reference, descriptor: Descriptor) -> None:
        """Let the reference's tag name a manifest that is there, whatever it named before."""
        ...

    def tags(self, repository: str) -> Iterator[str]:
        """All tags for people, sorted; fallback tags of referrers are left out."""
        ...

    def delete(self, repository: str, digest: Digest) -> None:
        """Remove a manifest, the tags that name it, and its entry among its subject's referrers."""
        ...

    def close(self) -> None:
        """Finish pending writes. Archives are written here; nothing else needs it."""
        ...


def unite(items: Iterable[Found]) -> tuple[Found, ...]:
    """De-duplicate by digest, uniting places; the descriptor with an artifact type, then with annotations, wins.

    Sorted by digest, so that the answer does not depend on who answered first.
    """
    by_digest: dict[Digest, Found] = {}
    for item in items:
        known = by_digest.get(item.descriptor.digest)
        if known is not None:
            best = max(known, item, key=_richness).descriptor
            places = {*known.places, *item.places}
            item = Found(best, tuple(sorted(places, key=lambda place: (place.store, place.where))))
        by_digest[item.descriptor.digest] = item
    return tuple(by_digest[digest] for digest in sorted(by_digest))


def _richness(item: Found) -> tuple[bool, int]:
    return item.descriptor.artifact_type is not None, len(item.descriptor.annotations)
