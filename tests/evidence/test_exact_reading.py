"""What is read and what is not: up to which byte, why not, and what may then be missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from attest import limits, names
from attest.errors import AttestError, DigestMismatch, NotFound, StoreUnavailable
from attest.evidence.attach import attach_bundle, attach_document
from attest.evidence.collect import collect, stages
from attest.evidence.model import Candidate, Check, Collection, Rejected
from attest.evidence.reading import Reader
from attest.evidence.seal import read_seals, store_seals
from attest.evidence.signed import SignedDocument
from attest.evidence.trust import Trust
from attest.oci.descriptor import EMPTY, Descriptor
from attest.oci.digest import Digest
from attest.oci.manifest import Manifest, write_image
from attest.oci.reference import Reference
from attest.stores.memory import MemoryStore
from attest.stores.protocol import Found, Place, Referrers, Where
from tests.evidence.test_stages import TwoWays, attach_bom, layer, sign, simple_payload, tag
from tests.evidence_factory import CYCLONEDX, NOW, SUBJECT, bundle_of, identity, signed

REPOSITORY = "npm/left-pad"
ROOM: tuple[tuple[int, list[int]], ...] = (
    (6000, []),
    (5999, [3000]),
    (3000, [3000]),
    (2999, [3000, 2000]),
    (99, [3000, 2000, 900, 100]),
)


class Troubled(MemoryStore):
    """A store that fails where it is told to, and lists as it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.fails: dict[Digest, AttestError] = {}
        self.lists: dict[Digest, Referrers] = {}
        self.annotates: Mapping[str, str] | None = None

    def fetch(self, repository: str, descriptor: Descriptor) -> bytes:
        if descriptor.digest in self.fails:
            raise self.fails[descriptor.digest]
        return super().fetch(repository, descriptor)

    def referrers(self, repository: str, subject: Digest, *, artifact_type: str | None = None) -> Referrers:
        found = self.lists.get(subject) or super().referrers(repository, subject, artifact_type=artifact_type)
        if self.annotates is None:
            return found
        items = tuple(
            replace(item, descriptor=replace(item.descriptor, annotations=self.annotates)) for item in found.items
        )
        return replace(found, items=items)


@pytest.fixture
def store() -> Troubled:
    return Troubled()


def attached(store: MemoryStore, size: int, *, number: int = 0, media_type: str = names.BUNDLE_V03) -> Manifest:
    """Evidence of exactly ``size`` bytes, which is no bundle."""
    data = str(number).encode().ljust(size)
    return attach_bundle(store, REPOSITORY, SUBJECT.manifest, data, predicate_type="https://x.example/v1", created=NOW)


def reasons(found: Collection) -> dict[Digest, tuple[Check, str]]:
    return {item.digest: (item.check, item.reason) for item in found.rejected}


def test_a_bundle_may_be_as_large_as_the_limit(store: Troubled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "EVIDENCE_BLOB", 3000)
    monkeypatch.setattr(limits, "INLINE_DATA", 10)
    fits, over = attached(store, 3000), attached(store, 3001)
    found = collect(store, REPOSITORY, SUBJECT)
    assert reasons(found)[over.digest] == (Check.READ, "3001 bytes, more than the limit of 3000")
    assert reasons(found)[fits.digest][0] is Check.FORM
    assert found.complete


def test_all_evidence_together_may_be_as_large_as_the_limit(store: Troubled, monkeypatch: pytest.MonkeyPatch) -> None:
    """The smallest are read first, and what is refused for its size takes no room."""
    monkeypatch.setattr(limits, "EVIDENCE_BLOB", 5000)
    monkeypatch.setattr(limits, "INLINE_DATA", 10)
    sizes = (3000, 100, 5001, 2000, 900)
    made = {size: attached(store, size, number=size).digest for size in sizes}
    for total, unread in (
        (6000, []),
        (5999, [3000]),
        (3000, [3000]),
        (2999, [3000, 2000]),
        (99, [3000, 2000, 900, 100]),
    ):
        monkeypatch.setattr(limits, "EVIDENCE_TOTAL", total)
        found = collect(store, REPOSITORY, SUBJECT)
        checks = {size: reasons(found)[made[size]][0] for size in sizes}
        assert [size for size in sizes if checks[size] is Check.READ and size != 5001] == [
            size for size in sizes if size in unread
        ]
        assert found.complete is not bool(unread)
        assert len(found.problems) == len(unread)


def test_a_signed_document_takes_room_too(store: Troubled, monkeypatch: pytest.MonkeyPatch) -> None:
    bom = attach_bom(store, {**CYCLONEDX, "padding": "x" * 10_000})
    sign(store, bom)
    size = bom.layers[0].size
    (signature,) = collect(store, REPOSITORY, SUBJECT, documents=True).candidates
    assert isinstance(signature.signed, SignedDocument)
    bundle = bundle_of(signed("release", subject=replace(SUBJECT, manifest=bom.descriptor()))).raw
    for total, fits in ((len(bundle) + size, True), (len(bundle) + size - 1, False)):
        monkeypatch.setattr(limits, "EVIDENCE_TOTAL", total)
        found = collect(store, REPOSITORY, SUBJECT, documents=True)
        assert (len(found.candidates), found.complete, len(found.rejected)) == (int(fits), fits, 1 - int(fits))
    for total, blob, complete in (
        (size, size, False),
        (size, size - 1, True),
        (1 << 20, size - 1, True),
    ):
        monkeypatch.setattr(limits, "EVIDENCE_TOTAL", total)
        monkeypatch.setattr(limits, "EVIDENCE_BLOB", blob)
        found = collect(store, REPOSITORY, SUBJECT, documents=True)
        (rejected,) = found.rejected
        assert found.complete is complete
        assert rejected.reason.startswith("not read: " if not complete else f"{size} bytes, more than the limit")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (DigestMismatch("another file"), "another file"),
        (NotFound("no such content"), "listed but not there: no such content"),
        (StoreUnavailable("no answer"), "no answer"),
    ],
)
@pytest.mark.parametrize("part", ["manifest", "bundle"])
def test_what_cannot_be_read_hides_nothing(
    store: Troubled, monkeypatch: pytest.MonkeyPatch, error: AttestError, reason: str, part: str
) -> None:
    """It may be a withdrawal: whoever lists it and does not show it leaves doubt."""
    monkeypatch.setattr(limits, "INLINE_DATA", 10)
    bad = attached(store, 500)
    sign(store)
    store.fails[bad.digest if part == "manifest" else bad.layers[0].digest] = error
    found = collect(store, REPOSITORY, SUBJECT)
    assert len(found.candidates) == 1
    assert [(item.digest, item.check, item.reason, item.claims) for item in found.rejected] == [
        (bad.digest, Check.READ, reason, "https://x.example/v1")
    ]
    assert (found.complete, found.problems) == (False, (f"{bad.digest}: {reason}",))


@pytest.mark.parametrize(
    ("annotations", "claims"),
    [({names.ANNOTATION_BUNDLE_PREDICATE: "https://y.example/v1"}, "https://y.example/v1"), ({}, names.BUNDLE_V03)],
)
def test_what_cannot_be_read_is_called_as_it_is_listed(
    store: Troubled, annotations: Mapping[str, str], claims: str
) -> None:
    bad = attached(store, 10)
    store.fails[bad.digest] = NotFound("gone")
    store.annotates = annotations
    assert [item.claims for item in collect(store, REPOSITORY, SUBJECT).rejected] == [claims]


def found_of(manifest: Manifest, where: Where = Where.API) -> Found:
    return Found(manifest.listing_descriptor(), (Place("memory", where),))


def test_what_refers_to_something_else_is_refused_unless_a_tag_of_cosign_names_it(store: Troubled) -> None:
    elsewhere = Descriptor(names.OCI_MANIFEST, Digest.of(b"another"), 7)
    bundle = bundle_of(signed("release")).raw
    made = attach_bundle(store, REPOSITORY, elsewhere, bundle, predicate_type="x", created=NOW)
    for places, fits in (((Where.API,), False), ((Where.COSIGN_TAG,), True), ((Where.API, Where.COSIGN_TAG), True)):
        item = replace(found_of(made), places=tuple(Place("memory", where) for where in places))
        ((outcome,),) = Reader(store, REPOSITORY).read([item], about=SUBJECT.manifest.digest).values()
        assert isinstance(outcome, Candidate if fits else Rejected)
        if isinstance(outcome, Rejected):
            assert (outcome.check, outcome.reason) == (
                Check.FORM,
                f"the manifest has another subject: {elsewhere.digest}",
            )


def test_an_answer_says_how_whole_it_is(store: Troubled) -> None:
    sign(store)
    anchor = SUBJECT.manifest.digest
    listed = store.referrers(REPOSITORY, anchor)
    store.lists[anchor] = replace(listed, complete=False, problems=("page 2 failed", "page 2 failed"), listed_at=NOW)
    for found in stages(store, REPOSITORY, SUBJECT):
        assert (found.complete, found.problems, found.listed_at) == (False, ("page 2 failed",), NOW)
        assert len(found.candidates) == 1


class Twice(Troubled):
    """Its second way was asked at another time."""

    times: tuple[datetime, datetime] = (NOW, NOW)

    def listings(self, repository: str, subject: Digest) -> Iterable[Referrers]:
        first, second = self.times
        yield Referrers((), True, first)
        yield replace(super().referrers(repository, subject), listed_at=second)


@pytest.mark.parametrize("hours", [(0, 1), (1, 0)])
def test_it_was_listed_when_it_was_first_asked(hours: tuple[int, int]) -> None:
    store = Twice()
    sign(store)
    one, other = (NOW + timedelta(hours=number) for number in hours)
    store.times = one, other
    assert collect(store, REPOSITORY, SUBJECT).listed_at == NOW


def test_signatures_over_documents_are_asked_for_where_they_are_wanted(store: Troubled) -> None:
    bom = attach_bom(store)
    sign(store, bom)
    assert [item.signed for item in collect(store, REPOSITORY, SUBJECT).candidates] == [None]
    found = collect(store, REPOSITORY, SUBJECT, documents=True)
    assert [type(item.signed) for item in found.candidates] == [SignedDocument]
    assert len(found.over) == 1
    first, last = stages(store, REPOSITORY, SUBJECT)
    assert (len(first.over), last.over) == (0, found.over)


def test_what_lists_the_signatures_of_a_document_may_fail(store: Troubled) -> None:
    bom = attach_bom(store)
    sign(store, bom)
    (listed,) = store.referrers(REPOSITORY, bom.digest).items
    honest = store.referrers(REPOSITORY, bom.digest)
    store.lists[bom.digest] = replace(honest, complete=False, problems=("cut",))
    found = collect(store, REPOSITORY, SUBJECT, documents=True)
    assert (found.complete, found.problems, len(found.over)) == (False, ("cut",), 1)
    del store.lists[bom.digest]
    store.fails[listed.descriptor.digest] = StoreUnavailable("no answer")
    found = collect(store, REPOSITORY, SUBJECT, documents=True)
    assert (found.complete, found.problems, found.over) == (
        False,
        (f"{listed.descriptor.digest}: no answer",),
        frozenset(),
    )
    assert [item.signed for item in found.candidates] == [None]
    store.fails[listed.descriptor.digest] = NotFound("gone")
    found = collect(store, REPOSITORY, SUBJECT, documents=True)
    assert (found.complete, found.over) == (False, frozenset())


def test_a_signature_that_is_refused_for_its_form_is_sealed_with_the_document(store: Troubled) -> None:
    bom = attach_bom(store)
    broken = attach_bundle(store, REPOSITORY, bom.descriptor(), b"{}", predicate_type="x", created=NOW)
    found = collect(store, REPOSITORY, SUBJECT, documents=True)
    assert found.over == {broken.digest}
    assert [item.signed for item in found.candidates] == [None]


def test_what_is_no_document_is_asked_nothing_about(store: Troubled) -> None:
    """Anchors hold nothing, and what is signed itself needs no signature over it."""
    empty = write_image(artifact_type="text/x", config=EMPTY, layers=[EMPTY], subject=SUBJECT.manifest)
    parts = [Descriptor.of("text/x", text) for text in (b"a", b"b")]
    several = write_image(artifact_type="text/x", config=EMPTY, layers=parts, subject=SUBJECT.manifest)
    for part, data in zip((*parts, EMPTY), (b"a", b"b", b"{}"), strict=True):
        store.push(REPOSITORY, part, data)
    for manifest in (empty, several):
        store.push(REPOSITORY, manifest.descriptor(), manifest.raw)
    sign(store)
    attach_bom(store)
    asked: list[Digest] = []
    referrers = store.referrers
    bom = attach_document(
        store, REPOSITORY, SUBJECT.manifest, b"{}", media_type=names.CYCLONEDX_JSON, title="x", created=NOW
    )

    class Noting(MemoryStore):
        def referrers(self, repository: str, subject: Digest, *, artifact_type: str | None = None) -> Referrers:
            asked.append(subject)
            return referrers(repository, subject, artifact_type=artifact_type)

    noting = Noting()
    noting._repositories = store._repositories
    collect(noting, REPOSITORY, SUBJECT, documents=True)
    assert SUBJECT.manifest.digest in asked
    assert len(asked) == 3
    assert bom.digest in asked


def test_a_stores_seals_may_be_there_and_not_to_be_read(store: Troubled) -> None:
    assert read_seals(store, REPOSITORY, Trust((identity("x"),)), now=NOW).problems == ()
    found = store_seals(store, REPOSITORY)
    assert (found.complete, found.problems, found.whole, found.candidates) == (True, (), True, ())
    anchor = found.subject.manifest
    made = attach_bundle(store, REPOSITORY, anchor, bundle_of(signed("release")).raw, predicate_type="x", created=NOW)
    store.fails[made.digest] = StoreUnavailable("no answer")
    found = store_seals(store, REPOSITORY)
    assert (found.complete, found.problems) == (False, (f"{made.digest}: no answer",))
    store.fails.clear()
    honest = store.referrers(REPOSITORY, anchor.digest)
    store.lists[anchor.digest] = replace(honest, complete=False, problems=("cut",))
    found = store_seals(store, REPOSITORY)
    assert (found.complete, found.problems, len(found.candidates)) == (False, ("cut",), 1)


def test_a_tag_that_turns_up_later_helps_what_was_refused(store: Troubled) -> None:
    """The API lists what has another subject; only the second stage knows that a tag of cosign names it."""
    elsewhere = Descriptor(names.OCI_MANIFEST, Digest.of(b"another"), 7)
    made = attach_bundle(
        store, REPOSITORY, elsewhere, bundle_of(signed("release")).raw, predicate_type="x", created=NOW
    )
    anchor = SUBJECT.manifest.digest
    store.lists[anchor] = Referrers((found_of(made),), True, NOW)
    store.tag(Reference(REPOSITORY, f"sha256-{anchor.encoded}.att"), made.descriptor())
    first, last = stages(store, REPOSITORY, SUBJECT)
    assert ([item.check for item in first.rejected], first.candidates) == ([Check.FORM], ())
    (found,) = last.candidates
    assert (last.rejected, [place.where for place in found.found.places]) == ((), [Where.API, Where.COSIGN_TAG])


def test_a_document_that_is_listed_later_is_signed_too() -> None:
    store = TwoWays()
    bom = attach_bom(store)
    sign(store, bom)
    found = collect(store, REPOSITORY, SUBJECT, documents=True)
    assert [type(item.signed) for item in found.candidates] == [SignedDocument]
    assert len(found.over) == 1


def test_as_many_documents_as_the_limit(store: Troubled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SIGNED_DOCUMENTS", 3)
    for number in range(4):
        assert collect(store, REPOSITORY, SUBJECT, documents=True).complete
        attach_bom(store, {**CYCLONEDX, "version": number})
    assert not collect(store, REPOSITORY, SUBJECT, documents=True).complete
    assert collect(store, REPOSITORY, SUBJECT).complete


def test_of_many_signatures_in_one_manifest_all_must_be_read(store: Troubled) -> None:
    bom = attach_bom(store)
    one, other = simple_payload(bom.digest), simple_payload(bom.digest, more="x")
    tag(store, "sig", (layer(one), one), (layer(other), other), about=bom.digest)
    assert len(collect(store, REPOSITORY, SUBJECT, documents=True).over) == 1
    store.fails[Digest.of(other)] = StoreUnavailable("no answer")
    found = collect(store, REPOSITORY, SUBJECT, documents=True)
    assert (found.over, found.complete) == (frozenset(), False)
    assert [type(item.signed) for item in found.candidates] == [SignedDocument]


class Counting(Troubled):
    """Counts how often each is fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: Counter[Digest] = Counter()

    def fetch(self, repository: str, descriptor: Descriptor) -> bytes:
        self.fetched[descriptor.digest] += 1
        return super().fetch(repository, descriptor)


def test_what_is_listed_and_tagged_is_read_once() -> None:
    """But for what was refused for its form, since a tag may explain it."""
    store = Counting()
    payload = simple_payload()
    good, bad = layer(payload), replace(layer(payload + b" "), annotations={})
    tag(store, "sig", (good, payload), (bad, payload + b" "))
    reference = Reference(REPOSITORY, f"sha256-{SUBJECT.manifest.digest.encoded}.sig")
    tagged = store.resolve(reference).digest
    manifest = Manifest.parse(store.fetch(REPOSITORY, store.resolve(reference)))
    store.lists[SUBJECT.manifest.digest] = Referrers((found_of(manifest),), True, NOW)
    for error in (None, NotFound("gone"), StoreUnavailable("no answer")):
        store.fetched.clear()
        if error is not None:
            store.fails[tagged] = error
        found = collect(store, REPOSITORY, SUBJECT)
        assert len(found.candidates) == (error is None)
        assert {place.where for item in found.rejected for place in item.found.places} == {Where.API, Where.COSIGN_TAG}
        assert store.fetched[tagged] == 1
