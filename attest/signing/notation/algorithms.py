"""Which algorithm a key signs with (signature-specification.md "Algorithm Selection"), under each of its names.

The key alone decides: what a header says is only compared with it, so no header can ask for a weaker algorithm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature


@dataclass(frozen=True, slots=True)
class Algorithm:
    """One row: the names in JWS, COSE and the plugin protocol. ``bits`` is the size of the key."""

    jws: str
    cose: int
    key_spec: str
    hash_name: str
    signing_algorithm: str
    bits: int
    hash: hashes.HashAlgorithm

    def __str__(self) -> str:
        return self.jws


def _rsa(bits: int, cose: int, digest: hashes.HashAlgorithm) -> Algorithm:
    size = digest.digest_size * 8
    return Algorithm(f"PS{size}", cose, f"RSA-{bits}", f"SHA-{size}", f"RSASSA-PSS-SHA-{size}", bits, digest)


def _ec(bits: int, cose: int, digest: hashes.HashAlgorithm) -> Algorithm:
    size = digest.digest_size * 8
    return Algorithm(f"ES{size}", cose, f"EC-{bits}", f"SHA-{size}", f"ECDSA-SHA-{size}", bits, digest)


RSA: Final = (_rsa(2048, -37, hashes.SHA256()), _rsa(3072, -38, hashes.SHA384()), _rsa(4096, -39, hashes.SHA512()))
EC: Final = (_ec(256, -7, hashes.SHA256()), _ec(384, -35, hashes.SHA384()), _ec(521, -36, hashes.SHA512()))
ALGORITHMS: Final = RSA + EC

_CURVES: Final = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)


def algorithm_of(key: PublicKeyTypes) -> Algorithm | None:
    """The algorithm that ``key`` signs with; None where the specification has none for it."""
    if isinstance(key, rsa.RSAPublicKey):
        return next((row for row in RSA if row.bits == key.key_size), None)
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, _CURVES):
        return next(row for row in EC if row.bits == key.key_size)
    return None


def describe(key: PublicKeyTypes) -> str:
    """A key in words, for refusals: ``RSA-1024``, ``Ed25519``."""
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA-{key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC on {key.curve.name}"
    return type(key).__name__.removesuffix("PublicKey")


def verify(algorithm: Algorithm, key: PublicKeyTypes, signature: bytes, message: bytes) -> bool:
    """Whether ``signature`` is that of ``key`` over ``message``: PSS with a salt as long as the hash (RFC 7518 §3.5,
    RFC 8230 §2), or ECDSA as r and s of equal length (RFC 7518 §3.4, RFC 9053 §2.1)."""
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, message, _pss(algorithm), algorithm.hash)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            width = _width(algorithm)
            if len(signature) != 2 * width:
                return False
            halves = int.from_bytes(signature[:width], "big"), int.from_bytes(signature[width:], "big")
            key.verify(encode_dss_signature(*halves), message, ec.ECDSA(algorithm.hash))
        else:
            return False
    except InvalidSignature:
        return False
    return True


def sign(algorithm: Algorithm, key: PrivateKeyTypes, message: bytes) -> bytes:
    """A signature in the form that `verify` takes. ``key`` must be of the kind that ``algorithm`` names."""
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, _pss(algorithm), algorithm.hash)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    width = _width(algorithm)
    r, s = decode_dss_signature(key.sign(message, ec.ECDSA(algorithm.hash)))
    return r.to_bytes(width, "big") + s.to_bytes(width, "big")


def _pss(algorithm: Algorithm) -> Any:
    return padding.PSS(mgf=padding.MGF1(algorithm.hash), salt_length=algorithm.hash.digest_size)


def _width(algorithm: Algorithm) -> int:
    return (algorithm.bits + 7) // 8
