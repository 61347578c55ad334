"""Timestamp tokens put together by hand (RFC 3161 §2.4.2, RFC 5652 §5): wrong where a test says so."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from attest.signing.notation import der
from tests.signing.notation.pki import NOW, Entity
from tests.signing.notation.pki import der as encoded

INTEGER: Final = 0x02
BIT_STRING: Final = 0x03
TIME: Final = 0x18
IMPLICIT: Final = (0xA0, 0xA1)
HASHES: Final = {
    "sha1": "1.3.14.3.2.26",
    "sha256": "2.16.840.1.101.3.4.2.1",
    "sha384": "2.16.840.1.101.3.4.2.2",
    "sha512": "2.16.840.1.101.3.4.2.3",
}
BASELINE: Final = "0.4.0.2023.1.1"
_SIGNED_DATA, _TST_INFO = "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4"
_CONTENT_TYPE, _MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
_SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"


def seq(*parts: bytes) -> bytes:
    return der.encode(der.SEQUENCE, *parts)


def set_of(*parts: bytes) -> bytes:
    return der.encode(der.SET, *sorted(parts))


def octets(content: bytes) -> bytes:
    return der.encode(der.OCTET_STRING, content)


def integer(value: int, tag: int = INTEGER) -> bytes:
    return der.encode(tag, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def oid(text: str) -> bytes:
    first, second, *more = map(int, text.split("."))
    content = b""
    for arc in (40 * first + second, *more):
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(arc & 0x7F | 0x80)
        content += bytes(reversed(groups))
    return der.encode(der.OBJECT_IDENTIFIER, content)


def algorithm(name: str, *parameters: bytes) -> bytes:
    return seq(oid(HASHES[name]), *parameters)


def named(certificate: x509.Certificate, name: str = "sha256", *more: bytes, default: bool = True) -> bytes:
    """An `ESSCertIDv2` (RFC 5035 §4); with ``default`` SHA-256 is not written, as DER wants it."""
    digest = octets(hashlib.new(name, encoded(certificate)).digest())
    return seq(*([] if default and name == "sha256" else [algorithm(name)]), digest, *more)


@dataclass(frozen=True)
class Token:
    """``imprint`` is the hash of what is stamped; ``signers`` how often the signature stands there; ``names`` replaces
    the value of signing-certificate-v2, b"" the whole attribute; ``carried`` what certificates are in it."""

    entity: Entity
    signature: bytes = b"signature"
    imprint: str = "sha256"
    version: int = 1
    policy: str = "1.2.3.4.1"
    moment: datetime = NOW
    accuracy: bytes = b""
    signers: int = 1
    names: bytes | None = None
    carried: Sequence[x509.Certificate] | None = None
    by: Entity | None = None

    def info(self) -> bytes:
        digest = hashlib.new(self.imprint, self.signature).digest()
        return seq(
            integer(self.version),
            oid(self.policy),
            seq(algorithm(self.imprint), octets(digest)),
            integer(1),
            der.encode(TIME, self.moment.strftime("%Y%m%d%H%M%SZ").encode()),
            self.accuracy,
        )

    def signer(self) -> bytes:
        leaf = self.entity.certificate
        names = seq(seq(named(leaf))) if self.names is None else self.names
        attributes = [
            seq(oid(_CONTENT_TYPE), set_of(oid(_TST_INFO))),
            seq(oid(_MESSAGE_DIGEST), set_of(octets(hashlib.sha256(self.info()).digest()))),
        ]
        if names:
            attributes.append(seq(oid(_SIGNING_CERTIFICATE_V2), set_of(names)))
        key = (self.by or self.entity).key
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return seq(
            integer(1),
            seq(leaf.issuer.public_bytes(), integer(leaf.serial_number)),
            algorithm("sha256"),
            der.encode(IMPLICIT[0], *sorted(attributes)),
            seq(oid("1.2.840.10045.4.3.2")),
            octets(key.sign(set_of(*attributes), ec.ECDSA(hashes.SHA256()))),
        )

    def signed_data(self) -> bytes:
        carried = self.entity.chain if self.carried is None else self.carried
        return seq(
            integer(3),
            set_of(algorithm("sha256")),
            seq(oid(_TST_INFO), der.encode(IMPLICIT[0], octets(self.info()))),
            der.encode(IMPLICIT[0], *sorted(map(encoded, carried))),
            set_of(*[self.signer()] * self.signers),
        )

    def made(self) -> bytes:
        return seq(oid(_SIGNED_DATA), der.encode(IMPLICIT[0], self.signed_data()))
