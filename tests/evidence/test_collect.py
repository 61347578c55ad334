"""Collecting evidence from stores that are hostile or broken: bounded, and nothing bad hides anything good."""

from __future__ import annotations

import base64
import json
import time
from datetime import UTC, datetime

import pytest

from attest import limits, names
from attest.evidence.attach import attach_bundle, push_anchor
from attest.evidence.collect import collect
from attest.evidence.trust import Trust
from attest.evidence.verify import EvidenceSet, verify
from attest.oci.descriptor import EMPTY, Descriptor
from attest.oci.manifest import write_image
from attest.stores.memory import MemoryStore
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


def test_ten_thousand_pieces_of_garbage_around_one_signature(store: MemoryStore) -> None:
    refer(store, b"garbage", times=10_000)
    found = judged(store)
    assert (len(found.verified), len(found.rejected), found.complete) == (1, 10_000, True)


def test_one_large_bundle_named_by_many_manifests_is_read_up_to_a_cap(store: MemoryStore) -> None:
    large = b"[" + b" " * (limits.EVIDENCE_BLOB - 2) + b"]"
    refer(store, large, times=limits.EVIDENCE_TOTAL // limits.EVIDENCE_BLOB + 3)
    found = judged(store)
    assert not found.complete
    assert any("there is more evidence than" in problem for problem in found.problems)


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
