"""What the certificates of a chain must be (signature-specification.md "Certificate Requirements").

These rules say nothing about trust: whether the chain ends in a root that somebody trusts is `verify`'s to ask. Only
basic constraints, key usage and extended key usage are looked at; every other extension is ignored, critical or not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import Enum
from typing import Final, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

from attest.errors import EnvelopeError, VerificationError
from attest.signing.notation.algorithms import algorithm_of, describe

STEP: Final = "certificate chain"

_HASHES: Final = ("sha256", "sha384", "sha512")
_EXTENSION = TypeVar("_EXTENSION", x509.BasicConstraints, x509.KeyUsage, x509.ExtendedKeyUsage)

_NOT_FOR_LEAVES: Final = {
    "key_encipherment": "keyEncipherment",
    "data_encipherment": "dataEncipherment",
    "key_agreement": "keyAgreement",
    "key_cert_sign": "keyCertSign",
    "crl_sign": "cRLSign",
}
_NOT_FOR_CODE: Final = {
    ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE: "anyExtendedKeyUsage",
    ExtendedKeyUsageOID.SERVER_AUTH: "serverAuth",
    ExtendedKeyUsageOID.CLIENT_AUTH: "clientAuth",
    ExtendedKeyUsageOID.EMAIL_PROTECTION: "emailProtection",
    ExtendedKeyUsageOID.TIME_STAMPING: "timeStamping",
    ExtendedKeyUsageOID.OCSP_SIGNING: "OCSPSigning",
}


class Purpose(Enum):
    """What the leaf of a chain signs."""

    CODE = "code signing"
    TIME = "time stamping"


Chain = tuple[x509.Certificate, ...]


def load(der: bytes, *, where: str) -> x509.Certificate:
    """Read one certificate in DER. Raises `EnvelopeError`, also where its extensions or its key cannot be read, or
    anything follows it."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        _ = certificate.extensions, certificate.public_key(), certificate.subject, certificate.issuer
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion, x509.DuplicateExtension) as error:
        raise EnvelopeError("not a certificate", where=where, why=_line(error)) from None
    return certificate


def load_chain(ders: Iterable[bytes]) -> Chain:
    """Read the certificates of an envelope. Raises `EnvelopeError`."""
    return tuple(load(der, where=f"certificate {position}") for position, der in enumerate(ders))


def thumbprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the DER form, in lower-case hex."""
    return hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()


def key_fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the SPKI of the key that it certifies, in lower-case hex."""
    spki = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(spki).hexdigest()


def check_chain(chain: Sequence[x509.Certificate], purpose: Purpose) -> None:
    """Raise `VerificationError` unless ``chain``, leaf first, is ordered, complete up to a self-signed root, has no
    certificate too many, and each certificate may do what it does there."""
    leaf, *authorities = chain
    if not authorities:
        if not _issued(leaf, leaf):
            raise _refuse(leaf, "a chain up to its root", "one certificate that is not self-signed")
        _check_leaf(leaf, purpose)
        return
    _check_leaf(leaf, purpose)
    for below, authority in enumerate(authorities):
        _check_authority(authority, below, purpose)
    for certificate, issuer in zip(chain, authorities, strict=False):
        if _issued(certificate, certificate):
            raise _refuse(certificate, "a root at the end of the chain only", "a self-signed certificate before it")
        if not _issued(certificate, issuer):
            raise _refuse(certificate, f"one issued by the next of the chain, {_name(issuer)}", "one that is not")
    if not _issued(chain[-1], chain[-1]):
        raise _refuse(chain[-1], "a chain up to its root", "a last certificate that is not self-signed")


def check_validity(chain: Sequence[x509.Certificate], earliest: datetime, latest: datetime) -> str | None:
    """Why not every certificate is valid from ``earliest`` to ``latest``, both included; None if each is."""
    for certificate in chain:
        begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        if earliest < begin:
            return f"{_name(certificate)} is valid from {begin.isoformat()}"
        if latest > end:
            return f"{_name(certificate)} expired at {end.isoformat()}"
    return None


def issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether ``issuer``'s key signed ``certificate``, with a hash that still protects, and the names agree."""
    return _issued(certificate, issuer)


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        digest = certificate.signature_hash_algorithm
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError, UnsupportedAlgorithm):
        return False
    return digest is None or digest.name in _HASHES  # Ed25519 has no hash of its own to name


def _check_leaf(leaf: x509.Certificate, purpose: Purpose) -> None:
    constraints = _extension(leaf, x509.BasicConstraints)
    if constraints is not None and constraints.value.ca:
        raise _refuse(leaf, "no CA certificate", "basicConstraints with cA")
    usage = _key_usage(leaf, purpose)
    if not usage.digital_signature:
        raise _refuse(leaf, "keyUsage with digitalSignature", "one without")
    forbidden = [name for field, name in _NOT_FOR_LEAVES.items() if getattr(usage, field)]
    if forbidden:
        raise _refuse(leaf, "keyUsage for signatures only", ", ".join(forbidden))
    _check_extended(leaf, purpose)
    if algorithm_of(key := leaf.public_key()) is None:
        raise _refuse(leaf, "RSA-2048, -3072 or -4096, or EC on P-256, P-384 or P-521", describe(key))


def _check_extended(leaf: x509.Certificate, purpose: Purpose) -> None:
    extension = _extension(leaf, x509.ExtendedKeyUsage)
    usages: list[ObjectIdentifier] = [] if extension is None else list(extension.value)
    if purpose is Purpose.CODE:
        forbidden = [_NOT_FOR_CODE[usage] for usage in usages if usage in _NOT_FOR_CODE]
        if forbidden:
            raise _refuse(leaf, "extendedKeyUsage for code signing", ", ".join(forbidden))
        return
    if extension is None or not extension.critical or usages != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise _refuse(leaf, "a critical extendedKeyUsage with timeStamping only", "another, or none")


def _check_authority(authority: x509.Certificate, below: int, purpose: Purpose) -> None:
    """``below`` is the number of CA certificates between this one and the leaf."""
    constraints = _extension(authority, x509.BasicConstraints)
    if constraints is None or not constraints.critical or not constraints.value.ca:
        raise _refuse(authority, "critical basicConstraints with cA", "others, or none")
    length = constraints.value.path_length
    if length is not None and length < below:
        raise _refuse(authority, f"at most {length} CA certificates below it (pathLenConstraint)", str(below))
    if not _key_usage(authority, purpose).key_cert_sign:
        raise _refuse(authority, "keyUsage with keyCertSign", "one without")


def _key_usage(certificate: x509.Certificate, purpose: Purpose) -> x509.KeyUsage:
    extension = _extension(certificate, x509.KeyUsage)
    if extension is None:
        raise _refuse(certificate, "keyUsage", "none")
    if purpose is Purpose.CODE and not extension.critical:
        raise _refuse(certificate, "a critical keyUsage", "one that is not critical")
    return extension.value


def _extension(certificate: x509.Certificate, kind: type[_EXTENSION]) -> x509.Extension[_EXTENSION] | None:
    try:
        return certificate.extensions.get_extension_for_class(kind)
    except x509.ExtensionNotFound:
        return None


def _refuse(certificate: x509.Certificate, expected: str, found: str) -> VerificationError:
    return VerificationError(STEP, expected=f"{expected}, for {_name(certificate)}", found=found)


def _name(certificate: x509.Certificate) -> str:
    return certificate.subject.rfc4514_string()[:160] or "a certificate without a subject"


def _line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:160]
