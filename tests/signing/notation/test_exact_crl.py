"""Revocation lists, one rule at a time and without a network."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, x25519
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID, ObjectIdentifier

from attest.errors import EnvelopeError
from attest.signing.notation import der
from attest.signing.notation.crl import Lists, is_revoked, load
from tests.signing.notation.pki import ACME, CODE, DAY, NOW, Entity, root
from tests.signing.notation.tokens import BIT_STRING, integer, octets, oid, seq

ISSUER = root()
LEAF = ISSUER.issue(ACME, CODE)
HOUR = timedelta(hours=1)
HOLD, REMOVED = x509.ReasonFlags.certificate_hold, x509.ReasonFlags.remove_from_crl
UNKNOWN = x509.UnrecognizedExtension(ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x05\x00")
Entry = tuple[datetime, Iterable[tuple[x509.ExtensionType, bool]]]


def revocations(
    *entries: Entry,
    number: int | None = 1,
    extra: Iterable[tuple[x509.ExtensionType, bool]] = (),
    next_update: datetime = NOW + DAY,
    digest: hashes.SHA256 | hashes.SHA384 | hashes.SHA512 | hashes.SHA3_256 | None = None,
    by: Entity = ISSUER,
) -> x509.CertificateRevocationList:
    builder = x509.CertificateRevocationListBuilder(by.certificate.subject, NOW - 2 * HOUR, next_update)
    if number is not None:
        builder = builder.add_extension(x509.CRLNumber(number), False)
    for value, critical in extra:
        builder = builder.add_extension(value, critical)
    for when, extensions in entries:
        entry = x509.RevokedCertificateBuilder(LEAF.certificate.serial_number, when)
        for value, critical in extensions:
            entry = entry.add_extension(value, critical)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(by.key, digest or hashes.SHA256())


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
    users = x509.IssuingDistributionPoint(None, None, True, False, None, False, False)
    for known in (UNKNOWN, users):
        assert not revoked(revocations(extra=[(known, False)]))
    assert not revoked(revocations(extra=[(users, True)]))
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
    indicator = [(x509.DeltaCRLIndicator(1), True)]
    for base, more in (
        (revocations(number=1), revocations(number=2)),
        (revocations(number=None), delta()),
        (revocations(number=1), revocations(number=None, extra=indicator)),
    ):
        with pytest.raises(EnvelopeError, match="does not say what it builds on"):
            revoked(base, more)


def test_a_delta_alone_is_no_list() -> None:
    """It is signed by the issuer as the list is; but who was revoked before does not stand in it."""
    for alone in (delta(), delta((NOW, []))):
        with pytest.raises(EnvelopeError, match="a delta CRL in the place of a whole one"):
            revoked(alone)


def test_a_delta_must_hold_itself() -> None:
    base, indicator = revocations(), [(x509.DeltaCRLIndicator(1), True)]
    with pytest.raises(EnvelopeError, match="not signed by the issuer"):
        revoked(base, revocations(number=2, extra=indicator, by=root("C=US,O=Other,CN=Root", which=9)))
    with pytest.raises(EnvelopeError, match="out of date"):
        revoked(base, revocations(number=2, extra=indicator, next_update=NOW - HOUR))


def test_a_later_word_counts_where_an_earlier_one_does_not() -> None:
    """The base says that the key became bad later, the delta that it always was."""
    since = (x509.InvalidityDate(NOW.replace(tzinfo=None)), False)
    base = revocations((NOW, [since]))
    assert not revoked(base, signed_at=NOW - HOUR)
    assert revoked(base, delta((NOW, [])), signed_at=NOW - HOUR)


def test_whose_list_it_is() -> None:
    """Name and key are the issuer's: neither of both is enough."""
    renamed, rekeyed = root("C=US,ST=WA,O=Acme,CN=Renamed"), root(which=9)
    for other in (renamed, rekeyed, root(kind="rsa-2048"), exchange()):
        with pytest.raises(EnvelopeError, match="not signed by the issuer"):
            is_revoked(Lists(revocations()), LEAF.certificate, other.certificate, NOW, None)


def exchange() -> Entity:
    """The issuer's name over a key that cannot sign at all."""
    key = x25519.X25519PrivateKey.generate().public_key()
    name = ISSUER.certificate.subject
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key).serial_number(1)
    certificate = builder.not_valid_before(NOW - DAY).not_valid_after(NOW + DAY).sign(ISSUER.key, hashes.SHA256())
    return replace(ISSUER, certificate=certificate)


def changed(base: x509.CertificateRevocationList, change: Callable[[list[bytes]], None]) -> bytes:
    """The list with other parts (RFC 5280 §5.1), signed again: what the library would not write."""
    parts = [item.raw for item in der.read(base.tbs_certlist_bytes).children()]
    change(parts)
    _, algorithm, _ = der.read(base.public_bytes(Encoding.DER)).children()
    assert isinstance(ISSUER.key, ec.EllipticCurvePrivateKey)
    signature = ISSUER.key.sign(seq(*parts), ec.ECDSA(hashes.SHA256()))
    return seq(seq(*parts), algorithm.raw, der.encode(BIT_STRING, b"\0" + signature))


def test_a_list_that_does_not_end() -> None:
    """RFC 5280 §5.1.2.5: nextUpdate must be there, though the form lets it be left out."""
    raw = changed(revocations(), lambda parts: parts.__delitem__(4))
    with pytest.raises(EnvelopeError, match="out of date"):
        revoked(fetched(raw).base)


@pytest.mark.parametrize("value", [integer(7), seq(), b"\x0a\x01\x07"])
def test_an_entry_that_cannot_be_read(value: bytes) -> None:
    """A reason that is none: only that of this certificate matters."""
    reason = seq(oid("2.5.29.21"), octets(value))

    def change(parts: list[bytes]) -> None:
        serial, moment = (item.raw for item in der.read(parts[5]).children()[0].children())
        parts[5] = seq(seq(serial, moment, seq(reason)))

    with pytest.raises(EnvelopeError, match="an entry of a CRL that cannot be read"):
        revoked(fetched(changed(revocations((NOW, [])), change)).base)
    other = x509.RevokedCertificateBuilder(7, NOW).build()
    builder = x509.CertificateRevocationListBuilder(ISSUER.certificate.subject, NOW - HOUR, NOW + HOUR)
    listed = builder.add_revoked_certificate(other).sign(ISSUER.key, hashes.SHA256())
    assert not revoked(fetched(changed(listed, change)).base)


def fetched(raw: bytes) -> Lists:
    return load("http://crl.example", lambda _url, _body: raw)


def test_what_is_no_list() -> None:
    third = changed(revocations(), lambda parts: parts.__setitem__(0, integer(2)))
    for raw in (b"", b"garbage", seq(), third, revocations().public_bytes(Encoding.DER) + b"\0"):
        with pytest.raises(EnvelopeError, match="not a CRL"):
            fetched(raw)


URL = x509.UniformResourceIdentifier("http://crl.example/delta")
ELSEWHERE = x509.UniformResourceIdentifier("http://crl.example/other")
RELATIVE = x509.RelativeDistinguishedName([x509.NameAttribute(NameOID.COMMON_NAME, "delta")])


@pytest.mark.parametrize(
    ("points", "found"),
    [
        ([], False),
        ([[x509.DNSName("crl.example")]], False),
        ([None], False),
        ([[URL]], True),
        ([[x509.DNSName("crl.example"), URL]], True),
        ([None, [URL]], True),
        ([[URL, ELSEWHERE]], True),
        ([[URL], [ELSEWHERE]], True),
    ],
)
def test_where_the_delta_is(points: Sequence[Sequence[x509.GeneralName] | None], found: bool) -> None:
    """At the first address that is named; names of another kind are passed by."""
    written = [x509.DistributionPoint(names, None if names else RELATIVE, None, None) for names in points]
    base = revocations(extra=[(x509.FreshestCRL(written), False)] if written else [])
    pages = {"http://crl.example/base": base, URL.value: delta((NOW, []))}

    def fetch(url: str, body: bytes | None) -> bytes:
        assert body is None
        return pages[url].public_bytes(Encoding.DER)

    assert load("http://crl.example/base", fetch) == Lists(base, pages[URL.value] if found else None)
