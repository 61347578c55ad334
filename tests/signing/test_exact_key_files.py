"""Keys that are in no file, how much of a file is read, what is told of one that cannot be, and when it is written."""

from __future__ import annotations

import base64
import hashlib
import os
from pathlib import Path

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from attest import limits
from attest.errors import KeyFileError
from attest.signing.key_files import load_private, load_public, write_private_file
from attest.signing.keys import PrivateKey


@pytest.mark.parametrize("service", ["awskms", "azurekms", "gcpkms", "hashivault", "pkcs11"])
def test_a_public_key_is_a_file(service: str) -> None:
    with pytest.raises(KeyFileError, match="a key in a service where a file is wanted"):
        load_public(f"{service}://key")


def test_a_file_of_the_greatest_size_is_read(tmp_path: Path, p256: PrivateKey) -> None:
    pem = p256.public.pem()
    for size, says in ((limits.KEY_FILE, None), (limits.KEY_FILE + 1, "more than")):
        path = tmp_path / f"{size}.pub"
        path.write_bytes(pem + b"\n" * (size - len(pem)))
        if says is None:
            assert load_public(path).pem() == pem
        else:
            with pytest.raises(KeyFileError, match=says):
                load_public(path)


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (ValueError("one\ntwo"), "one"),
        (ValueError("x" * 161), "x" * 160),
        (ValueError(), "ValueError"),
        (UnsupportedAlgorithm("another kind"), "another kind"),
    ],
)
def test_the_first_line_of_what_is_wrong(
    tmp_path: Path, p256: PrivateKey, monkeypatch: pytest.MonkeyPatch, error: Exception, why: str
) -> None:
    def fails(*_: object) -> None:
        raise error

    path = tmp_path / "release.pub"
    path.write_bytes(p256.public.pem())
    monkeypatch.setattr(serialization, "load_pem_public_key", fails)
    with pytest.raises(KeyFileError, match="not a usable public key") as caught:
        load_public(path)
    assert (caught.value.where, caught.value.why) == (str(path), why)


P256, OTHER = (bytes.fromhex(f"06082a8648ce3d0301{last}") for last in ("07", "05"))
"""Names of curves (SEC 2, X9.62); nobody has the other one."""


def encrypted(sec1: bytes, password: bytes) -> bytes:
    """As OpenSSL writes a key that is not in PKCS#8 (RFC 1421, with a key by MD5)."""
    vector = bytes(range(16))
    key = hashlib.md5(password + vector[:8]).digest()
    padding = 16 - len(sec1) % 16
    sealed = Cipher(AES(key), CBC(vector)).encryptor().update(sec1 + bytes([padding]) * padding)
    head = f"Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,{vector.hex().upper()}\n\n"
    body = base64.encodebytes(sealed).decode()
    return f"-----BEGIN EC PRIVATE KEY-----\n{head}{body}-----END EC PRIVATE KEY-----\n".encode()


def test_an_encrypted_key_on_another_curve(tmp_path: Path, p256: PrivateKey) -> None:
    path = tmp_path / "release.key"
    native = serialization.load_der_private_key(p256.pkcs8_der(), None)
    sec1 = native.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    path.write_bytes(encrypted(sec1, b"secret"))
    assert load_private(path, lambda: b"secret") == p256
    assert P256 in sec1
    path.write_bytes(encrypted(sec1.replace(P256, OTHER), b"secret"))
    with pytest.raises(KeyFileError, match="not a usable private key") as caught:
        load_private(path, lambda: b"secret")
    assert (caught.value.where, caught.value.why) == (str(path), "Curve 1.2.840.10045.3.1.5 is not supported")


@pytest.mark.parametrize(
    ("label", "step"),
    [
        ("OPENSSH PRIVATE KEY", "convert a copy of it: ssh-keygen -p -m PKCS8 -f {path}"),
        ("PGP PRIVATE KEY BLOCK", "attest key generate NAME makes a new one"),
    ],
)
def test_what_to_do_about_another_key(tmp_path: Path, label: str, step: str) -> None:
    path = tmp_path / "release.key"
    path.write_text(f"-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n")
    with pytest.raises(KeyFileError, match=f"not a key that can be used: {label}") as caught:
        load_public(path)
    assert caught.value.next_step == step.format(path=path)


def test_a_file_is_whole_before_it_is_told_to_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, seen = tmp_path / "release.key", []
    monkeypatch.setattr(os, "fsync", lambda number: seen.append(os.fstat(number).st_size))
    write_private_file(path, b"secret")
    assert (seen, path.read_bytes()) == ([6], b"secret")

    def fails(_: int) -> None:
        path.unlink()
        raise OSError(28, "No space left on device")

    path.unlink()
    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(KeyFileError, match="cannot write the key") as caught:
        write_private_file(path, b"secret")
    assert caught.value.why == "No space left on device"
