"""What an authority is asked and may answer, byte by byte."""

from __future__ import annotations

import hashlib
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from attest.errors import StoreUnavailable, TrustError, UsageError
from attest.signing.notation import der
from attest.signing.notation.timestamp_request import HttpTimestamper, http_timestamper
from tests.signing.notation.pki import TSA, root
from tests.signing.notation.tokens import Token, algorithm, integer, octets, seq

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


def test_what_it_says_beside_its_status() -> None:
    """RFC 3161 §2.4.2: why, in words and in bits, may follow the status."""
    text, failure = seq(der.encode(0x0C, b"fine")), der.encode(0x03, b"\x05\x20")
    assert token(seq(seq(integer(0), text, failure), TOKEN)) == TOKEN
    with pytest.raises(StoreUnavailable, match="the authority refuses"):
        token(seq(seq(integer(2), text, integer(0)), TOKEN))


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rfc3161_client", None)
    with pytest.raises(UsageError, match="no timestamp can be asked for: rfc3161-client is not installed"):
        http_timestamper("http://tsa.example", [])


@dataclass
class Authority:
    """Answers everything with ``status`` and ``answer``, and keeps what it was asked."""

    url: str = ""
    status: int = 200
    answer: bytes = b""
    asked: list[tuple[str, str, bytes]] = field(default_factory=list)


@pytest.fixture(scope="module")
def served() -> Iterator[Authority]:
    authority = Authority()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            authority.asked.append((self.headers["Content-Type"], self.headers["Accept"], body))
            self.send_response(authority.status)
            self.send_header("Content-Length", str(len(authority.answer)))
            self.end_headers()
            self.wfile.write(authority.answer)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        authority.url = f"http://127.0.0.1:{server.server_address[1]}/tsa"
        try:
            yield authority
        finally:
            server.shutdown()
            thread.join()


def test_what_is_asked_and_taken(served: Authority) -> None:
    """SHA-256 of the signature, no nonce, and with the certificates; only a token that holds is taken."""
    trusted, stranger = root(which=20), root(which=21)
    clock = trusted.issue("C=US,O=Time,CN=Clock", TSA, which=22)
    made = Token(clock, signature=b"signature").made()
    served.status, served.answer, served.asked = 200, response(0, made), []
    ask = http_timestamper(served.url, [trusted.certificate])
    assert ask(b"signature") == made
    imprint = seq(algorithm("sha256", b"\x05\x00"), octets(hashlib.sha256(b"signature").digest()))
    body = seq(integer(1), imprint, b"\x01\x01\xff")
    assert served.asked == [("application/timestamp-query", "application/timestamp-reply", body)]
    with pytest.raises(TrustError, match="the timestamp does not hold"):
        ask(b"another")
    with pytest.raises(TrustError, match="the timestamp does not hold"):
        http_timestamper(served.url, [stranger.certificate])(b"signature")


@pytest.mark.parametrize("status", [200, 403, 500])
def test_only_what_is_answered_well_is_read(served: Authority, status: int) -> None:
    served.status, served.answer = status, response(2)
    says = "the authority refuses" if status == 200 else f"no timestamp.*status {status}"
    with pytest.raises(StoreUnavailable, match=says):
        http_timestamper(served.url, [])(b"signature")
