"""What is asked of a store and when: no more than is needed, and in the end every way that others write."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from attest import limits, names
from attest.errors import StoreUnavailable
from attest.evidence.attach import attach_bundle, attach_document, push_anchor
from attest.evidence.binding import Binding
from attest.evidence.collect import collect, stages
from attest.evidence.model import Check, Kind
from attest.evidence.trust import Trust
from attest.evidence.verify import EvidenceSet, verify
from attest.oci.descriptor import Descriptor
from attest.oci.digest import Digest
from attest.oci.manifest import Manifest
from attest.oci.reference import Reference
from attest.signing.dsse import pae
from attest.stores.memory import MemoryStore
from attest.stores.protocol import Referrers, Where
from attest.stores.union import Member, UnionStore
from tests.evidence_factory import CYCLONEDX, DIGEST, NOW, PURL, SUBJECT, bundle_of, identity, key, signed

REPOSITORY = "npm/left-pad"
CONFIG = b'{"architecture":"","os":"","rootfs":{"type":"layers","diff_ids":[]}}'
TRUST = Trust((identity("release"), identity("security")))


class TwoWays(MemoryStore):
    """A registry whose API lists nothing, and whose fallback tag lists everything."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def listings(self, repository: str, subject: Digest) -> Iterator[Referrers]:
        self.asked.append("api")
        yield Referrers((), True, NOW)
        self.asked.append("fallback-tag")
        yield self.referrers(repository, subject)

    def resolve(self, reference: Reference) -> Descriptor:
        self.asked.append(f"tag {reference.tag}")
        return super().resolve(reference)


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    push_anchor(store, REPOSITORY, "1.3.0", PURL, DIGEST)
    return store


def sign(store: MemoryStore, manifest: Manifest | None = None, *, by: str = "release") -> None:
    """Attach a bundle that signs the subject, or another manifest."""
    about = SUBJECT.manifest if manifest is None else manifest.descriptor()
    statement = signed(by, subject=SUBJECT if manifest is None else replace(SUBJECT, manifest=about))
    bundle = bundle_of(statement).raw
    attach_bundle(store, REPOSITORY, about, bundle, predicate_type=names.PREDICATE_COSIGN_SIGN, created=NOW)


def simple_payload(digest: object = SUBJECT.manifest.digest, **changes: object) -> bytes:
    critical = {
        "identity": {"docker-reference": "registry.example/npm/left-pad"},
        "image": {"docker-manifest-digest": str(digest)},
        "type": "cosign container image signature",
        **changes,
    }
    return json.dumps({"critical": critical, "optional": None}).encode()


def layer(payload: bytes, *, by: str = "release", media_type: str = names.SIMPLE_SIGNING) -> Descriptor:
    signature = base64.b64encode(key(by).sign(payload)).decode()
    return Descriptor(media_type, Digest.of(payload), len(payload), {names.ANNOTATION_COSIGN_SIGNATURE: signature})


def tag(
    store: MemoryStore, kind: str, *layers: tuple[Descriptor, bytes], about: Digest = SUBJECT.manifest.digest
) -> None:
    """As cosign before bundles: an image manifest without a subject, under a tag."""
    for descriptor, data in layers:
        store.push(REPOSITORY, descriptor.plain(), data)
    config = Descriptor.of(names.OCI_IMAGE_CONFIG, CONFIG)
    store.push(REPOSITORY, config, CONFIG)
    value = {
        "schemaVersion": 2,
        "mediaType": names.OCI_MANIFEST,
        "config": config.json(),
        "layers": [descriptor.json() for descriptor, _ in layers],
    }
    manifest = Manifest.parse(json.dumps(value).encode())
    store.push(REPOSITORY, manifest.descriptor(), manifest.raw)
    store.tag(Reference(REPOSITORY, f"sha256-{about.encoded}.{kind}"), manifest.descriptor())


def judged(store: MemoryStore, trust: Trust = TRUST) -> EvidenceSet:
    *_, last = stages(store, REPOSITORY, SUBJECT)
    return verify(last, trust, now=NOW)


def test_the_second_way_is_asked_only_when_the_first_does_not_do() -> None:
    store = TwoWays()
    push_anchor(store, REPOSITORY, "1.3.0", PURL, DIGEST)
    sign(store)
    store.asked.clear()
    walk = stages(store, REPOSITORY, SUBJECT)
    first = next(walk)
    assert (first.candidates, first.whole, store.asked) == ((), False, ["api"])
    second = next(walk)
    assert (len(second.candidates), second.whole) == (1, True)
    hex_digest = SUBJECT.manifest.digest.encoded
    assert sorted(store.asked) == [
        "api",
        "fallback-tag",
        *(f"tag sha256-{hex_digest}.{kind}" for kind in ("att", "sbom", "sig")),
    ]


def test_a_store_with_members_is_asked_member_by_member() -> None:
    one, other = TwoWays(), MemoryStore("other")
    for store in (one, other):
        push_anchor(store, REPOSITORY, "1.3.0", PURL, DIGEST)
    sign(one)
    sign(other, by="security")
    payload = simple_payload()
    tag(other, "sig", (layer(payload), payload))
    union = UnionStore([Member(store, lambda repository: repository) for store in (one, other)])
    first, second = stages(union, REPOSITORY, SUBJECT)
    assert [len(first.candidates), len(second.candidates)] == [1, 3]
    assert {place.where for item in second.candidates for place in item.found.places} == {Where.API, Where.COSIGN_TAG}
    assert second.complete


class Down(MemoryStore):
    def referrers(self, repository: str, subject: Digest, *, artifact_type: str | None = None) -> Referrers:
        raise StoreUnavailable("down")

    def resolve(self, reference: Reference) -> Descriptor:
        raise StoreUnavailable("no tags either")


def test_a_member_that_is_down_makes_it_incomplete_and_hides_nothing(store: MemoryStore) -> None:
    sign(store)
    union = UnionStore([Member(member, lambda repository: repository) for member in (Down(), store)])
    *_, last = stages(union, REPOSITORY, SUBJECT)
    assert (len(last.candidates), last.complete, last.problems) == (1, False, ("down", "no tags either"))
    with pytest.raises(StoreUnavailable, match="down"):
        collect(UnionStore([Member(Down(), lambda repository: repository)]), REPOSITORY, SUBJECT)


def test_many_signatures_in_one_manifest_are_as_many_candidates(store: MemoryStore) -> None:
    payload = simple_payload()
    tag(store, "sig", *((layer(payload, by=name), payload) for name in ("mallory", "release", "security")))
    found = judged(store)
    assert [signer.name for item in found.verified for signer in item.signers] == ["release", "security"]
    assert [item.check for item in found.rejected] == [Check.AUTHOR]


def test_more_signatures_than_the_limit_are_incomplete(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SIGNATURES", 2)
    payload = simple_payload()
    tag(store, "sig", *((layer(payload, by=name), payload) for name in ("a", "b", "release")))
    found = judged(store)
    assert (found.verified, found.complete) == ((), False)
    assert "more than 2 signatures in one manifest" in found.problems[0]


@pytest.mark.parametrize(
    ("payload", "check", "says"),
    [
        (simple_payload("sha256:" + "ab" * 32), Check.BINDING, "no subject has the digest"),
        (simple_payload(type="atomic container signature"), Check.STATEMENT, "not a simple signing payload of cosign"),
        (simple_payload(image={}), Check.STATEMENT, "docker-manifest-digest"),
        (simple_payload("sha512:x"), Check.STATEMENT, "not a sha512 digest"),
        (b"{}", Check.STATEMENT, "critical"),
        (b"DSSEv1 0  2 {}", Check.STATEMENT, "it is the signed form of a DSSE envelope"),
        (pae(names.IN_TOTO_PAYLOAD, simple_payload()), Check.STATEMENT, "it is the signed form of a DSSE envelope"),
    ],
)
def test_a_signed_payload_that_says_something_else(store: MemoryStore, payload: bytes, check: Check, says: str) -> None:
    tag(store, "sig", (layer(payload), payload))
    found = judged(store)
    (rejected,) = found.rejected
    assert (found.verified, rejected.check) == ((), check)
    assert says in rejected.reason


def test_the_signature_of_an_envelope_is_none_of_its_message(store: MemoryStore) -> None:
    """What a key signed in DSSE, offered as cosign's signature over the same bytes, and the other way round."""
    envelope = bundle_of(signed("release")).envelope
    offered = replace(
        layer(envelope.message),
        annotations={names.ANNOTATION_COSIGN_SIGNATURE: base64.b64encode(envelope.signatures[0].sig).decode()},
    )
    tag(store, "sig", (offered, envelope.message))
    payload = simple_payload()
    dsse = {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": "application/vnd.in-toto+json",
        "signatures": [{"sig": base64.b64encode(key("release").sign(payload)).decode()}],
    }
    raw = json.dumps(dsse).encode()
    tag(store, "att", (layer(raw, media_type=names.DSSE_ENVELOPE), raw))
    found = judged(store)
    assert found.verified == ()
    assert sorted(item.check for item in found.rejected) == [Check.AUTHOR, Check.STATEMENT]


def attach_bom(store: MemoryStore, document: Any = CYCLONEDX, *, to: Descriptor = SUBJECT.manifest) -> Manifest:
    return attach_document(
        store,
        REPOSITORY,
        to,
        json.dumps(document).encode(),
        media_type=names.CYCLONEDX_JSON,
        title="bom.json",
        created=NOW,
    )


def test_a_signature_over_a_documents_manifest_verifies_the_document(store: MemoryStore) -> None:
    bom = attach_bom(store)
    assert not judged(store).verified
    sign(store, bom)
    sign(store, bom, by="mallory")
    (verified,) = judged(store).verified
    assert (verified.digest, verified.kind, verified.binding) == (bom.digest, Kind.SBOM, Binding.ANCHOR)
    assert verified.statement.predicate == CYCLONEDX
    assert [signer.name for signer in verified.signers] == ["release"]


def test_so_does_one_in_cosigns_older_tags(store: MemoryStore) -> None:
    bom = attach_bom(store)
    payload = simple_payload(bom.digest)
    tag(store, "sig", (layer(payload), payload), about=bom.digest)
    (verified,) = judged(store).verified
    assert (verified.digest, verified.kind) == (bom.digest, Kind.SBOM)


def test_one_over_another_manifest_does_not(store: MemoryStore) -> None:
    """A signature that was made for one document, attached to another."""
    bom, other = attach_bom(store), attach_bom(store, {**CYCLONEDX, "version": 2})
    payload = simple_payload(other.digest)
    tag(store, "sig", (layer(payload), payload), about=bom.digest)
    found = judged(store)
    assert found.verified == ()
    reasons = {item.check: item.reason for item in found.rejected}
    assert "the signature is over another manifest" in reasons[Check.STATEMENT]


def test_nor_does_an_attestation_about_the_manifest(store: MemoryStore) -> None:
    bom = attach_bom(store)
    about = replace(SUBJECT, manifest=bom.descriptor())
    bundle = bundle_of(signed("release", "https://example.test/scanned/v1", subject=about)).raw
    attach_bundle(
        store, REPOSITORY, bom.descriptor(), bundle, predicate_type="https://example.test/scanned/v1", created=NOW
    )
    found = judged(store)
    assert found.verified == ()
    assert "the document's manifest is not signed" in found.rejected[0].reason


def test_nor_one_over_the_document_of_another_package(store: MemoryStore) -> None:
    """Signed for another anchor, its manifest is listed here by a registry that lies."""
    elsewhere = Descriptor(names.OCI_MANIFEST, Digest.of(b"another"), 7)
    bom = attach_bom(store, to=elsewhere)
    sign(store, bom)

    class Lying(MemoryStore):
        def referrers(self, repository: str, subject: Digest, *, artifact_type: str | None = None) -> Referrers:
            if subject == SUBJECT.manifest.digest:
                subject = elsewhere.digest
            return super().referrers(repository, subject, artifact_type=artifact_type)

    lying = Lying()
    lying._repositories = store._repositories
    found = judged(lying)
    assert (found.verified, [item.check for item in found.rejected]) == ((), [Check.FORM])


def test_a_flood_of_documents_is_bounded(store: MemoryStore) -> None:
    for number in range(limits.SIGNED_DOCUMENTS + 1):
        attach_bom(store, {**CYCLONEDX, "version": number})
    found = judged(store)
    assert (found.complete, found.problems) == (
        False,
        (f"signatures over more than {limits.SIGNED_DOCUMENTS} attached documents",),
    )
