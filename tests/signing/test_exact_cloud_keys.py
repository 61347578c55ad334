"""Which keys of Google's and of Azure's service are used.

Their clients are stood in for; what those return is as they would.
"""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import azure.identity
import azure.keyvault.keys
import google.cloud.kms as google_kms
import pytest
from azure.keyvault.keys import JsonWebKey
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from google.cloud.kms_v1.types import CryptoKeyVersion
from securesystemslib.signer import AzureSigner

from attest.errors import KeyFileError
from attest.signing.cloud_keys import open_aws, open_azure, open_gcp
from attest.signing.keys import KeyKind, PrivateKey
from tests.signing.conftest import key_of

GOOGLE = "projects/p/locations/global/keyRings/r/cryptoKeys/k"
ALGORITHMS = CryptoKeyVersion.CryptoKeyVersionAlgorithm


def native(key: PrivateKey) -> Any:
    return serialization.load_der_private_key(key.pkcs8_der(), None)


class Google:
    """`KeyManagementServiceClient` with one key, which signs digests."""

    key: PrivateKey
    algorithm: Any

    def get_public_key(self, request: dict[str, Any]) -> google_kms.PublicKey:
        assert request["name"] == f"{GOOGLE}/cryptoKeyVersions/3"
        return google_kms.PublicKey(public_key={"data": self.key.public.pem()}, algorithm=self.algorithm)

    def asymmetric_sign(self, request: dict[str, Any]) -> google_kms.AsymmetricSignResponse:
        ((name, digest),) = request["digest"].items()
        strength = Prehashed({"sha256": hashes.SHA256(), "sha384": hashes.SHA384()}[name])
        key = native(self.key)
        if isinstance(key, rsa.RSAPrivateKey):
            return google_kms.AsymmetricSignResponse(signature=key.sign(digest, padding.PKCS1v15(), strength))
        return google_kms.AsymmetricSignResponse(signature=key.sign(digest, ec.ECDSA(strength)))


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch) -> type[Google]:
    monkeypatch.setattr(google_kms, "KeyManagementServiceClient", Google)
    return Google


@pytest.mark.parametrize("spelling", ["gcpkms://{}/cryptoKeyVersions/3", "gcpkms:{}/versions/3"])
@pytest.mark.parametrize(
    ("kind", "algorithm"),
    [
        (KeyKind.ECDSA_P256, ALGORITHMS.EC_SIGN_P256_SHA256),
        (KeyKind.ECDSA_P384, ALGORITHMS.EC_SIGN_P384_SHA384),
        (KeyKind.RSA_3072, ALGORITHMS.RSA_SIGN_PKCS1_3072_SHA256),
    ],
)
def test_a_key_of_google(google: type[Google], spelling: str, kind: KeyKind, algorithm: Any) -> None:
    google.key, google.algorithm = key_of(kind), algorithm
    key = open_gcp(spelling.format(GOOGLE))
    assert (key.where, key.public) == (spelling.format(GOOGLE), key_of(kind).public)
    assert key.public.verify(key.sign(b"data"), b"data")


@pytest.mark.parametrize(
    ("algorithm", "scheme"),
    [
        (ALGORITHMS.RSA_SIGN_PSS_3072_SHA256, "rsassa-pss-sha256"),
        (ALGORITHMS.RSA_SIGN_PKCS1_4096_SHA512, "rsa-pkcs1v15-sha512"),
    ],
)
def test_a_key_of_google_that_signs_otherwise(google: type[Google], algorithm: Any, scheme: str) -> None:
    """The padding and the hash are the key's own there, and a public key does not say them."""
    google.key, google.algorithm = key_of(KeyKind.RSA_3072), algorithm
    with pytest.raises(KeyFileError, match=f"a key that signs as {scheme}") as caught:
        open_gcp(f"gcpkms://{GOOGLE}/versions/3")
    used = "ecdsa-sha2-nistp256, ecdsa-sha2-nistp384, ecdsa-sha2-nistp521, rsa-pkcs1v15-sha256"
    assert caught.value.next_step == f"make one for {used}"


@pytest.mark.parametrize("version", ["0", "03", "-1", "latest", "3/x", ""])
def test_a_key_of_google_is_one_version(version: str) -> None:
    with pytest.raises(KeyFileError, match="not the name of one version of a key"):
        open_gcp(f"gcpkms://{GOOGLE}/versions/{version}")


class Azure:
    """Both clients of a key vault with one key."""

    key: PrivateKey
    asked: tuple[Any, ...]

    def __init__(self, address: str, credential: object) -> None:
        self.address = address

    def get_key(self, name: str, version: str | None) -> SimpleNamespace:
        type(self).asked = (self.address, name, version)
        public = native(self.key).public_key()
        if isinstance(public, rsa.RSAPublicKey):
            return SimpleNamespace(id="id", key=JsonWebKey(kty="RSA", n=b"n", e=b"e"))
        numbers, size = public.public_numbers(), (public.key_size + 7) // 8
        x, y = numbers.x.to_bytes(size, "big"), numbers.y.to_bytes(size, "big")
        return SimpleNamespace(id="id", key=JsonWebKey(kty="EC", crv=f"P-{public.key_size}", x=x, y=y))

    def sign(self, algorithm: str, digest: bytes) -> SimpleNamespace:
        key = native(self.key)
        strength = {"ES256": hashes.SHA256(), "ES384": hashes.SHA384(), "ES512": hashes.SHA512()}[algorithm]
        size = (key.key_size + 7) // 8
        numbers = decode_dss_signature(key.sign(digest, ec.ECDSA(Prehashed(strength))))
        assert self.address == "id"
        return SimpleNamespace(signature=b"".join(number.to_bytes(size, "big") for number in numbers))


@pytest.fixture
def vault(monkeypatch: pytest.MonkeyPatch) -> type[Azure]:
    monkeypatch.setattr(azure.identity, "DefaultAzureCredential", object)
    monkeypatch.setattr(sys.modules[AzureSigner.__module__], "DefaultAzureCredential", object)
    monkeypatch.setattr(azure.keyvault.keys, "KeyClient", Azure)
    monkeypatch.setattr(sys.modules[AzureSigner.__module__], "CryptographyClient", Azure)
    return Azure


VERSION = "0123456789abcdef" * 2


@pytest.mark.parametrize("kind", [KeyKind.ECDSA_P256, KeyKind.ECDSA_P384, KeyKind.ECDSA_P521])
def test_a_key_of_azure(vault: type[Azure], kind: KeyKind) -> None:
    vault.key = key_of(kind)
    key = open_azure("azurekms://acme.vault.azure.net/release")
    assert (key.where, key.public) == ("azurekms://acme.vault.azure.net/release", key_of(kind).public)
    assert key.public.verify(key.sign(b"data"), b"data")


@pytest.mark.parametrize(
    ("uri", "asked"),
    [
        ("azurekms://acme.vault.azure.net/release", ("https://acme.vault.azure.net", "release", None)),
        ("azurekms:acme.vault.azure.net/keys/release", ("https://acme.vault.azure.net", "release", None)),
        (f"azurekms://localhost:8443/release/{VERSION}", ("https://localhost:8443", "release", VERSION)),
        (f"azurekms://localhost/keys/release/{VERSION}", ("https://localhost", "release", VERSION)),
    ],
)
def test_which_key_of_azure(vault: type[Azure], uri: str, asked: tuple[Any, ...], p256: PrivateKey) -> None:
    vault.key = p256
    assert open_azure(uri).public == p256.public
    assert vault.asked == asked


def test_a_key_of_azure_of_another_kind(vault: type[Azure]) -> None:
    vault.key = key_of(KeyKind.RSA_3072)
    with pytest.raises(KeyFileError, match="only ECDSA keys can be used here") as caught:
        open_azure("azurekms://acme.vault.azure.net/release")
    assert caught.value.why == "it is of type RSA"


@pytest.mark.parametrize(
    ("uri", "what"),
    [
        ("awskms:", "no key is named"),
        ("awskms://", "no key is named"),
        ("awskms:///", "no key is named"),
        ("awskms://host/", "a host stands in the URI"),
        ("awskms://host/alias/x", "a host stands in the URI"),
    ],
)
def test_keys_of_aws_that_are_not_named(uri: str, what: str) -> None:
    with pytest.raises(KeyFileError) as caught:
        open_aws(uri)
    assert (caught.value.what, caught.value.where) == (what, uri)
