"""What an authority may answer, byte by byte."""

from __future__ import annotations

import pytest

from attest.errors import StoreUnavailable, UsageError
from attest.signing.notation import der
from attest.signing.notation.timestamp_request import HttpTimestamper, http_timestamper

INTEGER = 0x02
TOKEN = der.encode(der.SEQUENCE, der.encode(der.OCTET_STRING, b"token"))


def response(status: int, *more: bytes) -> bytes:
    return der.encode(der.SEQUENCE, der.encode(der.SEQUENCE, der.encode(INTEGER, bytes([status]))), *more)


def token(answer: bytes) -> bytes:
    return HttpTimestamper("http://tsa.example", ())._token(answer)


@pytest.mark.parametrize("status", [0, 1])
def test_granted(status: int) -> None:
    """RFC 3161 §2.4.2: granted, and granted with modifications."""
    assert token(response(status, TOKEN)) == TOKEN


@pytest.mark.parametrize(
    "answer",
    [response(2, TOKEN), response(2), response(0), response(0, TOKEN, TOKEN), response(5)],
)
def test_refused(answer: bytes) -> None:
    with pytest.raises(StoreUnavailable, match="the authority refuses"):
        token(answer)


@pytest.mark.parametrize(
    "answer", [b"", b"<html>", der.encode(der.SET), der.encode(der.SEQUENCE), der.encode(der.SEQUENCE, TOKEN[:1])]
)
def test_no_response(answer: bytes) -> None:
    with pytest.raises(StoreUnavailable, match="not a timestamp response"):
        token(answer)


@pytest.mark.parametrize("url", ["http://tsa.example", "https://tsa.example/x"])
def test_addresses(url: str) -> None:
    assert http_timestamper(url, []) == HttpTimestamper(url, ())


@pytest.mark.parametrize("url", ["", "tsa.example", "ftp://tsa.example", "HTTP://tsa.example"])
def test_no_addresses(url: str) -> None:
    with pytest.raises(UsageError, match="not the address of a timestamp authority"):
        http_timestamper(url, [])
