"""Key files: how they are read, in every form that is in use, and written.

A file holds one key in PEM. What it holds instead is named, with what to do about it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from attest import limits
from attest.errors import KeyFileError, UsageError
from attest.regular_file import open_regular
from attest.signing.keys import PrivateKey, PublicKey

ELSEWHERE: Final = ("awskms", "azurekms", "gcpkms", "hashivault", "pkcs11")
"""What the URI of a private key that is in no file begins with (`attest.signing.remote_keys`)."""

_PEM: Final = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----\r?\n.*?-----END \1-----[ \t]*\r?\n?", re.DOTALL)
_PUBLIC: Final = frozenset({"PUBLIC KEY", "RSA PUBLIC KEY"})
_PLAIN: Final = frozenset({"PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"})
_COSIGN: Final = frozenset({"ENCRYPTED SIGSTORE PRIVATE KEY", "ENCRYPTED COSIGN PRIVATE KEY"})
_PRIVATE: Final = _PLAIN | _COSIGN | {"ENCRYPTED PRIVATE KEY"}


def load_public(path: str | Path) -> PublicKey:
    """Read a public key: PEM, SPKI or PKCS#1. Raises `KeyFileError`."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    where = str(path)
    if where.partition(":")[0] in ELSEWHERE:
        raise KeyFileError(
            "a key in a service where a file is wanted",
            where=where,
            why="verifying asks no service",
            next_step=f"attest key public '{where}' > key.pub, and name that file",
        )
    label, block = _read_pem(path)
    if label in _PRIVATE:
        raise KeyFileError(
            "a private key where a public key is wanted", where=where, next_step=f"attest key public {where}"
        )
    if label == "CERTIFICATE":
        raise KeyFileError(
            "a certificate where a public key is wanted",
            where=where,
            why="its validity and issuer would go unchecked",
            next_step=f"take its key out on purpose: openssl x509 -in {where} -noout -pubkey",
        )
    if label not in _PUBLIC:
        raise _not_usable(label, where)
    try:
        key = load_pem_public_key(block)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyFileError("not a usable public key", where=where, why=_first_line(error)) from None
    return PublicKey.of(key, where=where)


def load_private(path: str | Path, password: Callable[[], bytes]) -> PrivateKey:
    """Read a private key: PEM, PKCS#8, PKCS#1, SEC1 or cosign's. ``password`` is called only if it is encrypted.

    Raises `KeyFileError`.
    """
    where = str(path)
    label, block = _read_pem(path)
    if label in _COSIGN:
        from attest.signing import cosign_key

        return _load_der(cosign_key.decrypt(block, password, where=where), where)
    if label in _PUBLIC or label == "CERTIFICATE":
        what = "a certificate" if label == "CERTIFICATE" else "a public key"
        raise KeyFileError(
            f"{what} where a private key is wanted", where=where, next_step="name the .key file that belongs to it"
        )
    if label not in _PRIVATE:
        raise _not_usable(label, where)
    if label == "ENCRYPTED PRIVATE KEY" or b"Proc-Type: 4,ENCRYPTED" in block:
        return _load_encrypted(block, password(), where)
    return _load_plain(block, where)


def write_private_file(path: str | Path, pem: bytes) -> None:
    """Write a file that only its owner can read. Raises `UsageError` if there is one, `KeyFileError` if it fails."""
    _write_new(Path(path), pem, 0o600)


def write_public_file(path: str | Path, pem: bytes) -> None:
    """Write a file that everyone can read. Raises as `write_private_file` does."""
    _write_new(Path(path), pem, 0o644)


def _read_pem(path: str | Path) -> tuple[str, bytes]:
    """The only key of a PEM file: its label and its block."""
    where = str(path)
    try:
        with open_regular(Path(path)) as file:
            data = file.read(limits.KEY_FILE + 1)
    except OSError as error:
        raise KeyFileError(
            "cannot read the key",
            where=where,
            why=error.strerror,
            next_step="attest key generate NAME makes a pair" if isinstance(error, FileNotFoundError) else None,
        ) from None
    if len(data) > limits.KEY_FILE:
        raise KeyFileError("not a key file", where=where, why=f"more than {limits.KEY_FILE} bytes")
    # openssl writes the name of the curve before an EC key; the key repeats it
    blocks = [match for match in _PEM.finditer(data) if match[1] != b"EC PARAMETERS"]
    if len(blocks) != 1:
        raise KeyFileError(
            "expected exactly one PEM block", where=where, why=f"there are {len(blocks)}" if blocks else "there is none"
        )
    return blocks[0][1].decode("ascii"), blocks[0][0]


def _load_plain(block: bytes, where: str) -> PrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(block, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyFileError("not a usable private key", where=where, why=_first_line(error)) from None
    return PrivateKey.of(key, where=where)


def _load_encrypted(block: bytes, password: bytes, where: str) -> PrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    if not password:  # the package takes an empty one for none
        raise KeyFileError(f"wrong password for {where}", why="it is empty")
    try:
        key = load_pem_private_key(block, password)
    except ValueError:
        raise KeyFileError(f"wrong password for {where}", why="or the file is damaged") from None
    except UnsupportedAlgorithm as error:
        raise KeyFileError("not a usable private key", where=where, why=_first_line(error)) from None
    return PrivateKey.of(key, where=where)


def _load_der(der: bytes, where: str) -> PrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    try:
        key = load_der_private_key(der, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyFileError("not a usable private key", where=where, why=_first_line(error)) from None
    return PrivateKey.of(key, where=where)


def _not_usable(label: str, where: str) -> KeyFileError:
    if label == "OPENSSH PRIVATE KEY":
        step = f"convert a copy of it: ssh-keygen -p -m PKCS8 -f {where}"
    else:
        step = "attest key generate NAME makes a new one"
    return KeyFileError(f"not a key that can be used: {label[:80]}", where=where, next_step=step)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:160]


def _write_new(path: Path, data: bytes, mode: int) -> None:
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        raise UsageError(
            "the file is there already",
            where=str(path),
            why="a key is never overwritten",
            next_step="choose a new name",
        ) from None
    except OSError as error:
        raise KeyFileError("cannot write the key", where=str(path), why=error.strerror) from None
    try:
        with os.fdopen(number, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(number)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise KeyFileError("cannot write the key", where=str(path), why=error.strerror) from None
