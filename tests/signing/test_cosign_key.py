from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from attest.errors import KeyFileError
from attest.signing import cosign_key
from attest.signing.key_files import load_private, load_public
from attest.signing.keys import PrivateKey


def body(pem: bytes) -> dict[str, Any]:
    value = json.loads(base64.b64decode(b"".join(pem.splitlines()[1:-1])))
    assert isinstance(value, dict)
    return value


def pem_of(value: object, label: str = cosign_key.LABEL) -> bytes:
    text = base64.b64encode(json.dumps(value).encode()).decode()
    return f"-----BEGIN {label}-----\n{text}\n-----END {label}-----\n".encode()


def unasked() -> bytes:
    raise AssertionError("asked for a password before the file was looked at")


def test_what_is_written_is_read_again(tmp_path: Path, key: PrivateKey) -> None:
    path = tmp_path / "cosign.key"
    path.write_bytes(cosign_key.encrypt(key.pkcs8_der(), b"secret"))
    assert load_private(path, lambda: b"secret") == key
    with pytest.raises(KeyFileError) as caught:
        load_private(path, lambda: b"Secret")
    assert caught.value.what == f"wrong password for {path}"
    with pytest.raises(KeyFileError, match="a private key where a public key is wanted"):
        load_public(path)


def test_the_form(p256: PrivateKey) -> None:
    pem = cosign_key.encrypt(p256.pkcs8_der(), b"")
    lines = pem.decode().split("\n")
    assert lines[0] == "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----"
    assert lines[-2:] == ["-----END ENCRYPTED SIGSTORE PRIVATE KEY-----", ""]
    assert {len(line) for line in lines[1:-3]} == {64}
    value = body(pem)
    assert value["kdf"]["params"] == {"N": 65536, "r": 8, "p": 1}
    assert (value["kdf"]["name"], value["cipher"]["name"]) == ("scrypt", "nacl/secretbox")
    assert len(base64.b64decode(value["kdf"]["salt"])) == 32
    assert len(base64.b64decode(value["cipher"]["nonce"])) == 24
    assert len(base64.b64decode(value["ciphertext"])) == len(p256.pkcs8_der()) + 16


def test_an_empty_password_is_one(tmp_path: Path, p256: PrivateKey) -> None:
    path = tmp_path / "cosign.key"
    path.write_bytes(cosign_key.encrypt(p256.pkcs8_der(), b""))
    assert load_private(path, lambda: b"") == p256
    with pytest.raises(KeyFileError, match="wrong password"):
        load_private(path, lambda: b"x")


def test_two_files_of_one_key_have_nothing_in_common(p256: PrivateKey) -> None:
    first, second = (body(cosign_key.encrypt(p256.pkcs8_der(), b"pw")) for _ in range(2))
    assert first["kdf"]["salt"] != second["kdf"]["salt"]
    assert first["cipher"]["nonce"] != second["cipher"]["nonce"]
    assert first["ciphertext"] != second["ciphertext"]


def test_the_older_label(tmp_path: Path, p256: PrivateKey) -> None:
    path = tmp_path / "cosign.key"
    path.write_bytes(pem_of(body(cosign_key.encrypt(p256.pkcs8_der(), b"pw")), "ENCRYPTED COSIGN PRIVATE KEY"))
    assert load_private(path, lambda: b"pw") == p256


def params(**changes: Any) -> Callable[[dict[str, Any]], object]:
    return lambda value: value["kdf"]["params"].update(changes)


@pytest.mark.parametrize(
    "change",
    [
        params(N=2**30),
        params(N=2),
        params(N=0),
        params(N=-65536),
        params(N="65536"),
        params(N=65536.0),
        params(N=True),
        params(r=9),
        params(p=2),
        lambda value: value["kdf"]["params"].pop("p"),
        lambda value: value["kdf"].update(name="argon2"),
        lambda value: value["kdf"].update(salt="\n"),
        lambda value: value["cipher"].update(name="aes"),
        lambda value: value["cipher"].update(nonce="AAAA"),
        lambda value: value.update(ciphertext=None),
        lambda value: value.pop("cipher"),
    ],
)
def test_other_files_are_refused_before_any_work(
    p256: PrivateKey, change: Callable[[dict[str, Any]], object], sealed: bytes
) -> None:
    value = body(sealed)
    change(value)
    with pytest.raises(KeyFileError, match="not a key as cosign writes it"):
        cosign_key.decrypt(pem_of(value), unasked, where="cosign.key")


@pytest.fixture(scope="module")
def sealed() -> bytes:
    return cosign_key.encrypt(b"anything", b"pw")


@pytest.mark.parametrize("text", [b"", b"AAAA", b"e30=", b"*", b"\xc3\xa9", base64.b64encode(b'{"kdf":1,"kdf":1}')])
def test_damage_is_a_clear_error(text: bytes) -> None:
    pem = b"-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n%s\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n" % text
    with pytest.raises(KeyFileError, match="not a key as cosign writes it"):
        cosign_key.decrypt(pem, unasked, where="cosign.key")


@pytest.mark.parametrize("ciphertext", ["", "AAAA", base64.b64encode(bytes(15)).decode()])
def test_a_short_ciphertext(sealed: bytes, ciphertext: str) -> None:
    value = body(sealed) | {"ciphertext": ciphertext}
    with pytest.raises(KeyFileError, match="wrong password"):
        cosign_key.decrypt(pem_of(value), lambda: b"pw", where="cosign.key")


def test_sealed_bytes_that_are_no_key(tmp_path: Path, sealed: bytes) -> None:
    path = tmp_path / "cosign.key"
    path.write_bytes(sealed)
    with pytest.raises(KeyFileError, match="not a usable private key"):
        load_private(path, lambda: b"pw")
