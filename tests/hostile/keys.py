"""Keys for tests, no secrets: each follows from its name, so that the corpus has the same bytes whoever makes it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from attest.signing.keys import PublicKey

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of P-256 (SEC 2, section 2.4.2)."""


@cache
def curve_key(name: str) -> ec.EllipticCurvePrivateKey:
    seed = hashlib.sha512(f"attest hostile corpus, not a secret: {name}".encode()).digest()
    return ec.derive_private_key(int.from_bytes(seed) % (_ORDER - 1) + 1, ec.SECP256R1())


@dataclass(frozen=True)
class NamedKey:
    """`attest.signing.sign.SigningKey`, with signatures that are the same every time (RFC 6979)."""

    name: str

    @property
    def public(self) -> PublicKey:
        return PublicKey.of(curve_key(self.name).public_key())

    def sign(self, data: bytes) -> bytes:
        return curve_key(self.name).sign(data, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
