"""A log's promise beside an older signature proves its time, if the policy's trust root knows the log."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from attest import names
from attest.errors import FormatError
from attest.evidence.identity import KeyIdentity
from attest.evidence.model import Candidate, Check
from attest.evidence.signed import SimplySigned
from attest.evidence.trust import Sigstore
from attest.evidence.verify import EvidenceSet
from attest.oci import strict_json
from attest.signing.keys import PrivateKey, PublicKey, generate
from attest.signing.sigstore.trusted_root import TrustedRoot
from attest.signing.sigstore.verify import Requirements
from tests.evidence_factory import SUBJECT, evidence, key, signed

LOG = generate("ecdsa-p256")
OTHER_LOG = generate("ecdsa-p256")
LOGGED = datetime(2026, 11, 1, 12, tzinfo=UTC)
ENDED = datetime(2026, 11, 10, tzinfo=UTC)
PAYLOAD = json.dumps(
    {
        "critical": {
            "identity": {"docker-reference": ""},
            "image": {"docker-manifest-digest": str(SUBJECT.manifest.digest)},
            "type": "cosign container image signature",
        },
        "optional": {},
    }
).encode()


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


def root(*logs: PrivateKey) -> TrustedRoot:
    entries = [
        {
            "baseUrl": "https://rekor.example",
            "hashAlgorithm": "SHA2_256",
            "publicKey": {
                "rawBytes": base64_of(log.public.spki),
                "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                "validFor": {"start": "2026-01-01T00:00:00Z"},
            },
            "logId": {"keyId": base64_of(bytes.fromhex(log.public.fingerprint))},
        }
        for log in logs
    ]
    value = {"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1", "tlogs": entries}
    return TrustedRoot.parse(json.dumps(value).encode())


def noted(signature: bytes, *, payload: bytes = PAYLOAD, at: datetime = LOGGED) -> dict[str, str]:
    """As cosign kept Rekor's answer; ``payload`` is what the log has on record."""
    body = {
        "apiVersion": "0.0.1",
        "kind": "hashedrekord",
        "spec": {
            "data": {"hash": {"algorithm": "sha256", "value": hashlib.sha256(payload).hexdigest()}},
            "signature": {
                "content": base64_of(signature),
                "publicKey": {"content": base64_of(key("release").public.pem())},
            },
        },
    }
    entry: dict[str, Any] = {
        "body": base64_of(strict_json.write(body)),
        "integratedTime": int(at.timestamp()),
        "logIndex": 7,
        "logID": LOG.public.fingerprint,
    }
    promise = base64_of(LOG.sign(strict_json.write(entry)))
    return {
        names.ANNOTATION_COSIGN_SIGNATURE: base64_of(signature),
        names.ANNOTATION_COSIGN_BUNDLE: json.dumps({"SignedEntryTimestamp": promise, "Payload": entry}),
    }


def candidate(found: Mapping[str, str]) -> Candidate:
    return replace(signed("release"), signed=SimplySigned.parse(PAYLOAD, found), claims=names.SIMPLE_SIGNING)


def judged(found: Mapping[str, str], *logs: PrivateKey, until: datetime | None = ENDED) -> EvidenceSet:
    who = KeyIdentity("release", key("release").public, until=until)
    sigstore = Sigstore(root(*logs), Requirements(1, 1)) if logs else None
    return evidence([candidate(found)], [who], sigstore=sigstore)


def test_a_promise_proves_a_time_before_the_end() -> None:
    (verified,) = judged(noted(key("release").sign(PAYLOAD)), LOG).verified
    assert verified.proof.time == LOGGED


@pytest.mark.parametrize("logs", [(), (OTHER_LOG,)], ids=["keys only", "another log"])
def test_a_log_that_nobody_trusts_proves_nothing(logs: tuple[PrivateKey, ...]) -> None:
    found = noted(key("release").sign(PAYLOAD))
    (rejected,) = judged(found, *logs).rejected
    assert (rejected.check, rejected.reason) == (Check.IDENTITY, "release ended on 2026-11-10")
    (verified,) = judged(found, *logs, until=None).verified
    assert verified.proof.time is None


def test_a_signature_that_was_logged_after_the_end() -> None:
    found = noted(key("release").sign(PAYLOAD), at=ENDED + timedelta(seconds=1))
    assert judged(found, LOG).rejected[0].check is Check.IDENTITY


def edited(found: dict[str, str], **changes: Any) -> dict[str, str]:
    kept = json.loads(found[names.ANNOTATION_COSIGN_BUNDLE])
    kept["Payload"] |= changes
    return found | {names.ANNOTATION_COSIGN_BUNDLE: json.dumps(kept)}


def test_what_is_wrong_beside_a_good_signature_is_not_passed_over() -> None:
    signature = key("release").sign(PAYLOAD)
    earlier = edited(noted(signature), integratedTime=int(LOGGED.timestamp()) - 86_400)
    for_other_content = noted(signature, payload=b"another payload")
    for_another_signature = noted(key("release").sign(b"another payload"))
    for_another_signature[names.ANNOTATION_COSIGN_SIGNATURE] = base64_of(signature)
    for found in (earlier, for_other_content, for_another_signature):
        (rejected,) = judged(found, LOG, until=None).rejected
        assert rejected.check is Check.SIGNATURE
        assert ": expected " in rejected.reason


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (names.ANNOTATION_COSIGN_SIGNATURE, ""),
        (names.ANNOTATION_COSIGN_SIGNATURE, "not base64!"),
        (names.ANNOTATION_COSIGN_BUNDLE, "{"),
        (names.ANNOTATION_COSIGN_BUNDLE, "{}"),
        (names.ANNOTATION_COSIGN_BUNDLE, '{"Payload": {"body": "e30="}, "SignedEntryTimestamp": ""}'),
        (names.ANNOTATION_COSIGN_CERTIFICATE, "-----BEGIN CERTIFICATE-----\nAA=A\n-----END CERTIFICATE-----\n"),
        (names.ANNOTATION_COSIGN_CERTIFICATE, "no PEM"),
        (names.ANNOTATION_COSIGN_TIMESTAMP, "[]"),
        (names.ANNOTATION_COSIGN_TIMESTAMP, "{}"),
    ],
)
def test_malformed_annotations(name: str, text: str) -> None:
    with pytest.raises(FormatError):
        SimplySigned.parse(PAYLOAD, noted(key("release").sign(PAYLOAD)) | {name: text})


def test_older_clients_took_sha256_for_every_curve() -> None:
    private = ec.generate_private_key(ec.SECP384R1())
    who = KeyIdentity("release", PublicKey.of(private.public_key()))
    for hash_, known in ((hashes.SHA384(), True), (hashes.SHA256(), True), (hashes.SHA512(), False)):
        signature = base64_of(private.sign(PAYLOAD, ec.ECDSA(hash_)))
        found = evidence([candidate({names.ANNOTATION_COSIGN_SIGNATURE: signature})], [who])
        assert bool(found.verified) == known
        assert [item.check for item in found.rejected] == ([] if known else [Check.AUTHOR])


def self_signed() -> str:
    """A certificate that nobody vouches for, made out to nobody."""
    key_ = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    builder = x509.CertificateBuilder(name, name, key_.public_key(), 1, LOGGED, LOGGED + timedelta(days=1))
    return builder.sign(key_, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


@pytest.mark.parametrize("every", [pytest.param(29, id="sample"), pytest.param(1, id="all", marks=pytest.mark.slow)])
def test_a_flipped_annotation_is_refused_or_changes_nothing(every: int) -> None:
    whole = noted(key("release").sign(PAYLOAD))
    certified = whole | {names.ANNOTATION_COSIGN_CERTIFICATE: self_signed()}
    outcomes = set()
    for base in (whole, certified):
        for name, text in base.items():
            for position in range(0, len(text) * 7, every):
                characters = list(text)
                characters[position // 7] = chr(ord(characters[position // 7]) ^ (1 << position % 7))
                try:
                    found = judged(base | {name: "".join(characters)}, LOG, until=None)
                except FormatError:
                    continue
                assert len(found.verified) + len(found.rejected) == 1
                for item in found.verified:
                    assert item.statement.raw == PAYLOAD
                    assert item.proof.time in (LOGGED, None)  # of an unknown log nothing is believed
                outcomes.add(bool(found.verified))
    assert False in outcomes
