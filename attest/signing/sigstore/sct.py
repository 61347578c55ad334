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
_STEP: Final = "certificate: its timestamp by a log of certificates"
_WHICH: Final = "certificate: which log of certificates has seen it"


def verify_scts(leaf: Certificate, issuer: Certificate, root: TrustedRoot) -> None:
    """Check that one of the timestamps within ``leaf`` is by a log that the root trusts. Raises `VerificationError`."""
    timely = check_sct_times(leaf, root)
    if not any(_holds(sct, leaf, issuer, log, moment) for sct, log, moment in timely):
        names = ", ".join(log.url or log.id.hex() for _, log, _ in timely)
        raise VerificationError(_STEP, expected=f"one by {names}", found="a signature that does not hold")


def check_sct_times(leaf: Certificate, root: TrustedRoot) -> list[tuple[SignedCertificateTimestamp, Log, datetime]]:
    """The timestamps of logs that are trusted for their time, signatures not verified. Raises `VerificationError`."""
    embedded = [(sct, sct.timestamp.replace(tzinfo=UTC)) for sct in _embedded(leaf)]
    timely = [
        (sct, log, moment)
        for sct, moment in embedded
        for log in root.ct_logs.get(sct.log_id, ())
        if moment in log.window
    ]
    if not timely:
        found = ", ".join(f"{sct.log_id.hex()} at {moment:%Y-%m-%dT%H:%M:%SZ}" for sct, moment in embedded)
        raise VerificationError(_WHICH, expected="one that the trusted root names for that time", found=found or "none")
    return timely


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
