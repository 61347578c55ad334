"""Whether the certificates of a chain were revoked (trust-store-trust-policy.md "Certificate Revocation Evaluation").

OCSP is asked first, CRLs where it does not know. The network is the caller's: without a `Fetch`, what could be asked
for is unknown, which is neither good nor revoked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from itertools import pairwise

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID

from attest.errors import EnvelopeError, StoreError
from attest.signing.notation import crl, ocsp

Fetch = Callable[[str, bytes | None], bytes]
"""Gets a URL: a CRL (without a body), or the answer to an OCSP request that is posted. Raises `StoreError`."""


class Status(Enum):
    """What is known of one certificate."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Revocation:
    """What is known of a whole chain, and why it is not `Status.GOOD`."""

    status: Status
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Sources:
    ocsp: tuple[str, ...]
    crl: tuple[str, ...]


def check(
    chain: Sequence[x509.Certificate], fetch: Fetch | None, *, now: datetime, signed_at: datetime | None
) -> Revocation:
    """Ask for every certificate but the root. ``signed_at`` is the verified time of the signature: a key that became
    bad only later (`invalidityDate`) was good then. Revoked wins over unknown."""
    found = Revocation(Status.GOOD)
    for certificate, issuer in pairwise(chain):
        answer = _one(certificate, issuer, fetch, now, signed_at)
        if answer.status is Status.REVOKED:
            return answer
        if answer.status is Status.UNKNOWN:
            found = answer
    return found


def _one(
    certificate: x509.Certificate, issuer: x509.Certificate, fetch: Fetch | None, now: datetime, at: datetime | None
) -> Revocation:
    sources = _sources(certificate)
    if not sources.ocsp and not sources.crl:
        return Revocation(Status.GOOD)
    name = certificate.subject.rfc4514_string()[:160]
    if fetch is None:
        return Revocation(Status.UNKNOWN, f"{name}: nothing is fetched")
    problems = []
    for url in sources.ocsp:
        try:
            revoked = ocsp.is_revoked(fetch(url, ocsp.request(certificate, issuer)), certificate, issuer, now, at)
        except (StoreError, EnvelopeError) as error:
            problems.append(f"{url}: {error}")
            continue
        return Revocation(Status.REVOKED, f"{name}, says {url}") if revoked else Revocation(Status.GOOD)
    if sources.crl:
        try:
            for url in sources.crl:
                if crl.is_revoked(crl.load(url, fetch), certificate, issuer, now, at):
                    return Revocation(Status.REVOKED, f"{name}, says {url}")
        except (StoreError, EnvelopeError) as error:
            problems.append(f"{url}: {error}")
        else:
            return Revocation(Status.GOOD)
    return Revocation(Status.UNKNOWN, f"{name}: {'; '.join(problems)[:320]}")


def _sources(certificate: x509.Certificate) -> _Sources:
    """The URLs of authority information access and of CRL distribution points, without fragments of names."""
    answers: list[str] = []
    lists: list[str] = []
    for extension in certificate.extensions:
        match extension.value:
            case x509.AuthorityInformationAccess() as access:
                answers += [
                    item.access_location.value
                    for item in access
                    if item.access_method == AuthorityInformationAccessOID.OCSP
                    and isinstance(item.access_location, x509.UniformResourceIdentifier)
                ]
            case x509.CRLDistributionPoints() as points:
                lists += [
                    name.value
                    for point in points
                    for name in point.full_name or ()
                    if isinstance(name, x509.UniformResourceIdentifier)
                ]
    return _Sources(tuple(answers), tuple(lists))
