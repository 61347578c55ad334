"""Several stores as one: what one has, lacks, cannot say or lies about, beside the others."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest import limits
from attest.errors import DigestMismatch, NotFound, StoreError, StoreRefused, StoreUnavailable
from attest.oci.descriptor import Descriptor
from attest.oci.digest import Digest
from attest.oci.reference import Reference
from attest.stores.layout_index import LayoutIndex
from attest.stores.layout_survey import Surveyor
from attest.stores.memory import MemoryStore
from attest.stores.parallel import WORKERS, in_parallel
from attest.stores.protocol import Found, Place, Referrers, Store, Where
from attest.stores.union import Member, UnionStore
from tests.stores.graphs import attach, listed, push, referrer, subject

REPOSITORY = "npm/semver"
SUBJECT = subject().descriptor()


class Down(MemoryStore):
    """Answers nothing."""

    def referrers(self, repository: str, subject: Digest, *, artifact_type: str | None = None) -> Referrers:
        raise StoreUnavailable("cannot connect", where=self.name)

    def fetch(self, repository: str, descriptor: Descriptor) -> bytes:
        raise StoreUnavailable("cannot connect", where=self.name)


class Lying(MemoryStore):
    """Lists everything as ``twist`` says, and has damaged bytes for all of it."""

    def __init__(self, name: str, twist: Callable[[Descriptor], Descriptor]) -> None:
        super().__init__(name)
        self._twist = twist

    def referrers(self, repository: str, subject: Digest, *, artifact_type: str | None = None) -> Referrers:
        honest = super().referrers(repository, subject, artifact_type=artifact_type)
        items = tuple(Found(self._twist(item.descriptor), item.places) for item in honest.items)
        return replace(honest, items=items)

    def fetch(self, repository: str, descriptor: Descriptor) -> bytes:
        super().fetch(repository, replace(descriptor, size=len(self._known(repository, descriptor))))
        raise DigestMismatch("content does not match its digest", where=self.name)

    def _known(self, repository: str, descriptor: Descriptor) -> bytes:
        return self._repositories[repository].blobs[descriptor.digest]


class Flooded(MemoryStore):
    """Lists as many manifests as there may be, all of them before any real one."""

    def referrers(self, repository: str, subject: Digest, *, artifact_type: str | None = None) -> Referrers:
        made = (Descriptor(SUBJECT.media_type, Digest("sha256", f"{n:064x}"), 1) for n in range(limits.REFERRERS))
        place = Place(self.name, Where.API)
        return Referrers(tuple(Found(item, (place,)) for item in made), True, datetime.now(UTC))


def test_a_store_that_is_flooded_hides_nothing_of_the_others() -> None:
    honest = MemoryStore("honest")
    digest = attach(honest, REPOSITORY, SUBJECT).digest
    union = UnionStore([Member(Flooded("flooded"), str), Member(honest, str)])
    found = union.referrers(REPOSITORY, SUBJECT.digest)
    assert digest in {item.descriptor.digest for item in found.items}
    assert found.complete


class Counting(MemoryStore):
    """Counts what is asked of it."""

    fetched = 0

    def fetch(self, repository: str, descriptor: Descriptor) -> bytes:
        self.fetched += 1
        return super().fetch(repository, descriptor)


def union(*stores: Store) -> UnionStore:
    return UnionStore([Member(store, lambda repository: repository) for store in stores])


def filled(store: MemoryStore, *labels: str) -> MemoryStore:
    push(store, REPOSITORY, subject())
    for label in labels:
        attach(store, REPOSITORY, SUBJECT, label)
    return store


def digest(label: str) -> Digest:
    return referrer(SUBJECT, label).digest


def test_evidence_is_united_and_every_place_is_shown() -> None:
    both = union(filled(MemoryStore("mine"), "a", "b"), filled(MemoryStore("theirs"), "b", "c"))
    listing = both.referrers(REPOSITORY, SUBJECT.digest)
    assert {item.descriptor.digest: [place.store for place in item.places] for item in listing.items} == {
        digest("a"): ["mine"],
        digest("b"): ["mine", "theirs"],
        digest("c"): ["theirs"],
    }
    assert (listing.complete, listing.problems) == (True, ())


def test_each_store_has_its_own_repository_for_a_package() -> None:
    tree, shared = MemoryStore("tree"), MemoryStore("shared")
    push(tree, "mirror/npm/semver", subject())
    attach(tree, "mirror/npm/semver", SUBJECT, "a")
    push(shared, "everything", subject())
    attach(shared, "everything", SUBJECT, "b")
    both = UnionStore([Member(tree, lambda name: f"mirror/{name}"), Member(shared, lambda name: "everything")])
    assert listed(both, REPOSITORY, SUBJECT.digest) == {digest("a"), digest("b")}
    for label in ("a", "b"):
        manifest = referrer(SUBJECT, label)
        assert both.fetch(REPOSITORY, manifest.descriptor()) == manifest.raw


def test_the_first_is_written_and_no_other() -> None:
    first, second = MemoryStore("first"), MemoryStore("second")
    both = union(first, second)
    push(both, REPOSITORY, subject())
    both.tag(Reference(REPOSITORY, "v1"), SUBJECT)
    assert first.resolve(Reference(REPOSITORY, "v1")) == SUBJECT
    with pytest.raises(NotFound):
        second.resolve(Reference(REPOSITORY, digest=SUBJECT.digest))
    both.delete(REPOSITORY, SUBJECT.digest)
    with pytest.raises(NotFound):
        first.resolve(Reference(REPOSITORY, "v1"))


@pytest.mark.parametrize("down_first", [True, False])
def test_one_that_is_down_is_reported_and_hides_nothing(down_first: bool) -> None:
    good, down = filled(MemoryStore("good"), "a"), Down("far")
    both = union(down, good) if down_first else union(good, down)
    listing = both.referrers(REPOSITORY, SUBJECT.digest)
    assert [item.descriptor.digest for item in listing.items] == [digest("a")]
    assert (listing.complete, listing.problems) == (False, ("far: cannot connect",))
    assert both.fetch(REPOSITORY, listing.items[0].descriptor) == referrer(SUBJECT, "a").raw


def test_all_down_is_an_error_that_names_them() -> None:
    with pytest.raises(StoreUnavailable) as caught:
        union(Down("near"), Down("far")).referrers(REPOSITORY, SUBJECT.digest)
    assert str(caught.value) == "no store can be read: near: cannot connect; far: cannot connect"


def test_what_one_lacks_and_another_cannot_say_is_unavailable_not_absent() -> None:
    blob = Descriptor.of("text/plain", b"somewhere")
    with pytest.raises(StoreUnavailable, match="far: cannot connect"):
        union(filled(MemoryStore("near")), Down("far")).fetch(REPOSITORY, blob)
    with pytest.raises(NotFound):
        union(filled(MemoryStore("near")), filled(MemoryStore("also"))).fetch(REPOSITORY, blob)


TWISTS: dict[str, Callable[[Descriptor], Descriptor]] = {
    "size": lambda item: replace(item, size=item.size + 1),
    "huge": lambda item: replace(item, size=1 << 60),
    "media type": lambda item: replace(item, media_type="application/vnd.oci.image.index.v1+json"),
    "artifact type": lambda item: replace(item, artifact_type="text/lie"),
    "annotations": lambda item: replace(item, annotations={**item.annotations, "label": "a lie", "more": "lies"}),
    "nothing": lambda item: item,
}


@pytest.mark.parametrize("twist", TWISTS)
@pytest.mark.parametrize("liar_first", [True, False])
def test_a_store_that_lies_about_a_digest_hides_nothing_and_changes_nothing(twist: str, liar_first: bool) -> None:
    good, liar = filled(MemoryStore("good"), "a"), filled(Lying("liar", TWISTS[twist]), "a")
    both = union(liar, good) if liar_first else union(good, liar)
    (item,) = both.referrers(REPOSITORY, SUBJECT.digest).items
    assert item.descriptor == referrer(SUBJECT, "a").listing_descriptor()
    assert [place.store for place in item.places] == ["good", "liar"]
    assert both.fetch(REPOSITORY, item.descriptor) == referrer(SUBJECT, "a").raw


def test_content_that_is_damaged_everywhere_is_damaged() -> None:
    liar = filled(Lying("liar", lambda item: item), "a")
    with pytest.raises(DigestMismatch):
        union(liar, liar).fetch(REPOSITORY, referrer(SUBJECT, "a").descriptor())


def test_who_listed_it_is_asked_first() -> None:
    first, second = filled(Counting("first"), "a"), filled(Counting("second"), "b")
    assert isinstance(first, Counting)
    assert isinstance(second, Counting)
    both = union(first, second)
    for item in both.referrers(REPOSITORY, SUBJECT.digest).items:
        both.fetch(REPOSITORY, item.descriptor)
    assert (first.fetched, second.fetched) == (1, 1)


def test_a_tag_is_the_first_stores_and_tags_are_everybodys() -> None:
    first, second = filled(MemoryStore("first")), filled(MemoryStore("second"), "a")
    first.tag(Reference(REPOSITORY, "v1"), SUBJECT)
    second.tag(Reference(REPOSITORY, "v1"), referrer(SUBJECT, "a").descriptor())
    second.tag(Reference(REPOSITORY, "v2"), SUBJECT)
    both = union(first, second)
    assert both.resolve(Reference(REPOSITORY, "v1")) == SUBJECT
    assert both.resolve(Reference(REPOSITORY, "v2")) == SUBJECT
    assert list(both.tags(REPOSITORY)) == ["v1", "v2"]
    with pytest.raises(NotFound):
        both.tags("npm/other")


def test_all_are_closed_even_if_one_cannot_be() -> None:
    closed: list[str] = []

    class Closing(MemoryStore):
        def close(self) -> None:
            closed.append(self.name)
            raise StoreRefused("no space", where=self.name)

    with pytest.raises(StoreRefused, match="no space"):
        union(Closing("a"), Closing("b")).close()
    assert closed == ["a", "b"]


@given(st.lists(st.sets(st.sampled_from("abcde")), min_size=1, max_size=4))
def test_the_union_is_the_sets_union_in_any_order(holdings: list[set[str]]) -> None:
    stores = [filled(MemoryStore(str(number)), *labels) for number, labels in enumerate(holdings)]
    found = union(*stores).referrers(REPOSITORY, SUBJECT.digest).items
    assert {item.descriptor.digest for item in found} == {digest(label) for labels in holdings for label in labels}
    assert found == union(*reversed(stores)).referrers(REPOSITORY, SUBJECT.digest).items
    for label in set().union(*holdings):
        places = next(item.places for item in found if item.descriptor.digest == digest(label))
        assert places == tuple(Place(str(n), Where.API) for n, labels in enumerate(holdings) if label in labels)


# --- many reads at once ---


def test_results_come_in_order_and_work_overlaps() -> None:
    meeting = threading.Barrier(4, timeout=10)

    def work(number: int) -> int:
        meeting.wait()
        time.sleep((4 - number) * 0.005)
        return number * number

    assert list(in_parallel(work, [0, 1, 2, 3])) == [0, 1, 4, 9]


def test_no_pools_within_pools() -> None:
    def inner(_: int) -> int:
        return threading.get_ident()

    def outer(_: int) -> bool:
        return set(in_parallel(inner, [1, 2, 3])) == {threading.get_ident()}

    assert list(in_parallel(outer, [1, 2])) == [True, True]


def test_an_error_stands_in_its_place_and_ends_the_rest() -> None:
    begun = []

    def work(number: int) -> int:
        begun.append(number)
        if number == 1:
            raise StoreError("broken")
        time.sleep(0.01)
        return number

    results = in_parallel(work, range(WORKERS * 20))
    assert next(results) == 0
    with pytest.raises(StoreError, match="broken"):
        list(results)
    assert len(begun) < WORKERS * 20


def test_one_by_one_without_threads_for_one() -> None:
    assert list(in_parallel(lambda _: threading.get_ident(), [1])) == [threading.get_ident()]
    assert list(in_parallel(str, [])) == []


def test_a_layout_that_many_threads_list_is_read_once() -> None:
    """Else what each of them reads would count against the caps of one listing."""
    manifests = {f"blobs/sha256/{item.digest.encoded}": item.raw for item in map(subject, map(str, range(50)))}
    reads: list[str] = []

    class Blobs:
        def read(self, path: str, limit: int) -> bytes:
            reads.append(path)
            time.sleep(0.0005)
            return manifests[path]

        def size(self, path: str) -> int:
            return len(manifests[path])

        def blobs(self) -> frozenset[str]:
            return frozenset(manifests)

    index = LayoutIndex.parse(b'{"schemaVersion":2,"manifests":[]}', where="index.json")
    surveyor = Surveyor(Blobs())
    surveys = list(in_parallel(lambda _: surveyor.survey(index), range(16)))
    assert sorted(reads) == sorted(manifests)
    assert all(survey is surveys[0] for survey in surveys)
