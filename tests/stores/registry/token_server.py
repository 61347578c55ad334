"""A token service as distribution's token specification has it (docs/content/spec/auth: token.md, jwt.md, oauth.md)."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from attest.stores.registry.challenge import Scope, parse_scopes
from tests.stores.registry.scripted import Answer, Asked, Scripted

ISSUER, SERVICE = "token.example", "registry.example"


@dataclass(slots=True)
class TokenServer:
    """Answers for `scripted`. Anybody may pull from ``public/``; a user with the password, or an identity token that
    was handed out here, may do everything."""

    scripted: Scripted
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    users: dict[str, str] = field(default_factory=dict)
    identity_tokens: dict[str, str] = field(default_factory=dict)
    seconds: int = 300

    def __post_init__(self) -> None:
        self.scripted.default = self.answer

    def settings(self, directory: Path) -> str:
        """What distribution needs to know of this server."""
        bundle = directory / "token.pem"
        bundle.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        realm = f"http://{self.scripted.host}/token"
        return (
            f"auth: {{token: {{realm: '{realm}', service: {SERVICE}, issuer: {ISSUER}, rootcertbundle: '{bundle}'}}}}\n"
        )

    def answer(self, asked: Asked) -> Answer:
        form = parse_qs(asked.body.decode() if asked.method == "POST" else urlsplit(asked.path).query)
        user = ""
        if asked.method == "POST":
            user = self.identity_tokens.get(form.get("refresh_token", [""])[0], "")
            if not user or form.get("grant_type") != ["refresh_token"]:
                return Answer(401, b"{}")
        elif "authorization" in asked.headers:
            user, _, password = base64.b64decode(asked.headers["authorization"].split()[1]).decode().partition(":")
            if not password or self.users.get(user) != password:
                return Answer(401, b"{}")
        wanted = parse_scopes(" ".join(form.get("scope", [])))
        access = [entry for scope in wanted if (entry := _allowed(scope, user))["actions"]]
        name = "access_token" if asked.method == "POST" else "token"
        reply = {name: self.sign(user, access), "expires_in": self.seconds}
        return Answer(200, json.dumps(reply).encode(), {"Content-Type": "application/json"})

    def sign(self, user: str, access: list[dict[str, object]]) -> str:
        now = int(time.time())
        der = base64.b64encode(self.certificate.public_bytes(serialization.Encoding.DER)).decode()
        claims = {"iss": ISSUER, "sub": user, "aud": SERVICE, "exp": now + self.seconds, "nbf": now - 10, "iat": now}
        head = {"typ": "JWT", "alg": "ES256", "x5c": [der]}
        body = {**claims, "jti": str(time.time_ns()), "access": access}
        signed = f"{_encoded(json.dumps(head).encode())}.{_encoded(json.dumps(body).encode())}"
        r, s = utils.decode_dss_signature(self.key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{_encoded(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def _allowed(scope: Scope, user: str) -> dict[str, object]:
    """Fewer rights than were asked for is not an error here: the registry says so."""
    public = ["pull"] if scope.name.startswith("public/") and "pull" in scope.actions else []
    return {"type": scope.kind, "name": scope.name, "actions": list(scope.actions) if user else public}


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
