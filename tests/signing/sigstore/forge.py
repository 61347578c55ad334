"""A Sigstore in a few keys: its trusted root, and bundles of every form, honest ones and others.

Real keys, certificates, log entries and signatures, made in milliseconds and the same whenever they are made with the
same keys; `tests.private_sigstore` runs real services.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from attest.oci import strict_json
from attest.signing.bundle import Bundle
from attest.signing.dsse import pae
from attest.signing.sigstore.trusted_root import MEDIA_TYPES, TrustedRoot

IN_TOTO = "application/vnd.in-toto+json"
ISSUER = "https://issuer.example"
ALICE = "alice@example.test"
NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
STATEMENT = strict_json.write(
    {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "a", "digest": {"sha256": "ab" * 32}}],
        "predicateType": "https://example.test/tested/v1",
        "predicate": {},
    }
)
FILE = b"what was signed\n"

Key = ec.EllipticCurvePrivateKey
LogKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def spki(key: LogKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def sign(key: LogKey, data: bytes) -> bytes:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(data)
    return key.sign(data, ec.ECDSA(own_hash(key), deterministic_signing=True))


def own_hash(key: Key) -> hashes.SHA256 | hashes.SHA384 | hashes.SHA512:
    """The hash that Sigstore's registry gives the curve."""
    return {256: hashes.SHA256(), 384: hashes.SHA384(), 521: hashes.SHA512()}[key.key_size]  # type: ignore[return-value]


def rfc3339(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class Log:
    """A log of signatures with one key. ``name`` is its origin."""

    key: LogKey
    name: str = "rekor.example"
    start: datetime = NOW - timedelta(days=30)
    end: datetime | None = None

    @property
    def id(self) -> bytes:
        if isinstance(self.key, ed25519.Ed25519PrivateKey):  # C2SP signed-note
            return hashlib.sha256(f"{self.name}\n\x01".encode() + spki(self.key)[-32:]).digest()
        return hashlib.sha256(spki(self.key)).digest()

    def json(self) -> dict[str, Any]:
        valid = {"start": rfc3339(self.start)} | ({} if self.end is None else {"end": rfc3339(self.end)})
        details = "PKIX_ED25519" if isinstance(self.key, ed25519.Ed25519PrivateKey) else "PKIX_ECDSA_P256_SHA_256"
        return {
            "baseUrl": f"https://{self.name}",
            "hashAlgorithm": "SHA2_256",
            "publicKey": {"rawBytes": b64(spki(self.key)), "keyDetails": details, "validFor": valid},
            "logId": {"keyId": b64(self.id)},
        }

    def entry(self, body: Mapping[str, Any], moment: datetime | None, *, proof: bool = True) -> dict[str, Any]:
        """An entry with a promise at ``moment``, if that is given, between two others in a tree."""
        raw = strict_json.write(body)
        time = 0 if moment is None else int(moment.timestamp())
        entry: dict[str, Any] = {
            "logIndex": "7",
            "logId": {"keyId": b64(self.id)},
            "kindVersion": {"kind": body["kind"], "version": body["apiVersion"]},
            "integratedTime": str(time),
            "canonicalizedBody": b64(raw),
        }
        if moment is not None:
            signed = strict_json.write(
                {"body": b64(raw), "integratedTime": time, "logID": self.id.hex(), "logIndex": 7}
            )
            entry["inclusionPromise"] = {"signedEntryTimestamp": b64(sign(self.key, signed))}
        if proof:
            left, right = hashlib.sha256(b"\x00left").digest(), hashlib.sha256(b"\x00right").digest()
            leaf = hashlib.sha256(b"\x00" + raw).digest()
            root = hashlib.sha256(b"\x01" + hashlib.sha256(b"\x01" + left + leaf).digest() + right).digest()
            entry["inclusionProof"] = {
                "logIndex": "1",
                "treeSize": "3",
                "rootHash": b64(root),
                "hashes": [b64(left), b64(right)],
                "checkpoint": {"envelope": self.checkpoint(3, root)},
            }
        return entry

    def checkpoint(self, size: int, root: bytes, name: str | None = None) -> str:
        text = f"{self.name}\n{size}\n{b64(root)}\n"
        return f"{text}\n\u2014 {name or self.name} {b64(self.id[:4] + sign(self.key, text.encode()))}\n"


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _usage(**on: bool) -> x509.KeyUsage:
    names = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    rest = ("key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
    return x509.KeyUsage(**{name: on.get(name, False) for name in (*names, *rest)})


def utf8_string(text: str) -> bytes:
    raw = text.encode()
    length = bytes([len(raw)]) if len(raw) < 128 else b"\x81" + bytes([len(raw)])
    return b"\x0c" + length + raw


def fulcio(number: int, value: bytes) -> x509.UnrecognizedExtension:
    return x509.UnrecognizedExtension(ObjectIdentifier(f"1.3.6.1.4.1.57264.1.{number}"), value)


IDENTITY: tuple[x509.ExtensionType, ...] = (
    x509.SubjectAlternativeName([x509.RFC822Name(ALICE)]),
    fulcio(1, ISSUER.encode()),
    fulcio(8, utf8_string(ISSUER)),
    fulcio(12, utf8_string("https://github.com/acme/app")),
    fulcio(999, b"not known yet"),
)


@dataclass(frozen=True)
class Sigstore:
    """Keys of one instance. Everything can be exchanged by `dataclasses.replace`."""

    root_key: Key = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    ca_key: Key = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    ct: Log = field(default_factory=lambda: Log(ec.generate_private_key(ec.SECP256R1()), "ct.example"))
    log: Log = field(default_factory=lambda: Log(ec.generate_private_key(ec.SECP256R1())))
    more_logs: tuple[Log, ...] = ()
    ca_start: datetime = NOW - timedelta(days=30)
    ca_end: datetime | None = None
    media_type: str = MEDIA_TYPES[0]

    def authority(self) -> tuple[x509.Certificate, x509.Certificate]:
        """Intermediate and root."""
        root, intermediate = _name("forged root"), _name("forged intermediate")
        certificates = []
        for subject, key, length in ((intermediate, self.ca_key, 0), (root, self.root_key, 1)):
            builder = (
                x509.CertificateBuilder()
                .subject_name(subject)
                .issuer_name(root)
                .public_key(key.public_key())
                .serial_number(1 + length)
                .not_valid_before(NOW - timedelta(days=365))
                .not_valid_after(NOW + timedelta(days=365))
                .add_extension(x509.BasicConstraints(True, length), True)
                .add_extension(_usage(key_cert_sign=True, crl_sign=True), True)
                .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
            )
            if length == 0:
                parent = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.root_key.public_key())
                builder = builder.add_extension(parent, False)
            certificates.append(builder.sign(self.root_key, own_hash(self.root_key), ecdsa_deterministic=True))
        return certificates[0], certificates[1]

    def root(self) -> TrustedRoot:
        return TrustedRoot.parse(json.dumps(self.root_json()).encode())

    def root_json(self) -> dict[str, Any]:
        valid = {"start": rfc3339(self.ca_start)} | ({} if self.ca_end is None else {"end": rfc3339(self.ca_end)})
        chain = [{"rawBytes": b64(item.public_bytes(Encoding.DER))} for item in self.authority()]
        return {
            "mediaType": self.media_type,
            "tlogs": [item.json() for item in (self.log, *self.more_logs)],
            "certificateAuthorities": [
                {
                    "subject": {"organization": "example", "commonName": "forged"},
                    "uri": "https://fulcio.example",
                    "certChain": {"certificates": chain},
                    "validFor": valid,
                }
            ],
            "ctlogs": [self.ct.json()],
            "timestampAuthorities": [],
        }

    def certificate(
        self,
        key: LogKey,
        identity: tuple[x509.ExtensionType, ...] = IDENTITY,
        *,
        usage: x509.KeyUsage | None = None,
        purpose: ObjectIdentifier = ExtendedKeyUsageOID.CODE_SIGNING,
        sct: bool = True,
        at: datetime = NOW,
    ) -> x509.Certificate:
        """A signer's certificate, valid for ten minutes from ``at``, with the timestamp of the log of certificates."""
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([]))
            .issuer_name(_name("forged intermediate"))
            .public_key(key.public_key())
            .serial_number(99)
            .not_valid_before(at)
            .not_valid_after(at + 10 * MINUTE)
            .add_extension(usage or _usage(digital_signature=True), True)
            .add_extension(x509.ExtendedKeyUsage([purpose]), False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.ca_key.public_key()), False)
        )
        for extension in identity:
            builder = builder.add_extension(extension, isinstance(extension, x509.SubjectAlternativeName))
        if sct:
            tbs = builder.sign(self.ca_key, own_hash(self.ca_key)).tbs_certificate_bytes
            builder = builder.add_extension(self._sct(tbs, at), False)
        return builder.sign(self.ca_key, own_hash(self.ca_key), ecdsa_deterministic=True)

    def _sct(self, tbs: bytes, at: datetime) -> x509.UnrecognizedExtension:
        stamp = int(at.timestamp() * 1000).to_bytes(8, "big")
        issuer = hashlib.sha256(spki(self.ca_key)).digest()
        signed = b"\x00\x00" + stamp + b"\x00\x01" + issuer + len(tbs).to_bytes(3, "big") + tbs + b"\x00\x00"
        signature = sign(self.ct.key, signed)
        sct = b"\x00" + self.ct.id + stamp + b"\x00\x00\x04\x03" + len(signature).to_bytes(2, "big") + signature
        listed = len(sct).to_bytes(2, "big") + sct
        data = len(listed).to_bytes(2, "big") + listed
        octets = b"\x04" + (bytes([len(data)]) if len(data) < 128 else b"\x81" + bytes([len(data)])) + data
        return x509.UnrecognizedExtension(ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2"), octets)


@dataclass(frozen=True)
class Forged:
    """What a bundle is made of. Each part can be exchanged; ``kind`` is the log entry's."""

    sigstore: Sigstore
    key: LogKey
    kind: str = "dsse 0.0.1"
    payload: bytes = STATEMENT
    payload_type: str = IN_TOTO
    file: bytes | None = None
    certificate: x509.Certificate | None = None
    at: datetime | None = NOW + MINUTE
    proof: bool = True
    version: str = "0.3"
    chain: tuple[x509.Certificate, ...] = ()
    body: Mapping[str, Any] | None = None

    @property
    def message(self) -> bytes:
        return pae(self.payload_type, self.payload) if self.file is None else self.file

    def json(self) -> dict[str, Any]:
        signature = sign(self.key, self.message)
        material: dict[str, Any] = {}
        if self.certificate is None:
            material["publicKey"] = {"hint": b64(hashlib.sha256(spki(self.key)).digest())}
        elif self.version == "0.3" and not self.chain:
            material["certificate"] = {"rawBytes": b64(self.certificate.public_bytes(Encoding.DER))}
        else:
            certificates = [item.public_bytes(Encoding.DER) for item in (self.certificate, *self.chain)]
            material["x509CertificateChain"] = {"certificates": [{"rawBytes": b64(item)} for item in certificates]}
        body = self.body or self.entry_body(signature)
        material["tlogEntries"] = [self.sigstore.log.entry(body, self.at, proof=self.proof)]
        value: dict[str, Any] = {
            "mediaType": f"application/vnd.dev.sigstore.bundle+json;version={self.version}",
            "verificationMaterial": material,
        }
        if self.file is None:
            value["dsseEnvelope"] = {
                "payload": b64(self.payload),
                "payloadType": self.payload_type,
                "signatures": [{"sig": b64(signature)}],
            }
        else:
            digest = {"algorithm": "SHA2_256", "digest": b64(hashlib.sha256(self.file).digest())}
            value["messageSignature"] = {"messageDigest": digest, "signature": b64(signature)}
        return value

    def entry_body(self, signature: bytes) -> dict[str, Any]:
        """The honest body of an entry of ``kind``."""
        payload = hashlib.sha256(self.payload).digest()
        message = hashlib.sha256(self.message).digest()
        if self.certificate is None:
            pem = self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            verifier: dict[str, Any] = {"publicKey": {"rawBytes": b64(spki(self.key))}}
        else:
            pem = self.certificate.public_bytes(Encoding.PEM)
            verifier = {"x509Certificate": {"rawBytes": b64(self.certificate.public_bytes(Encoding.DER))}}
        signed = {"content": b64(signature), "verifier": verifier | {"keyDetails": "PKIX_ECDSA_P256_SHA_256"}}
        hashed = {"algorithm": "sha256", "value": payload.hex()}
        specs: dict[str, dict[str, Any]] = {
            "hashedrekord 0.0.1": {
                "data": {"hash": {"algorithm": "sha256", "value": message.hex()}},
                "signature": {"content": b64(signature), "publicKey": {"content": b64(pem)}},
            },
            "hashedrekord 0.0.2": {
                "hashedRekordV002": {"data": {"algorithm": "SHA2_256", "digest": b64(message)}, "signature": signed}
            },
            "dsse 0.0.1": {
                "envelopeHash": hashed,
                "payloadHash": hashed,
                "signatures": [{"signature": b64(signature), "verifier": b64(pem)}],
            },
            "dsse 0.0.2": {
                "dsseV002": {"payloadHash": {"algorithm": "SHA2_256", "digest": b64(payload)}, "signatures": [signed]}
            },
            "intoto 0.0.2": {
                "content": {
                    "envelope": {
                        "payloadType": self.payload_type,
                        "signatures": [{"publicKey": b64(pem), "sig": b64(b64(signature).encode())}],
                    },
                    "hash": hashed,
                    "payloadHash": hashed,
                }
            },
        }
        kind, _, version = self.kind.partition(" ")
        return {"apiVersion": version, "kind": kind, "spec": specs[self.kind]}

    def signature_in(self, value: Mapping[str, Any]) -> bytes:
        """The one in a bundle made of this."""
        if self.file is not None:
            return base64.b64decode(value["messageSignature"]["signature"])
        return base64.b64decode(value["dsseEnvelope"]["signatures"][0]["sig"])

    def bundle(self) -> Bundle:
        return parse(self.json())


def keyless(sigstore: Sigstore, **changes: Any) -> Forged:
    """An honest bundle with a certificate, but for ``changes``."""
    key = changes.pop("key", None) or ec.generate_private_key(ec.SECP256R1())
    certificate = changes.pop("certificate", None) or sigstore.certificate(key)
    return replace(Forged(sigstore, key, certificate=certificate), **changes)


def parse(value: Mapping[str, Any]) -> Bundle:
    return Bundle.parse(json.dumps(value).encode())
