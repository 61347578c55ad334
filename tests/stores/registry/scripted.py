"""A registry that answers what a test tells it to, faults included, and remembers what it was asked."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from attest.oci.descriptor import Descriptor
from attest.oci.manifest import Manifest
from attest.stores.registry import RegistryOptions, RegistryStore
from attest.stores.registry.credentials import Credential
from attest.stores.registry.options import Backoff, Clock

INDEX = "application/vnd.oci.image.index.v1+json"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came; ``path`` with its query, header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """``cut`` closes the connection after so many bytes of the body; ``drip`` is the pause in seconds after each byte;
    ``length`` is what Content-Length claims; ``gone`` closes the connection instead of answering."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None
    drip: float = 0.0
    length: int | None = None
    gone: bool = False


def error(status: int, code: str, message: str = "", **headers: str) -> Answer:
    body = json.dumps({"errors": [{"code": code, "message": message}]}).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, body, {"Content-Type": "application/json", **named})


def manifest_answer(manifest: Manifest, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    known = {"Content-Type": manifest.media_type, "Docker-Content-Digest": str(manifest.digest)}
    return Answer(200, manifest.raw, {**known, **named})


def index_answer(*descriptors: Descriptor, **headers: str) -> Answer:
    entries = [descriptor.json() for descriptor in descriptors]
    body = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}).encode()
    return Answer(200, body, {"Content-Type": INDEX, **headers})


Script = Callable[[Asked], Answer]


class Scripted:
    """What `on` says for method and path: each answer once, the last one for ever; else what `default` says."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.connections = 0
        self.default: Script = lambda asked: error(404, "MANIFEST_UNKNOWN")
        self._answers: dict[tuple[str, str], list[Answer | Script]] = {}
        self._lock = threading.Lock()
        self.host = ""

    def on(self, method: str, path: str, *answers: Answer | Script) -> None:
        self._answers[method, path] = list(answers)

    def answer(self, asked: Asked) -> Answer:
        with self._lock:
            self.asked.append(asked)
            queue = self._answers.get((asked.method, asked.path))
            if queue is None:
                queue = self._answers.get((asked.method, asked.path.partition("?")[0]))
            chosen = self.default if not queue else queue.pop(0) if len(queue) > 1 else queue[0]
        return chosen if isinstance(chosen, Answer) else chosen(asked)

    def requests(self, method: str | None = None) -> list[str]:
        return [f"{asked.method} {asked.path}" for asked in self.asked if method in (None, asked.method)]

    @contextmanager
    def running(self, tls: ssl.SSLContext | None = None) -> Iterator[Scripted]:
        address = "127.0.0.1"
        server = ThreadingHTTPServer((address, 0), _handler(self))
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        server.daemon_threads = True
        self.host = f"{address}:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def _handler(scripted: Scripted) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # headers and body in one segment: else the client's delayed ACK costs 40 ms an answer

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = scripted.answer(Asked(self.command, self.path, headers, body))
            if answer.gone:
                self.close_connection = True
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if "Transfer-Encoding" not in answer.headers:
                self.send_header("Content-Length", str(len(answer.body) if answer.length is None else answer.length))
            self.end_headers()
            if self.command == "HEAD":
                self.wfile.flush()
                return
            sent = answer.body if answer.cut is None else answer.body[: answer.cut]
            if answer.drip:
                for position in range(len(sent)):
                    self.wfile.write(sent[position : position + 1])
                    self.wfile.flush()
                    time.sleep(answer.drip)
            else:
                self.wfile.write(sent)
                self.wfile.flush()
            if answer.cut is not None or answer.length is not None:
                self.close_connection = True

        def handle(self) -> None:
            scripted.connections += 1
            with suppress(ConnectionError):
                super().handle()

        def finish(self) -> None:
            with suppress(ConnectionError):
                super().finish()

        do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:
            return

    return Handler


class FakeClock(Clock):
    """Sleeps by moving on; chance is always a half."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.ahead = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead

    def now(self) -> datetime:
        return datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.ahead += seconds

    def jitter(self) -> float:
        return 0.5


@dataclass(frozen=True, slots=True)
class Known:
    """Credentials by host."""

    by_host: Mapping[str, Credential] = field(default_factory=dict)

    def lookup(self, host: str, repository: str) -> Credential | None:
        return self.by_host.get(host)


def opened(
    host: str, clock: Clock | None = None, *, credential: Credential | None = None, **options: Any
) -> RegistryStore:
    """A store that waits for nothing, with this credential for this host alone."""
    known = {} if credential is None else {host: credential}
    return RegistryStore(
        host,
        name="store",
        options=RegistryOptions(clock=clock or FakeClock(), backoff=Backoff(attempts=4), **options),
        credentials=Known(known),
    )
