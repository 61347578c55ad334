"""How large RSA keys may be, and how large those are that are made here."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from attest.errors import KeyFileError
from attest.signing.keys import KeyKind, PrivateKey, PublicKey, generate


def of_size(bits: int) -> rsa.RSAPublicKey:
    return rsa.RSAPublicNumbers(65537, 1 << bits - 1 | 1).public_key()


@pytest.mark.parametrize("bits", [2048, 2049, 3072, 8191, 8192])
def test_sizes_that_are_used(bits: int) -> None:
    assert PublicKey.of(of_size(bits)).pem().startswith(b"-----BEGIN PUBLIC KEY-----")


@pytest.mark.parametrize("bits", [1024, 2047, 8193])
def test_sizes_that_are_not(bits: int) -> None:
    with pytest.raises(KeyFileError, match=f"an RSA key of {bits} bits") as caught:
        PublicKey.of(of_size(bits), where="release.pub")
    assert (caught.value.where, caught.value.why) == ("release.pub", "from 2048 to 8192 bits are used")


def test_the_size_that_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []
    quick = rsa.generate_private_key(65537, 2048)

    def made(exponent: int, bits: int) -> Any:
        asked.append((exponent, bits))
        return quick

    monkeypatch.setattr(rsa, "generate_private_key", made)
    assert generate(KeyKind.RSA_3072) == PrivateKey.of(quick)
    assert asked == [(65537, 3072)]
