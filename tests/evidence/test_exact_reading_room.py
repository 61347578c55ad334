"""How much is read of what a store lists: sizes that others claim, to the byte, and what is there twice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from attest import limits, names
from attest.evidence.attach import attach_bundle
from attest.evidence.collect import collect
from attest.evidence.model import Candidate, Check, Collection
from attest.evidence.reading import Outcome, Reader, Unread
from attest.evidence.signed import SignedDocument
from attest.oci.descriptor import EMPTY, Descriptor
from attest.oci.digest import Digest
from attest.oci.manifest import Manifest, write_image
from attest.stores.memory import MemoryStore
from attest.stores.protocol import Found, Place, Where
from tests.evidence.test_stages import attach_bom, layer, sign, simple_payload, tag
from tests.evidence_factory import NOW, SUBJECT, bundle_of, signed

REPOSITORY = "npm/left-pad"
ABOUT = SUBJECT.manifest.digest
BUNDLE = bundle_of(signed("release")).raw


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def attached(store: MemoryStore, kind: str = "a") -> Manifest:
    return attach_bundle(
        store, REPOSITORY, SUBJECT.manifest, BUNDLE, predicate_type=f"https://x.example/{kind}", created=NOW
    )


def listed(manifest: Manifest, size: int | None = None) -> Found:
    descriptor = manifest.listing_descriptor()
    claimed = descriptor if size is None else replace(descriptor, size=size)
    return Found(claimed, (Place("x", Where.API),))


def outcomes(store: MemoryStore, *found: Found) -> list[str]:
    """What came of each: why it was not read, or nothing."""
    read = Reader(store, REPOSITORY).read(found, about=ABOUT)
    (answers,) = zip(*(read[item.descriptor.digest] for item in found), strict=True)
    return [item.rejected.reason if isinstance(item, Unread) else "" for item in answers]


def test_a_manifest_may_be_as_large_as_the_limit(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = attached(store, "a"), attached(store, "b")
    size = len(one.raw)
    assert size == len(other.raw)
    monkeypatch.setattr(limits, "MANIFEST", size)
    assert outcomes(store, listed(one)) == [""]
    too_large = f"{size + 1} bytes, more than the limit of {size}"
    assert outcomes(store, listed(one, size + 1)) == [too_large]
    for room, expected in ((2 * size, ["", ""]), (2 * size - 1, ["", "not read: the manifests of what is attached"])):
        monkeypatch.setattr(limits, "EVIDENCE_MANIFESTS", room)
        found = outcomes(store, listed(one), listed(other))
        assert [reason[: len(wanted)] for reason, wanted in zip(found, expected, strict=True)] == expected
        assert found[0] == ""
    monkeypatch.setattr(limits, "EVIDENCE_MANIFESTS", size)  # what is too large takes no room, and is told so
    assert outcomes(store, listed(one, size + 1), listed(other)) == [too_large, ""]


class Lax(MemoryStore):
    """Holds manifests that name what is not there, or another size of it, as a registry may."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: dict[Digest, bytes] = {}

    def fetch(self, repository: str, descriptor: Descriptor) -> bytes:
        data = self.shown.get(descriptor.digest)
        if data is None:
            return super().fetch(repository, descriptor)
        descriptor.check(data)
        return data

    def read(self, kind: str, *layers: Descriptor) -> list[Outcome]:
        """What is read of a manifest with these layers."""
        manifest = write_image(artifact_type=kind, config=EMPTY, layers=layers, subject=SUBJECT.manifest)
        self.shown[manifest.digest] = manifest.raw
        return Reader(self, REPOSITORY).read([listed(manifest)], about=ABOUT)[manifest.digest]


def test_what_a_manifest_has_in_it_needs_not_be_stored() -> None:
    (outcome,) = Lax().read(names.BUNDLE_V03, Descriptor.of(names.BUNDLE_V03, BUNDLE, inline=True))
    assert isinstance(outcome, Candidate)
    assert outcome.signed is not None


def test_what_is_signed_twice_is_read_once_and_counted_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    store, payload = Lax(), simple_payload()
    first, second = layer(payload), layer(payload, by="security")
    store.shown[first.digest] = payload
    for total, number in ((limits.EVIDENCE_TOTAL, 2), (2 * len(payload), 2), (2 * len(payload) - 1, 0)):
        monkeypatch.setattr(limits, "EVIDENCE_TOTAL", total)
        for claimed in (len(payload), len(payload) + 1, limits.EVIDENCE_BLOB, limits.EVIDENCE_BLOB + 1):
            read = store.read("text/x", first, replace(second, size=claimed))
            assert sum(isinstance(item, Candidate) for item in read) == number


def test_there_may_be_as_many_signatures_as_the_limit(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    payload = simple_payload()
    tag(store, "sig", *((layer(payload, by=name), payload) for name in ("a", "b", "release")))
    for limit, complete in ((2, False), (3, True), (4, True)):
        monkeypatch.setattr(limits, "SIGNATURES", limit)
        found = collect(store, REPOSITORY, SUBJECT)
        assert (len(found.candidates), found.complete) == (min(limit, 3), complete)


def test_what_did_not_fit_leaves_its_room_to_a_document(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    bom = attach_bom(store)
    sign(store, bom)
    signature = bundle_of(signed("release", subject=replace(SUBJECT, manifest=bom.descriptor()))).raw
    room = len(signature) + bom.layers[0].size
    large = b"x" * (room + 1)
    attach_bundle(store, REPOSITORY, SUBJECT.manifest, large, predicate_type="https://x.example/v1", created=NOW)
    monkeypatch.setattr(limits, "EVIDENCE_TOTAL", room)
    found = collect(store, REPOSITORY, SUBJECT, documents=True)
    assert [type(item.signed) for item in found.candidates] == [SignedDocument]
    assert unread(found) == ["not read: there is more evidence than"]


def unread(found: Collection) -> list[str]:
    return [item.reason.partition(" 6")[0][:37] for item in found.rejected if item.check is Check.READ]
