"""Signing keys: which kinds there are, how each signs, and how a key file is read and written.

Every kind has one signature scheme, the one that Sigstore's registry of algorithms gives it, so a signature never says
how it wants to be checked: ECDSA over P-256, P-384 and P-521 with SHA-256, SHA-384 and SHA-512 (ASN.1 DER), Ed25519
(pure, RFC 8032), RSA PKCS#1 v1.5 with SHA-256.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from attest import limits
from attest.errors import KeyFileError, UsageError
from attest.regular_file import open_regular

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes

RSA_BITS_MIN: Final = 2048
RSA_BITS_MAX: Final = 8192
"""Larger ones take seconds to generate and burden every verifier; cosign itself stops at 4096."""

ELSEWHERE: Final = ("awskms", "azurekms", "gcpkms", "hashivault", "pkcs11")
"""What the URI of a private key that is in no file begins with (`attest.signing.remote_keys`)."""

_PEM: Final = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----\r?\n.*?-----END \1-----[ \t]*\r?\n?", re.DOTALL)
_PUBLIC: Final = frozenset({"PUBLIC KEY", "RSA PUBLIC KEY"})
_PLAIN: Final = frozenset({"PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"})
_COSIGN: Final = frozenset({"ENCRYPTED SIGSTORE PRIVATE KEY", "ENCRYPTED COSIGN PRIVATE KEY"})
_PRIVATE: Final = _PLAIN | _COSIGN | {"ENCRYPTED PRIVATE KEY"}


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
        raise KeyFileError("encrypted in an unknown way", where=where, why=_first_line(error)) from None
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
