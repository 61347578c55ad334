"""Certificate revocation lists (RFC 5280 §5), base and delta, about one certificate."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509.oid import ExtensionOID

from attest.errors import EnvelopeError

_EXTENSION = TypeVar("_EXTENSION", bound=x509.ExtensionType)
_UNDERSTOOD: Final = (ExtensionOID.ISSUING_DISTRIBUTION_POINT, ExtensionOID.DELTA_CRL_INDICATOR)
"""Critical extensions of a list. All distribution points of a certificate are asked, so their scopes do not matter."""


@dataclass(frozen=True, slots=True)
class Lists:
    """A base list and, where it names one, its delta."""

    base: x509.CertificateRevocationList
    delta: x509.CertificateRevocationList | None = None


def load(url: str, fetch: Callable[[str, bytes | None], bytes]) -> Lists:
    """The list at ``url`` and the delta that it names. Raises `EnvelopeError`, and `StoreError` as ``fetch`` does."""
    base = _parse(fetch(url, None))
    freshest = _extension(base, x509.FreshestCRL)
    for point in freshest or ():
        for name in point.full_name or ():
            if isinstance(name, x509.UniformResourceIdentifier):
                return Lists(base, _parse(fetch(name.value, None)))
    return Lists(base)


def is_revoked(
    lists: Lists, certificate: x509.Certificate, issuer: x509.Certificate, now: datetime, signed_at: datetime | None
) -> bool:
    """Whether the lists revoke ``certificate``. Raises `EnvelopeError` where they do not hold or are out of date."""
    _check(lists.base, issuer, now)
    if _extension(lists.base, x509.DeltaCRLIndicator) is not None:  # what was revoked before is not in it
        raise EnvelopeError("a delta CRL in the place of a whole one")
    if lists.delta is not None:
        _check(lists.delta, issuer, now)
        _check_delta(lists.base, lists.delta)
    on_hold: tuple[datetime, bool] | None = None
    for entry in _entries(lists, certificate.serial_number):
        if signed_at is not None and (since := _invalid_since(entry)) is not None and signed_at < since:
            continue
        reason = _reason(entry)
        if reason not in (x509.ReasonFlags.certificate_hold, x509.ReasonFlags.remove_from_crl):
            return True
        moment = entry.revocation_date_utc
        if on_hold is None or moment > on_hold[0]:  # the last word counts
            on_hold = moment, reason is x509.ReasonFlags.certificate_hold
    return on_hold is not None and on_hold[1]


def _entries(lists: Lists, serial: int) -> Iterator[x509.RevokedCertificate]:
    for revocations in (lists.base, lists.delta):
        for entry in revocations or ():
            if entry.serial_number == serial:
                for extension in _extensions(entry):
                    if extension.critical and not isinstance(extension.value, x509.CRLReason | x509.InvalidityDate):
                        raise EnvelopeError("an unknown critical extension in a CRL", why=extension.oid.dotted_string)
                yield entry


def _extensions(entry: x509.RevokedCertificate) -> x509.Extensions:
    try:
        return entry.extensions
    except (ValueError, x509.DuplicateExtension) as error:
        raise EnvelopeError("an entry of a CRL that cannot be read", why=str(error)[:160]) from None


def _check(revocations: x509.CertificateRevocationList, issuer: x509.Certificate, now: datetime) -> None:
    digest = revocations.signature_hash_algorithm
    key = issuer.public_key()
    try:
        signed = revocations.issuer == issuer.subject and revocations.is_signature_valid(key)  # type: ignore[arg-type]
    except (TypeError, ValueError, UnsupportedAlgorithm):
        signed = False
    if not signed or (digest is not None and digest.name not in ("sha256", "sha384", "sha512")):
        raise EnvelopeError("the CRL is not signed by the issuer of the certificate")
    if revocations.next_update_utc is None or now > revocations.next_update_utc:
        raise EnvelopeError("the CRL is out of date", why=f"next update {revocations.next_update_utc}")
    for extension in revocations.extensions:
        if extension.critical and extension.oid not in _UNDERSTOOD:
            raise EnvelopeError("an unknown critical extension in a CRL", why=extension.oid.dotted_string)


def _check_delta(base: x509.CertificateRevocationList, delta: x509.CertificateRevocationList) -> None:
    """RFC 5280 §5.2.4: the delta builds on this base or on an older one, and is newer than it."""
    number, newer = _extension(base, x509.CRLNumber), _extension(delta, x509.CRLNumber)
    builds_on = _extension(delta, x509.DeltaCRLIndicator)
    if number is None or newer is None or builds_on is None:
        raise EnvelopeError("a delta CRL that does not say what it builds on")
    if newer.crl_number <= number.crl_number or builds_on.crl_number > number.crl_number:
        raise EnvelopeError("a delta CRL that does not fit its base")


def _parse(data: bytes) -> x509.CertificateRevocationList:
    try:
        found = x509.load_der_x509_crl(data)
        _ = found.extensions, found.signature_hash_algorithm
    except (ValueError, UnsupportedAlgorithm, x509.InvalidVersion, x509.DuplicateExtension) as error:
        raise EnvelopeError("not a CRL", why=str(error)[:160]) from None
    return found


def _extension(revocations: x509.CertificateRevocationList, kind: type[_EXTENSION]) -> _EXTENSION | None:
    try:
        return revocations.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _reason(entry: x509.RevokedCertificate) -> x509.ReasonFlags | None:
    try:
        return entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except x509.ExtensionNotFound:
        return None


def _invalid_since(entry: x509.RevokedCertificate) -> datetime | None:
    try:
        return entry.extensions.get_extension_for_class(x509.InvalidityDate).value.invalidity_date.replace(tzinfo=UTC)
    except x509.ExtensionNotFound:
        return None
