"""An exchange ends when its time is up, whatever drips: status line, headers, chunk sizes, trailers, our own body."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
import trustme

from attest.errors import StoreUnavailable
from attest.oci.descriptor import Descriptor
from attest.stores.registry.messages import Interrupted, Request
from attest.stores.registry.options import RegistryOptions
from attest.stores.registry.transport import Transport
from tests.stores.registry.scripted import opened

Script = Callable[[socket.socket], None]
DRIP = 0.02
DEADLINE = 0.4
LONG = b"x" * 100_000


@contextmanager
def speaking(script: Script, tls: ssl.SSLContext | None = None) -> Iterator[tuple[str, list[float]]]:
    """A server that does to each connection what ``script`` says; its HOST:PORT and when connections came."""
    came: list[float] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connected, _ = server.accept()
                    came.append(time.monotonic())
                    threading.Thread(target=speak, args=(connected,), daemon=True).start()

        def speak(connected: socket.socket) -> None:
            with suppress(OSError), tls.wrap_socket(connected, server_side=True) if tls else connected as stream:
                script(stream)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{server.getsockname()[1]}", came
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def dripping(first: bytes, endless: bytes) -> Script:
    """The request is read; ``first`` is answered at once, then ``endless`` again and again, byte by byte."""

    def script(stream: socket.socket) -> None:
        stream.recv(65_536)
        stream.sendall(first)
        while True:
            for position in range(len(endless)):
                stream.sendall(endless[position : position + 1])
                time.sleep(DRIP)

    return script


OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"

drips = pytest.mark.parametrize(
    "script",
    [
        dripping(b"", b"HTTP/1.1 200 O" + b"O" * 10_000),
        dripping(b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
        dripping(OK, b"X-Some: header\r\n"),
        dripping(OK + b"X-Long: ", b"y"),
        dripping(CHUNKED, b"0"),
        dripping(CHUNKED + b"1;", b"extension"),
        dripping(CHUNKED + b"0\r\n", b"Trailer: x\r\n"),
        dripping(OK + b"Content-Length: 1000\r\n\r\n", b"z"),
        dripping(b"HTTP/1.1 307 Moved\r\nLocation: /x\r\nContent-Length: 1000\r\n\r\n", b"z"),
    ],
    ids=["status", "interim", "headers", "one header", "chunk size", "extension", "trailers", "body", "redirect"],
)


def ends_in_time(host: str, *, scheme: str = "http", ca_file: str | None = None, method: str = "GET") -> None:
    options = RegistryOptions(deadline=DEADLINE, ca_file=ca_file)
    started = time.monotonic()
    with pytest.raises(Interrupted, match=r"answer too slow: .* when the time was up") as caught:
        Transport(options).exchange(Request(method, f"{scheme}://{host}/x", resumable=True))
    assert DEADLINE - 0.1 < time.monotonic() - started < DEADLINE + 2
    assert (caught.value.begun, caught.value.final) == (True, True)


@drips
def test_whatever_drips(script: Script) -> None:
    with speaking(script) as (host, _):
        ends_in_time(host)


def test_over_tls(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with speaking(dripping(OK, b"X-Some: header\r\n"), context) as (host, _):
        ends_in_time(host, scheme="https", ca_file=str(tmp_path / "ca.pem"))


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_by_way_of_a_proxy(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With https it is the proxy's own answer to CONNECT that drips."""
    with speaking(dripping(OK, b"X-Some: header\r\n")) as (host, _):
        monkeypatch.setenv(f"{scheme}_proxy", f"http://{host}")
        options = RegistryOptions(deadline=DEADLINE, plain_http=scheme == "http")
        started = time.monotonic()
        with pytest.raises(StoreUnavailable):
            Transport(options).exchange(Request("GET", f"{scheme}://registry.example/x"))
        assert time.monotonic() - started < DEADLINE + 2


def test_who_drips_is_not_asked_again() -> None:
    with speaking(dripping(OK, b"X-Some: header\r\n")) as (host, came):
        with pytest.raises(StoreUnavailable, match="too slow"):
            opened(host, deadline=DEADLINE).fetch("a/b", Descriptor.of("application/octet-stream", b"x"))
        assert len(came) == 1


def test_a_slow_upload_may_take_longer_than_connecting() -> None:
    """It has the deadline of its size, not the timeout of a connection."""
    received = bytearray()

    def slowly(stream: socket.socket) -> None:
        while len(received) < 16_000_000:
            received.extend(stream.recv(400_000))
            time.sleep(0.02)
        stream.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")

    with speaking(slowly) as (host, _):
        options = RegistryOptions(connect_timeout=0.2, read_timeout=0.2, deadline=20, slowest=8_000_000)
        started = time.monotonic()
        answer = Transport(options).exchange(Request("PUT", f"http://{host}/x", body=LONG * 160))
        assert answer.status == 201
        assert time.monotonic() - started > 0.5


def test_who_never_reads_what_we_send() -> None:
    def deaf(stream: socket.socket) -> None:
        time.sleep(5)

    with speaking(deaf) as (host, _):
        started = time.monotonic()
        with pytest.raises(Interrupted, match="too slow"):
            Transport(RegistryOptions(deadline=DEADLINE)).exchange(Request("PUT", f"http://{host}/x", body=LONG * 200))
        assert time.monotonic() - started < DEADLINE + 2


def test_who_does_not_let_us_in() -> None:
    """Connecting has a time of its own, and was surely not carried out: anything may be sent again."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server, ExitStack() as waiting:
        for _ in range(4):  # the queue is full
            probe = waiting.enter_context(socket.socket())
            probe.setblocking(False)
            probe.connect_ex(server.getsockname())
        options = RegistryOptions(connect_timeout=0.2, deadline=5)
        started = time.monotonic()
        with pytest.raises(Interrupted, match="cannot connect") as caught:
            Transport(options).exchange(Request("GET", f"http://127.0.0.1:{server.getsockname()[1]}/x"))
        assert caught.value.begun is False
        assert time.monotonic() - started < 2


def test_who_never_shakes_hands() -> None:
    with speaking(lambda stream: time.sleep(5)) as (host, _):
        options = RegistryOptions(plain_http=False, connect_timeout=0.2, deadline=5)
        started = time.monotonic()
        with pytest.raises(Interrupted):
            Transport(options).exchange(Request("GET", f"https://{host}/x"))
        assert time.monotonic() - started < 2


def test_a_pause_is_shorter_than_the_deadline() -> None:
    """Who says nothing for the read timeout is given up, and may be asked again: nothing came."""

    def silent(stream: socket.socket) -> None:
        time.sleep(5)

    with speaking(silent) as (host, _):
        with pytest.raises(Interrupted, match="no answer") as caught:
            Transport(RegistryOptions(read_timeout=0.1, deadline=5)).exchange(Request("GET", f"http://{host}/x"))
        assert caught.value.final is False
