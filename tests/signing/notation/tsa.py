"""A timestamp authority: OpenSSL's, behind HTTP for those who ask over the network."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

from attest.signing.notation import der
from tests.signing.notation.pki import Entity, pem

_CONFIG = """\
[tsa]
default_tsa = one
[one]
dir = {folder}
serial = {folder}/serial
crypto_device = builtin
signer_digest = sha256
default_policy = {policy}
digests = sha256, sha384, sha512
{accuracy}
ess_cert_id_chain = no
ess_cert_id_alg = {hash}
"""


def _openssl() -> str:
    found = shutil.which("openssl")
    if found is None:
        message = "openssl is not installed"
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
    return str(found)


class Authority:
    """Signs with ``entity``; ``accuracy`` and ``policy`` in OpenSSL's words."""

    def __init__(
        self,
        folder: Path,
        entity: Entity,
        *,
        accuracy: str = "secs:1",
        policy: str = "1.2.3.4.1",
        hash: str = "sha256",
        chain: bool = True,
    ) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.key, _ = entity.write(folder, "tsa")
        (folder / "leaf.pem").write_bytes(pem([entity.certificate]))
        (folder / "above.pem").write_bytes(pem(entity.above if chain else []))
        (folder / "serial").write_text("01")
        (folder / "tsa.cnf").write_text(
            _CONFIG.format(
                folder=folder, accuracy=f"accuracy = {accuracy}" if accuracy else "", policy=policy, hash=hash
            )
        )

    def answer(self, request: bytes) -> bytes:
        """A TimeStampResp for a TimeStampReq, both in DER."""
        query = self.folder / "query.tsq"
        query.write_bytes(request)
        arguments = ["ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query.tsq", "-inkey", str(self.key)]
        arguments += ["-signer", "leaf.pem", "-out", "reply.tsr"]
        if (self.folder / "above.pem").read_bytes():
            arguments += ["-chain", "above.pem"]
        done = subprocess.run([_openssl(), *arguments], cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return (self.folder / "reply.tsr").read_bytes()

    def stamp(self, signature: bytes) -> bytes:
        """A token over ``signature``."""
        request = TimestampRequestBuilder().data(signature).hash_algorithm(HashAlgorithm.SHA256).nonce(nonce=True)
        _, token = der.read(self.answer(request.build().as_bytes())).children()
        return token.raw

    @contextmanager
    def served(self) -> Iterator[str]:
        """Its URL."""
        authority = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                answer = authority.answer(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
            thread.start()
            try:
                yield f"http://127.0.0.1:{server.server_address[1]}/"
            finally:
                server.shutdown()
                thread.join()
