"""What cosign wrote before bundles becomes the bundle that says the same: every member, and what is refused."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest

from attest import names
from attest.errors import EnvelopeError, FormatError
from attest.oci.digest import Digest
from attest.signing.bundle import MessageSignature
from attest.signing.cosign_legacy import attestation_bundle, signature_bundle, signed_manifest
from attest.signing.dsse import PAE_PREFIX

DIGEST = "sha256:" + "ab" * 32
PAYLOAD: dict[str, Any] = {
    "critical": {
        "identity": {"docker-reference": "registry.example/app"},
        "image": {"docker-manifest-digest": DIGEST},
        "type": "cosign container image signature",
    },
    "optional": None,
}
SIGNATURE = {names.ANNOTATION_COSIGN_SIGNATURE: "c2ln"}
ENVELOPE = json.dumps(
    {"payloadType": "application/x", "payload": "e30=", "signatures": [{"keyid": "", "sig": "c2ln"}]}
).encode()
BODY = base64.b64encode(json.dumps({"kind": "hashedrekord", "apiVersion": "0.0.1"}).encode()).decode()
LOG_ID = "c0d23d6ad406973f9559f3ba2d1ca01f84147d8ffc5b8445c224f98b9591801d"
ENTRY: dict[str, Any] = {
    "SignedEntryTimestamp": "c2V0",
    "Payload": {"body": BODY, "integratedTime": 1700000000, "logIndex": 7, "logID": LOG_ID},
}
PEM = "-----BEGIN CERTIFICATE-----\nY2Vy\ndGlm\n-----END CERTIFICATE-----\n"


def entry(**changed: Any) -> dict[str, str]:
    return {names.ANNOTATION_COSIGN_BUNDLE: json.dumps({**ENTRY, "Payload": {**ENTRY["Payload"], **changed}})}


def material(annotations: dict[str, str]) -> dict[str, Any]:
    return dict(signature_bundle(b"{}", {**SIGNATURE, **annotations}).material)


def test_a_signature_with_a_key() -> None:
    bundle = signature_bundle(b"payload", SIGNATURE)
    digest = hashlib.sha256(b"payload").digest()
    assert json.loads(bundle.raw) == {
        "mediaType": "application/vnd.dev.sigstore.bundle+json;version=0.1",
        "verificationMaterial": {"publicKey": {}},
        "messageSignature": {
            "messageDigest": {"algorithm": "SHA2_256", "digest": base64.b64encode(digest).decode()},
            "signature": "c2ln",
        },
    }
    assert bundle.content == MessageSignature(b"sig", "SHA2_256", digest)
    assert (bundle.version, bundle.key_hint) == ("0.1", None)


def test_an_attestation_with_a_key() -> None:
    bundle = attestation_bundle(ENVELOPE, {})
    assert (bundle.envelope.payload, bundle.envelope.signatures[0].sig) == (b"{}", b"sig")
    assert bundle.material == {"publicKey": {}}


@pytest.mark.parametrize("annotations", [{}, {names.ANNOTATION_COSIGN_SIGNATURE: ""}])
def test_without_a_signature(annotations: dict[str, str]) -> None:
    with pytest.raises(EnvelopeError, match="no signature"):
        signature_bundle(b"payload", annotations)


def test_the_rest_of_it() -> None:
    assert material(
        {
            names.ANNOTATION_COSIGN_CERTIFICATE: PEM + PEM.replace("Y2Vy", "b3Ro"),
            names.ANNOTATION_COSIGN_TIMESTAMP: json.dumps({"SignedRFC3161Timestamp": "dGlt"}),
        }
        | entry()
    ) == {
        "x509CertificateChain": {"certificates": [{"rawBytes": "Y2VydGlm"}]},
        "tlogEntries": [
            {
                "logIndex": "7",
                "logId": {"keyId": base64.b64encode(bytes.fromhex(LOG_ID)).decode()},
                "kindVersion": {"kind": "hashedrekord", "version": "0.0.1"},
                "integratedTime": "1700000000",
                "inclusionPromise": {"signedEntryTimestamp": "c2V0"},
                "canonicalizedBody": BODY,
            }
        ],
        "timestampVerificationData": {"rfc3161Timestamps": [{"signedTimestamp": "dGlt"}]},
    }


@pytest.mark.parametrize(
    "name",
    [
        names.ANNOTATION_COSIGN_CERTIFICATE,
        names.ANNOTATION_COSIGN_BUNDLE,
        names.ANNOTATION_COSIGN_TIMESTAMP,
    ],
)
def test_what_is_empty_is_not_there(name: str) -> None:
    assert material({name: ""}) == {"publicKey": {}}


@pytest.mark.parametrize(
    ("annotations", "says"),
    [
        ({names.ANNOTATION_COSIGN_CERTIFICATE: "Y2Vy"}, "not a certificate in PEM"),
        ({names.ANNOTATION_COSIGN_CERTIFICATE: f"x{PEM}"}, "not a certificate in PEM"),
        ({names.ANNOTATION_COSIGN_CERTIFICATE: PEM.replace("Y2Vy", "Y2V")}, "not base64"),
        (entry(logID="xyz"), "not hexadecimal"),
        (entry(body="e3!="), "not base64"),
        (entry(body="e30="), "kind"),
        ({names.ANNOTATION_COSIGN_BUNDLE: "[]"}, "not a JSON object"),
        ({names.ANNOTATION_COSIGN_TIMESTAMP: "{}"}, "SignedRFC3161Timestamp"),
    ],
)
def test_what_is_refused(annotations: dict[str, str], says: str) -> None:
    with pytest.raises(FormatError) as refused:
        material(annotations)
    assert says in str(refused.value)


def test_what_a_payload_is_about() -> None:
    assert signed_manifest(json.dumps(PAYLOAD).encode()) == Digest.parse(DIGEST)


def test_another_type_is_no_signature_of_an_image() -> None:
    payload = {**PAYLOAD, "critical": {**PAYLOAD["critical"], "type": "x"}}
    with pytest.raises(EnvelopeError, match="not a simple signing payload of cosign"):
        signed_manifest(json.dumps(payload).encode())


def test_the_signed_form_of_an_envelope_is_named_as_such() -> None:
    with pytest.raises(EnvelopeError, match="it is the signed form of a DSSE envelope"):
        signed_manifest(PAE_PREFIX + b"5 {}")
