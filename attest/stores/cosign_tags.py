"""cosign's older tags about a manifest (SIGNATURE_SPEC.md): no registry lists what they name as referrers.

Each is asked for by its name, since a repository may have many thousand tags. Where many manifests of one repository
are asked about, its tags are read once instead.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from attest.errors import FormatError, NotFound, StoreError
from attest.oci.digest import Digest
from attest.oci.reference import Reference, is_tag
from attest.stores.listings import OfMembers
from attest.stores.protocol import Found, Place, Store, Where

_KINDS: Final = ("sig", "att", "sbom")
_MANY: Final = 16

Answer = Found | str | None
"""What a tag names, the reason why that cannot be said, or None where there is no such tag."""


@dataclass(slots=True)
class _Repository:
    """How many manifests were asked about, and then, all tags; None where they cannot be read."""

    asked: int = 0
    read: bool = False
    tags: frozenset[str] | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


class CosignTags:
    """What is known of tags during one command. Safe for many threads."""

    def __init__(self) -> None:
        self._repositories: dict[tuple[int, str], _Repository] = {}
        self._lock = threading.Lock()

    def questions(self, store: Store, repository: str, subject: Digest) -> Iterator[Callable[[], Answer]]:
        """One for each tag about ``subject`` that there may be, in every store."""
        names = [f"{subject.algorithm}-{subject.encoded}.{kind}" for kind in _KINDS]
        if not all(map(is_tag, names)):
            return  # cosign could not have written one: a SHA-512 digest is too long
        members = store.members(repository) if isinstance(store, OfMembers) else iter([(store, repository)])
        for member, place in members:
            known = self._known(member, place)
            for name in names:
                if known is None or name in known:
                    yield partial(_ask, member, Reference(place, name))

    def _known(self, store: Store, repository: str) -> frozenset[str] | None:
        """All tags, if they were worth reading and could be read."""
        with self._lock:
            entry = self._repositories.setdefault((id(store), repository), _Repository())
        with entry.lock:
            entry.asked += 1
            if entry.asked > _MANY and not entry.read:
                entry.read = True
                try:
                    entry.tags = frozenset(store.tags(repository))
                except StoreError:
                    entry.tags = None
            return entry.tags


def _ask(store: Store, reference: Reference) -> Answer:
    """The descriptor is the tag's answer: nothing is said of an artifact type."""
    try:
        return Found(store.resolve(reference), (Place(store.name, Where.COSIGN_TAG),))
    except NotFound:
        return None
    except (StoreError, FormatError) as error:
        return str(error)
