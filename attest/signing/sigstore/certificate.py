"""Certificates of signers: read, tied to an authority of the trusted root, held against Fulcio's profile.

client-spec.md §4.3, RFC 5280 §6; the path itself is the `cryptography` package's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from attest.errors import EnvelopeError, VerificationError
from attest.signing.sigstore.trusted_root import Authority, TrustedRoot

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from cryptography.x509.verification import PolicyBuilder

_STEP = "certificate: the path to the trusted root"


def load(der: bytes) -> Certificate:
    """Read a certificate, and the parts of it that are otherwise read when asked for. Raises `EnvelopeError`."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        certificate = x509.load_der_x509_certificate(der)
        certificate.public_key()
        _ = certificate.extensions, certificate.issuer, certificate.subject
        _ = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    except (
        ValueError,
        TypeError,
        x509.DuplicateExtension,
        x509.InvalidVersion,
        x509.UnsupportedGeneralNameType,
        UnsupportedAlgorithm,
    ) as error:
        raise EnvelopeError("not a usable certificate", where="bundle", why=str(error)[:160]) from None
    return certificate


def verify_path(
    leaf: Certificate, others: Sequence[Certificate], root: TrustedRoot, times: Sequence[datetime]
) -> Certificate:
    """Tie ``leaf`` to an authority of ``root``, at each of ``times``; gives the certificate that issued it.

    ``others`` came with the bundle: they may stand between, and are trusted for nothing.
    Raises `VerificationError`.
    """
    # 1. The signer's certificate is valid at every verified time, and so is each above it (the "hybrid model").
    _valid_at(leaf, times, "the signer's certificate")
    found = "no authority in the trusted root"
    trusted = [item for item in root.authorities if all(_is_trusted(item, moment) for moment in times)]
    between = [item for item in others if item.subject != item.issuer]
    # 2. So is the trust in the authority.
    for authority in trusted:
        # 3. Signatures, names, CA flags, key usages, path lengths, name constraints (RFC 5280 §6.1).
        chain = _chain(leaf, between, authority, times[0])
        if isinstance(chain, str):
            found = chain
            continue
        for item in chain[1:-1]:
            _valid_at(item, times, item.subject.rfc4514_string())
        return chain[1]
    if not any(leaf.issuer in authority.subjects for authority in trusted):
        _hold_against_time(leaf, root, times)
    raise VerificationError(_STEP, expected="a certificate issued by it", found=found)


def check_authority(leaf: Certificate, root: TrustedRoot, moment: datetime) -> None:
    """Of a path that holds: its authority was trusted at ``moment``, up to its root. Raises `VerificationError`."""
    issuer = leaf.issuer
    if not any(issuer in authority.subjects and _is_trusted(authority, moment) for authority in root.authorities):
        _hold_against_time(leaf, root, [moment])


def _hold_against_time(leaf: Certificate, root: TrustedRoot, times: Sequence[datetime]) -> None:
    """Refuse a certificate whose authority is known but is of another time."""
    for authority in root.authorities:
        if leaf.issuer in authority.subjects:
            raise VerificationError(
                "certificate: the time of its authority",
                expected=f"{authority.window}, and within its certificates' {authority.valid}",
                found=", ".join(f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in times),
            )


def verify_profile(leaf: Certificate) -> None:
    """Hold the signer's certificate against Fulcio's profile (fulcio docs/certificate-specification.md).

    Raises `VerificationError`.
    """
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    extensions = leaf.extensions
    try:
        usage = extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature
        extended = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound as error:
        raise VerificationError(
            "certificate: what its key may be used for", expected="a key usage", found=str(error)
        ) from None
    if not usage or ExtendedKeyUsageOID.CODE_SIGNING not in extended:
        raise VerificationError(
            "certificate: what its key may be used for", expected="digital signatures of code", found="other uses only"
        )
    try:
        is_authority = extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        is_authority = False
    if is_authority:
        raise VerificationError("certificate: whose it is", expected="a signer's", found="an authority's")


def _chain(
    leaf: Certificate, between: Sequence[Certificate], authority: Authority, moment: datetime
) -> list[Certificate] | str:
    """The path from the leaf to a certificate of the authority; why there is none, in words, otherwise."""
    from cryptography.x509 import UnsupportedGeneralNameType
    from cryptography.x509.verification import Store
    from cryptography.x509.verification import VerificationError as PathError

    verifier = _policy().store(Store(list(authority.chain))).time(moment).build_client_verifier()
    try:
        return verifier.verify(leaf, list(between)).chain
    except (PathError, UnsupportedGeneralNameType, ValueError) as error:
        return f"{authority.uri or 'an authority'}: {str(error)[:200]}"


def _policy() -> PolicyBuilder:
    from cryptography.x509 import ExtendedKeyUsage
    from cryptography.x509.verification import Criticality, ExtensionPolicy, PolicyBuilder

    # Verifiers of clients ask for another extended key usage than Fulcio gives; `verify_profile` asks for that one.
    return PolicyBuilder().extension_policies(
        ca_policy=ExtensionPolicy.webpki_defaults_ca().may_be_present(ExtendedKeyUsage, Criticality.NON_CRITICAL, None),
        ee_policy=ExtensionPolicy.webpki_defaults_ee().may_be_present(ExtendedKeyUsage, Criticality.NON_CRITICAL, None),
    )


def _is_trusted(authority: Authority, moment: datetime) -> bool:
    return moment in authority.window and moment in authority.valid


def _valid_at(certificate: Certificate, times: Sequence[datetime], whose: str) -> None:
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    for moment in times:
        if not start <= moment <= end:
            raise VerificationError(
                f"certificate: {whose} at the time of signing",
                expected=f"a verified time from {start:%Y-%m-%dT%H:%M:%SZ} to {end:%Y-%m-%dT%H:%M:%SZ}",
                found=f"{moment:%Y-%m-%dT%H:%M:%SZ}",
            )
