"""Making signatures: what cannot hold is never made."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.x509 import Certificate

from attest import names
from attest.errors import KeyFileError, TrustError, VerificationError
from attest.oci.descriptor import Descriptor
from attest.signing.keys import PrivateKey
from attest.signing.notation.envelope import Envelope, Scheme
from attest.signing.notation.sign import AGENT, EnvelopeSigner, LocalSigner, Request
from attest.signing.notation.trust_policy import Statement
from attest.signing.notation.trust_store import GivenAnchors
from attest.signing.notation.verify import verify_signature
from tests.signing.notation.conftest import MEDIA, sign, target
from tests.signing.notation.pki import ACME, CODE, DAY, LEAF, NOW, Entity, Extensions, root, usage
from tests.signing.notation.test_agreement import LEAF_ENTITY, ROOT, Made, at, authority

SECOND = timedelta(seconds=1)


def make(entity: Entity, chain: tuple[Certificate, ...] | None = None, media: str = "jws") -> bytes:
    signer = EnvelopeSigner(LocalSigner.of(entity.private, chain or entity.chain, where="chain.pem"))
    return signer.sign(Request(target(), MEDIA[media], NOW)).envelope


@pytest.mark.parametrize("media", MEDIA)
def test_what_is_written(media: str) -> None:
    entity = root().issue(ACME)
    what = Descriptor(names.OCI_MANIFEST, target().digest, target().size, {"build": "7"}, artifact_type="x/y")
    moment = NOW + timedelta(microseconds=123_456)
    signer = EnvelopeSigner(LocalSigner.of(entity.private, entity.chain, where="chain"))
    signed = signer.sign(Request(what, MEDIA[media], moment, moment + DAY))
    envelope = Envelope.parse(signed.envelope, signed.media_type)
    assert envelope.agent == AGENT
    assert envelope.attributes.scheme is Scheme.X509
    assert envelope.attributes.signing_time == NOW
    assert envelope.attributes.expiry == NOW + DAY
    assert envelope.attributes.unknown == ()
    assert json.loads(envelope.payload) == {
        "targetArtifact": {
            "mediaType": what.media_type,
            "digest": str(what.digest),
            "size": what.size,
            "annotations": {"build": "7"},
        }
    }
    assert len(signed.thumbprints) == 2


@pytest.mark.parametrize("media", MEDIA)
def test_it_expires_at_the_very_second(media: str) -> None:
    statement = Statement("x", GivenAnchors((ROOT.certificate,)))
    raw = sign(LEAF_ENTITY, media, target(), expiry=NOW + DAY)
    assert verify_signature(raw, MEDIA[media], target(), statement, now=NOW + DAY - SECOND).proof is not None
    with pytest.raises(VerificationError, match="expiry: expected a signature that has not expired"):
        verify_signature(raw, MEDIA[media], target(), statement, now=NOW + DAY)


@pytest.mark.parametrize("media", MEDIA)
def test_an_authority_proves_the_time(media: str) -> None:
    raw = Made(LEAF_ENTITY, header=authority(at(-0.5))).envelope(target(), media)
    statement = Statement("x", GivenAnchors(signing_authority=(ROOT.certificate,)))
    found = verify_signature(raw, MEDIA[media], target(), statement, now=NOW + 3650 * DAY)
    assert found.proof is not None
    assert found.proof.time == NOW - DAY / 2
    with pytest.raises(VerificationError, match="kind signingAuthority"):
        verify_signature(raw, MEDIA[media], target(), Statement("x", GivenAnchors((ROOT.certificate,))), now=NOW)


BAD: dict[str, tuple[Extensions, str]] = {
    "for servers": (((LEAF[0]), (usage("digital_signature", "key_encipherment"), True)), "keyEncipherment"),
    "without usage": ((LEAF[0],), "keyUsage"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_certificate_that_nobody_accepts_does_not_sign(case: str) -> None:
    extensions, reason = BAD[case]
    with pytest.raises(KeyFileError, match=reason):
        make(root().issue(ACME, extensions))


def test_a_chain_that_nobody_accepts_does_not_sign() -> None:
    entity = LEAF_ENTITY
    with pytest.raises(KeyFileError, match="a chain up to its root"):
        make(entity, entity.chain[:2])
    with pytest.raises(KeyFileError, match="one issued by the next"):
        make(entity, (entity.chain[0], entity.chain[2]))
    with pytest.raises(KeyFileError, match="the first certificate is not the key's"):
        make(entity, entity.chain[1:])


def test_an_expired_certificate_does_not_sign() -> None:
    with pytest.raises(KeyFileError, match="the certificate cannot sign now"):
        make(root().issue(ACME, CODE, begin=NOW - DAY, end=NOW - SECOND))
    with pytest.raises(KeyFileError, match="the certificate cannot sign now"):
        make(root().issue(ACME, CODE, begin=NOW + SECOND))


@pytest.mark.parametrize(
    ("key", "found"),
    [
        (ed25519.Ed25519PrivateKey.generate(), "Ed25519"),
        (rsa.generate_private_key(65537, 2056), "RSA-2056"),
    ],
)
def test_keys_without_an_algorithm_do_not_sign(key: ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey, found: str) -> None:
    with pytest.raises(KeyFileError, match=f"{found} cannot make Notation signatures"):
        LocalSigner.of(PrivateKey.of(key), LEAF_ENTITY.chain, where="chain.pem")


def test_the_chain_is_a_file_of_certificates(tmp_path: Path) -> None:
    key, chain = LEAF_ENTITY.write(tmp_path, "x")
    assert LocalSigner.load(LEAF_ENTITY.private, chain).chain == LEAF_ENTITY.chain
    for wrong in (key, tmp_path / "absent", tmp_path):
        with pytest.raises(TrustError):
            LocalSigner.load(LEAF_ENTITY.private, wrong)
