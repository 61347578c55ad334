"""Signing keys: which kinds there are and how each signs. Their files are in `attest.signing.key_files`.

Every kind has one signature scheme, the one that Sigstore's registry of algorithms gives it, so a signature never says
how it wants to be checked: ECDSA over P-256, P-384 and P-521 with SHA-256, SHA-384 and SHA-512 (ASN.1 DER), Ed25519
(pure, RFC 8032), RSA PKCS#1 v1.5 with SHA-256.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from attest.errors import KeyFileError, UsageError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes

RSA_BITS_MIN: Final = 2048
RSA_BITS_MAX: Final = 8192
"""Larger ones take seconds to generate and burden every verifier; cosign itself stops at 4096."""


class KeyKind(StrEnum):
    """What `generate` makes. Keys of RSA's other sizes can be used as well."""

    ECDSA_P256 = "ecdsa-p256"
    ECDSA_P384 = "ecdsa-p384"
    ECDSA_P521 = "ecdsa-p521"
    ED25519 = "ed25519"
    RSA_3072 = "rsa-3072"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key, the same as another when its SPKI (RFC 5280 §4.1, DER) is."""

    spki: bytes
    _key: Any = field(repr=False, compare=False)

    @classmethod
    def of(cls, key: PublicKeyTypes, *, where: str | None = None) -> PublicKey:
        """Wrap a key of the `cryptography` package. Raises `KeyFileError` for a kind or size that is not used here."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        _check_kind(key, where)
        return cls(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo), key)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the SPKI, in lower-case hex."""
        return _fingerprint(self.spki)

    @property
    def hint(self) -> str:
        """SHA-256 of the SPKI, in base64: what cosign writes as a bundle's key hint."""
        return base64.b64encode(bytes.fromhex(self.fingerprint)).decode()

    def verify(self, signature: bytes, data: bytes) -> bool:
        """Whether ``signature`` is this key's over ``data``."""
        from cryptography.exceptions import InvalidSignature

        try:
            self._key.verify(signature, data, *_scheme(self._key))
        except InvalidSignature:
            return False
        return True

    def pem(self) -> bytes:
        """SPKI in PEM, as `load_public` and cosign read it."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        return self._key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A private key and its public half; never printed."""

    public: PublicKey
    _key: Any = field(repr=False, compare=False)

    @classmethod
    def of(cls, key: PrivateKeyTypes, *, where: str | None = None) -> PrivateKey:
        """Wrap a key of the `cryptography` package. Raises `KeyFileError` for a kind or size that is not used here."""
        return cls(PublicKey.of(key.public_key(), where=where), key)

    def sign(self, data: bytes) -> bytes:
        """A signature over ``data``; ECDSA ones differ every time."""
        return self._key.sign(data, *_scheme(self.public._key))  # type: ignore[no-any-return]

    def pkcs8_der(self) -> bytes:
        """PKCS#8 (RFC 5958) in DER, not encrypted."""
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        return self._key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())  # type: ignore[no-any-return]

    def pkcs8_pem(self, password: bytes | None) -> bytes:
        """PKCS#8 in PEM, encrypted unless ``password`` is None. Raises `UsageError` for an empty password."""
        from cryptography.hazmat.primitives import serialization

        if password == b"":
            raise UsageError("an empty password protects nothing", why="PKCS#8 has no such form")
        protection = (
            serialization.NoEncryption() if password is None else serialization.BestAvailableEncryption(password)
        )
        return self._key.private_bytes(  # type: ignore[no-any-return]
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection
        )


def generate(kind: str) -> PrivateKey:
    """A new key of one of `KeyKind`. Raises `UsageError` for any other."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    match kind:
        case KeyKind.ECDSA_P256:
            return PrivateKey.of(ec.generate_private_key(ec.SECP256R1()))
        case KeyKind.ECDSA_P384:
            return PrivateKey.of(ec.generate_private_key(ec.SECP384R1()))
        case KeyKind.ECDSA_P521:
            return PrivateKey.of(ec.generate_private_key(ec.SECP521R1()))
        case KeyKind.ED25519:
            return PrivateKey.of(ed25519.Ed25519PrivateKey.generate())
        case KeyKind.RSA_3072:
            return PrivateKey.of(rsa.generate_private_key(65537, 3072))
    raise UsageError(f"no such kind of key: {kind!r}", next_step=f"choose one of {', '.join(KeyKind)}")


@lru_cache(maxsize=256)
def _fingerprint(spki: bytes) -> str:
    """Computed once: a few keys are compared with the author of every signature."""
    return hashlib.sha256(spki).hexdigest()


def _check_kind(key: PublicKeyTypes, where: str | None) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    match key:
        case ec.EllipticCurvePublicKey():
            if not isinstance(key.curve, ec.SECP256R1 | ec.SECP384R1 | ec.SECP521R1):
                raise KeyFileError(
                    f"a key on the curve {key.curve.name}", where=where, why="only P-256, P-384 and P-521 are used"
                )
        case rsa.RSAPublicKey():
            if not RSA_BITS_MIN <= key.key_size <= RSA_BITS_MAX:
                raise KeyFileError(
                    f"an RSA key of {key.key_size} bits",
                    where=where,
                    why=f"from {RSA_BITS_MIN} to {RSA_BITS_MAX} bits are used",
                )
        case ed25519.Ed25519PublicKey():
            pass
        case _:
            raise KeyFileError(
                f"a key of another kind ({type(key).__name__.removesuffix('PublicKey')})",
                where=where,
                why="only ECDSA, Ed25519 and RSA keys are used",
            )


def _scheme(key: PublicKeyTypes) -> tuple[Any, ...]:
    """What `sign` and `verify` of the `cryptography` package take after the data, for a key of this kind."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

    if isinstance(key, ec.EllipticCurvePublicKey):
        strength = {256: hashes.SHA256(), 384: hashes.SHA384(), 521: hashes.SHA512()}
        return (ec.ECDSA(strength[key.key_size]),)
    if isinstance(key, rsa.RSAPublicKey):
        return (padding.PKCS1v15(), hashes.SHA256())
    return ()
