"""The identity provider of the private deployment: OpenID Connect discovery, keys, logins and CI tokens.

Two issuers with one key: `Issuer.people` names e-mail addresses, `Issuer.ci` names GitHub workflows.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

AUDIENCE: Final = "sigstore"
_KEY_ID: Final = "one"
_DISCOVERY: Final = "/.well-known/openid-configuration"


class Issuer:
    """Serves from construction to `close`. Whoever logs in is ``login``; if that is empty they get no token."""

    login = "browser@example.test"

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(65537, 2048)
        self._codes: set[str] = set()
        self.runner_secret = secrets.token_hex(16)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.people = f"http://127.0.0.1:{self._server.server_port}"
        self.ci = f"{self.people}/ci"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def token(self, email: str, **claims: Any) -> str:
        """A token for a person. ``claims`` replace what would stand there, as ``exp=0`` or ``aud="other"``."""
        return self._mint({"iss": self.people, "sub": email, "email": email, "email_verified": True, **claims})

    def ci_token(self, repository: str, **claims: Any) -> str:
        """What a run of GitHub Actions gets in ``repository`` ("owner/name"), with ``claims`` replaced."""
        ref, commit = claims.get("ref", "refs/heads/main"), claims.get("sha", "a" * 40)
        workflow = f"{repository}/.github/workflows/release.yml@{ref}"
        usual = {
            "iss": self.ci,
            "sub": f"repo:{repository}:ref:{ref}",
            "repository": repository,
            "repository_id": "2001",
            "repository_owner": repository.split("/")[0],
            "repository_owner_id": "1001",
            "repository_visibility": "public",
            "ref": ref,
            "sha": commit,
            "event_name": "push",
            "workflow": "release",
            "workflow_ref": workflow,
            "workflow_sha": commit,
            "job_workflow_ref": workflow,
            "job_workflow_sha": commit,
            "runner_environment": "github-hosted",
            "run_id": "3001",
            "run_attempt": "1",
        }
        return self._mint({**usual, **claims})

    def _mint(self, claims: Mapping[str, Any]) -> str:
        now = int(time.time())
        times = {"aud": AUDIENCE, "iat": now, "nbf": now - 5, "exp": now + 600}
        return jwt.encode({**times, **claims}, self._key, algorithm="RS256", headers={"kid": _KEY_ID})

    def answer(self, target: str, authorization: str) -> tuple[int, dict[str, Any] | str]:
        """Status, and a JSON body or where to go. Login follows RFC 6749 §4.1; the user always agrees."""
        url = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        if url.path.endswith(_DISCOVERY):
            return 200, self._discovery(self.people + url.path.removesuffix(_DISCOVERY))
        if url.path == "/keys":
            key = jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
            return 200, {"keys": [{**key, "kid": _KEY_ID, "use": "sig", "alg": "RS256"}]}
        if url.path == "/login":
            self._codes.add(code := secrets.token_hex(8))
            return 302, query["redirect_uri"] + "?" + urlencode({"code": code, "state": query["state"]})
        if url.path == "/runner":  # docs.github.com, "OpenID Connect reference", ACTIONS_ID_TOKEN_REQUEST_URL
            if authorization.lower() != f"bearer {self.runner_secret}":
                return 403, {}
            return 200, {"value": self.ci_token(query["repository"], aud=query.get("audience", AUDIENCE))}
        return 404, {}

    def redeem(self, form: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        """The token for a code, once."""
        if form.get("code") not in self._codes:
            return 400, {"error": "invalid_grant"}
        self._codes.remove(form["code"])
        return 200, {"access_token": self.token(self.login), "token_type": "bearer"} if self.login else {}

    def _discovery(self, issuer: str) -> dict[str, Any]:
        return {
            "issuer": issuer,
            "jwks_uri": f"{self.people}/keys",
            "authorization_endpoint": f"{self.people}/login",
            "token_endpoint": f"{self.people}/token",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }


def _handler(issuer: Issuer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(*issuer.answer(self.path, self.headers.get("Authorization", "")))

        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._send(*issuer.redeem({name: values[0] for name, values in parse_qs(text).items()}))

        def _send(self, status: int, body: dict[str, Any] | str) -> None:
            data = b"" if isinstance(body, str) else json.dumps(body).encode()
            self.send_response(status)
            if isinstance(body, str):
                self.send_header("Location", body)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler
