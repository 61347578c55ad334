"""Listings in parts: each way of asking for itself, and only when it is wanted.

Who is satisfied with the first answer need not pay for the second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol, runtime_checkable

from attest.oci.digest import Digest
from attest.stores.protocol import Referrers, Store


class InParts(Protocol):
    """What a store offers beyond `Store` that has several ways of asking, or members that have."""

    def listings(self, repository: str, subject: Digest) -> Iterator[Referrers]:
        """One listing a way. The last raises `StoreUnavailable` when no way could be asked at all."""
        ...


@runtime_checkable
class OfMembers(Protocol):
    """What a store offers beyond `Store` that is several."""

    def members(self, repository: str) -> Iterator[tuple[Store, str]]:
        """Each store, and its own name of the repository."""
        ...


def listings(store: Store, repository: str, subject: Digest) -> Iterator[Referrers]:
    """The referrers of ``subject``, in parts."""
    # not `isinstance`: that of a protocol costs as much as a whole listing of a store at hand
    in_parts: Callable[[str, Digest], Iterator[Referrers]] | None = getattr(store, InParts.listings.__name__, None)
    if in_parts is None:
        yield store.referrers(repository, subject)
    else:
        yield from in_parts(repository, subject)
