"""The keys of a deployment, and how it is described to its clients: protobuf-specs, sigstore_trustroot.proto."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.private_sigstore import certificates as made

HOST: Final = "127.0.0.1"
"""Also the log's name in its checkpoints: sigstore-go takes that to be the host of `baseUrl`, without the port."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the services are, as URLs."""

    fulcio: str
    rekor: str
    ctlog: str
    tsa: str
    people: str


@dataclass(frozen=True, slots=True)
class Keys:
    """Every private key of a deployment but the identity provider's."""

    fulcio_root: made.Certified
    fulcio: made.Certified
    tsa_root: made.Certified
    tsa: made.Certified
    ctlog: ec.EllipticCurvePrivateKey
    rekor: ed25519.Ed25519PrivateKey

    @classmethod
    def new(cls) -> Keys:
        fulcio_root, tsa_root = made.authority("fulcio root"), made.authority("tsa root")
        return cls(
            fulcio_root,
            made.code_authority("fulcio", fulcio_root),
            tsa_root,
            made.timestamper("tsa", tsa_root),
            ec.generate_private_key(ec.SECP256R1()),
            ed25519.Ed25519PrivateKey.generate(),
        )

    def files(self) -> dict[str, bytes]:
        """What the servers read."""
        return {
            "fulcio.key": made.private_pem(self.fulcio.key),
            "fulcio.pem": made.chain_pem(self.fulcio, self.fulcio_root),
            "fulcio-root.pem": made.chain_pem(self.fulcio_root),
            "tsa.key": made.private_pem(self.tsa.key),
            "tsa.pem": made.chain_pem(self.tsa, self.tsa_root),
            "ctlog.key": made.private_pem(self.ctlog),
            "ctlog.pub": made.public_pem(self.ctlog),
            "rekor.key": made.private_pem(self.rekor),
        }


def trusted_root(addresses: Addresses, keys: Keys) -> dict[str, Any]:
    ct_key, log_key = made.public_der(keys.ctlog), made.public_der(keys.rekor)
    ct_id = hashlib.sha256(ct_key).digest()  # RFC 6962 §3.2
    return {
        "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
        "tlogs": [_log(addresses.rekor, log_key, "PKIX_ED25519", _checkpoint_key_id(keys.rekor))],
        "certificateAuthorities": [_authority(addresses.fulcio, keys.fulcio, keys.fulcio_root)],
        "ctlogs": [_log(addresses.ctlog, ct_key, "PKIX_ECDSA_P256_SHA_256", ct_id)],
        "timestampAuthorities": [_authority(addresses.tsa, keys.tsa, keys.tsa_root)],
    }


def signing_config(addresses: Addresses) -> dict[str, Any]:
    return {
        "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
        "caUrls": _service(addresses.fulcio, 1),
        "oidcUrls": _service(addresses.people, 1),
        "rekorTlogUrls": _service(addresses.rekor, 2),
        "rekorTlogConfig": {"selector": "ANY"},
        "tsaUrls": _service(addresses.tsa, 1),
        "tsaConfig": {"selector": "ANY"},
    }


def client_trust_config(root: dict[str, Any], config: dict[str, Any]) -> dict[str, Any]:
    return {
        "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
        "trustedRoot": root,
        "signingConfig": config,
    }


def _checkpoint_key_id(key: ed25519.Ed25519PrivateKey) -> bytes:
    """The id of a Rekor v2 log (C2SP signed-note, "Signatures"): SHA-256 of name, newline, kind (1) and raw key."""
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return hashlib.sha256(HOST.encode() + b"\n\x01" + raw).digest()


def _log(url: str, key: bytes, kind: str, log_id: bytes) -> dict[str, Any]:
    return {
        "baseUrl": url,
        "hashAlgorithm": "SHA2_256",
        "publicKey": {"rawBytes": _base64(key), "keyDetails": kind, "validFor": _since()},
        "logId": {"keyId": _base64(log_id)},
    }


def _authority(url: str, *chain: made.Certified) -> dict[str, Any]:
    encoded = [{"rawBytes": _base64(item.certificate.public_bytes(Encoding.DER))} for item in chain]
    return {
        "subject": {"organization": "private.example", "commonName": "private"},
        "uri": url,
        "certChain": {"certificates": encoded},
        "validFor": _since(),
    }


def _service(url: str, version: int) -> list[dict[str, Any]]:
    return [{"url": url, "majorApiVersion": version, "validFor": _since(), "operator": "private.example"}]


def _since() -> dict[str, str]:
    return {"start": (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")}


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
