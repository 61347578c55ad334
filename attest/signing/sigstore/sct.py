"""Signed certificate timestamps (RFC 6962 §3.2): a log of certificates has seen what Fulcio issued."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from attest.errors import VerificationError
from attest.signing.sigstore.trusted_root import Log, TrustedRoot

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from cryptography.x509.certificate_transparency import SignedCertificateTimestamp

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_STEP: Final = "certificate: its timestamp by a certificate transparency log"


def verify_scts(leaf: Certificate, issuer: Certificate, root: TrustedRoot) -> None:
    """Check that one of the timestamps within ``leaf`` is by a log that the root trusts. Raises `VerificationError`."""
    embedded = _embedded(leaf)
    found = f"{len(embedded)} by logs that the trusted root does not name" if embedded else "none"
    for sct in embedded:
        moment = sct.timestamp.replace(tzinfo=UTC)
        for log in root.ct_logs.get(sct.log_id, ()):
            if moment not in log.window:
                found = f"one of {moment:%Y-%m-%dT%H:%M:%SZ}, outside the time of its log ({log.window})"
            elif _holds(sct, leaf, issuer, log, moment):
                return
            else:
                found = f"one whose signature does not hold ({log.url or log.id.hex()})"
    raise VerificationError(_STEP, expected="one by a log that the trusted root names", found=found)


def check_sct_times(leaf: Certificate, root: TrustedRoot) -> None:
    """Of timestamps whose signatures hold: one is by a log that was trusted then. Raises `VerificationError`."""
    for sct in _embedded(leaf):
        moment = sct.timestamp.replace(tzinfo=UTC)
        if any(moment in log.window for log in root.ct_logs.get(sct.log_id, ())):
            return
    raise VerificationError(
        _STEP, expected="one by a log that the trusted root names, of its time", found="others only"
    )


def _embedded(leaf: Certificate) -> list[SignedCertificateTimestamp]:
    from cryptography import x509
    from cryptography.x509.oid import ExtensionOID

    try:
        extension = leaf.extensions.get_extension_for_oid(ExtensionOID.PRECERT_SIGNED_CERTIFICATE_TIMESTAMPS)
    except x509.ExtensionNotFound:
        return []
    assert isinstance(extension.value, x509.PrecertificateSignedCertificateTimestamps)
    return list(extension.value)


def _holds(sct: SignedCertificateTimestamp, leaf: Certificate, issuer: Certificate, log: Log, moment: datetime) -> bool:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    if not isinstance(sct.signature_hash_algorithm, SHA256):  # RFC 6962 §2.1.4
        return False
    certificate = leaf.tbs_precertificate_bytes
    issuer_key = issuer.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    signed = b"".join(
        (
            b"\x00\x00",  # version 1, a certificate's timestamp
            ((moment - _EPOCH) // timedelta(milliseconds=1)).to_bytes(8, "big"),
            b"\x00\x01",  # what is logged is a precertificate
            hashlib.sha256(issuer_key).digest(),
            len(certificate).to_bytes(3, "big"),
            certificate,
            len(sct.extension_bytes).to_bytes(2, "big"),
            sct.extension_bytes,
        )
    )
    return log.key.verify(sct.signature, signed)
