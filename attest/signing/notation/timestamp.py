"""RFC 3161 countersignatures: when a signature existed at the latest (trust-store-trust-policy.md "Timestamp
Countersignature Verification").

`rfc3161-client` reads the token and checks its signature with OpenSSL; here are the Notary Project's own rules.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from cryptography import x509

from attest import limits
from attest.errors import EnvelopeError, VerificationError, install
from attest.signing.notation import der
from attest.signing.notation.certificates import Chain, Purpose, check_chain, issued, load

if TYPE_CHECKING:
    from rfc3161_client import TimeStampResponse

STEP: Final = "timestamp"

_GRANTED: Final = bytes.fromhex("3003020100")
"""PKIStatusInfo with status 0: the envelope has the token alone, the library reads the whole response."""
_BASELINE: Final = "0.4.0.2023.1.1"
"""The baseline time-stamp policy (RFC 3628 §5.2), whose tokens are accurate to one second where they do not say."""
_HASHES: Final = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
_SIGNING_CERTIFICATE_V2: Final = bytes.fromhex("060b2a864886f70d010910022f")
_HASH_OIDS: Final = {
    bytes.fromhex("608648016503040201"): "sha256",
    bytes.fromhex("608648016503040202"): "sha384",
    bytes.fromhex("608648016503040203"): "sha512",
}
_EXPLICIT: Final = 0xA0
_CERTIFICATES: Final = 0xA0
_SIGNED_ATTRIBUTES: Final = 0xA0


@dataclass(frozen=True, slots=True)
class Timestamp:
    """The moment lies between ``earliest`` and ``latest`` (both included); ``chain`` is that of the authority."""

    earliest: datetime
    latest: datetime
    chain: Chain


def verify(token: bytes, signature: bytes, roots: Sequence[x509.Certificate]) -> Timestamp:
    """Check a token over ``signature`` against trusted root certificates.

    Raises `VerificationError`, and `EnvelopeError` for a token that cannot be read.
    """
    response = _read(token)
    chain = _chain(response, roots)
    check_chain(chain, Purpose.TIME)
    imprint = response.tst_info.message_imprint
    name = _HASHES.get(imprint.hash_algorithm.dotted_string)
    if name is None:
        raise VerificationError(STEP, expected="SHA-256, -384 or -512", found=imprint.hash_algorithm.dotted_string)
    if imprint.message != hashlib.new(name, signature).digest():
        raise VerificationError(STEP, expected="a token over this signature", found="one over something else")
    _check_signature(response, signature, chain)
    _check_signing_certificate(token, chain[0])
    moment, accuracy = response.tst_info.gen_time.astimezone(UTC), _accuracy(response)
    return Timestamp(moment - accuracy, moment + accuracy, chain)


def _read(token: bytes) -> TimeStampResponse:
    try:
        from rfc3161_client import decode_timestamp_response
    except ImportError:
        raise EnvelopeError(
            "timestamps cannot be read here",
            why="rfc3161-client is not installed",
            next_step=install("notation"),
        ) from None
    try:
        response = decode_timestamp_response(der.encode(der.SEQUENCE, _GRANTED, _ordered(token)))
        _ = response.tst_info, response.signed_data
    except ValueError as error:
        raise EnvelopeError("not a timestamp token", where=STEP, why=str(error)[:160]) from None
    if response.tst_info.version != 1:
        raise EnvelopeError("not a timestamp token of version 1", where=STEP)
    return response


def _ordered(token: bytes) -> bytes:
    """The token with its certificates in the order of DER's SETs. CMS does not ask for that (RFC 5652 §5.1), OpenSSL
    does not write it, the library wants it, and no signature is over it."""
    kind, explicit = _children(der.read(token).expect(der.SEQUENCE), 2)
    (signed,) = _children(explicit.expect(_EXPLICIT), 1)
    parts = [
        der.encode(part.tag, *sorted(item.raw for item in part.children())) if part.tag == _CERTIFICATES else part.raw
        for part in signed.expect(der.SEQUENCE).children()
    ]
    return der.encode(der.SEQUENCE, kind.raw, der.encode(explicit.tag, der.encode(signed.tag, *parts)))


def _children(element: der.Element, number: int) -> list[der.Element]:
    found = element.children()
    if len(found) != number:
        raise EnvelopeError("not a timestamp token", where=STEP, why=f"{len(found)} elements, not {number}")
    return found


def _chain(response: TimeStampResponse, roots: Sequence[x509.Certificate]) -> Chain:
    """From the certificate that the token names up to one of ``roots``."""
    signers = list(response.signed_data.signer_infos)
    if len(signers) != 1:
        raise VerificationError(STEP, expected="one signer", found=str(len(signers)))
    carried = sorted(response.signed_data.certificates)
    if len(carried) > limits.CERTIFICATE_CHAIN:
        raise EnvelopeError(
            f"{len(carried)} certificates", where=STEP, why=f"more than the limit of {limits.CERTIFICATE_CHAIN}"
        )
    certificates = [load(item, where="timestamp certificate") for item in carried]
    (signer,) = signers
    try:
        issuer_and_number = signer.issuer, signer.serial_number
    except (ValueError, KeyError) as error:  # read only when it is asked for
        raise EnvelopeError("not a timestamp token", where=STEP, why=str(error)[:160]) from None
    leaf = next((item for item in certificates if (item.issuer, item.serial_number) == issuer_and_number), None)
    if leaf is None:
        raise VerificationError(STEP, expected="the signer's certificate in the token", found="none")
    chain = [leaf]
    while True:
        root = next((item for item in roots if issued(chain[-1], item)), None)
        if root is not None:
            return tuple(chain) if root == leaf else (*chain, root)
        issuer = next((item for item in certificates if item not in chain and issued(chain[-1], item)), None)
        if issuer is None:
            break
        chain.append(issuer)
    raise VerificationError(
        STEP, expected="a chain up to a trusted root of a tsa store", found=leaf.issuer.rfc4514_string()[:160]
    )


def _check_signature(response: TimeStampResponse, signature: bytes, chain: Chain) -> None:
    """The leaf's key made the token: OpenSSL finds what lies between leaf and root in the token, as `_chain` does."""
    from rfc3161_client import VerificationError as Refused
    from rfc3161_client import VerifierBuilder

    try:
        VerifierBuilder(roots=[chain[-1]]).build().verify_message(response, signature)
    except Refused as error:
        raise VerificationError(STEP, expected="a token that its authority signed", found=str(error)[:160]) from None


def _accuracy(response: TimeStampResponse) -> timedelta:
    """RFC 3161 §2.4.2; one second where the token follows the baseline policy and says nothing."""
    accuracy = response.tst_info.accuracy
    if accuracy is not None:
        stated = timedelta(
            seconds=accuracy.seconds or 0, milliseconds=accuracy.millis or 0, microseconds=accuracy.micros or 0
        )
        if stated:
            return stated
    return timedelta(seconds=1 if response.tst_info.policy.dotted_string == _BASELINE else 0)


def _check_signing_certificate(token: bytes, leaf: x509.Certificate) -> None:
    """The signed attribute `signing-certificate-v2` must name the signer's certificate by its hash (RFC 5035 §3)."""
    from cryptography.hazmat.primitives.serialization import Encoding

    expected = f"the hash of {leaf.subject.rfc4514_string()[:160]} in signing-certificate-v2"
    try:
        identifier = _signing_certificate(token)
        if identifier is None:
            raise VerificationError(STEP, expected=expected, found="no such attribute")
        name: str | None = "sha256"  # the default (RFC 5035 §4)
        first, *rest = identifier.children()
        if first.tag == der.SEQUENCE:
            kind, *_ = first.children()
            name = _HASH_OIDS.get(kind.expect(der.OBJECT_IDENTIFIER).content)
            first, *_ = rest
        digest = first.expect(der.OCTET_STRING).content
    except ValueError as error:  # fewer elements than there must be
        raise EnvelopeError("not a signing-certificate-v2", where=STEP, why=str(error)) from None
    if name is None:
        raise VerificationError(STEP, expected=expected, found="a hash of another kind")
    if digest != hashlib.new(name, leaf.public_bytes(Encoding.DER)).digest():
        raise VerificationError(STEP, expected=expected, found="that of another certificate")


def _signing_certificate(token: bytes) -> der.Element | None:
    """The first `ESSCertIDv2`, which is the signer's (RFC 5035 §5.4.1.1), of the only signer (RFC 5652 §5.1, §5.3)."""
    _, explicit = der.read(token).children()
    (signed_data,) = explicit.children()
    *_, signers = signed_data.children()
    (signer,) = signers.expect(der.SET).children()
    for part in signer.children():
        if part.tag == _SIGNED_ATTRIBUTES:
            for attribute in part.children():
                kind, values = attribute.children()
                if kind.raw == _SIGNING_CERTIFICATE_V2:
                    (value,) = values.children()
                    identifiers, *_ = value.children()
                    first, *_ = identifiers.children()
                    return first
    return None
