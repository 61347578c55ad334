"""How many bytes say how many members: each width, and nothing longer than needed."""

from __future__ import annotations

import pytest

from attest import limits
from attest.errors import EnvelopeError, FormatError
from attest.signing.notation import strict_cbor


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("17", 23),
        ("1818", 24),
        ("18ff", 255),
        ("190100", 256),
        ("19ffff", 65535),
        ("1a00010000", 65536),
        ("1b0000000100000000", 1 << 32),
        ("41ff", b"\xff"),
        ("5818" + "00" * 24, bytes(24)),
        ("590100" + "00" * 256, bytes(256)),
        ("8101", [1]),
        ("a10102", {1: 2}),
    ],
)
def test_what_is_read(raw: str, value: object) -> None:
    assert strict_cbor.read(bytes.fromhex(raw), where="x") == value


@pytest.mark.parametrize("raw", ["", "18", "19ff", "1a000100", "1b00000001000000", "5818" + "00" * 23, "81", "a101"])
def test_what_ends_too_early(raw: str) -> None:
    with pytest.raises(FormatError):
        strict_cbor.read(bytes.fromhex(raw), where="x")


@pytest.mark.parametrize("head", ["", "4178", "5818", "590018", "5a00000018", "5b0000000000000018", "7818", "1818"])
def test_how_many_items(head: str) -> None:
    """Strings are one item however long they are, and no number in front of one is taken for one."""
    first = bytes.fromhex(head)
    if first[:1] and first[0] >> 5 in (2, 3) and head != "4178":
        first += b"\xff" * 24 if first[0] >> 5 == 2 else b"x" * 24
    for number, fits in ((limits.CBOR_ITEMS, True), (limits.CBOR_ITEMS + 1, False)):
        zeros = number - 1 - bool(first)
        raw = b"\x99" + (number - 1).to_bytes(2, "big") + first + bytes(zeros)
        if fits:
            assert len(strict_cbor.read(raw, where="x")) == number - 1
        else:
            with pytest.raises(EnvelopeError) as refused:
                strict_cbor.read(raw, where="x")
            assert refused.value.why == f"more than {limits.CBOR_ITEMS} items of CBOR"


@pytest.mark.parametrize("raw", ["5f4101ff", "9f01ff", "bfff", "1c", "3d", "1e", "ff", "821c00"])
def test_lengths_that_say_nothing(raw: str) -> None:
    with pytest.raises(EnvelopeError) as refused:
        strict_cbor.read(bytes.fromhex(raw), where="x")
    assert refused.value.why == "an indefinite length, or none at all"


def test_tags_are_not_understood() -> None:
    """Not even a number of seconds."""
    tag = strict_cbor.read(bytes.fromhex("c11a00010000"), where="x")
    assert (tag.tag, tag.value) == (1, 65536)
    for raw, why in (("a201000100", None), ("0000", "there are bytes behind the end")):
        with pytest.raises(EnvelopeError, match="not strict CBOR") as refused:
            strict_cbor.read(bytes.fromhex(raw), where="x")
        assert why in (None, refused.value.why)


@pytest.mark.parametrize(("depth", "fits"), [(limits.CBOR_DEPTH - 1, True), (limits.CBOR_DEPTH + 1, False)])
def test_how_deep_it_may_be(depth: int, fits: bool) -> None:
    raw = b"\x81" * depth + b"\x00"
    if fits:
        assert strict_cbor.read(raw, where="x")
    else:
        with pytest.raises(EnvelopeError, match="not strict CBOR"):
            strict_cbor.read(raw, where="x")
