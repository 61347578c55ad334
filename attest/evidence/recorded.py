"""A store as somebody saw it: what has come since is not there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from attest.errors import NotFound, StoreRefused
from attest.oci.descriptor import Descriptor
from attest.oci.digest import Digest
from attest.oci.reference import Reference
from attest.stores.listings import listings
from attest.stores.protocol import Referrers, Store


@dataclass(frozen=True, slots=True)
class AsRecorded:
    """Lists and resolves only what is in ``seen``, and is not written to. See `Store` for its methods. ``beside``
    takes what else was listed."""

    store: Store
    seen: frozenset[Digest]
    beside: set[Digest] = field(default_factory=set, compare=False)

    @property
    def name(self) -> str:
        return self.store.name

    def resolve(self, reference: Reference) -> Descriptor:
        descriptor = self.store.resolve(reference)
        if descriptor.digest not in self.seen:
            raise NotFound("not there when it was recorded", where=str(descriptor.digest))
        return descriptor

    def fetch(self, repository: str, descriptor: Descriptor) -> bytes:
        return self.store.fetch(repository, descriptor)

    def referrers(self, repository: str, subject: Digest, *, artifact_type: str | None = None) -> Referrers:
        return self._seen(self.store.referrers(repository, subject, artifact_type=artifact_type))

    def listings(self, repository: str, subject: Digest) -> Iterator[Referrers]:
        """As `attest.stores.listings.InParts`."""
        return map(self._seen, listings(self.store, repository, subject))

    def tags(self, repository: str) -> Iterator[str]:
        return self.store.tags(repository)

    def push(self, repository: str, descriptor: Descriptor, data: bytes) -> None:  # noqa: ARG002
        raise self._refused()

    def tag(self, reference: Reference, descriptor: Descriptor) -> None:  # noqa: ARG002
        raise self._refused()

    def delete(self, repository: str, digest: Digest) -> None:  # noqa: ARG002
        raise self._refused()

    def close(self) -> None:
        """Whoever opened the store closes it."""

    def _seen(self, listing: Referrers) -> Referrers:
        self.beside.update(item.descriptor.digest for item in listing.items if item.descriptor.digest not in self.seen)
        return replace(listing, items=tuple(item for item in listing.items if item.descriptor.digest in self.seen))

    def _refused(self) -> StoreRefused:
        return StoreRefused("a record is not written to", where=self.name)
