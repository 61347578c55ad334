"""The two calls of Vault's transit engine that signing needs, answered as its HTTP API documents them, on loopback."""

from __future__ import annotations

import base64
import json
import threading
from collections import defaultdict
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from attest.signing.keys import KeyKind, PrivateKey, generate

HASHES = {"sha2-256": hashes.SHA256(), "sha2-384": hashes.SHA384(), "sha2-512": hashes.SHA512()}


class ScriptedVault(AbstractContextManager["ScriptedVault"]):
    TOKEN = "only-for-tests"

    def __init__(self) -> None:
        self.keys: dict[str, list[PrivateKey]] = defaultdict(list)
        self.mount = "transit"
        self.namespaces: set[str | None] = set()
        self.signed_with: set[int] = set()
        self._scripted: Any = None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def rotate(self, name: str, kind: KeyKind) -> None:
        """Make a new version of a key, or its first."""
        fast = kind is KeyKind.RSA_3072 and self.keys[name]
        self.keys[name].append(self.keys[name][0] if fast else generate(kind))

    def answer_signatures_with(self, value: Any) -> None:
        self._scripted = value

    def read(self, name: str) -> dict[str, Any]:
        entries = {str(number): {"public_key": _public(key)} for number, key in enumerate(self.keys[name], 1)}
        return {"data": {"name": name, "latest_version": len(entries), "keys": entries}}

    def sign(self, name: str, asked: dict[str, Any]) -> dict[str, Any]:
        if self._scripted is not None:
            return dict(self._scripted)
        version = int(asked["key_version"])
        self.signed_with.add(version)
        signature = _sign(self.keys[name][version - 1], asked)
        return {"data": {"signature": f"vault:v{version}:{base64.b64encode(signature).decode()}"}}

    def _handler(vault) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - `self` is the request's
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name = self.path.removeprefix(f"/v1/{vault.mount}/keys/")
                self._answer(lambda: vault.read(name), name)

            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                name = self.path.removeprefix(f"/v1/{vault.mount}/sign/").partition("/")[0]
                self._answer(lambda: vault.sign(name, asked), name)

            def do_PUT(self) -> None:
                self.do_POST()

            def _answer(self, make: Any, name: str) -> None:
                vault.namespaces.add(self.headers["X-Vault-Namespace"])
                if self.headers["X-Vault-Token"] != vault.TOKEN:
                    status, value = 403, {"errors": ["permission denied"]}
                elif name not in vault.keys:
                    status, value = 404, {"errors": []}
                else:
                    status, value = 200, make()
                body = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *arguments: Any) -> None:
                pass

        return Handler


def _native(key: PrivateKey) -> Any:
    return serialization.load_der_private_key(key.pkcs8_der(), None)


def _public(key: PrivateKey) -> str:
    native = _native(key).public_key()
    if isinstance(native, ed25519.Ed25519PublicKey):
        return base64.b64encode(native.public_bytes_raw()).decode()
    return key.public.pem().decode()


def _sign(key: PrivateKey, asked: dict[str, Any]) -> bytes:
    native, message = _native(key), base64.b64decode(asked["input"], validate=True)
    if isinstance(native, ed25519.Ed25519PrivateKey):
        return native.sign(message)
    hashed = HASHES[asked["hash_algorithm"]]
    algorithm: Any = Prehashed(hashed) if asked.get("prehashed") else hashed
    if isinstance(native, rsa.RSAPrivateKey):
        assert asked["signature_algorithm"] == "pkcs1v15"
        return native.sign(message, padding.PKCS1v15(), algorithm)
    assert asked["marshaling_algorithm"] == "asn1"
    return bytes(native.sign(message, ec.ECDSA(algorithm)))
