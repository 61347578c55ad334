"""Whom a Fulcio certificate names (fulcio docs/oid-info.md): the identity in its SAN, and what its extensions claim."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attest.errors import VerificationError
from attest.signing.proof import CertificateAuthor

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_ARC: Final = "1.3.6.1.4.1.57264.1."
_ISSUER_V1: Final = _ARC + "1"
_OTHER_NAME: Final = _ARC + "7"
_ISSUER: Final = _ARC + "8"

_RAW_CLAIMS: Final = {
    _ARC + "2": "github_workflow_trigger",
    _ARC + "3": "github_workflow_sha",
    _ARC + "4": "github_workflow_name",
    _ARC + "5": "github_workflow_repository",
    _ARC + "6": "github_workflow_ref",
}
"""The deprecated ones: the extension's value is the text itself."""

_CLAIMS: Final = {
    _ARC + "9": "build_signer_uri",
    _ARC + "10": "build_signer_digest",
    _ARC + "11": "runner_environment",
    _ARC + "12": "source_repository",
    _ARC + "13": "source_repository_digest",
    _ARC + "14": "source_repository_ref",
    _ARC + "15": "source_repository_identifier",
    _ARC + "16": "source_repository_owner",
    _ARC + "17": "source_repository_owner_identifier",
    _ARC + "18": "build_config_uri",
    _ARC + "19": "build_config_digest",
    _ARC + "20": "build_trigger",
    _ARC + "21": "run_invocation_uri",
    _ARC + "22": "source_repository_visibility",
    _ARC + "23": "deployment_environment",
    _ARC + "24": "token_subject",
}
"""A DER UTF8String each; numbers that come later are left alone."""

CLAIMS: Final = (*_CLAIMS.values(), *_RAW_CLAIMS.values())
"""Every name that a claim can have."""


def author_of(certificate: Certificate) -> CertificateAuthor:
    """The identity that the certificate was made out to. Raises `VerificationError` unless it is exactly one."""
    issuers: dict[str, str] = {}
    claims: dict[str, str] = {}
    for extension in certificate.extensions:
        oid = extension.oid.dotted_string
        if oid in _CLAIMS:
            claims[_CLAIMS[oid]] = _utf8_string(extension.value.public_bytes(), oid)
        elif oid in _RAW_CLAIMS:
            claims[_RAW_CLAIMS[oid]] = _text(extension.value.public_bytes(), oid)
        elif oid == _ISSUER_V1:
            issuers[oid] = _text(extension.value.public_bytes(), oid)
        elif oid == _ISSUER:
            issuers[oid] = _utf8_string(extension.value.public_bytes(), oid)
    if len(set(issuers.values())) != 1:
        raise VerificationError(
            "identity: the certificate's OIDC issuer",
            expected="exactly one",
            found=" and ".join(sorted(issuers.values())) or "none",
        )
    return CertificateAuthor(issuer=next(iter(issuers.values())), subject=_subject(certificate), claims=claims)


def _subject(certificate: Certificate) -> str:
    from cryptography import x509

    names: list[x509.GeneralName] = []
    for extension in certificate.extensions:
        if isinstance(extension.value, x509.SubjectAlternativeName):
            names = list(extension.value)
    match names:
        case [x509.RFC822Name(value=value) | x509.UniformResourceIdentifier(value=value)]:
            return value
        case [x509.OtherName(type_id=kind, value=raw)] if kind.dotted_string == _OTHER_NAME:
            return _utf8_string(raw, _OTHER_NAME)
    raise VerificationError(
        "identity: the certificate's subject alternative name",
        expected="exactly one e-mail address, URI or user name",
        found=", ".join(f"{type(item).__name__}" for item in names) or "none",
    )


def _utf8_string(der: bytes, oid: str) -> str:
    """The text in a DER UTF8String (X.690 §8.23), which must fill ``der`` to its end."""
    if len(der) < 2 or der[0] != 0x0C:
        raise _malformed(oid, der)
    length, start = der[1], 2
    if length >= 0x80:
        count = length & 0x7F
        start = 2 + count
        length = int.from_bytes(der[2:start], "big")
        if not 1 <= count <= 2 or length < (0x80 if count == 1 else 0x100):
            raise _malformed(oid, der)
    if len(der) != start + length:
        raise _malformed(oid, der)
    return _text(der[start:], oid)


def _text(raw: bytes, oid: str) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise _malformed(oid, raw) from None


def _malformed(oid: str, value: bytes) -> VerificationError:
    return VerificationError(
        f"identity: the certificate's extension {oid}", expected="one text in UTF-8", found=value[:40].hex()
    )
