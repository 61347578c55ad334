"""OCSP (RFC 6960) about one certificate: the request, and whether an answer holds and what it says."""

from __future__ import annotations

from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from attest.errors import EnvelopeError
from attest.signing.notation.certificates import issued


def request(certificate: x509.Certificate, issuer: x509.Certificate) -> bytes:
    """A request in DER. It names the certificate by SHA-1: many responders know nothing else; nothing rests on it."""
    return (
        ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, hashes.SHA1()).build().public_bytes(Encoding.DER)
    )


def is_revoked(
    answer: bytes, certificate: x509.Certificate, issuer: x509.Certificate, now: datetime, signed_at: datetime | None
) -> bool:
    """What ``answer`` says. Raises `EnvelopeError` for one that does not hold, is out of date, or does not know."""
    try:
        response = ocsp.load_der_ocsp_response(answer)
    except ValueError as error:
        raise EnvelopeError("not an OCSP answer", why=str(error)[:160]) from None
    if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        raise EnvelopeError("the OCSP responder refused", why=response.response_status.name)
    single = _single(response, certificate, issuer)
    _check_signature(response, issuer, now)
    if single.next_update_utc is None or now > single.next_update_utc:
        raise EnvelopeError("the OCSP answer is out of date", why=f"next update {single.next_update_utc}")
    match single.certificate_status:
        case ocsp.OCSPCertStatus.GOOD:
            return False
        case ocsp.OCSPCertStatus.REVOKED:
            return not _invalid_only_later(response, signed_at)
        case _:
            raise EnvelopeError("the OCSP responder does not know the certificate")


def _single(
    response: ocsp.OCSPResponse, certificate: x509.Certificate, issuer: x509.Certificate
) -> ocsp.OCSPSingleResponse:
    """The part about this certificate."""
    for single in response.responses:
        try:
            asked = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, single.hash_algorithm).build()
        except (UnsupportedAlgorithm, ValueError):  # named by a hash that is not known here, and not asked for
            continue
        if (single.serial_number, single.issuer_name_hash, single.issuer_key_hash) == (
            asked.serial_number,
            asked.issuer_name_hash,
            asked.issuer_key_hash,
        ):
            return single
    raise EnvelopeError("an OCSP answer about another certificate")


def _check_signature(response: ocsp.OCSPResponse, issuer: x509.Certificate, now: datetime) -> None:
    """The issuer's own key signed, or that of a certificate which the issuer made for this (RFC 6960 §4.2.2.2)."""
    signers = [issuer, *(item for item in response.certificates if _is_delegate(item, issuer, now))]
    if not any(_signed(response, signer) for signer in signers):
        raise EnvelopeError("the OCSP answer is not signed by the issuer of the certificate, or for it")


def _is_delegate(candidate: x509.Certificate, issuer: x509.Certificate, now: datetime) -> bool:
    try:
        usages = candidate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        return False
    if ExtendedKeyUsageOID.OCSP_SIGNING not in usages or not issued(candidate, issuer):
        return False
    return candidate.not_valid_before_utc <= now <= candidate.not_valid_after_utc


def _signed(response: ocsp.OCSPResponse, signer: x509.Certificate) -> bool:
    try:
        digest, key = response.signature_hash_algorithm, signer.public_key()
    except (UnsupportedAlgorithm, ValueError):
        return False
    if digest is None or digest.name not in ("sha256", "sha384", "sha512"):
        return False
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(response.signature, response.tbs_response_bytes, padding.PKCS1v15(), digest)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(response.signature, response.tbs_response_bytes, ec.ECDSA(digest))
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _invalid_only_later(response: ocsp.OCSPResponse, signed_at: datetime | None) -> bool:
    """Whether the answer says that the key was good when the signature was made.

    The library reads extensions of answers about one certificate only: in others nothing says so.
    """
    try:
        extension = response.single_extensions.get_extension_for_class(x509.InvalidityDate)
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return False
    return signed_at is not None and signed_at < extension.value.invalidity_date.replace(tzinfo=UTC)
