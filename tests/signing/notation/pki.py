"""Certificates as a test wants them: right by default, wrong where it says so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from attest.signing.keys import PrivateKey

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)
KINDS = ("rsa-2048", "rsa-3072", "rsa-4096", "ec-256", "ec-384", "ec-521")
CURVES = {"ec-256": ec.SECP256R1(), "ec-384": ec.SECP384R1(), "ec-521": ec.SECP521R1()}
ACME = "C=US,ST=WA,O=Acme,CN=Release"
OIDS = {
    "C": NameOID.COUNTRY_NAME,
    "ST": NameOID.STATE_OR_PROVINCE_NAME,
    "L": NameOID.LOCALITY_NAME,
    "O": NameOID.ORGANIZATION_NAME,
    "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "CN": NameOID.COMMON_NAME,
    "E": NameOID.EMAIL_ADDRESS,
}
_serials = count(1000)


@cache
def key_of(kind: str, which: int = 0) -> Key:
    """One key a kind and number for the whole run: RSA keys take a while to make."""
    if kind.startswith("rsa-"):
        return rsa.generate_private_key(65537, int(kind.removeprefix("rsa-")))
    return ec.generate_private_key(CURVES[kind])


def name(text: str) -> x509.Name:
    """``C=US,ST=WA``; attributes joined by ``+`` stand in one RDN."""
    return x509.Name(
        [
            x509.RelativeDistinguishedName(
                [
                    x509.NameAttribute(OIDS[kind], value)
                    for kind, _, value in (item.partition("=") for item in part.split("+"))
                ]
            )
            for part in text.split(",")
        ]
    )


def usage(*names: str) -> x509.KeyUsage:
    fields = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{field: field in names for field in fields})


Digest = hashes.SHA256 | hashes.SHA384 | hashes.SHA512 | hashes.SHA3_256
Extensions = Sequence[tuple[x509.ExtensionType, bool]]

CA: Extensions = (
    (x509.BasicConstraints(ca=True, path_length=None), True),
    (usage("key_cert_sign", "crl_sign"), True),
)
LEAF: Extensions = ((x509.BasicConstraints(ca=False, path_length=None), False), (usage("digital_signature"), True))
CODE: Extensions = (*LEAF, (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), False))
TSA: Extensions = (*LEAF, (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True))


@dataclass(frozen=True)
class Entity:
    """A key with its certificate and those above it."""

    key: Key
    certificate: x509.Certificate
    above: tuple[x509.Certificate, ...] = ()

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        return (self.certificate, *self.above)

    @property
    def private(self) -> PrivateKey:
        return PrivateKey.of(self.key)

    def issue(
        self,
        subject: str,
        extensions: Extensions = CODE,
        *,
        kind: str = "ec-256",
        begin: datetime = NOW - DAY,
        end: datetime = NOW + 365 * DAY,
        which: int = 1,
        digest: Digest | None = None,
    ) -> Entity:
        key = key_of(kind, which)
        certificate = build(subject, key, self.certificate.subject, self.key, extensions, begin, end, digest)
        return Entity(key, certificate, self.chain)

    def write(self, folder: Path, stem: str) -> tuple[Path, Path]:
        """Key and chain in PEM."""
        key, chain = folder / f"{stem}.key", folder / f"{stem}.crt"
        key.write_bytes(self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        chain.write_bytes(pem(self.chain))
        return key, chain


def build(
    subject: str | x509.Name,
    key: Key,
    issuer: x509.Name,
    issuer_key: Key,
    extensions: Extensions,
    begin: datetime = NOW - DAY,
    end: datetime = NOW + 365 * DAY,
    digest: Digest | None = None,
) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject) if isinstance(subject, str) else subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(next(_serials))
        .not_valid_before(begin)
        .not_valid_after(end)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(issuer_key, digest or hashes.SHA256())


def root(
    subject: str = "C=US,ST=WA,O=Acme,CN=Root",
    extensions: Extensions = CA,
    *,
    kind: str = "ec-256",
    begin: datetime = NOW - DAY,
    end: datetime = NOW + 365 * DAY,
    which: int = 0,
) -> Entity:
    """A self-signed certificate."""
    key = key_of(kind, which)
    return Entity(key, build(subject, key, name(subject), key, extensions, begin, end))


def pem(certificates: Iterable[x509.Certificate]) -> bytes:
    return b"".join(item.public_bytes(Encoding.PEM) for item in certificates)


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)
