"""Stores for many threads: those far away take many requests at once, those at hand take one after the other."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, runtime_checkable

from attest.oci.descriptor import Descriptor
from attest.oci.digest import Digest
from attest.oci.reference import Reference
from attest.stores.protocol import Referrers, Store


@runtime_checkable
class Remote(Protocol):
    """What a registry offers beyond `Store`, which it is for many threads."""

    def has(self, repository: str, digest: Digest) -> bool:
        """Whether a blob is there, without reading it."""
        ...

    def mount(self, repository: str, digest: Digest, source: str) -> bool:
        """Let a blob of the repository ``source`` be in ``repository`` too; False where that is not offered."""
        ...


@runtime_checkable
class Batched(Protocol):
    """What a store offers beyond `Store` that rewrites an index for every manifest it takes."""

    def together(self, repository: str) -> AbstractContextManager[None]:
        """The writes within are listed, and tags set, at the end and all at once; it may be long after, so what is
        slow does not belong within. No other thread and no other process writes to the repository meanwhile. If the
        end fails, it raises `StoreRefused` and none of them may be listed; if the block fails, what was written is."""
        ...


def for_threads(store: Store) -> Store:
    """The store itself if it is `Remote`, else one thread at a time in it."""
    return store if isinstance(store, Remote) else OneAtATime(store)


class OneAtATime:
    """A store on disk or in memory behind a lock: its files are near, so nothing is gained by reading two at once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.RLock()

    @property
    def name(self) -> str:
        return self._store.name

    def resolve(self, reference: Reference) -> Descriptor:
        with self._lock:
            return self._store.resolve(reference)

    def fetch(self, repository: str, descriptor: Descriptor) -> bytes:
        with self._lock:
            return self._store.fetch(repository, descriptor)

    def push(self, repository: str, descriptor: Descriptor, data: bytes) -> None:
        with self._lock:
            self._store.push(repository, descriptor, data)

    def referrers(self, repository: str, subject: Digest, *, artifact_type: str | None = None) -> Referrers:
        with self._lock:
            return self._store.referrers(repository, subject, artifact_type=artifact_type)

    def tag(self, reference: Reference, descriptor: Descriptor) -> None:
        with self._lock:
            self._store.tag(reference, descriptor)

    def tags(self, repository: str) -> Iterator[str]:
        with self._lock:
            return iter(tuple(self._store.tags(repository)))

    def delete(self, repository: str, digest: Digest) -> None:
        with self._lock:
            self._store.delete(repository, digest)

    @contextmanager
    def together(self, repository: str) -> Iterator[None]:
        """See `Batched`; a store that is none has nothing to gain."""
        with self._lock:
            if isinstance(self._store, Batched):
                with self._store.together(repository):
                    yield
            else:
                yield

    def close(self) -> None:
        with self._lock:
            self._store.close()
