"""Which parameters of scrypt are taken. Each takes long, so they are by themselves."""

from __future__ import annotations

import base64
import hashlib

import pytest

from attest.signing import cosign_key
from attest.signing.keys import PrivateKey
from tests.signing.test_cosign_key import pem_of


@pytest.mark.parametrize("n", [32768, 131072])
def test_the_other_parameters_that_cosign_takes(n: int, p256: PrivateKey) -> None:
    from nacl.secret import SecretBox

    salt, nonce = b"s" * 32, b"n" * 24
    secret = hashlib.scrypt(b"pw", salt=salt, n=n, r=8, p=1, dklen=32, maxmem=2**28)
    value = {
        "kdf": {"name": "scrypt", "params": {"N": n, "r": 8, "p": 1}, "salt": base64.b64encode(salt).decode()},
        "cipher": {"name": "nacl/secretbox", "nonce": base64.b64encode(nonce).decode()},
        "ciphertext": base64.b64encode(SecretBox(secret).encrypt(p256.pkcs8_der(), nonce).ciphertext).decode(),
    }
    assert cosign_key.decrypt(pem_of(value), lambda: b"pw", where="x") == p256.pkcs8_der()
