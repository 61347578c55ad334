"""Collecting evidence from stores that are hostile or broken: bounded, and nothing bad hides anything good."""

from __future__ import annotations

import base64
import json
import time
import tracemalloc
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from attest import limits, names
from attest.evidence.attach import attach_bundle, push_anchor
from attest.evidence.collect import collect
from attest.evidence.trust import Trust
from attest.evidence.verify import EvidenceSet, verify
from attest.oci.descriptor import EMPTY, Descriptor
from attest.oci.digest import Digest
from attest.oci.manifest import write_image
from attest.oci.reference import Reference
from attest.stores.memory import MemoryStore
from attest.stores.protocol import Found, Place, Referrers, Where
from tests.evidence_factory import DIGEST, NOW, PURL, SUBJECT, bundle_of, identity, signed

REPOSITORY = "npm/left-pad"


@pytest.fixture
def store() -> MemoryStore:
    """One good signature, attached."""
    store = MemoryStore()
    anchor = push_anchor(store, REPOSITORY, "1.3.0", PURL, DIGEST)
    bundle = bundle_of(signed("release"))
    attach_bundle(
        store, REPOSITORY, anchor, bundle.raw, predicate_type=names.PREDICATE_COSIGN_SIGN, created=datetime.now(UTC)
    )
    return store


def judged(store: MemoryStore) -> EvidenceSet:
    return verify(collect(store, REPOSITORY, SUBJECT), Trust((identity("release"),)), now=NOW)


def refer(store: MemoryStore, layer: bytes, *, times: int = 1, media_type: str = names.BUNDLE_V03) -> None:
    """Attach ``layer`` ``times`` times, by as many manifests."""
    described = Descriptor.of(media_type, layer)
    store.push(REPOSITORY, described, layer)
    for number in range(times):
        manifest = write_image(
            artifact_type=media_type,
            config=EMPTY,
            layers=[described],
            subject=SUBJECT.manifest,
            annotations={"number": str(number)},
        )
        store.push(REPOSITORY, manifest.descriptor(), manifest.raw)


@pytest.mark.parametrize("what", ["no bundle", "by a stranger"])
def test_ten_thousand_pieces_of_garbage_around_one_signature(store: MemoryStore, what: str) -> None:
    refer(store, b"garbage" if what == "no bundle" else bundle_of(signed("stranger")).raw, times=10_000)
    began = time.process_time()
    tracemalloc.start()
    try:
        found = judged(store)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (len(found.verified), len(found.rejected), found.complete) == (1, 10_000, True)
    assert most < 20_000 * 10_000  # bytes for each of them
    assert time.process_time() - began < 60  # it takes about 6 while memory is traced, 2 else


class Lister(MemoryStore):
    """Lists as it likes: with another media type, and manifests of other subjects too."""

    def __init__(self, honest: MemoryStore, media_type: str | None = None, more: Iterable[Found] = ()) -> None:
        self.__dict__ = honest.__dict__
        self._media_type = media_type
        self._more = tuple(more)

    def referrers(self, repository: str, subject: Digest, *, artifact_type: str | None = None) -> Referrers:
        listing = super().referrers(repository, subject, artifact_type=artifact_type)
        if self._media_type is None:
            return replace(listing, items=(*listing.items, *self._more))
        other = self._media_type
        items = (replace(item, descriptor=replace(item.descriptor, media_type=other)) for item in listing.items)
        return replace(listing, items=tuple(items))


@pytest.mark.parametrize("media_type", [names.OCI_INDEX, names.DOCKER_MANIFEST, "text/plain"])
def test_what_a_lister_calls_a_manifest_makes_it_no_worse(store: MemoryStore, media_type: str) -> None:
    """Else a revocation that is sealed would have been shown, and would not count."""
    assert len(judged(Lister(store, media_type)).verified) == 1


def test_a_tag_of_cosign_names_the_same_where_somebody_lists_it_too(store: MemoryStore) -> None:
    layer = bundle_of(signed("release", note="tagged")).raw
    described = Descriptor.of(names.BUNDLE_V03, layer)
    manifest = write_image(artifact_type=names.BUNDLE_V03, config=EMPTY, layers=[described])
    store.push(REPOSITORY, described, layer)
    store.push(REPOSITORY, manifest.descriptor(), manifest.raw)
    tag = f"sha256-{SUBJECT.manifest.digest.encoded}.att"
    store.tag(Reference(REPOSITORY, tag=tag), manifest.descriptor())
    assert len(judged(store).verified) == 2
    listed = Found(manifest.listing_descriptor(), (Place("memory", Where.API),))
    assert len(judged(Lister(store, more=[listed])).verified) == 2
    other = MemoryStore()
    push_anchor(other, REPOSITORY, "1.3.0", PURL, DIGEST)
    for descriptor, data in ((described, layer), (manifest.descriptor(), manifest.raw)):
        other.push(REPOSITORY, descriptor, data)
    assert len(judged(Lister(other, more=[listed])).verified) == 1  # the tag is gone


def test_one_large_bundle_named_by_many_manifests_is_read_up_to_a_cap(store: MemoryStore) -> None:
    large = b"[" + b" " * (limits.EVIDENCE_BLOB - 2) + b"]"
    refer(store, large, times=limits.EVIDENCE_TOTAL // limits.EVIDENCE_BLOB + 3)
    found = judged(store)
    assert not found.complete
    assert any("there is more evidence than" in problem for problem in found.problems)


@pytest.mark.parametrize("what", ["annotations", "layers"])
def test_large_manifests_are_read_up_to_a_cap_the_small_first(
    store: MemoryStore, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever may attach something may attach large ones: neither memory nor the good signature is lost to them."""
    monkeypatch.setattr(limits, "EVIDENCE_MANIFESTS", 5 << 20)
    layer = Descriptor.of(names.BUNDLE_V03, b"{}")
    store.push(REPOSITORY, layer, b"{}")
    for number in range(3):
        manifest = write_image(
            artifact_type=names.BUNDLE_V03,
            config=EMPTY,
            layers=[layer] * (25_000 if what == "layers" else 1),
            subject=SUBJECT.manifest,
            annotations={"number": str(number), "large": "x" * (0 if what == "layers" else 3_900_000)},
        )
        store.push(REPOSITORY, manifest.descriptor(), manifest.raw)
    tracemalloc.start()
    try:
        found = judged(store)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (len(found.verified), found.complete) == (1, False)
    assert sum("the manifests of what is attached have more than" in text for text in found.problems) == 2
    assert most < 80 << 20


def test_what_takes_too_long_is_not_asked_for(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "EVIDENCE_SECONDS", -1.0)
    found = judged(store)
    assert (found.verified, found.complete) == ((), False)
    assert "not read: it takes longer than 600 seconds to read what is attached" in found.problems[0]


def test_a_bundle_larger_than_the_cap_is_not_read(store: MemoryStore) -> None:
    refer(store, b" " * (limits.EVIDENCE_BLOB + 1))
    found = judged(store)
    assert len(found.verified) == 1
    assert "more than the limit" in found.rejected[0].reason


@pytest.mark.parametrize(
    "hostile",
    [
        b"[" * 200,
        b'{"a":"' + b"[]" * 129 + b'\\"' * 40_000,
        b"[]" * 600_000,
        b"1" * 100_000,
        json.dumps({"mediaType": names.BUNDLE_V03, "x": "\ud800"}).encode(),
    ],
    ids=["deep", "never ends", "many", "long number", "half a surrogate"],
)
def test_hostile_json_is_refused_in_little_time(store: MemoryStore, hostile: bytes) -> None:
    refer(store, hostile)
    started = time.process_time()
    found = judged(store)
    assert (len(found.verified), len(found.rejected)) == (1, 1)
    assert time.process_time() - started < 2


def test_inline_data_that_is_not_ascii(store: MemoryStore) -> None:
    value = json.loads(
        write_image(
            artifact_type=names.BUNDLE_V03,
            config=EMPTY,
            layers=[Descriptor.of(names.BUNDLE_V03, b"xx", inline=True)],
            subject=SUBJECT.manifest,
        ).raw
    )
    assert value["layers"][0]["data"] == base64.b64encode(b"xx").decode()
    value["layers"][0]["data"] = "é"
    raw = json.dumps(value, ensure_ascii=False).encode()
    with pytest.raises(Exception, match="not base64"):
        store.push(REPOSITORY, Descriptor.of(names.OCI_MANIFEST, raw), raw)
