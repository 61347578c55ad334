"""Which key a text names, and what is taken from one that is elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from attest.errors import KeyFileError
from attest.signing.keys import PrivateKey
from attest.signing.remote_keys import RemoteKey, answered, load_signing_key


def unasked() -> bytes:
    raise AssertionError("asked for a password that is not needed")


def test_a_key_in_a_file(tmp_path: Path, p256: PrivateKey) -> None:
    (tmp_path / "release.key").write_bytes(p256.pkcs8_pem(None))
    assert load_signing_key(str(tmp_path / "release.key"), unasked) == p256


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("awskms:///", "no key is named"),
        ("azurekms://", "not the name of a key"),
        ("gcpkms://key", "not the name of one version of a key"),
        ("hashivault://a/b", "not the name of a key"),
        ("pkcs11:", "no key is named"),
        ("otherkms://key", "cannot read the key"),
    ],
)
def test_the_service_that_a_uri_names(text: str, what: str) -> None:
    with pytest.raises(KeyFileError) as caught:
        load_signing_key(text, unasked)
    assert (caught.value.what, caught.value.where) == (what, text)


def test_a_key_elsewhere_is_its_place_and_its_public_half(p256: PrivateKey) -> None:
    key = RemoteKey("vault", p256.public, p256.sign)
    assert p256.public.verify(key.sign(b"data"), b"data")
    assert key == RemoteKey("vault", p256.public, lambda _: b"")
    assert key != RemoteKey("elsewhere", p256.public, p256.sign)
    assert "sign" not in repr(key)
    with pytest.raises(KeyFileError, match="what came back is no signature by this key"):
        RemoteKey("vault", p256.public, lambda data: p256.sign(data + b"s")).sign(b"data")


@pytest.mark.parametrize(
    ("error", "why"),
    [(ValueError("one\ntwo"), "one"), (ValueError(), "ValueError"), (ValueError("x" * 400), "x" * 300)],
)
def test_what_a_service_says(error: Exception, why: str) -> None:
    with pytest.raises(KeyFileError) as caught, answered("no answer", "vault", KeyError, ValueError):
        raise error
    assert (caught.value.what, caught.value.where, caught.value.why) == ("no answer", "vault", why)
    with pytest.raises(ValueError, match="one"), answered("no answer", "vault", KeyError):
        raise ValueError("one")
