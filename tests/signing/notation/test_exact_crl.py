"""Revocation lists, one rule at a time and without a network."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.x509.oid import NameOID, ObjectIdentifier

from attest.errors import EnvelopeError
from attest.signing.notation.crl import Lists, is_revoked
from tests.signing.notation.pki import ACME, CODE, DAY, NOW, root

ISSUER = root()
LEAF = ISSUER.issue(ACME, CODE)
HOUR = timedelta(hours=1)
HOLD, REMOVED = x509.ReasonFlags.certificate_hold, x509.ReasonFlags.remove_from_crl
UNKNOWN = x509.UnrecognizedExtension(ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x05\x00")
Entry = tuple[datetime, Iterable[tuple[x509.ExtensionType, bool]]]


def revocations(
    *entries: Entry,
    number: int = 1,
    extra: Iterable[tuple[x509.ExtensionType, bool]] = (),
    next_update: datetime = NOW + DAY,
    digest: hashes.SHA256 | hashes.SHA384 | hashes.SHA512 | hashes.SHA3_256 | None = None,
) -> x509.CertificateRevocationList:
    builder = x509.CertificateRevocationListBuilder(ISSUER.certificate.subject, NOW - 2 * HOUR, next_update)
    builder = builder.add_extension(x509.CRLNumber(number), False)
    for value, critical in extra:
        builder = builder.add_extension(value, critical)
    for when, extensions in entries:
        entry = x509.RevokedCertificateBuilder(LEAF.certificate.serial_number, when)
        for value, critical in extensions:
            entry = entry.add_extension(value, critical)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(ISSUER.key, digest or hashes.SHA256())


def delta(*entries: Entry, builds_on: int = 1, number: int = 2) -> x509.CertificateRevocationList:
    return revocations(*entries, number=number, extra=[(x509.DeltaCRLIndicator(builds_on), True)])


def why(reason: x509.ReasonFlags, when: datetime, *, critical: bool = False) -> Entry:
    return when, [(x509.CRLReason(reason), critical)]


def revoked(
    base: x509.CertificateRevocationList,
    more: x509.CertificateRevocationList | None = None,
    *,
    now: datetime = NOW,
    signed_at: datetime | None = None,
) -> bool:
    return is_revoked(Lists(base, more), LEAF.certificate, ISSUER.certificate, now, signed_at)


def test_a_hold_is_lifted_by_a_later_word_only() -> None:
    held = revocations(why(HOLD, NOW - HOUR))
    assert revoked(held)
    assert not revoked(held, delta(why(REMOVED, NOW)))
    assert revoked(held, delta(why(REMOVED, NOW - 2 * HOUR)))
    assert revoked(held, delta(why(REMOVED, NOW - HOUR)))  # at once: the hold stands
    assert revoked(held, delta(why(x509.ReasonFlags.key_compromise, NOW - 3 * HOUR)))
    assert not revoked(revocations(why(REMOVED, NOW - HOUR)))


def test_when_it_became_invalid() -> None:
    since = (x509.InvalidityDate((NOW - HOUR).replace(tzinfo=None)), False)
    listed = revocations((NOW, [since]))
    assert revoked(listed)
    assert revoked(listed, signed_at=NOW - HOUR)
    assert not revoked(listed, signed_at=NOW - HOUR - timedelta(seconds=1))
    assert revoked(revocations((NOW, [])), signed_at=NOW - DAY)


def test_extensions_of_entries() -> None:
    assert revoked(revocations(why(x509.ReasonFlags.key_compromise, NOW, critical=True)))
    since = (x509.InvalidityDate((NOW - HOUR).replace(tzinfo=None)), True)
    assert revoked(revocations((NOW, [since])))
    assert revoked(revocations((NOW, [(UNKNOWN, False)])))
    with pytest.raises(EnvelopeError, match="an unknown critical extension in a CRL"):
        revoked(revocations((NOW, [(UNKNOWN, True)])))


def test_extensions_of_lists() -> None:
    assert not revoked(revocations(extra=[(UNKNOWN, False)]))
    with pytest.raises(EnvelopeError, match="an unknown critical extension in a CRL"):
        revoked(revocations(extra=[(UNKNOWN, True)]))


@pytest.mark.parametrize("digest", [hashes.SHA256(), hashes.SHA384(), hashes.SHA512()])
def test_hashes_that_protect(digest: hashes.SHA256 | hashes.SHA384 | hashes.SHA512) -> None:
    assert revoked(revocations((NOW, []), digest=digest))


def test_another_hash() -> None:
    with pytest.raises(EnvelopeError, match="not signed by the issuer"):
        revoked(revocations(digest=hashes.SHA3_256()))


def test_a_signature_without_a_hash_of_its_own() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Ed25519")])
    authority = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - DAY)
        .not_valid_after(NOW + DAY)
        .sign(key, None)
    )
    entry = x509.RevokedCertificateBuilder(LEAF.certificate.serial_number, NOW).build()
    builder = x509.CertificateRevocationListBuilder(name, NOW - HOUR, NOW + HOUR).add_revoked_certificate(entry)
    assert is_revoked(Lists(builder.sign(key, None)), LEAF.certificate, authority, NOW, None)


def test_how_long_a_list_holds() -> None:
    listed = revocations(next_update=NOW)
    assert not revoked(listed, now=NOW)
    with pytest.raises(EnvelopeError, match="out of date"):
        revoked(listed, now=NOW + timedelta(seconds=1))


@pytest.mark.parametrize(("number", "builds_on", "fits"), [(2, 1, True), (1, 1, False), (3, 2, False), (3, 0, True)])
def test_what_a_delta_builds_on(number: int, builds_on: int, fits: bool) -> None:
    base, more = revocations(number=1), delta((NOW, []), number=number, builds_on=builds_on)
    if fits:
        assert revoked(base, more)
    else:
        with pytest.raises(EnvelopeError, match="does not fit its base"):
            revoked(base, more)


def test_a_list_beside_it_is_no_delta() -> None:
    with pytest.raises(EnvelopeError, match="does not say what it builds on"):
        revoked(revocations(number=1), revocations(number=2))
