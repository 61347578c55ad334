"""What every store promises (`attest.stores.protocol.Store`), over every kind of store in `factories.py`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from attest import names
from attest.errors import DigestMismatch, FormatError, NotFound, StoreRefused
from attest.oci.descriptor import EMPTY, EMPTY_BYTES, Descriptor
from attest.oci.digest import Digest
from attest.oci.manifest import write_image, write_index
from attest.oci.reference import Reference
from attest.stores.protocol import Store
from tests.stores.factories import FACTORIES, Factory, Opener
from tests.stores.graphs import NOTE_TYPE, SBOM_TYPE, as_sha512, attach, listed, push, referrer, subject

ABSENT = Digest.of(b"nothing has this content")
BLOB = "application/octet-stream"


class Box:
    """One store, opened anew between writing and reading, so that only what lasts is seen."""

    def __init__(self, factory: Factory, opener: Opener) -> None:
        self.repository = factory.repository
        self.other = factory.other
        self._opener = opener
        self.store = opener()

    def reopened(self) -> Store:
        self.store.close()
        self.store = self._opener()
        return self.store

    def tagged(self, tag: str) -> Reference:
        return Reference(self.repository, tag)

    def at(self, digest: Digest) -> Reference:
        return Reference(self.repository, digest=digest)


@pytest.fixture(params=FACTORIES, ids=lambda factory: factory.name)
def box(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Box]:
    _expect(request)
    with request.param.running(tmp_path) as opener:
        box = Box(request.param, opener)
        yield box
        box.store.close()


@pytest.fixture(params=[factory for factory in FACTORIES if factory.other], ids=lambda factory: factory.name)
def wide(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Box]:
    """A store with a second repository."""
    _expect(request)
    with request.param.running(tmp_path) as opener:
        box = Box(request.param, opener)
        yield box
        box.store.close()


def _expect(request: pytest.FixtureRequest) -> None:
    reason = request.param.cannot.get(request.function.__name__)
    if reason is not None:
        request.applymarker(pytest.mark.xfail(reason=reason, strict=True))


# --- content ---


@pytest.mark.parametrize("data", [b"", b"x", b"{}", bytes(range(256)) * 5000], ids=["empty", "one", "json", "large"])
@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_a_blob_comes_back_byte_for_byte(box: Box, data: bytes, algorithm: str) -> None:
    descriptor = Descriptor(BLOB, Digest.of(data, algorithm), len(data))
    box.store.push(box.repository, descriptor, data)
    assert box.store.fetch(box.repository, descriptor) == data
    assert box.reopened().fetch(box.repository, descriptor) == data


def test_a_push_with_the_wrong_digest_or_size_leaves_nothing(box: Box) -> None:
    right = Descriptor.of(BLOB, b"right")
    push(box.store, box.repository, subject())
    with pytest.raises(DigestMismatch):
        box.store.push(box.repository, right, b"wrong")
    with pytest.raises(DigestMismatch):
        box.store.push(box.repository, Descriptor(BLOB, right.digest, 6), b"right")
    with pytest.raises(NotFound):
        box.reopened().fetch(box.repository, right)


def test_a_fetch_checks_the_size_that_is_asked_for(box: Box) -> None:
    blob = Descriptor.of(BLOB, b"content")
    box.store.push(box.repository, blob, b"content")
    store = box.reopened()
    for size in (0, 6, 8):
        with pytest.raises(DigestMismatch):
            store.fetch(box.repository, Descriptor(BLOB, blob.digest, size))


def test_a_digest_that_cannot_be_computed_is_refused(box: Box) -> None:
    with pytest.raises(FormatError):
        box.store.push(box.repository, Descriptor(BLOB, Digest.parse("blake3:" + "0" * 64), 1), b"x")


def test_unknown_content_is_not_found(box: Box) -> None:
    push(box.store, box.repository, subject())
    store = box.reopened()
    with pytest.raises(NotFound):
        store.fetch(box.repository, Descriptor(BLOB, ABSENT, 24))
    with pytest.raises(NotFound):
        store.resolve(box.at(ABSENT))
    with pytest.raises(NotFound):
        store.resolve(box.tagged("absent"))
    with pytest.raises(NotFound):
        store.resolve(Reference(box.repository))
    with pytest.raises(NotFound):
        store.tag(box.tagged("v1"), Descriptor(names.OCI_MANIFEST, ABSENT, 24))
    with pytest.raises(NotFound):
        store.delete(box.repository, ABSENT)


def test_nothing_is_in_a_repository_that_does_not_exist(box: Box) -> None:
    assert listed(box.store, box.repository, ABSENT) == set()
    with pytest.raises(NotFound):
        list(box.store.tags(box.repository))
    with pytest.raises(NotFound):
        box.store.resolve(box.tagged("v1"))
    with pytest.raises(NotFound):
        box.store.delete(box.repository, ABSENT)


# --- manifests ---


def test_a_manifest_resolves_by_digest(box: Box) -> None:
    manifest = subject()
    push(box.store, box.repository, manifest)
    store = box.reopened()
    assert store.resolve(box.at(manifest.digest)) == manifest.descriptor()
    assert store.fetch(box.repository, manifest.descriptor()) == manifest.raw


def test_a_blob_does_not_resolve(box: Box) -> None:
    push(box.store, box.repository, subject())
    with pytest.raises(NotFound):
        box.reopened().resolve(box.at(EMPTY.digest))


def test_a_manifest_comes_after_what_it_names(box: Box) -> None:
    manifest = referrer(subject().descriptor())
    with pytest.raises(StoreRefused):
        box.store.push(box.repository, manifest.descriptor(), manifest.raw)
    box.store.push(box.repository, EMPTY, EMPTY_BYTES)
    with pytest.raises(StoreRefused):
        box.store.push(box.repository, manifest.descriptor(), manifest.raw)
    index = write_index([manifest.descriptor()])
    with pytest.raises(StoreRefused):
        box.store.push(box.repository, index.descriptor(), index.raw)
    with pytest.raises(NotFound):
        box.reopened().resolve(box.at(manifest.digest))


def test_bytes_that_are_no_manifest_are_not_taken_for_one(box: Box) -> None:
    for raw in (b"", b"[]", b'{"schemaVersion":1}', b'{"schemaVersion":2,"schemaVersion":2}'):
        with pytest.raises(FormatError):
            box.store.push(box.repository, Descriptor.of(names.OCI_MANIFEST, raw), raw)
    with pytest.raises(FormatError):
        box.store.push(box.repository, Descriptor.of(names.OCI_INDEX, subject().raw), subject().raw)


def test_an_index_and_its_members(box: Box) -> None:
    member = push(box.store, box.repository, subject())
    index = write_index([member])
    box.store.push(box.repository, index.descriptor(), index.raw)
    store = box.reopened()
    assert store.resolve(box.at(index.digest)) == index.descriptor()
    assert store.resolve(box.at(member.digest)) == member


def test_pushing_again_is_harmless(box: Box) -> None:
    of = push(box.store, box.repository, subject())
    box.store.tag(box.tagged("v1"), of)
    first = attach(box.store, box.repository, of)
    store = box.reopened()
    push(store, box.repository, subject())
    attach(store, box.repository, of)
    store = box.reopened()
    assert listed(store, box.repository, of.digest) == {first.digest}
    assert store.resolve(box.tagged("v1")) == of
    assert list(store.tags(box.repository)) == ["v1"]


def test_the_same_content_in_two_repositories(wide: Box) -> None:
    assert wide.other is not None
    blob = Descriptor.of(BLOB, b"shared")
    wide.store.push(wide.repository, blob, b"shared")
    of = push(wide.store, wide.repository, subject())
    push(wide.store, wide.other, subject())
    attach(wide.store, wide.repository, of)
    store = wide.reopened()
    with pytest.raises(NotFound):
        store.fetch(wide.other, blob)
    assert listed(store, wide.other, of.digest) == set()
    store.push(wide.other, blob, b"shared")
    store.delete(wide.repository, of.digest)
    store = wide.reopened()
    assert store.resolve(Reference(wide.other, digest=of.digest)) == of
    assert store.fetch(wide.other, blob) == b"shared"


# --- referrers ---


def test_referrers_are_listed_with_type_and_annotations(box: Box) -> None:
    of = push(box.store, box.repository, subject())
    attach(box.store, box.repository, of, "one")
    attach(box.store, box.repository, of, "two", NOTE_TYPE)
    listing = box.reopened().referrers(box.repository, of.digest)
    assert listing.complete
    assert listing.problems == ()
    assert [item.descriptor.digest for item in listing.items] == sorted(
        item.descriptor.digest for item in listing.items
    )
    expected = [referrer(of, "one").listing_descriptor(), referrer(of, "two", NOTE_TYPE).listing_descriptor()]
    assert [item.descriptor for item in listing.items] == sorted(expected, key=lambda item: item.digest)
    assert all(item.places and {place.store for place in item.places} == {box.store.name} for item in listing.items)


def test_the_artifact_type_filter(box: Box) -> None:
    of = push(box.store, box.repository, subject())
    sbom = attach(box.store, box.repository, of, "one")
    note = attach(box.store, box.repository, of, "two", NOTE_TYPE)
    store = box.reopened()
    for artifact_type, expected in ((SBOM_TYPE, [sbom]), (NOTE_TYPE, [note]), ("text/html", []), ("", [])):
        listing = store.referrers(box.repository, of.digest, artifact_type=artifact_type)
        assert listing.complete
        assert [item.descriptor.digest for item in listing.items] == [item.digest for item in expected]


def test_the_config_type_stands_for_a_missing_artifact_type(box: Box) -> None:
    of = push(box.store, box.repository, subject())
    manifest = referrer(of)
    raw = manifest.raw.replace(b'"artifactType":"application/vnd.cyclonedx+json",', b"")
    assert raw != manifest.raw
    box.store.push(box.repository, manifest.layers[0], b"referrer")
    box.store.push(box.repository, Descriptor.of(names.OCI_MANIFEST, raw), raw)
    (found,) = box.reopened().referrers(box.repository, of.digest, artifact_type=names.OCI_EMPTY).items
    assert found.descriptor.digest == Digest.of(raw)


def test_a_subject_may_be_absent_and_come_later(box: Box) -> None:
    of = subject()
    early = attach(box.store, box.repository, of.descriptor(), "early")
    store = box.reopened()
    assert listed(store, box.repository, of.digest) == {early.digest}
    push(store, box.repository, of)
    late = attach(store, box.repository, of.descriptor(), "late")
    assert listed(box.reopened(), box.repository, of.digest) == {early.digest, late.digest}


def test_referrers_of_referrers(box: Box) -> None:
    of = push(box.store, box.repository, subject())
    sbom = attach(box.store, box.repository, of, "sbom")
    signature = attach(box.store, box.repository, sbom, "signature", NOTE_TYPE)
    store = box.reopened()
    assert listed(store, box.repository, of.digest) == {sbom.digest}
    assert listed(store, box.repository, sbom.digest) == {signature.digest}
    assert listed(store, box.repository, signature.digest) == set()


def test_an_unknown_subject_has_no_referrers(box: Box) -> None:
    of = push(box.store, box.repository, subject())
    attach(box.store, box.repository, of)
    assert listed(box.reopened(), box.repository, ABSENT) == set()


def test_an_index_refers_too(box: Box) -> None:
    of = push(box.store, box.repository, subject())
    index = write_index([of])
    raw = index.raw[:-1] + b',"subject":' + _json(of) + b"}"
    box.store.push(box.repository, Descriptor.of(names.OCI_INDEX, raw), raw)
    (found,) = box.reopened().referrers(box.repository, of.digest).items
    assert found.descriptor.media_type == names.OCI_INDEX
    assert found.descriptor.artifact_type is None


def test_subjects_and_manifests_named_by_sha512(box: Box) -> None:
    manifest = subject()
    box.store.push(box.repository, EMPTY, EMPTY_BYTES)
    box.store.push(box.repository, as_sha512(manifest), manifest.raw)
    of = as_sha512(manifest)
    first = attach(box.store, box.repository, of, "one")
    second = referrer(of, "two")
    box.store.push(box.repository, second.layers[0], b"two")
    box.store.push(box.repository, as_sha512(second), second.raw)
    store = box.reopened()
    assert store.resolve(box.at(of.digest)) == of
    assert listed(store, box.repository, of.digest) == {first.digest, as_sha512(second).digest}


def test_many_referrers(box: Box) -> None:
    of = push(box.store, box.repository, subject())
    expected = {attach(box.store, box.repository, of, str(number)).digest for number in range(40)}
    assert listed(box.reopened(), box.repository, of.digest) == expected


# --- tags ---


def test_tags_are_sorted_and_fallback_tags_left_out(box: Box) -> None:
    of = push(box.store, box.repository, subject())
    attach(box.store, box.repository, of)
    cosign_tag = f"sha256-{of.digest.encoded}.sig"
    for tag in ("b", "a", "B", "1.0.0", cosign_tag, "sha256-x"):
        box.store.tag(box.tagged(tag), of)
    assert list(box.reopened().tags(box.repository)) == ["1.0.0", "B", "a", "b", cosign_tag, "sha256-x"]


def test_a_tag_moves(box: Box) -> None:
    old, new = (push(box.store, box.repository, subject(label)) for label in ("old", "new"))
    box.store.tag(box.tagged("latest"), old)
    box.store.tag(box.tagged("keep"), old)
    box.store.tag(box.tagged("latest"), new)
    store = box.reopened()
    assert store.resolve(box.tagged("latest")) == new
    assert store.resolve(box.tagged("keep")) == old
    assert store.resolve(box.at(old.digest)) == old
    assert list(store.tags(box.repository)) == ["keep", "latest"]


def test_the_digest_of_a_reference_decides(box: Box) -> None:
    old, new = (push(box.store, box.repository, subject(label)) for label in ("old", "new"))
    box.store.tag(box.tagged("latest"), new)
    assert box.reopened().resolve(Reference(box.repository, "latest", old.digest)) == old


# --- delete ---


def test_a_deleted_referrer_is_gone_with_its_tags(box: Box) -> None:
    of = push(box.store, box.repository, subject())
    gone, kept = (attach(box.store, box.repository, of, label) for label in ("gone", "kept"))
    for tag, descriptor in (("gone", gone), ("gone-too", gone), ("kept", kept)):
        box.store.tag(box.tagged(tag), descriptor)
    box.reopened().delete(box.repository, gone.digest)
    store = box.reopened()
    assert listed(store, box.repository, of.digest) == {kept.digest}
    assert list(store.tags(box.repository)) == ["kept"]
    with pytest.raises(NotFound):
        store.resolve(box.at(gone.digest))
    with pytest.raises(NotFound):
        store.delete(box.repository, gone.digest)
    store.delete(box.repository, kept.digest)
    assert listed(box.reopened(), box.repository, of.digest) == set()


def test_referrers_outlive_their_subject(box: Box) -> None:
    of = push(box.store, box.repository, subject())
    kept = attach(box.store, box.repository, of)
    box.reopened().delete(box.repository, of.digest)
    store = box.reopened()
    assert listed(store, box.repository, of.digest) == {kept.digest}
    push(store, box.repository, subject())
    assert listed(box.reopened(), box.repository, of.digest) == {kept.digest}


def test_what_was_deleted_can_come_back(box: Box) -> None:
    of = push(box.store, box.repository, subject())
    again = attach(box.store, box.repository, of)
    box.reopened().delete(box.repository, again.digest)
    attach(box.reopened(), box.repository, of)
    assert listed(box.reopened(), box.repository, of.digest) == {again.digest}


def _json(descriptor: Descriptor) -> bytes:
    holder = write_image(artifact_type="a/b", config=EMPTY, layers=[], subject=descriptor)
    return holder.raw.partition(b'"subject":')[2].removesuffix(b"}")
