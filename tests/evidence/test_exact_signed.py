"""By whom signed content is proven, in which format and when; and who is said to have signed it."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from attest import names
from attest.errors import EnvelopeError, VerificationError
from attest.evidence.identity import CertificateIdentity, Identity, KeyIdentity
from attest.evidence.model import Candidate, Check, Kind, Rejected, Subject
from attest.evidence.signed import Signed, SignedBundle, SignedDocument, SimplySigned
from attest.evidence.text_patterns import Pattern
from attest.evidence.trust import Context, Sigstore, Trust
from attest.oci.descriptor import EMPTY, Descriptor
from attest.oci.digest import Digest
from attest.oci.manifest import Manifest, write_image
from attest.signing.bundle import Bundle
from attest.signing.dsse import Envelope, Signature, pae
from attest.signing.keys import PublicKey
from attest.signing.proof import CertificateAuthor, Format, KeyAuthor, Proof
from attest.signing.sigstore.verify import Requirements
from attest.statements.statement import Statement
from attest.statements.statement import Subject as StatementSubject
from tests.evidence_factory import (
    CYCLONEDX,
    NOW,
    SUBJECT,
    bundle_of,
    damaged,
    evidence,
    identity,
    key,
    proven,
    signed,
    unsigned,
    workflow,
)
from tests.signing.sigstore import forge
from tests.signing.sigstore.forge import Forged, keyless

SIGSTORE = forge.Sigstore()
ALICE = CertificateIdentity("alice", "https://issuer.example", Pattern.exact("alice@example.test"))
LOGGED = forge.NOW + forge.MINUTE
SIMPLE = json.dumps(
    {
        "critical": {
            "identity": {"docker-reference": ""},
            "image": {"docker-manifest-digest": str(SUBJECT.manifest.digest)},
            "type": "cosign container image signature",
        }
    }
).encode()
SAYS = bundle_of(signed("release")).envelope.payload


@cache
def rooted() -> Sigstore:
    return Sigstore(SIGSTORE.root(), Requirements(1, 1))


def offered(content: Signed) -> Candidate:
    return replace(signed("release"), signed=content)


def bundled(value: Mapping[str, Any]) -> Candidate:
    return offered(SignedBundle(Bundle.parse(json.dumps(value).encode())))


def refused(candidate: Candidate, *identities: Identity, sigstore: Sigstore | None = None) -> tuple[Check, str]:
    found = evidence([candidate], identities, sigstore=sigstore)
    assert found.verified == ()
    (rejected,) = found.rejected
    return rejected.check, rejected.reason


def proof(candidate: Candidate, *identities: Identity, sigstore: Sigstore | None = None) -> Proof:
    found = evidence([candidate], identities, sigstore=sigstore)
    assert found.rejected == ()
    (verified,) = found.verified
    return verified.proof


def test_a_certificate_needs_a_trust_root() -> None:
    statement = bundled(keyless(SIGSTORE, payload=SAYS).json())
    payload = offered(SimplySigned(SIMPLE, keyless(SIGSTORE, kind="hashedrekord 0.0.1", file=SIMPLE).bundle()))
    for candidate in (statement, payload):
        assert refused(candidate, ALICE, identity("release")) == (
            Check.SIGNATURE,
            "certificate: expected a key, since the policy names no trust root, found a certificate",
        )
    author = CertificateAuthor(ALICE.issuer, "alice@example.test", {"source_repository": "https://github.com/acme/app"})
    for candidate, format in ((statement, Format.BUNDLE), (payload, Format.COSIGN)):
        assert proof(candidate, ALICE, sigstore=rooted()) == Proof(author, format, LOGGED)


def test_what_is_signed_with_a_certificate_is_not_the_keys_own_word() -> None:
    """Even where the policy trusts the very key that the certificate is made for."""
    made = keyless(SIGSTORE, payload=SAYS, key=ec.generate_private_key(ec.SECP256R1()))
    assert isinstance(made.key, ec.EllipticCurvePrivateKey)
    own = KeyIdentity("own", PublicKey.of(made.key.public_key()))
    candidate = bundled(made.json())
    assert isinstance(proof(candidate, own, ALICE, sigstore=rooted()).author, CertificateAuthor)
    check, reason = refused(candidate, own, sigstore=rooted())
    assert (check, reason.partition(",")[0]) == (Check.AUTHOR, "by alice@example.test (https://issuer.example)")


def by_key(**changes: Any) -> Forged:
    return replace(Forged(SIGSTORE, ec.generate_private_key(ec.SECP256R1()), payload=SAYS), **changes)


@pytest.mark.parametrize("made", [by_key(), by_key(kind="hashedrekord 0.0.1", file=SIMPLE)], ids=["dsse", "simple"])
def test_a_key_may_have_its_time_from_a_log(made: Forged) -> None:
    assert isinstance(made.key, ec.EllipticCurvePrivateKey)
    own = KeyIdentity("own", PublicKey.of(made.key.public_key()))
    bundle = made.bundle()
    content: Signed = SignedBundle(bundle) if made.file is None else SimplySigned(SIMPLE, bundle)
    format = Format.BUNDLE if made.file is None else Format.COSIGN
    assert proof(offered(content), own, sigstore=rooted()) == Proof(KeyAuthor(own.key), format, LOGGED)
    assert proof(offered(content), own) == Proof(KeyAuthor(own.key), format, None)
    assert refused(offered(content), identity("x"), sigstore=rooted()) == (
        Check.AUTHOR,
        "by no key that the policy names",
    )


@pytest.mark.parametrize(
    "beside",
    [
        {"timestampVerificationData": {"rfc3161Timestamps": [{"signedTimestamp": "AAAA"}]}},
        {"tlogEntries": [{"logIndex": "x"}]},
    ],
    ids=["timestamp", "log entry"],
)
def test_what_stands_beside_a_keys_signature_must_be_right_where_there_is_a_root(beside: dict[str, Any]) -> None:
    value = json.loads(bundle_of(signed("release")).raw)
    value["verificationMaterial"] |= beside
    assert proof(bundled(value), identity("release")) == Proof(KeyAuthor(key("release").public), Format.BUNDLE, None)
    check, _ = refused(bundled(value), identity("release"), sigstore=rooted())
    assert check in (Check.SIGNATURE, Check.FORM)
    plain = bundled(json.loads(bundle_of(signed("release")).raw))
    assert proof(plain, identity("release"), sigstore=rooted()).time is None


def document(*, about: Descriptor | None = SUBJECT.manifest) -> tuple[bytes, Manifest]:
    raw = json.dumps(CYCLONEDX).encode()
    layer = Descriptor.of(names.CYCLONEDX_JSON, raw)
    return raw, write_image(artifact_type=names.CYCLONEDX_JSON, config=EMPTY, layers=[layer], subject=about)


def over(manifest: Manifest, *more: StatementSubject) -> SignedBundle:
    own = StatementSubject(None, {"sha256": manifest.digest.encoded})
    return SignedBundle(bundle_of(signed("release", about=[*more, own])))


def test_a_signature_over_several_manifests_signs_each() -> None:
    raw, manifest = document()
    signature = over(manifest, StatementSubject("other", {"sha256": "1a" * 32}))
    candidate = offered(SignedDocument(raw, manifest, signature))
    (found,) = evidence([candidate], [identity("release")]).verified
    assert (found.kind, found.statement.predicate) == (Kind.SBOM, CYCLONEDX)
    assert [(item.name, item.digests) for item in found.statement.subjects] == [
        (None, {"sha256": SUBJECT.manifest.digest.encoded})
    ]


def test_a_document_that_hangs_on_nothing_is_about_nothing() -> None:
    raw, manifest = document(about=None)
    with pytest.raises(EnvelopeError, match="the document's manifest has no subject"):
        SignedDocument(raw, manifest, over(manifest)).statement()


@dataclass(frozen=True)
class Asked:
    """Tells which manifest it is asked about."""

    claimed_signer: str = "somebody"

    def prove(self, context: Context) -> Proof | None:
        raise VerificationError(str(context.manifest.digest), expected=str(context.manifest.size), found="x")

    def statement(self) -> Statement:
        raise NotImplementedError


def test_what_signs_a_document_is_asked_about_the_documents_manifest() -> None:
    raw, manifest = document()
    with pytest.raises(VerificationError, match=str(manifest.digest)):
        SignedDocument(raw, manifest, Asked()).prove(Context(Trust(()), SUBJECT.manifest, NOW))


def test_who_is_said_to_have_signed() -> None:
    value = json.loads(bundle_of(signed("release")).raw)
    hint = value["verificationMaterial"]["publicKey"]["hint"]
    silent = value | {"verificationMaterial": {"publicKey": {}}}
    broken = keyless(SIGSTORE).json()
    broken["verificationMaterial"]["certificate"]["rawBytes"] = base64.b64encode(b"no certificate").decode()
    nobody = keyless(SIGSTORE, certificate=SIGSTORE.certificate(ec.generate_private_key(ec.SECP256R1()), ()))
    simple = SimplySigned(SIMPLE, keyless(SIGSTORE, kind="hashedrekord 0.0.1", file=SIMPLE).bundle())
    alice = "alice@example.test (https://issuer.example)"
    assert [
        item.claimed_signer
        for item in (
            bundled(value),
            bundled(silent),
            bundled(keyless(SIGSTORE).json()),
            bundled(keyless(SIGSTORE, version="0.1", chain=SIGSTORE.authority()).json()),
            bundled(broken),
            bundled(nobody.json()),
            offered(simple),
            offered(SignedDocument(*document(), Asked())),
            proven(signed("x"), workflow()),
            unsigned("text/x", {}),
            damaged(Check.READ, "gone"),
        )
    ] == [
        f"key {hint}",
        "a key without a hint",
        alice,
        alice,
        "a certificate that names nobody",
        "a certificate that names nobody",
        alice,
        "somebody",
        str(workflow()),
        None,
        None,
    ]


def test_by_which_root_it_was_verified() -> None:
    root = SIGSTORE.root()
    assert Trust((), Sigstore(root, Requirements(1, 1))).root == Digest("sha256", root.digest)
    assert Trust(()).root is None
    assert evidence([], [], sigstore=rooted()).root == Digest("sha256", rooted().root.digest)


@dataclass(frozen=True, slots=True)
class Changing(KeyIdentity):
    """Somebody else where one package is concerned."""

    def about(self, subject: Subject) -> Identity:
        return identity("other") if subject == SUBJECT else self


def test_whom_a_policy_trusts_about_a_package() -> None:
    same, changing = identity("release"), Changing("changing", key("release").public)
    trust = Trust((same, changing), rooted())
    assert trust.about(SUBJECT) == Trust((same, identity("other")), rooted())
    other = replace(SUBJECT, name="x")
    assert trust.about(other) == trust
    assert trust.keys == (same.key, changing.key)


def test_what_is_wrong_with_a_candidate() -> None:
    assert signed("release").damage is None
    assert Rejected(damaged(Check.READ, "x").found, Check.FORM, "no JSON").damage == "no JSON"


@pytest.mark.parametrize("simple", [False, True])
def test_of_several_keys_that_older_clients_used_the_one_that_signed_counts(simple: bool) -> None:
    """They took SHA-256 for every curve."""
    keys = [ec.generate_private_key(ec.SECP384R1()) for _ in range(3)]
    names_ = [KeyIdentity(f"k{number}", PublicKey.of(item.public_key())) for number, item in enumerate(keys)]
    signature = keys[1].sign(SIMPLE if simple else pae(names.IN_TOTO_PAYLOAD, SAYS), ec.ECDSA(hashes.SHA256()))
    value: dict[str, Any] = {"mediaType": names.BUNDLE_V03, "verificationMaterial": {"publicKey": {}}}
    encoded = base64.b64encode(signature).decode()
    if simple:
        content: Signed = SimplySigned.parse(SIMPLE, {names.ANNOTATION_COSIGN_SIGNATURE: encoded})
    else:
        value["dsseEnvelope"] = Envelope(names.IN_TOTO_PAYLOAD, SAYS, (Signature(signature),)).json()
        content = SignedBundle(Bundle.parse(json.dumps(value).encode()))
    (found,) = evidence([offered(content)], [identity("release"), *names_]).verified
    assert [item.name for item in found.signers] == ["k1"]
