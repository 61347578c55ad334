"""What cosign wrote before there were bundles (cosign SIGNATURE_SPEC.md, ATTESTATION_SPEC.md; wire-formats.md §3.4).

A layer is what was signed, its annotations are the rest: signature, certificate, log entry, timestamp. They are put
together as the bundle v0.1 that says the same, so that whatever verifies bundles verifies these.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final

from attest import limits, names
from attest.errors import EnvelopeError
from attest.oci import strict_json
from attest.oci.digest import Digest
from attest.oci.strict_json import Fields
from attest.signing.bundle import Bundle
from attest.signing.dsse import PAE_PREFIX, decode_base64

_PEM: Final = re.compile(r"\s*-----BEGIN CERTIFICATE-----\s([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----", re.ASCII)
_PAYLOAD_TYPE: Final = "cosign container image signature"


def signature_bundle(payload: bytes, annotations: Mapping[str, str]) -> Bundle:
    """The bundle of a layer of a `.sig` manifest: a message signature over ``payload``. Raises `FormatError`."""
    signature = annotations.get(names.ANNOTATION_COSIGN_SIGNATURE)
    if not signature:
        raise EnvelopeError("no signature", where=names.ANNOTATION_COSIGN_SIGNATURE)
    digest = base64.b64encode(hashlib.sha256(payload).digest()).decode()
    message = {"messageDigest": {"algorithm": "SHA2_256", "digest": digest}, "signature": signature}
    return _bundle(annotations, "messageSignature", message)


def attestation_bundle(envelope: bytes, annotations: Mapping[str, str]) -> Bundle:
    """The bundle of a layer of an `.att` manifest, which is a DSSE envelope. Raises `FormatError`."""
    value = strict_json.read_object(envelope, where="envelope", limit=limits.EVIDENCE_BLOB)
    return _bundle(annotations, "dsseEnvelope", value)


def signed_manifest(payload: bytes) -> Digest:
    """The manifest that a simple signing payload is about (sigstore `payload.go`). Raises `FormatError`.

    What begins as the signed form of a DSSE envelope is refused: a signature over it says something else (design.md
    §3.9).
    """
    if payload.startswith(PAE_PREFIX):
        raise EnvelopeError("not a simple signing payload", why="it is the signed form of a DSSE envelope")
    fields = Fields(strict_json.read_object(payload, where="payload", limit=limits.MANIFEST), "payload")
    critical = fields.object("critical")
    kind = critical.string("type")
    if kind != _PAYLOAD_TYPE:
        raise EnvelopeError(
            "not a simple signing payload of cosign", where="payload.critical.type", why=f"it is {kind[:160]!r}"
        )
    return Digest.parse(critical.object("image").string("docker-manifest-digest"))


def _bundle(annotations: Mapping[str, str], content: str, value: Mapping[str, Any]) -> Bundle:
    material: dict[str, Any] = {}
    certificate = annotations.get(names.ANNOTATION_COSIGN_CERTIFICATE)
    if certificate:
        # The chain beside it is left alone: whom to believe is said by the trust root.
        material["x509CertificateChain"] = {"certificates": [{"rawBytes": _der(certificate)}]}
    else:
        material["publicKey"] = {}
    entry = annotations.get(names.ANNOTATION_COSIGN_BUNDLE)
    if entry:
        material["tlogEntries"] = [_log_entry(entry)]
    timestamp = annotations.get(names.ANNOTATION_COSIGN_TIMESTAMP)
    if timestamp:
        signed = _annotation(timestamp, "timestamp").string("SignedRFC3161Timestamp")
        material["timestampVerificationData"] = {"rfc3161Timestamps": [{"signedTimestamp": signed}]}
    return Bundle.parse(
        strict_json.write({"mediaType": names.BUNDLE_V01, "verificationMaterial": material, content: dict(value)})
    )


def _log_entry(text: str) -> dict[str, Any]:
    """Rekor's answer as cosign kept it (cosign `pkg/cosign/bundle/rekor.go`)."""
    fields = _annotation(text, "log entry")
    payload = fields.object("Payload")
    body = payload.string("body")
    kind = Fields(
        strict_json.read_object(
            decode_base64(body, where=f"{payload.path}.body"), where="log entry", limit=limits.EVIDENCE_BLOB
        ),
        "body",
    )
    log_id = payload.string("logID")
    try:
        key_id = base64.b64encode(bytes.fromhex(log_id)).decode()
    except ValueError:
        raise EnvelopeError("not hexadecimal", where=f"{payload.path}.logID", why=f"{log_id[:80]!r}") from None
    return {
        "logIndex": str(payload.integer("logIndex")),
        "logId": {"keyId": key_id},
        "kindVersion": {"kind": kind.string("kind"), "version": kind.string("apiVersion")},
        "integratedTime": str(payload.integer("integratedTime")),
        "inclusionPromise": {"signedEntryTimestamp": fields.string("SignedEntryTimestamp")},
        "canonicalizedBody": body,
    }


def _annotation(text: str, what: str) -> Fields:
    return Fields(strict_json.read_object(text.encode(), where=what, limit=limits.EVIDENCE_BLOB), what)


def _der(pem: str) -> str:
    """The first certificate (RFC 7468 §2), in base64; whether it is one is seen when it is used."""
    found = _PEM.match(pem)
    if found is None:
        raise EnvelopeError("not a certificate in PEM", where=names.ANNOTATION_COSIGN_CERTIFICATE)
    text = "".join(found[1].split())
    decode_base64(text, where=names.ANNOTATION_COSIGN_CERTIFICATE)
    return text
