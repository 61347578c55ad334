"""Keys of HashiCorp Vault's transit engine (its HTTP API, /secret/transit), through the `hvac` client.

`VAULT_ADDR`, `VAULT_TOKEN` (or the file that `vault login` writes) and `VAULT_NAMESPACE` say which Vault;
`TRANSIT_SECRET_ENGINE_PATH`, as for cosign, where in it the engine is mounted.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from attest.errors import KeyFileError
from attest.signing.keys import PublicKey
from attest.signing.remote_keys import RemoteKey, answered, client_library, hash_name

_NAME: Final = re.compile(r"\w(?:[\w.-]*\w)?", re.ASCII)
_SIGNATURE: Final = re.compile(r"vault:v(?P<version>[0-9]+):(?P<data>[A-Za-z0-9+/=]+)")
_HASHES: Final = {"sha256": "sha2-256", "sha384": "sha2-384", "sha512": "sha2-512"}


def open_vault(uri: str) -> RemoteKey:
    """``hashivault://NAME``; the newest version of the key is used. Raises `KeyFileError`."""
    name = uri.removeprefix("hashivault:").removeprefix("//")
    if not _NAME.fullmatch(name):
        raise KeyFileError("not the name of a key", where=uri, next_step="write hashivault://NAME")
    with client_library("hashivault", uri):
        import hvac
    mount = os.environ.get("TRANSIT_SECRET_ENGINE_PATH") or "transit"
    with _vault(uri):
        client = hvac.Client(namespace=os.environ.get("VAULT_NAMESPACE"))
        versions = client.secrets.transit.read_key(name, mount_point=mount)["data"]["keys"]
        version = max(versions, key=int)
        native = _public(versions[version])
    public = PublicKey.of(native, where=uri)
    hashed = hash_name(native)

    def ask(data: bytes) -> bytes:
        # Ed25519 signs the data itself; of the rest Vault needs the digest alone
        message = data if hashed is None else hashlib.new(hashed, data).digest()
        terms = {"hash_algorithm": _HASHES[hashed], "prehashed": True} if hashed else {}
        with _vault(uri):
            answer = client.secrets.transit.sign_data(
                name,
                base64.b64encode(message).decode(),
                key_version=int(version),
                signature_algorithm="pkcs1v15",
                marshaling_algorithm="asn1",
                mount_point=mount,
                **terms,
            )
            match = _SIGNATURE.fullmatch(answer["data"]["signature"])
            if match is None or match["version"] != version:
                raise ValueError("not a signature by the version of the key that was asked for")
            return base64.b64decode(match["data"], validate=True)

    return RemoteKey(uri, public, ask)


@contextmanager
def _vault(uri: str) -> Iterator[None]:
    """What Vault refuses, what keeps it from being reached (an `OSError`), and answers that are none of Vault's."""
    from hvac.exceptions import VaultError

    errors = (VaultError, OSError, KeyError, TypeError, ValueError)
    with answered("the Vault gave no answer that can be used", uri, *errors):
        yield


def _public(entry: Mapping[str, Any]) -> Any:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    text = entry["public_key"]
    if text.startswith("-----BEGIN"):
        return load_pem_public_key(text.encode("ascii"))
    return Ed25519PublicKey.from_public_bytes(base64.b64decode(text, validate=True))
