"""Keys elsewhere, from the command line: what they sign, `attest` and the real cosign accept with the public half.

SoftHSM is a real PKCS#11 token; the AWS KMS is moto's server; the Vault is scripted (its answers are as its HTTP API
is documented) and signs with real keys.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from attest.errors import KeyFileError
from attest.signing.key_files import ELSEWHERE, load_public
from attest.signing.keys import KeyKind
from tests.cli.conftest import POLICY, Workplace
from tests.cli.scripted_vault import ScriptedVault
from tests.cli.test_cosign import OFFLINE, cosign
from tests.peers import free_port, serve
from tests.soft_token import SoftToken
from tests.stores.programs import olareg

ROOT = Path(__file__).parents[2]
WHEEL = "dist/acme-1.0-py3-none-any.whl"
STORE = "oci:store/{package}"
DIGEST_FLAGS = {"p384": ("--signature-digest-algorithm=sha384",), "p521": ("--signature-digest-algorithm=sha512",)}
"""Without these, cosign checks every key's signatures with SHA-256."""


def check(attest: Workplace, uri: str, *flags: str) -> None:
    """Sign with the key elsewhere; whoever has its public half accepts that, whoever has another one does not."""
    attest.write("remote.pub", attest.ok("key", "public", uri).out)
    attest.write("remote.yaml", POLICY.replace("release.pub", "remote.pub"))
    attest.ok("sign", WHEEL, "--key", uri, "--store", STORE)
    assert attest.ok("verify", WHEEL, "--policy", "remote.yaml", "--store", STORE).out.startswith("admitted")
    assert attest("verify", WHEEL, "--policy", "policy.yaml", "--store", STORE).code == 1
    anchor = attest.ok("anchor", WHEEL, "--dry-run").out.split()[1]
    with olareg(Path("store")) as registry:
        reference = f"{registry.host}/pypi/acme@{anchor}"
        assert anchor in cosign(attest, "verify", "--key", "remote.pub", *flags, *OFFLINE, reference)
        cosign(attest, "verify", "--key", "release.pub", *OFFLINE, reference, code=1)


@pytest.mark.peer("softhsm2-util", "libsofthsm2.so", "cosign", "olareg")
@pytest.mark.parametrize("label", ["p256", "p384", "p521", "rsa"])
def test_a_key_on_a_token_signs(attest: Workplace, soft_token: SoftToken, label: str) -> None:
    check(attest, soft_token.uri(f"token=release;object={label};type=private"), *DIGEST_FLAGS.get(label, ()))


@pytest.mark.peer("softhsm2-util", "libsofthsm2.so")
def test_a_token_s_module_and_pin_can_stand_in_the_environment(
    attest: Workplace, soft_token: SoftToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_uri = attest.ok("key", "public", soft_token.uri("token=release;id=%01")).out
    monkeypatch.setenv("COSIGN_PKCS11_MODULE_PATH", str(soft_token.module))
    monkeypatch.setenv("COSIGN_PKCS11_PIN", "1234")
    assert attest.ok("key", "public", "pkcs11:token=release;id=%01").out == by_uri
    monkeypatch.delenv("COSIGN_PKCS11_PIN")
    monkeypatch.setenv("ATTEST_PASSWORD", "1234")
    assert attest.ok("key", "public", "pkcs11:token=release;object=p256").out == by_uri


@pytest.mark.peer("softhsm2-util", "libsofthsm2.so")
@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("token=release;object=nobody", "no such private key"),
        ("token=release;object=twin", "2 such private keys"),
        ("token=elsewhere;object=p256", "no token fits"),
        ("object=p256", "2 tokens fit"),
        ("token=release", "no key is named"),
        ("token=release;object=p256;type=public", "not a private key"),
        ("token=release;object=p256;object=rsa", "it stands twice"),
        ("token=release;object=p256;colour=red", "'colour' cannot be used"),
        ("token=release;object", "'object' cannot be used"),
    ],
)
def test_what_a_token_does_not_have_is_named(attest: Workplace, soft_token: SoftToken, path: str, why: str) -> None:
    refusal = attest.refused("key", "public", soft_token.uri(path))
    assert why in refusal
    assert "1234" not in refusal
    assert f"pkcs11:{path}: " in refusal


@pytest.mark.peer("softhsm2-util", "libsofthsm2.so")
def test_a_wrong_pin_is_said_and_not_shown(attest: Workplace, soft_token: SoftToken) -> None:
    refusal = attest.refused("sign", WHEEL, "--key", soft_token.uri("token=release;object=p256", pin="8642"))
    assert "PinIncorrect" in refusal
    assert "8642" not in refusal


@pytest.mark.peer("softhsm2-util", "libsofthsm2.so")
def test_without_a_pin_nobody_is_asked_where_nobody_is(
    attest: Workplace, soft_token: SoftToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ATTEST_PASSWORD")
    assert "no terminal" in attest.refused("key", "public", soft_token.uri("token=release;object=p256", pin=None))


def test_without_a_module_there_is_no_token(attest: Workplace, tmp_path: Path) -> None:
    assert "ATTEST_PKCS11_MODULE" in attest.refused("key", "public", "pkcs11:token=release;object=p256")
    missing = f"pkcs11:object=p256?module-path={tmp_path}/none.so"
    assert "cannot be used" in attest.refused("key", "public", missing)
    no_module = attest.write("text.so", "no library at all")
    assert "cannot be used" in attest.refused("key", "public", f"pkcs11:object=p256?module-path={no_module}")


@pytest.fixture(scope="module")
def aws() -> Iterator[None]:
    """An AWS KMS on loopback, as the AWS client finds one: by environment."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    settings = {
        "AWS_ENDPOINT_URL_KMS": address,
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "somebody",
        "AWS_SECRET_ACCESS_KEY": "only for tests",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "1",
    }
    command = [sys.executable, "-m", "tests.cli.aws_kms", "-H", "127.0.0.1", "-p", str(port)]
    with serve(command, address, cwd=ROOT), pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        yield


def kms_key(spec: str, usage: str = "SIGN_VERIFY") -> str:
    made = boto3.client("kms").create_key(KeySpec=spec, KeyUsage=usage)
    return str(made["KeyMetadata"]["Arn"])


@pytest.mark.peer("cosign", "olareg")
@pytest.mark.parametrize(
    ("spec", "flags"), [("ECC_NIST_P256", ()), ("ECC_NIST_P384", DIGEST_FLAGS["p384"]), ("RSA_3072", ())]
)
@pytest.mark.usefixtures("aws")
def test_a_key_of_aws_kms_signs(attest: Workplace, spec: str, flags: tuple[str, ...]) -> None:
    arn = kms_key(spec)
    check(attest, f"awskms:///{arn}", *flags)
    assert attest.ok("key", "public", f"awskms:{arn}").out == Path("remote.pub").read_text(encoding="ascii")


@pytest.mark.usefixtures("aws")
def test_what_aws_kms_does_not_have_is_named(attest: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "alias/nobody" in attest.refused("sign", WHEEL, "--key", "awskms:///alias/nobody")
    assert "no key is named" in attest.refused("sign", WHEEL, "--key", "awskms:///")
    assert "AWS_ENDPOINT_URL_KMS" in attest.refused("sign", WHEEL, "--key", "awskms://localhost:4566/alias/x")
    curve = attest.refused("key", "public", f"awskms:///{kms_key('ECC_SECG_P256K1')}")
    assert "only P-256, P-384 and P-521 are used" in curve
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", f"http://127.0.0.1:{free_port()}")
    assert "Could not connect" in attest.refused("key", "public", "awskms:///alias/release")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert "region" in attest.refused("key", "public", "awskms:///alias/release")


@pytest.fixture
def vault(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedVault]:
    with ScriptedVault() as server:
        monkeypatch.setenv("VAULT_ADDR", server.address)
        monkeypatch.setenv("VAULT_TOKEN", server.TOKEN)
        yield server


@pytest.mark.peer("cosign", "olareg")
@pytest.mark.parametrize(
    ("kind", "flags"),
    [
        ("ecdsa-p256", ()),
        ("ecdsa-p384", DIGEST_FLAGS["p384"]),
        ("ecdsa-p521", DIGEST_FLAGS["p521"]),
        ("ed25519", ()),
        ("rsa-3072", ()),
    ],
)
def test_a_key_in_a_vault_signs(attest: Workplace, vault: ScriptedVault, kind: str, flags: tuple[str, ...]) -> None:
    for _ in range(11):  # the newest is 11, which as text comes before 2
        vault.rotate("release", KeyKind(kind))
    check(attest, "hashivault://release", *flags)
    assert vault.signed_with == {11}


def test_what_a_vault_does_not_do_is_named(
    attest: Workplace, vault: ScriptedVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault.rotate("release", KeyKind.ECDSA_P256)
    assert "no answer that can be used" in attest.refused("sign", WHEEL, "--key", "hashivault://nobody")
    assert "not the name of a key" in attest.refused("sign", WHEEL, "--key", "hashivault://a/b")
    vault.answer_signatures_with({"data": {}})
    assert "no answer that can be used" in attest.refused("sign", WHEEL, "--key", "hashivault://release")
    vault.answer_signatures_with({"data": {"signature": "vault:v2:AAAA"}})
    assert "not a signature by the version" in attest.refused("sign", WHEEL, "--key", "hashivault://release")
    vault.answer_signatures_with({"data": {"signature": "vault:v1:AAAA"}})
    assert "no signature by this key" in attest.refused("sign", WHEEL, "--key", "hashivault://release")
    monkeypatch.setenv("VAULT_TOKEN", "wrong")
    assert "permission denied" in attest.refused("sign", WHEEL, "--key", "hashivault://release")
    monkeypatch.setenv("VAULT_ADDR", f"http://127.0.0.1:{free_port()}")
    assert "no answer that can be used" in attest.refused("sign", WHEEL, "--key", "hashivault://release")


def test_a_key_of_google_cloud_needs_credentials(attest: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    key = "projects/p/locations/global/keyRings/r/cryptoKeys/k"
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "nowhere.json")
    assert "nowhere.json" in attest.refused("sign", WHEEL, "--key", f"gcpkms://{key}/versions/1")
    assert "one version" in attest.refused("sign", WHEEL, "--key", f"gcpkms://{key}")
    assert "one version" in attest.refused("sign", WHEEL, "--key", f"gcpkms://{key}/cryptoKeyVersions/latest")


def test_a_key_of_azure_needs_a_name(attest: Workplace) -> None:
    for uri in ("azurekms://", "azurekms://vault.example", "azurekms://vault.example/a/b/c"):
        assert "not the name of a key" in attest.refused("sign", WHEEL, "--key", uri)


def test_a_key_of_azure_is_asked_for_where_the_uri_says(attest: Workplace) -> None:
    uri = f"azurekms://127.0.0.1:{free_port()}/release"
    assert "no answer that can be used" in attest.refused("sign", WHEEL, "--key", uri)


MISSING = {
    "awskms": ("boto3", "awskms:///alias/release"),
    "azurekms": ("azure.identity", "azurekms://vault.example/release"),
    "gcpkms": ("google.cloud.kms", "gcpkms://projects/p/locations/l/keyRings/r/cryptoKeys/k/versions/1"),
    "hashivault": ("hvac", "hashivault://release"),
    "pkcs11": ("pkcs11", "pkcs11:object=release"),
}


@pytest.mark.parametrize("scheme", ELSEWHERE)
def test_a_missing_client_library_is_named_with_its_extra(
    attest: Workplace, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    package, uri = MISSING[scheme]
    monkeypatch.setitem(sys.modules, package, None)
    assert f"pip install '.[{scheme}]')" in attest.refused("sign", WHEEL, "--key", uri)


@pytest.mark.parametrize("scheme", ELSEWHERE)
def test_a_verifier_asks_no_service(scheme: str) -> None:
    with pytest.raises(KeyFileError, match=f"attest key public '{scheme}:///release'"):
        load_public(f"{scheme}:///release")


def test_a_policy_asks_no_service(attest: Workplace) -> None:
    attest.write("policies/remote.yaml", POLICY.replace("release.pub", "awskms:///alias/release"))
    refusal = attest.refused("verify", WHEEL, "--policy", "policies/remote.yaml")
    assert "remote.yaml:6: identity 'release'" in refusal
    assert "attest key public 'awskms:///alias/release'" in refusal
