"""Listings in parts: each way of asking for itself, and only when it is wanted.

Who is satisfied with the first answer need not pay for the second. cosign's older tags are a way of their own: no
registry lists them as referrers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Protocol, runtime_checkable

from attest.errors import FormatError, NotFound, StoreError
from attest.oci.digest import Digest
from attest.oci.reference import Reference, is_tag
from attest.stores.protocol import Found, Place, Referrers, Store, Where

COSIGN_KINDS: Final = ("sig", "att", "sbom")


@runtime_checkable
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
    if isinstance(store, InParts):
        yield from store.listings(repository, subject)
    else:
        yield store.referrers(repository, subject)


def cosign_references(store: Store, repository: str, subject: Digest) -> Iterator[tuple[Store, Reference]]:
    """cosign's older tags about ``subject`` (SIGNATURE_SPEC.md), in every store: they may be there or not."""
    members = store.members(repository) if isinstance(store, OfMembers) else iter([(store, repository)])
    for member, place in members:
        for kind in COSIGN_KINDS:
            tag = f"{subject.algorithm}-{subject.encoded}.{kind}"
            if is_tag(tag):  # cosign could not have written one about a SHA-512 digest: it is too long
                yield member, Reference(place, tag)


def tagged(store: Store, reference: Reference) -> Found | str | None:
    """What such a tag names, None where there is none, or the reason why that cannot be said.

    The descriptor is the tag's answer: nothing is said of an artifact type.
    """
    try:
        return Found(store.resolve(reference), (Place(store.name, Where.COSIGN_TAG),))
    except NotFound:
        return None
    except (StoreError, FormatError) as error:
        return str(error)
