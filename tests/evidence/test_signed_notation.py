"""Notation signatures as evidence: over the subject's manifest, by whom the policy trusts, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from attest import names
from attest.errors import PolicyError
from attest.evidence.attach import attach_bundle, attach_document
from attest.evidence.attach_signature import attach_signature
from attest.evidence.collect import collect, stages
from attest.evidence.model import Check, Kind, Subject
from attest.evidence.trust import Trust
from attest.evidence.verify import EvidenceSet, verify
from attest.oci.descriptor import EMPTY, EMPTY_BYTES, Descriptor
from attest.oci.manifest import Manifest, write_image
from attest.policy.document import Policy, load
from attest.policy.evaluate import evaluate
from attest.policy.verdict import Outcome
from attest.signing.keys import PrivateKey
from attest.signing.notation.sign import Signed
from attest.signing.proof import Format, X509Author
from attest.signing.sign import KeySigner, sign_statement
from attest.statements.statement import Subject as StatementSubject
from attest.statements.statement import write_statement
from attest.stores.memory import MemoryStore
from tests.signing.notation.conftest import MEDIA, sign, subject
from tests.signing.notation.pki import ACME, DAY, NOW, Entity, key_of, pem, root

REPOSITORY = "acme/app"
POLICY = """\
version: 1
name: gate
applies_to: ["registry.example/**"]
trust: {{keys_only: true}}
identities:
  release: {identity}
rules:
  - {{id: signed, require: signature, by: [release]}}
"""
ACME_ONLY = '{x509: "C=US, ST=WA, O=Acme", ca: root.pem}'


class Place:
    """A store with one image, and a policy beside its root certificate."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = MemoryStore()
        self.root = root()
        self.image = subject(self.store, REPOSITORY)
        (folder / "root.pem").write_bytes(pem([self.root.certificate]))
        (folder / "other.pem").write_bytes(pem([root(which=9).certificate]))

    def attach(self, envelope: bytes, media: str, image: Manifest | None = None) -> None:
        about = (image or self.image).descriptor()
        attach_signature(self.store, REPOSITORY, about, Signed(envelope, MEDIA[media], ("0" * 64,)), created=NOW)

    def sign(self, entity: Entity, media: str = "jws", **more: Any) -> None:
        self.attach(sign(entity, media, self.image.descriptor(), **more), media)

    def policy(self, identity: str) -> Policy:
        path = self.folder / "policy.yaml"
        path.write_text(POLICY.format(identity=identity))
        return load(path)

    def verify(self, identity: str = ACME_ONLY) -> EvidenceSet:
        about = Subject(self.image.descriptor(), name="image", image="registry.example/acme/app")
        trust: Trust = self.policy(identity).trust()
        return verify(collect(self.store, REPOSITORY, about), trust, now=NOW)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.mark.parametrize("media", MEDIA)
@pytest.mark.parametrize(
    "identity", [ACME_ONLY, '{x509: "O=Acme, S=WA, C=US, CN=Release", ca: [other.pem, root.pem], formats: [notation]}']
)
def test_it_is_a_signature(place: Place, media: str, identity: str) -> None:
    place.sign(place.root.issue(ACME), media)
    (verified,) = place.verify(identity).verified
    assert verified.kind is Kind.SIGNATURE
    assert verified.proof.format is Format.NOTATION
    assert isinstance(verified.proof.author, X509Author)
    assert verified.proof.author.subject == "CN=Release,O=Acme,ST=WA,C=US"
    assert [signer.name for signer in verified.signers] == ["release"]


@pytest.mark.parametrize(
    ("identity", "reason"),
    [
        ('{x509: "C=US, ST=WA, O=Acme", ca: other.pem}', "a chain with a trusted certificate of kind ca"),
        ('{x509: "C=US, ST=WA, O=Other", ca: root.pem}', "expected C=US, ST=WA, O=Other"),
        ('{x509: "C=US, ST=WA, O=Acme, CN=Another", ca: root.pem}', "CN=Another"),
        ('{x509: "C=US, ST=WA, O=Acme", ca: root.pem, tsa: other.pem}', "expected a timestamp, found none"),
    ],
)
def test_somebody_else_is_nobody(place: Place, identity: str, reason: str) -> None:
    place.sign(place.root.issue(ACME))
    found = place.verify(identity)
    assert not found.verified
    (rejected,) = found.rejected
    assert rejected.check is Check.SIGNATURE
    assert reason in rejected.reason


def test_each_identity_is_asked_by_itself(place: Place) -> None:
    """Two names, one subject, two CAs: only the name whose CA it is, is answered."""
    place.sign(place.root.issue(ACME))
    both = ACME_ONLY + '\n  other: {x509: "C=US, ST=WA, O=Acme", ca: other.pem}'
    (verified,) = place.verify(both).verified
    assert [signer.name for signer in verified.signers] == ["release"]


def test_two_names_of_one_signer_are_one_signer(place: Place) -> None:
    place.sign(place.root.issue(ACME))
    (verified,) = place.verify(ACME_ONLY + '\n  also: {x509: "C=US, ST=WA, O=Acme", ca: root.pem}').verified
    assert [signer.name for signer in verified.signers] == ["also", "release"]
    assert len({signer.principal for signer in verified.signers}) == 1


@pytest.mark.parametrize(
    "changed",
    [
        lambda real: Descriptor(names.OCI_INDEX, real.digest, real.size),
        lambda real: Descriptor(real.media_type, real.digest, real.size + 1),
        lambda real: Descriptor(real.media_type, EMPTY.digest, real.size),
    ],
)
def test_media_type_digest_and_size_are_signed(place: Place, changed: Any) -> None:
    place.attach(sign(place.root.issue(ACME), "jws", changed(place.image.descriptor())), "jws")
    (rejected,) = place.verify().rejected
    assert rejected.check is Check.SIGNATURE
    assert "signed target" in rejected.reason


def test_an_expired_signature_is_none(place: Place) -> None:
    place.sign(place.root.issue(ACME), signing_time=NOW - DAY / 2, expiry=NOW)
    (rejected,) = place.verify().rejected
    assert "expired" in rejected.reason


@pytest.mark.parametrize("media", MEDIA)
def test_garbage_is_malformed_and_hides_nothing(place: Place, media: str) -> None:
    for number in range(20):
        place.attach(b"garbage %d" % number, media)
    place.sign(place.root.issue(ACME))
    found = place.verify()
    assert len(found.verified) == 1
    assert {item.check for item in found.rejected} == {Check.FORM}
    assert found.complete


def test_a_manifest_with_two_layers_is_no_signature(place: Place) -> None:
    envelope = sign(place.root.issue(ACME), "jws", place.image.descriptor())
    layer = Descriptor.of(names.NOTATION_JWS, envelope)
    place.store.push(REPOSITORY, EMPTY, EMPTY_BYTES)
    place.store.push(REPOSITORY, layer, envelope)
    manifest = write_image(
        artifact_type=names.NOTATION_SIGNATURE, config=EMPTY, layers=[layer, layer], subject=place.image.descriptor()
    )
    place.store.push(REPOSITORY, manifest.descriptor(), manifest.raw)
    (rejected,) = place.verify().rejected
    assert rejected.check is Check.SIGNED


class TestTrustDirectory:
    """``notation: DIR``: what its trust policy says for the scope."""

    @pytest.fixture(autouse=True)
    def directory(self, place: Place) -> Path:
        folder = place.folder / "trust" / "truststore" / "x509" / "ca" / "acme"
        folder.mkdir(parents=True)
        (folder / "root.pem").write_bytes(pem([place.root.certificate]))
        return place.folder / "trust"

    def write(self, directory: Path, **changed: Any) -> None:
        import json

        statement = {
            "name": "all",
            "registryScopes": ["*"],
            "signatureVerification": {"level": "strict"},
            "trustStores": ["ca:acme"],
            "trustedIdentities": ["x509.subject: C=US, ST=WA, O=Acme"],
        }
        document = {"version": "1.0", "trustPolicies": [{**statement, **changed}]}
        (directory / "trustpolicy.json").write_text(json.dumps(document))

    def test_it_names_signers(self, place: Place, directory: Path) -> None:
        self.write(directory)
        place.sign(place.root.issue(ACME))
        (verified,) = place.verify("{notation: trust}").verified
        assert [signer.name for signer in verified.signers] == ["release"]

    def test_a_level_that_only_logs_authenticity_names_nobody(self, place: Place, directory: Path) -> None:
        self.write(directory, signatureVerification={"level": "audit"})
        place.sign(root("C=US,ST=WA,O=Evil,CN=Root", which=9).issue(ACME))
        found = place.verify("{notation: trust}")
        assert not found.verified
        place.sign(place.root.issue(ACME))
        assert len(place.verify("{notation: trust}").verified) == 1

    @pytest.mark.parametrize(
        ("changed", "identity", "reason"),
        [
            ({}, "{notation: absent}", "no trust policy"),
            ({"trustStores": ["ca"]}, "{notation: trust}", "not a trust store"),
            (
                {"registryScopes": ["registry.example/other"]},
                "{notation: trust, scope: registry.example/acme/app}",
                "no statement of",
            ),
            (
                {
                    "signatureVerification": {"level": "skip"},
                    "trustStores": [],
                    "trustedIdentities": [],
                    "registryScopes": ["registry.example/acme/app"],
                },
                "{notation: trust, scope: registry.example/acme/app}",
                "its level is skip",
            ),
        ],
    )
    def test_what_cannot_be_trusted(
        self, place: Place, directory: Path, changed: dict[str, Any], identity: str, reason: str
    ) -> None:
        self.write(directory, **changed)
        with pytest.raises(PolicyError, match=reason) as error:
            place.policy(identity)
        assert error.value.where is not None
        assert error.value.where.endswith(":6")


@pytest.mark.parametrize(
    ("identity", "reason"),
    [
        ('{x509: "C=US, ST=WA, O=Acme"}', "'ca' is missing"),
        ('{x509: "O=Acme", ca: root.pem}', "C, ST is missing"),
        ('{x509: "C=US, ST=WA, O=Acme", ca: absent.pem}', "absent.pem"),
        ('{x509: "C=US, ST=WA, O=Acme", ca: policy.yaml}', "not a certificate"),
        ('{x509: "C=US, ST=WA, O=Acme", ca: root.pem, formats: [bundle]}', "never signs as 'bundle'"),
        ('{x509: "C=US, ST=WA, O=Acme", ca: root.pem, key: release.pub}', "expected exactly one of"),
    ],
)
def test_what_a_policy_cannot_say(place: Place, identity: str, reason: str) -> None:
    with pytest.raises(PolicyError, match=reason):
        place.policy(identity)


@pytest.mark.parametrize("media", MEDIA)
def test_a_signature_over_an_sboms_manifest_verifies_the_sbom(place: Place, media: str) -> None:
    """design.md §3.2: if that manifest's digest is signed and its subject is the image; by nobody else's signature."""
    bom = b'{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": []}'
    about = Subject(place.image.descriptor(), name="image", image="registry.example/acme/app")
    document = attach_document(
        place.store, REPOSITORY, about.manifest, bom, media_type=names.CYCLONEDX_JSON, title="bom", created=NOW
    )
    signer = place.root.issue(ACME)
    place.attach(sign(signer, media, place.image.descriptor()), media, document)
    trust = place.policy(ACME_ONLY).trust()

    def last() -> EvidenceSet:
        (*_, whole) = stages(place.store, REPOSITORY, about)
        return verify(whole, trust, now=NOW)

    found = last()
    assert not found.verified
    assert ["signed target" in item.reason for item in found.rejected] == [True]
    place.attach(sign(signer, media, document.descriptor()), media, document)
    (verified,) = last().verified
    assert verified.kind is Kind.SBOM
    assert verified.proof.format is Format.NOTATION


@pytest.mark.parametrize(("same", "outcome"), [(True, Outcome.DENIED), (False, Outcome.ADMITTED)])
def test_a_key_and_a_certificate_for_it_are_one_signer(place: Place, same: bool, outcome: Outcome) -> None:
    entity = place.root.issue(ACME)
    place.sign(entity)
    key = PrivateKey.of(entity.key if same else key_of("ec-256", 77))
    (place.folder / "alice.pub").write_bytes(key.public.pem())
    about = place.image.descriptor()
    statement = write_statement(
        [StatementSubject("image", {"sha256": about.digest.encoded})], names.PREDICATE_COSIGN_SIGN, {}
    )
    bundle = sign_statement(statement, KeySigner(key))
    attach_bundle(place.store, REPOSITORY, about, bundle, predicate_type=names.PREDICATE_COSIGN_SIGN, created=NOW)
    path = place.folder / "two.yaml"
    rules = "by: [release, alice], threshold: 2"
    path.write_text(POLICY.format(identity=ACME_ONLY + "\n  alice: {key: alice.pub}").replace("by: [release]", rules))
    policy = load(path)
    subject_ = Subject(about, name="image", image="registry.example/acme/app")
    evidence = verify(collect(place.store, REPOSITORY, subject_), policy.trust(), now=NOW)
    assert len(evidence.verified) == 2
    assert evaluate(policy, evidence, now=NOW).outcome is outcome
