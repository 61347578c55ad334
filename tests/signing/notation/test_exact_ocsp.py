"""What an OCSP answer must be for it to count, part by part; answers are put together by hand (RFC 6960 §4.2.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.x509 import ocsp as library
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from attest.errors import EnvelopeError
from attest.signing.notation import der, ocsp
from tests.signing.notation.pki import ACME, CODE, DAY, LEAF, NOW, Entity, Extensions, root
from tests.signing.notation.pki import der as encoded
from tests.signing.notation.tokens import TIME, integer, octets, oid, seq

ISSUER, RSA, OTHER = root(), root(kind="rsa-2048"), root("C=US,ST=WA,O=Other,CN=Root", which=9)
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
GOOD, UNKNOWN = b"\x80\x00", b"\x82\x00"
NULL = b"\x05\x00"
NAME = "C=US,ST=WA,O=Acme,CN=Responder"
RESPONDER: Extensions = (*LEAF, (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), False))
HASHES = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512(), "sha224": hashes.SHA224()}
ECDSA = {"sha256": "2", "sha384": "3", "sha512": "4", "sha224": "1"}
REASON, INVALID = "2.5.29.21", "2.5.29.24"
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


def time(moment: datetime) -> bytes:
    return der.encode(TIME, moment.strftime("%Y%m%d%H%M%SZ").encode())


def extension(name: str, value: bytes) -> bytes:
    return seq(oid(name), octets(value))


def since(moment: datetime) -> bytes:
    return extension(INVALID, time(moment))


REVOKED = der.encode(0xA1, time(NOW - HOUR))


@dataclass(frozen=True)
class Answer:
    """About ``about``, which ``issuer`` issued, and ``before``: other parts. Signed by ``by``, with ``carried``."""

    about: Entity
    status: bytes = GOOD
    issuer: Entity = ISSUER
    next_update: datetime | None = NOW + DAY
    extensions: Sequence[bytes] = ()
    named_by: str = "1.3.14.3.2.26"
    before: Sequence[bytes] = ()
    by: Key | None = None
    digest: str = "sha256"
    signed_with: str | None = None
    carried: Sequence[x509.Certificate] = ()

    def part(self) -> bytes:
        request = library.load_der_ocsp_request(ocsp.request(self.about.certificate, self.issuer.certificate))
        update = b"" if self.next_update is None else der.encode(0xA0, time(self.next_update))
        return seq(
            seq(
                seq(oid(self.named_by), NULL),
                octets(request.issuer_name_hash),
                octets(request.issuer_key_hash),
                integer(request.serial_number),
            ),
            self.status,
            time(NOW - HOUR),
            update,
            der.encode(0xA1, seq(*self.extensions)) if self.extensions else b"",
        )

    def made(self) -> bytes:
        data = seq(der.encode(0xA2, octets(bytes(20))), time(NOW - HOUR), seq(*self.before, self.part()))
        key, digest = self.by or self.issuer.key, HASHES[self.digest]
        if isinstance(key, rsa.RSAPrivateKey):
            used, signature = "1.2.840.113549.1.1.11", key.sign(data, padding.PKCS1v15(), digest)
        elif isinstance(key, ec.EllipticCurvePrivateKey):
            used, signature = f"1.2.840.10045.4.3.{ECDSA[self.digest]}", key.sign(data, ec.ECDSA(digest))
        else:
            used, signature = "1.3.101.112", key.sign(data)
        carried = der.encode(0xA0, seq(*map(encoded, self.carried))) if self.carried else b""
        basic = seq(data, seq(oid(self.signed_with or used)), der.encode(0x03, b"\0" + signature), carried)
        return seq(b"\x0a\x01\x00", der.encode(0xA0, seq(oid("1.3.6.1.5.5.7.48.1.1"), octets(basic))))


SIGNER = ISSUER.issue(ACME)
PLAIN = Answer(SIGNER)


def revoked(answer: Answer, *, now: datetime = NOW, signed_at: datetime | None = None) -> bool:
    return ocsp.is_revoked(
        answer.made(), answer.about.certificate, answer.issuer.certificate, now=now, signed_at=signed_at
    )


def refused(answer: Answer, *, now: datetime = NOW) -> str:
    with pytest.raises(EnvelopeError) as error:
        revoked(answer, now=now)
    return error.value.what


NOT_SIGNED = "the OCSP answer is not signed by the issuer of the certificate, or for it"
ANOTHER = "an OCSP answer about another certificate"


def test_what_it_says() -> None:
    assert not revoked(PLAIN)
    assert revoked(replace(PLAIN, status=REVOKED))
    assert refused(replace(PLAIN, status=UNKNOWN)) == "the OCSP responder does not know the certificate"


def test_how_long_it_holds() -> None:
    assert not revoked(replace(PLAIN, next_update=NOW))
    assert refused(replace(PLAIN, next_update=NOW), now=NOW + SECOND) == "the OCSP answer is out of date"
    assert refused(replace(PLAIN, next_update=None)) == "the OCSP answer is out of date"


def test_when_the_key_became_bad() -> None:
    bad = replace(PLAIN, status=REVOKED, extensions=[since(NOW)])
    assert revoked(bad)
    assert revoked(bad, signed_at=NOW)
    assert not revoked(bad, signed_at=NOW - SECOND)
    other = extension(REASON, b"\x0a\x01\x01")
    assert not revoked(replace(bad, extensions=[other, since(NOW)]), signed_at=NOW - SECOND)


def test_where_nothing_says_when_the_key_became_bad() -> None:
    """Also where it cannot be read: what is revoked stays so."""
    bad = replace(PLAIN, status=REVOKED)
    twice, unreadable = [since(NOW), since(NOW)], [extension(INVALID, NULL)]
    for extensions in ([], [extension(REASON, b"\x0a\x01\x01")], twice, unreadable):
        assert revoked(replace(bad, extensions=extensions), signed_at=NOW - DAY)
    stranger = Answer(ISSUER.issue(ACME)).part()
    assert revoked(replace(bad, before=[stranger], extensions=[since(NOW)]), signed_at=NOW - DAY)


def test_about_whom_it_is() -> None:
    """Several may be in one answer, and some named by hashes that are not known here."""
    stranger = Answer(ISSUER.issue(ACME), REVOKED)
    for named_by in ("2.16.840.1.101.3.4.2.8", "1.2.3.4"):
        unknown = replace(PLAIN, named_by=named_by)
        assert refused(unknown) == ANOTHER
        assert not revoked(replace(PLAIN, before=[unknown.part(), stranger.part()]))
        assert revoked(replace(PLAIN, status=REVOKED, before=[unknown.part(), stranger.part()]))
    other = replace(PLAIN, about=ISSUER.issue(ACME)).made()
    with pytest.raises(EnvelopeError, match=ANOTHER):
        ocsp.is_revoked(other, SIGNER.certificate, ISSUER.certificate, NOW, None)


@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
def test_who_signs(digest: str) -> None:
    assert not revoked(replace(PLAIN, digest=digest))
    assert refused(replace(PLAIN, digest=digest, by=OTHER.key)) == NOT_SIGNED


def test_an_issuer_with_an_rsa_key() -> None:
    leaf = RSA.issue(ACME)
    assert not revoked(Answer(leaf, issuer=RSA))
    assert revoked(Answer(leaf, REVOKED, issuer=RSA))
    stranger = rsa.generate_private_key(65537, 2048)
    assert refused(Answer(leaf, issuer=RSA, by=stranger)) == NOT_SIGNED
    assert refused(Answer(leaf, issuer=RSA, by=OTHER.key)) == NOT_SIGNED


def test_signatures_that_do_not_count() -> None:
    assert refused(replace(PLAIN, digest="sha224")) == NOT_SIGNED
    assert refused(replace(PLAIN, signed_with="1.2.3.4")) == NOT_SIGNED
    assert refused(replace(PLAIN, by=ed25519.Ed25519PrivateKey.generate())) == NOT_SIGNED


def test_an_issuer_with_another_key() -> None:
    """Its own signature has no hash that could be asked about; that of another key is none of its."""
    key = ed25519.Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Ed25519")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - DAY)
        .not_valid_after(NOW + DAY)
        .sign(key, None)
    )
    issuer = replace(ISSUER, certificate=certificate)
    for by in (key, ISSUER.key):
        assert refused(Answer(SIGNER, issuer=issuer, by=by)) == NOT_SIGNED


def test_who_signs_for_the_issuer() -> None:
    """RFC 6960 §4.2.2.2: whom the issuer itself made for this, while that certificate holds."""
    begin, end = NOW - DAY, NOW + DAY

    def by(signer: Entity, *more: x509.Certificate) -> Answer:
        return replace(PLAIN, by=signer.key, carried=[*more, signer.certificate], next_update=NOW + 2 * DAY)

    delegate = ISSUER.issue(NAME, RESPONDER, which=8, begin=begin, end=end)
    for now in (begin, NOW, end):
        assert not revoked(by(delegate), now=now)
    for now in (begin - SECOND, end + SECOND):
        assert refused(by(delegate), now=now) == NOT_SIGNED
    for extensions in (LEAF, CODE):
        assert refused(by(ISSUER.issue(NAME, extensions, which=8))) == NOT_SIGNED
    assert refused(by(OTHER.issue(NAME, RESPONDER, which=8))) == NOT_SIGNED
    assert refused(replace(by(delegate), carried=[])) == NOT_SIGNED
    assert not revoked(by(delegate, OTHER.certificate, ISSUER.issue(NAME, LEAF, which=7).certificate))


def test_what_is_no_answer() -> None:
    certificates = SIGNER.certificate, ISSUER.certificate
    for raw, says in (
        (b"", "not an OCSP answer"),
        (seq(), "not an OCSP answer"),
        (seq(b"\x0a\x01\x03"), "the OCSP responder refused"),
    ):
        with pytest.raises(EnvelopeError, match=says):
            ocsp.is_revoked(raw, *certificates, NOW, None)
