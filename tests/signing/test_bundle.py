from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest import names
from attest.errors import EnvelopeError, FormatError, JSONError
from attest.oci import strict_json
from attest.signing.bundle import Bundle, MessageSignature, verify_envelope, write_key_bundle
from attest.signing.dsse import Envelope, Signature, pae
from attest.signing.keys import PrivateKey, generate
from attest.signing.sign import KeySigner, sign_statement

STATEMENT = b'{"_type":"https://in-toto.io/Statement/v1"}'


def signed_value(key: PrivateKey) -> dict[str, Any]:
    value = json.loads(sign_statement(STATEMENT, KeySigner(key)))
    assert isinstance(value, dict)
    return value


def parse(value: Any) -> Bundle:
    return Bundle.parse(json.dumps(value).encode())


def test_a_signed_statement_is_verified_by_its_key_alone(key: PrivateKey) -> None:
    raw = sign_statement(STATEMENT, KeySigner(key))
    bundle = Bundle.parse(raw)
    assert (bundle.raw, bundle.version, bundle.key_hint) == (raw, "0.3", key.public.hint)
    assert bundle.envelope.payload == STATEMENT
    assert bundle.envelope.payload_type == names.IN_TOTO_PAYLOAD
    other = generate("ecdsa-p256").public
    assert verify_envelope(bundle.envelope, [other, key.public], hint=bundle.key_hint) == key.public
    assert verify_envelope(bundle.envelope, [other], hint=bundle.key_hint) is None
    assert verify_envelope(bundle.envelope, []) is None


def test_the_form_is_what_cosign_writes(p256: PrivateKey) -> None:
    raw = sign_statement(STATEMENT, KeySigner(p256))
    value = json.loads(raw)
    assert strict_json.write(value) == raw
    assert value["mediaType"] == "application/vnd.dev.sigstore.bundle.v0.3+json"
    assert value["verificationMaterial"] == {"publicKey": {"hint": p256.public.hint}}
    assert list(value["dsseEnvelope"]["signatures"][0]) == ["sig"]
    assert sorted(value) == ["dsseEnvelope", "mediaType", "verificationMaterial"]


def test_the_hint_is_never_trusted(p256: PrivateKey) -> None:
    other = generate("ecdsa-p256").public
    value = signed_value(p256)
    for hint in (other.hint, "", "é", None):
        value["verificationMaterial"]["publicKey"]["hint"] = hint
        bundle = parse(value)
        assert verify_envelope(bundle.envelope, [other, p256.public], hint=bundle.key_hint) == p256.public
        assert verify_envelope(bundle.envelope, [other], hint=bundle.key_hint) is None


def test_a_hinted_key_is_tried_first(p256: PrivateKey) -> None:
    """Seen by signing with two keys: whichever is hinted at is the one that answers."""
    second = generate("ed25519")
    message = pae("t", b"p")
    signatures = (Signature(p256.sign(message)), Signature(second.sign(message)))
    keys = [p256.public, second.public]
    assert verify_envelope(Envelope("t", b"p", signatures), keys) == p256.public
    assert verify_envelope(Envelope("t", b"p", signatures), keys, hint=second.public.hint) == second.public
    named = (signatures[0], Signature(signatures[1].sig, second.public.hint))
    assert verify_envelope(Envelope("t", b"p", named), keys) == second.public


def test_the_payload_type_is_signed(p256: PrivateKey) -> None:
    envelope = Bundle.parse(sign_statement(STATEMENT, KeySigner(p256))).envelope
    changed = Envelope("application/vnd.in-toto.revocation+json", envelope.payload, envelope.signatures)
    assert verify_envelope(changed, [p256.public]) is None


def test_a_signature_over_the_bare_payload_is_none(p256: PrivateKey) -> None:
    envelope = Envelope(names.IN_TOTO_PAYLOAD, STATEMENT, (Signature(p256.sign(STATEMENT)),))
    assert verify_envelope(envelope, [p256.public]) is None


@pytest.mark.parametrize("statement", [b"DSSEv1 ", pae(names.IN_TOTO_PAYLOAD, STATEMENT)])
def test_the_message_of_another_envelope_is_never_signed(p256: PrivateKey, statement: bytes) -> None:
    with pytest.raises(EnvelopeError, match="not a statement"):
        sign_statement(statement, KeySigner(p256))


@pytest.mark.parametrize(
    ("media_type", "version"),
    [
        ("application/vnd.dev.sigstore.bundle.v0.3+json", "0.3"),
        ("application/vnd.dev.sigstore.bundle+json;version=0.3", "0.3"),
        ("application/vnd.dev.sigstore.bundle+json;version=0.2", "0.2"),
        ("application/vnd.dev.sigstore.bundle+json;version=0.1", "0.1"),
        ("application/vnd.dev.sigstore.bundle.v0.1+json", "0.1"),
    ],
)
def test_media_types(p256: PrivateKey, media_type: str, version: str) -> None:
    assert parse(signed_value(p256) | {"mediaType": media_type}).version == version


@pytest.mark.parametrize(
    "media_type",
    [
        "",
        "application/json",
        "application/vnd.dev.sigstore.bundle+json",
        "application/vnd.dev.sigstore.bundle.v0.4+json",
        "application/vnd.dev.sigstore.bundle.v0.3+json ",
        "application/vnd.dev.sigstore.bundle.v0.3+JSON",
    ],
)
def test_unknown_media_types(p256: PrivateKey, media_type: str) -> None:
    with pytest.raises(EnvelopeError, match="not a bundle of a known version"):
        parse(signed_value(p256) | {"mediaType": media_type})


CERTIFICATE = {"rawBytes": "AAAA"}
CHAIN = {"certificates": [CERTIFICATE]}
MESSAGE = {"messageDigest": {"algorithm": "SHA2_256", "digest": "AAEC"}, "signature": "AwQ="}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"publicKey": {"hint": "x"}, "certificate": CERTIFICATE}, "there are publicKey, certificate"),
        ({"publicKey": {}, "x509CertificateChain": CHAIN}, "there are publicKey, x509CertificateChain"),
        ({"certificate": CERTIFICATE, "x509CertificateChain": CHAIN}, "there are certificate, x509CertificateChain"),
        ({}, "there is none"),
        ({"publicKey": None}, "there is none"),
    ],
)
def test_exactly_one_verification_material(p256: PrivateKey, changes: dict[str, Any], why: str) -> None:
    with pytest.raises(EnvelopeError, match="expected exactly one of publicKey") as caught:
        parse(signed_value(p256) | {"verificationMaterial": changes})
    assert caught.value.why == why


def test_exactly_one_content(p256: PrivateKey) -> None:
    value = signed_value(p256)
    for changed in (value | {"messageSignature": MESSAGE}, value | {"dsseEnvelope": None}):
        with pytest.raises(EnvelopeError, match="expected exactly one of dsseEnvelope, messageSignature"):
            parse(changed)


@pytest.mark.parametrize("material", [{"certificate": CERTIFICATE}, {"x509CertificateChain": CHAIN}])
def test_other_material_is_carried_as_written(p256: PrivateKey, material: dict[str, Any]) -> None:
    whole = material | {"tlogEntries": [{"logIndex": "7"}], "timestampVerificationData": {"rfc3161Timestamps": []}}
    bundle = parse(signed_value(p256) | {"verificationMaterial": whole})
    assert bundle.material == whole
    assert bundle.key_hint is None


def test_a_message_signature_is_read_and_is_no_envelope(p256: PrivateKey) -> None:
    value = signed_value(p256)
    del value["dsseEnvelope"]
    assert parse(value | {"messageSignature": MESSAGE}).content == MessageSignature(b"\3\4", "SHA2_256", b"\0\1\2")
    bundle = parse(value | {"messageSignature": {"signature": "AwQ="}})
    assert bundle.content == MessageSignature(b"\3\4")
    with pytest.raises(EnvelopeError, match="no DSSE envelope"):
        _ = bundle.envelope


@pytest.mark.parametrize("count", [0, 2])
def test_exactly_one_signature(p256: PrivateKey, count: int) -> None:
    value = signed_value(p256)
    value["dsseEnvelope"]["signatures"] *= count
    with pytest.raises(EnvelopeError):
        parse(value)
    with pytest.raises(EnvelopeError, match="exactly one signature"):
        write_key_bundle(Envelope("t", b"", (Signature(b""),) * count), p256.public)


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b"null", b"\xff", b'{"mediaType":1}', b"[" * 100_000])
def test_what_is_no_bundle(raw: bytes) -> None:
    with pytest.raises(JSONError):
        Bundle.parse(raw)


def test_the_same_member_twice_is_refused(p256: PrivateKey) -> None:
    raw = sign_statement(STATEMENT, KeySigner(p256))
    with pytest.raises(JSONError, match="stands twice"):
        Bundle.parse(raw[:-1] + b',"dsseEnvelope":{}}')


def test_every_flipped_bit_is_refused_or_changes_nothing(p256: PrivateKey) -> None:
    raw = sign_statement(STATEMENT, KeySigner(p256))
    unchanged = 0
    for position in range(len(raw) * 8):
        flipped = bytearray(raw)
        flipped[position // 8] ^= 1 << position % 8
        try:
            bundle = Bundle.parse(bytes(flipped))
            envelope = bundle.envelope
        except FormatError:
            continue
        if verify_envelope(envelope, [p256.public], hint=bundle.key_hint) is None:
            continue
        assert (envelope.payload_type, envelope.payload) == (names.IN_TOTO_PAYLOAD, STATEMENT)
        unchanged += 1
    hint_bits = 8 * len(p256.public.hint + "hint")
    assert 0 < unchanged <= hint_bits


@given(st.binary(max_size=64), st.binary(max_size=64), st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_what_is_written_is_read_again(payload: bytes, sig: bytes, payload_type: str) -> None:
    envelope = Envelope(payload_type, payload, (Signature(sig),))
    bundle = Bundle.parse(write_key_bundle(envelope, KEY.public))
    assert (bundle.envelope, bundle.key_hint) == (envelope, KEY.public.hint)
    assert base64.b64decode(bundle.key_hint or "").hex() == KEY.public.fingerprint


KEY = generate("ed25519")
