"""Which algorithm each key signs with, under each of its names, and what a signature of it looks like."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

from attest.signing.notation import algorithms
from attest.signing.notation.algorithms import ALGORITHMS, Algorithm, algorithm_of, describe, sign, verify
from tests.signing.notation.pki import CURVES, key_of

MESSAGE = b"message"
TABLE = [
    ("RSA-2048", "PS256", -37, "SHA-256", "RSASSA-PSS-SHA-256", 2048),
    ("RSA-3072", "PS384", -38, "SHA-384", "RSASSA-PSS-SHA-384", 3072),
    ("RSA-4096", "PS512", -39, "SHA-512", "RSASSA-PSS-SHA-512", 4096),
    ("EC-256", "ES256", -7, "SHA-256", "ECDSA-SHA-256", 256),
    ("EC-384", "ES384", -35, "SHA-384", "ECDSA-SHA-384", 384),
    ("EC-521", "ES512", -36, "SHA-512", "ECDSA-SHA-512", 521),
]


def of_size(bits: int) -> rsa.RSAPublicKey:
    """Nobody has the private half, and making one would take its time."""
    return rsa.RSAPublicNumbers(65537, (1 << (bits - 1)) + 1).public_key()


def row_of(kind: str) -> Algorithm:
    row = algorithm_of(key_of(kind).public_key())
    assert row is not None
    return row


def test_the_table() -> None:
    """signature-specification.md "Algorithm Selection", with the numbers of RFC 9053 §2.1 and RFC 8230 §2."""
    rows = [(row.key_spec, row.jws, row.cose, row.hash_name, row.signing_algorithm, row.bits) for row in ALGORITHMS]
    assert rows == TABLE
    assert [str(row) for row in ALGORITHMS] == [jws for _, jws, *_ in TABLE]
    assert [row.hash.name for row in ALGORITHMS] == ["sha256", "sha384", "sha512"] * 2


def test_what_a_key_signs_with() -> None:
    keys: dict[str, PublicKeyTypes] = {f"RSA-{bits}": of_size(bits) for bits in (2048, 3072, 4096)}
    keys |= {name.upper(): key_of(name).public_key() for name in CURVES}
    for spec, key in keys.items():
        found = algorithm_of(key)
        assert found is not None
        assert found.key_spec == spec


def test_keys_that_sign_with_none() -> None:
    others: list[tuple[PublicKeyTypes, str]] = [
        (of_size(1024), "RSA-1024"),
        (of_size(2047), "RSA-2047"),
        (of_size(2049), "RSA-2049"),
        (of_size(8192), "RSA-8192"),
        (ec.generate_private_key(ec.SECP256K1()).public_key(), "EC on secp256k1"),
        (ec.generate_private_key(ec.BrainpoolP384R1()).public_key(), "EC on brainpoolP384r1"),
        (ec.generate_private_key(ec.SECP224R1()).public_key(), "EC on secp224r1"),
        (ed25519.Ed25519PrivateKey.generate().public_key(), "Ed25519"),
    ]
    assert [(algorithm_of(key), describe(key)) for key, _ in others] == [(None, name) for _, name in others]


@pytest.mark.parametrize(("kind", "size"), [("ec-256", 64), ("ec-384", 96), ("ec-521", 132), ("rsa-2048", 256)])
def test_signatures(kind: str, size: int) -> None:
    key, row = key_of(kind), row_of(kind)
    signature = sign(row, key, MESSAGE)
    assert len(signature) == size
    assert verify(row, key.public_key(), signature, MESSAGE)
    assert not verify(row, key.public_key(), signature, b"another")
    assert not verify(row, key.public_key(), signature[:-1] + bytes((signature[-1] ^ 1,)), MESSAGE)
    assert not verify(row, key_of(kind, 40).public_key(), signature, MESSAGE)


def test_r_and_s_are_of_equal_length() -> None:
    """RFC 7518 §3.4: zeros before one of them make it another signature."""
    for kind, width in (("ec-256", 32), ("ec-521", 66)):
        key, row = key_of(kind), row_of(kind)
        signature = sign(row, key, MESSAGE)
        r, s = signature[:width], signature[width:]
        for other in (r + b"\0" + s, b"\0" + signature, signature + b"\0", signature[:-1], r, b""):
            assert not verify(row, key.public_key(), other, MESSAGE)


@pytest.mark.parametrize(("salt", "holds"), [(32, True), (0, False), (20, False), (33, False)])
def test_the_salt_is_as_long_as_the_hash(salt: int, holds: bool) -> None:
    key = key_of("rsa-2048")
    assert isinstance(key, rsa.RSAPrivateKey)
    pss = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=salt)
    signature = key.sign(MESSAGE, pss, hashes.SHA256())
    assert verify(algorithms.RSA[0], key.public_key(), signature, MESSAGE) is holds
    older = key.sign(MESSAGE, padding.PKCS1v15(), hashes.SHA256())
    assert not verify(algorithms.RSA[0], key.public_key(), older, MESSAGE)


def test_a_key_of_another_kind_made_none() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    assert not verify(row_of("ec-256"), key.public_key(), key.sign(MESSAGE), MESSAGE)
    assert not verify(algorithms.RSA[0], key.public_key(), key.sign(MESSAGE), MESSAGE)
