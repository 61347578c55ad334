"""Which key of which Vault is asked, and which of its answers are taken."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest

from attest.errors import KeyFileError
from attest.signing.keys import KeyKind, PrivateKey
from attest.signing.vault_key import open_vault
from tests.cli.scripted_vault import ScriptedVault
from tests.signing.conftest import key_of


@pytest.fixture
def vault(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedVault]:
    with ScriptedVault() as server:
        monkeypatch.setenv("VAULT_ADDR", server.address)
        monkeypatch.setenv("VAULT_TOKEN", server.TOKEN)
        yield server


def test_every_kind_of_key_signs(vault: ScriptedVault, key: PrivateKey) -> None:
    vault.keys["release"] = [key]
    found = open_vault("hashivault://release")
    assert (found.where, found.public) == ("hashivault://release", key.public)
    assert key.public.verify(found.sign(b"data"), b"data")


def test_the_newest_version_signs(vault: ScriptedVault, p256: PrivateKey) -> None:
    other = key_of(KeyKind.ED25519)
    vault.keys["release"] = [other] * 9 + [p256]  # the tenth, which as text comes before the second
    found = open_vault("hashivault:release")
    assert found.public == p256.public
    found.sign(b"data")
    assert vault.signed_with == {10}


@pytest.mark.parametrize(("given", "mount"), [(None, "transit"), ("", "transit"), ("team/keys", "team/keys")])
def test_where_the_engine_is(
    vault: ScriptedVault, p256: PrivateKey, monkeypatch: pytest.MonkeyPatch, given: str | None, mount: str
) -> None:
    if given is not None:
        monkeypatch.setenv("TRANSIT_SECRET_ENGINE_PATH", given)
        monkeypatch.setenv("VAULT_NAMESPACE", "team")
    vault.mount = mount
    vault.keys["release"] = [p256]
    assert p256.public.verify(open_vault("hashivault://release").sign(b"data"), b"data")
    assert vault.namespaces == {None if given is None else "team"}


@pytest.mark.parametrize("name", ["a", "a.b-c_d", "A9"])
def test_names(vault: ScriptedVault, p256: PrivateKey, name: str) -> None:
    vault.keys[name] = [p256]
    assert open_vault(f"hashivault://{name}").public == p256.public


@pytest.mark.parametrize("name", ["", "a/b", ".a", "a.", "-a", "\u00e9", "a b", "a?b"])
def test_what_is_no_name(name: str) -> None:
    with pytest.raises(KeyFileError, match="not the name of a key") as caught:
        open_vault(f"hashivault://{name}")
    assert caught.value.next_step == "write hashivault://NAME"


def why(vault: ScriptedVault, signature: str) -> str:
    vault.answer_signatures_with({"data": {"signature": signature}})
    with pytest.raises(KeyFileError) as caught:
        open_vault("hashivault://release").sign(b"data")
    return f"{caught.value.what}: {caught.value.why}"


def test_answers_that_are_no_signature(vault: ScriptedVault, p256: PrivateKey) -> None:
    vault.keys["release"] = [p256]
    good = base64.b64encode(p256.sign(b"data")).decode()
    vault.answer_signatures_with({"data": {"signature": f"vault:v1:{good}"}})
    assert p256.public.verify(open_vault("hashivault://release").sign(b"data"), b"data")
    another = "not a signature by the version of the key that was asked for"
    for signature in (good, f"vault:v2:{good}", f"vault:v01:{good}", f"vault:v1:{good}\n", "vault:v1:", "vault:v1:*"):
        assert another in why(vault, signature)
    assert "no answer that can be used" in why(vault, "vault:v1:AA==AAAA")
    other = base64.b64encode(p256.sign(b"other")).decode()
    assert "what came back is no signature by this key" in why(vault, f"vault:v1:{other}")


class Ragged(ScriptedVault):
    """Writes a key with something in between that base64 does not have."""

    def read(self, name: str) -> dict[str, object]:
        found = super().read(name)
        (entry,) = found["data"]["keys"].values()
        entry["public_key"] = f"{entry['public_key'][:8]}!{entry['public_key'][8:]}"
        return found


def test_an_answer_that_is_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    with Ragged() as vault:
        monkeypatch.setenv("VAULT_ADDR", vault.address)
        monkeypatch.setenv("VAULT_TOKEN", vault.TOKEN)
        vault.keys["release"] = [key_of(KeyKind.ED25519)]
        with pytest.raises(KeyFileError, match="the Vault gave no answer that can be used"):
            open_vault("hashivault://release")
