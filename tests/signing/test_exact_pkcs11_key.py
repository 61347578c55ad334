"""Which key on which token a URI names."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace

import pkcs11
import pytest
from pkcs11.exceptions import TokenNotPresent

from attest.errors import KeyFileError
from attest.signing.pkcs11_key import open_token
from tests.soft_token import SoftToken

SOFTHSM = pytest.mark.peer("softhsm2-util", "libsofthsm2.so")


def unasked() -> bytes:
    raise AssertionError("asked for a PIN that is known")


def facts(token: SoftToken, label: str) -> Mapping[str, str]:
    """What the token called ``label`` says of itself."""
    for slot in pkcs11.lib(str(token.module)).get_slots(token_present=True):
        found = slot.get_token()
        if found.label == label:
            serial = found.serial.decode()
            return {"slot-id": str(slot.slot_id), "serial": serial, "model": found.model, "token": label}
    raise LookupError(label)


@SOFTHSM
@pytest.mark.parametrize("name", ["slot-id", "serial", "token"])
def test_a_token_by_what_only_one_has(soft_token: SoftToken, name: str) -> None:
    by_name = facts(soft_token, "release")[name]
    key = open_token(soft_token.uri(f"{name}={by_name};object=p256"), unasked)
    assert key.public.verify(key.sign(b"data"), b"data")
    other = facts(soft_token, "second")[name]
    with pytest.raises(KeyFileError, match="no such private key"):
        open_token(soft_token.uri(f"{name}={other};object=p256"), unasked)
    with pytest.raises(KeyFileError, match="no token fits"):
        open_token(soft_token.uri(f"{name}=9;object=p256"), unasked)


@SOFTHSM
def test_a_token_by_all_that_it_says(soft_token: SoftToken) -> None:
    path = "token=release;manufacturer=SoftHSM%20project;model=SoftHSM%20v2"
    assert open_token(soft_token.uri(f"{path};object=p256"), unasked).where == f"pkcs11:{path};object=p256"
    for wrong in ("manufacturer=SoftHSM", "model=SoftHSM%20v1"):
        with pytest.raises(KeyFileError, match="no token fits"):
            open_token(soft_token.uri(f"token=release;{wrong};object=p256"), unasked)


@SOFTHSM
def test_a_key_by_label_and_number(soft_token: SoftToken) -> None:
    by_label = open_token(soft_token.uri("token=release;object=p384"), unasked).public
    assert open_token(soft_token.uri("token=release;id=%02"), unasked).public == by_label
    assert open_token(soft_token.uri("token=release;object=p384;id=%02;type=private"), unasked).public == by_label
    with pytest.raises(KeyFileError, match="no such private key"):
        open_token(soft_token.uri("token=release;object=p384;id=%01"), unasked)
    twins = {open_token(soft_token.uri(f"token=release;object=twin;id=%0{number}"), unasked).public for number in "67"}
    assert len(twins) == 2


@SOFTHSM
@pytest.mark.parametrize("label", ["p256", "p384", "p521", "rsa"])
def test_what_a_token_signs(soft_token: SoftToken, label: str) -> None:
    key = open_token(soft_token.uri(f"token=release;object={label}"), unasked)
    assert key.public.verify(key.sign(b"data"), b"data")


@SOFTHSM
def test_keys_that_are_not_used(soft_token: SoftToken) -> None:
    with pytest.raises(KeyFileError, match="only ECDSA and RSA keys on tokens can be used") as caught:
        open_token(soft_token.uri("token=release;object=ed"), unasked)
    assert "EC_EDWARDS" in (caught.value.why or "")


@SOFTHSM
@pytest.mark.parametrize(
    ("names", "right"),
    [
        ({"ATTEST_PKCS11_PIN": "1234"}, True),
        ({"COSIGN_PKCS11_PIN": "1234"}, True),
        ({"ATTEST_PKCS11_PIN": "1234", "COSIGN_PKCS11_PIN": "8642"}, True),
        ({"ATTEST_PKCS11_PIN": "8642", "COSIGN_PKCS11_PIN": "1234"}, False),
        ({"ATTEST_PKCS11_PIN": "", "COSIGN_PKCS11_PIN": "1234"}, True),
        ({}, True),
    ],
)
def test_where_a_pin_stands(
    soft_token: SoftToken, monkeypatch: pytest.MonkeyPatch, names: Mapping[str, str], right: bool
) -> None:
    """In the URI, else in the environment, else whoever can be asked knows it."""
    for name, value in names.items():
        monkeypatch.setenv(name, value)
    path = "token=release;object=p256"
    key = open_token(soft_token.uri(path), unasked)
    if right:
        assert open_token(soft_token.uri(path, pin=None), lambda: b"1234") == key
        return
    with pytest.raises(KeyFileError, match="the token did not let us in"):
        open_token(soft_token.uri(path, pin=None), lambda: b"1234")


@pytest.mark.parametrize(
    ("path", "query", "why"),
    [
        ("object=a;colour=red", "", "known: token, manufacturer, model, serial, slot-id, object, id, type"),
        ("object=a;token", "", "known: token, manufacturer, model, serial, slot-id, object, id, type"),
        ("object=a;object=a", "", "it stands twice"),
        ("object=a", "pin-source=file", "known: module-path, pin-value"),
    ],
)
def test_what_is_said_in_no_word_that_is_known(path: str, query: str, why: str) -> None:
    with pytest.raises(KeyFileError, match="cannot be used") as caught:
        open_token(f"pkcs11:{path}?{query}", unasked)
    assert (caught.value.where, caught.value.why) == (f"pkcs11:{path}", why)


class Readers:
    """A module with two readers for cards; in neither is one."""

    def get_slots(self, *, token_present: bool) -> list[SimpleNamespace]:
        def absent() -> None:
            raise TokenNotPresent

        return [] if token_present else [SimpleNamespace(slot_id=number, get_token=absent) for number in (0, 1)]


def test_readers_without_a_card_are_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pkcs11, "lib", lambda _: Readers())
    with pytest.raises(KeyFileError, match="no token fits"):
        open_token("pkcs11:object=a?module-path=readers.so", unasked)
