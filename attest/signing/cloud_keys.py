"""Keys of AWS KMS, Google Cloud KMS and Azure Key Vault, through `securesystemslib`'s signers.

Each service's own client finds credentials and region, in its usual places. The data is hashed here; only the digest
travels.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from attest.errors import KeyFileError
from attest.signing.keys import PublicKey
from attest.signing.remote_keys import RemoteKey, answered, client_library

if TYPE_CHECKING:
    from securesystemslib.signer import Signer, SSlibKey

_GCP: Final = re.compile(
    r"(projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+)/(?:cryptoKeyVersions|versions)/([1-9][0-9]*)"
)
_AZURE: Final = re.compile(r"([A-Za-z0-9.-]+(?::[0-9]+)?)/(?:keys/)?([A-Za-z0-9-]+)(?:/([0-9a-f]{32}))?")
_NO_ANSWER: Final = "the key service gave no answer that can be used"


def open_aws(uri: str) -> RemoteKey:
    """``awskms:KEY`` or ``awskms:///KEY``: id, ARN, alias name or alias ARN. Raises `KeyFileError`."""
    key_id = uri.removeprefix("awskms:")
    if key_id.startswith("//"):
        host, _, key_id = key_id.removeprefix("//").partition("/")
        if host:
            raise KeyFileError(
                "a host stands in the URI",
                where=uri,
                why="which service answers is for the AWS client to say",
                next_step=f"set AWS_ENDPOINT_URL_KMS, and write awskms:///{key_id}",
            )
    if not key_id:
        raise KeyFileError("no key is named", where=uri, next_step="write awskms:///KEY-ID, an ARN, or alias/NAME")
    with client_library("awskms", uri):
        import boto3  # noqa: F401 - without it the signer's module has no client
        from botocore.exceptions import BotoCoreError, ClientError
        from securesystemslib.exceptions import UnsupportedAlgorithmError
        from securesystemslib.signer import KEY_TYPE_RSA, RSA_PKCS1V15_SHA256, AWSSigner, SSlibKey
    errors = (BotoCoreError, ClientError, UnsupportedAlgorithmError, ValueError)
    with answered(_NO_ANSWER, uri, *errors):
        _, key = AWSSigner.import_(key_id)
        if key.keytype == KEY_TYPE_RSA:  # the service signs in either padding; the signer prefers PSS
            key = SSlibKey(key.keyid, key.keytype, RSA_PKCS1V15_SHA256, key.keyval)
        signer = AWSSigner(key_id, key)
    return _remote(uri, signer, key, errors)


def open_gcp(uri: str) -> RemoteKey:
    """``gcpkms://projects/P/locations/L/keyRings/R/cryptoKeys/K/cryptoKeyVersions/N``. Raises `KeyFileError`."""
    match = _GCP.fullmatch(uri.removeprefix("gcpkms:").removeprefix("//"))
    if match is None:
        raise KeyFileError(
            "not the name of one version of a key",
            where=uri,
            next_step="write gcpkms://projects/P/locations/L/keyRings/R/cryptoKeys/K/cryptoKeyVersions/N",
        )
    name = f"{match[1]}/cryptoKeyVersions/{match[2]}"
    with client_library("gcpkms", uri):
        import google.cloud.kms  # noqa: F401 - without it the signer's module has no client
        from google.api_core.exceptions import GoogleAPIError
        from google.auth.exceptions import GoogleAuthError
        from securesystemslib.exceptions import UnsupportedAlgorithmError
        from securesystemslib.signer import GCPSigner
    errors = (GoogleAPIError, GoogleAuthError, UnsupportedAlgorithmError, ValueError)
    with answered(_NO_ANSWER, uri, *errors):
        _, key = GCPSigner.import_(name)
        signer = GCPSigner(name, key)
    return _remote(uri, signer, key, errors)


def open_azure(uri: str) -> RemoteKey:
    """``azurekms://VAULT.vault.azure.net/[keys/]NAME[/VERSION]``; only ECDSA keys. Raises `KeyFileError`."""
    match = _AZURE.fullmatch(uri.removeprefix("azurekms:").removeprefix("//"))
    if match is None:
        raise KeyFileError(
            "not the name of a key", where=uri, next_step="write azurekms://VAULT.vault.azure.net/NAME[/VERSION]"
        )
    host, name, version = match.groups()
    with client_library("azurekms", uri):
        from azure.core.exceptions import AzureError
        from azure.identity import DefaultAzureCredential
        from azure.keyvault.keys import KeyClient
        from cryptography.hazmat.primitives.asymmetric import ec
        from securesystemslib.signer import AzureSigner, SSlibKey
    curves = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}
    with answered(_NO_ANSWER, uri, AzureError, ValueError):
        found = KeyClient(f"https://{host}", DefaultAzureCredential()).get_key(name, version)
        web_key: Any = found.key  # RFC 7517
        curve = curves.get(str(web_key.crv))
        if curve is None:
            raise KeyFileError("only ECDSA keys can be used here", where=uri, why=f"it is of type {web_key.kty}")
        x, y = (int.from_bytes(value, "big") for value in (web_key.x, web_key.y))
        key = SSlibKey.from_crypto(ec.EllipticCurvePublicNumbers(x, y, curve).public_key())
        signer = AzureSigner(found.id, key)
    return _remote(uri, signer, key, (AzureError,))


def _remote(uri: str, signer: Signer, key: SSlibKey, errors: tuple[type[Exception], ...]) -> RemoteKey:
    """The key, if its scheme is the one of its kind. Raises `KeyFileError`."""
    from cryptography.hazmat.primitives.serialization import load_pem_public_key
    from securesystemslib.signer import (
        ECDSA_SHA2_NISTP256,
        ECDSA_SHA2_NISTP384,
        ECDSA_SHA2_NISTP521,
        RSA_PKCS1V15_SHA256,
    )

    used = (ECDSA_SHA2_NISTP256, ECDSA_SHA2_NISTP384, ECDSA_SHA2_NISTP521, RSA_PKCS1V15_SHA256)
    if key.scheme not in used:
        raise KeyFileError(
            f"a key that signs as {key.scheme}",
            where=uri,
            why="verifiers here and elsewhere would not know that of the key alone",
            next_step=f"make one for {', '.join(used)}",
        )

    def ask(data: bytes) -> bytes:
        with answered("the key service did not sign", uri, *errors):
            return bytes.fromhex(signer.sign(data).signature)

    return RemoteKey(uri, PublicKey.of(load_pem_public_key(key.keyval["public"].encode()), where=uri), ask)
