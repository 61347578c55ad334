"""How many bytes say how many members: each width, and nothing longer than needed."""

from __future__ import annotations

import pytest

from attest.errors import FormatError
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
