"""A service of an ecosystem on loopback: answers by path, in the documented shapes, and remembers what was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SIMPLE = "application/vnd.pypi.simple.v1+json"
INTEGRITY = "application/vnd.pypi.integrity.v1+json"
JSON = "application/json"


class Service:
    """``answers`` are status, type and body by path; other paths are 404."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.answers: dict[str, tuple[int, str, bytes]] = {}
        self.moved: dict[str, str] = {}
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.connections: list[threading.Event] = []
        """One a connection, set when it ends."""

    def answer(self, path: str, value: Any, media_type: str = JSON, status: int = 200) -> None:
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.answers[path] = (status, media_type, body)


@contextmanager
def serve(*, keeps: bool = False) -> Iterator[Service]:
    """One that ``keeps`` connections leaves it to its client to end them."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1" if keeps else "HTTP/1.0"

        def handle(self) -> None:
            ended = threading.Event()
            service.connections.append(ended)
            super().handle()
            ended.set()

        def do_GET(self) -> None:
            service.asked.append(self.path)
            service.headers.append({name.lower(): value for name, value in self.headers.items()})
            if self.path in service.moved:
                self.send_response(301)
                self.send_header("Location", service.moved[self.path])
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            status, media_type, body = service.answers.get(self.path, (404, JSON, b"{}"))
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service = Service(f"http://127.0.0.1:{server.server_port}/")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
