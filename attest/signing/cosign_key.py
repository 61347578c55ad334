"""cosign's key file (sigstore, pkg/cosign/keys.go; go-securesystemslib, encrypted.go), read and written.

PEM around a JSON object: a PKCS#8 key in DER, sealed by NaCl's secretbox with a key that scrypt makes of the password.
"""

from __future__ import annotations

import base64
import hashlib
import os
import textwrap
from collections.abc import Callable
from typing import Any, Final

from attest import limits
from attest.errors import FormatError, KeyFileError
from attest.oci import strict_json
from attest.oci.strict_json import Fields
from attest.signing.dsse import decode_base64

LABEL: Final = "ENCRYPTED SIGSTORE PRIVATE KEY"
_N: Final = 65536
_N_ACCEPTED: Final = (32768, 65536, 131072)
_R: Final = 8
_P: Final = 1
_SALT: Final = 32
_NONCE: Final = 24
_KEY: Final = 32


def encrypt(pkcs8: bytes, password: bytes) -> bytes:
    """The PEM file for a PKCS#8 key in DER. An empty password is allowed, as cosign allows it."""
    from nacl.secret import SecretBox

    salt, nonce = os.urandom(_SALT), os.urandom(_NONCE)
    box = SecretBox(_derive(password, salt, _N))
    value: dict[str, Any] = {
        "kdf": {"name": "scrypt", "params": {"N": _N, "r": _R, "p": _P}, "salt": _base64(salt)},
        "cipher": {"name": "nacl/secretbox", "nonce": _base64(nonce)},
        "ciphertext": _base64(box.encrypt(pkcs8, nonce).ciphertext),
    }
    lines = textwrap.wrap(_base64(strict_json.write(value)), 64)
    return "\n".join((f"-----BEGIN {LABEL}-----", *lines, f"-----END {LABEL}-----", "")).encode("ascii")


def decrypt(block: bytes, password: Callable[[], bytes], *, where: str) -> bytes:
    """The PKCS#8 key, in DER, of one PEM block. Raises `KeyFileError`.

    Parameters of scrypt other than cosign's are refused before a password is asked for or any work is done.
    """
    from nacl.exceptions import CryptoError
    from nacl.secret import SecretBox

    try:
        salt, n, nonce, ciphertext = _parse(block)
    except (FormatError, UnicodeDecodeError) as error:
        raise KeyFileError("not a key as cosign writes it", where=where, why=str(error)) from None
    box = SecretBox(_derive(password(), salt, n))
    try:
        return box.decrypt(ciphertext, nonce)
    except CryptoError:
        raise KeyFileError(f"wrong password for {where}", why="or the file is damaged") from None


def _parse(block: bytes) -> tuple[bytes, int, bytes, bytes]:
    body = "".join(block.decode("ascii").split("\n")[1:]).partition("-----")[0]
    text = decode_base64("".join(body.split()), where="PEM")
    fields = Fields(strict_json.read_object(text, where="PEM", limit=limits.KEY_FILE), "key")
    kdf, cipher = fields.object("kdf"), fields.object("cipher")
    params = kdf.object("params")
    n = params.integer("N")
    if kdf.string("name") != "scrypt" or cipher.string("name") != "nacl/secretbox":
        raise FormatError("unknown encryption", where="key", why=f"{kdf.string('name')}, {cipher.string('name')}")
    if n not in _N_ACCEPTED or (params.integer("r"), params.integer("p")) != (_R, _P):
        raise FormatError("unknown scrypt parameters", where="key.kdf.params", why="N is 2^15 to 2^17, r 8, p 1")
    nonce = _bytes(cipher, "nonce")
    if len(nonce) != _NONCE:
        raise FormatError(f"a nonce of {len(nonce)} bytes", where="key.cipher.nonce", why=f"expected {_NONCE}")
    return _bytes(kdf, "salt"), n, nonce, _bytes(fields, "ciphertext")


def _derive(password: bytes, salt: bytes, n: int) -> bytes:
    # scrypt takes 128·N·r bytes and a little more (RFC 7914 §2)
    return hashlib.scrypt(password, salt=salt, n=n, r=_R, p=_P, maxmem=256 * n * _R, dklen=_KEY)


def _bytes(fields: Fields, name: str) -> bytes:
    return decode_base64(fields.string(name), where=f"{fields.path}.{name}")


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
