"""cosign's older tags: asked for by name, and for many manifests read once; what cannot be said is said."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from attest.errors import StoreUnavailable
from attest.oci.descriptor import Descriptor
from attest.oci.digest import Digest
from attest.oci.reference import Reference
from attest.stores.cosign_tags import CosignTags
from attest.stores.memory import MemoryStore
from attest.stores.protocol import Found, Place, Where
from tests.stores import graphs

REPOSITORY = "team/app"


class Counting(MemoryStore):
    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self.read = 0

    def resolve(self, reference: Reference) -> Descriptor:
        self.asked += reference.tag is not None
        return super().resolve(reference)

    def tags(self, repository: str) -> Iterator[str]:
        self.read += 1
        return super().tags(repository)


class Closed(Counting):
    """Lists no tags, and answers for none."""

    def tags(self, repository: str) -> Iterator[str]:
        raise StoreUnavailable("not allowed")

    def resolve(self, reference: Reference) -> Descriptor:
        raise StoreUnavailable("not allowed either")


def answers(tags: CosignTags, store: MemoryStore, digest: Digest) -> list[Found | str]:
    return [answer for ask in tags.questions(store, REPOSITORY, digest) if (answer := ask()) is not None]


@pytest.fixture
def store() -> Counting:
    store = Counting()
    signature = graphs.push(store, REPOSITORY, graphs.subject())
    for number in (0, 39):
        store.tag(Reference(REPOSITORY, f"sha256-{Digest.of(b'%d' % number).encoded}.att"), signature)
    store.asked = 0
    return store


def test_a_few_are_asked_for_and_many_are_read_once(store: Counting) -> None:
    tags = CosignTags()
    found = [answers(tags, store, Digest.of(b"%d" % number)) for number in range(40)]
    assert [number for number, item in enumerate(found) if item] == [0, 39]
    ((first,), (last,)) = (found[0], found[39])
    assert isinstance(first, Found)
    assert first == last
    assert first.places == (Place("memory", Where.COSIGN_TAG),)
    assert (store.asked, store.read) == (16 * 3 + 1, 1)


def test_what_cannot_be_read_is_asked_for_and_what_cannot_be_said_is_said() -> None:
    tags, store = CosignTags(), Closed()
    for number in range(20):
        assert answers(tags, store, Digest.of(b"%d" % number)) == ["not allowed either"] * 3


def test_a_digest_that_makes_no_tag_has_none(store: Counting) -> None:
    assert answers(CosignTags(), store, Digest.of(b"0", "sha512")) == []
    assert store.asked == 0
