"""Keys that never leave the place where they lie: a cloud's key service, a Vault, a PKCS#11 token. Named by URI.

cosign's spelling of each is taken, and `securesystemslib`'s where that differs (docs/decisions/0014-keys-elsewhere.md
says which library does what). Verifying never asks a service: `attest key public URI` writes the public half down once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from attest.errors import KeyFileError, install
from attest.signing.key_files import load_private
from attest.signing.keys import PublicKey

if TYPE_CHECKING:
    from attest.signing.sign import SigningKey


@dataclass(frozen=True, slots=True)
class RemoteKey:
    """A private key behind an interface. ``where`` is its URI, without any PIN."""

    where: str
    public: PublicKey
    ask: Callable[[bytes], bytes] = field(repr=False, compare=False)
    """Has the data signed, in the scheme of the key's kind; raises `KeyFileError`."""

    def sign(self, data: bytes) -> bytes:
        """A signature over ``data``, held against the public key before it is given out.

        Raises `KeyFileError`: the service may sign in another scheme, or with a newer version of the key.
        """
        signature = self.ask(data)
        if not self.public.verify(signature, data):
            raise KeyFileError(
                "what came back is no signature by this key",
                where=self.where,
                why="it was made with another key, version, padding or hash",
            )
        return signature


def load_signing_key(text: str, password: Callable[[], bytes]) -> SigningKey:
    """The private key that ``text`` names: a file, or a URI. ``password`` is asked where one is needed, for a PIN too.

    Raises `KeyFileError`; for a missing client library it names the extra that brings it.
    """
    match text.partition(":")[0]:
        case "awskms":
            from attest.signing import cloud_keys

            return cloud_keys.open_aws(text)
        case "azurekms":
            from attest.signing import cloud_keys

            return cloud_keys.open_azure(text)
        case "gcpkms":
            from attest.signing import cloud_keys

            return cloud_keys.open_gcp(text)
        case "hashivault":
            from attest.signing import vault_key

            return vault_key.open_vault(text)
        case "pkcs11":
            from attest.signing import pkcs11_key

            return pkcs11_key.open_token(text, password)
    return load_private(text, password)


@contextmanager
def client_library(scheme: str, where: str) -> Iterator[None]:
    """Around the imports of a service: a missing package becomes a `KeyFileError` that says how to install it."""
    try:
        yield
    except ImportError as error:
        raise KeyFileError(
            f"the packages for keys named {scheme}: are not installed",
            where=where,
            why=str(error),
            next_step=install(scheme),
        ) from None


@contextmanager
def answered(what: str, where: str, *errors: type[Exception]) -> Iterator[None]:
    """Around a call of a service: the errors that its client library documents become a `KeyFileError`."""
    try:
        yield
    except errors as error:
        lines = str(error).splitlines() or [type(error).__name__]
        raise KeyFileError(what, where=where, why=lines[0][:300]) from None


def hash_name(key: object) -> str | None:
    """The hash that a key of this kind signs with (`attest.signing.keys`), as hashlib names it; None for Ed25519."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    if isinstance(key, ec.EllipticCurvePublicKey):
        return {256: "sha256", 384: "sha384", 521: "sha512"}[key.key_size]
    return "sha256" if isinstance(key, rsa.RSAPublicKey) else None
