"""What is signed, by whom and when, and what goes with it; both forms of envelope."""

from __future__ import annotations

import sys
from datetime import timedelta

import pytest

from attest.errors import UsageError
from attest.signing.notation.envelope import Envelope
from attest.signing.notation.sign import EnvelopeSigner, LocalSigner, Request
from tests.signing.notation.conftest import MEDIA, target
from tests.signing.notation.pki import ACME, DAY, NOW, root

LEAF = root().issue(ACME)


def local() -> LocalSigner:
    return LocalSigner.of(LEAF.private, LEAF.chain, where="chain")


@pytest.mark.parametrize("media", MEDIA)
def test_a_countersignature_is_over_the_signature(media: str) -> None:
    asked: list[bytes] = []

    def stamp(signature: bytes) -> bytes:
        asked.append(signature)
        return b"token"

    request = Request(target(), MEDIA[media], NOW)
    stamped = EnvelopeSigner(local(), stamp).sign(request)
    found = Envelope.parse(stamped.envelope, MEDIA[media])
    assert (found.timestamp, asked) == (b"token", [found.signature])
    plain = EnvelopeSigner(local()).sign(request)
    assert Envelope.parse(plain.envelope, MEDIA[media]).timestamp is None


@pytest.mark.parametrize("media", MEDIA)
def test_times_are_whole_seconds(media: str) -> None:
    late = timedelta(microseconds=999_999)
    signed = EnvelopeSigner(local()).sign(Request(target(), MEDIA[media], NOW + late, NOW + DAY + late))
    attributes = Envelope.parse(signed.envelope, MEDIA[media]).attributes
    assert (attributes.signing_time, attributes.expiry) == (NOW, NOW + DAY)


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cbor2", None)
    with pytest.raises(UsageError, match="COSE cannot be written here: cbor2 is not installed"):
        EnvelopeSigner(local()).sign(Request(target(), MEDIA["cose"], NOW))
    assert EnvelopeSigner(local()).sign(Request(target(), MEDIA["jws"], NOW)).envelope


def test_what_is_the_same() -> None:
    """A key that was loaded twice is one signer; a signature can stand in a set, whatever goes with it."""
    assert local() == local()
    signed = EnvelopeSigner(local()).sign(Request(target(), MEDIA["jws"], NOW))
    assert len({signed, signed}) == 1
