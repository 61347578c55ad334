"""From challenge to `Authorization`: pure steps that yield requests and are sent the responses (token.md, oauth.md)."""

from __future__ import annotations

import base64
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from attest import limits
from attest.errors import JSONError, StoreUnavailable
from attest.oci import strict_json
from attest.stores.registry.challenge import Challenge, Scopes
from attest.stores.registry.credentials import Credential
from attest.stores.registry.messages import LOG_IN, Request, Response, shown

CLIENT: Final = "attest"
_DEFAULT_SECONDS: Final = 60.0
_LIMIT: Final = 256 * limits.KIB
_LONGEST: Final = 24 * 3600.0

Steps = Generator[Request, Response, "Authorization"]


class TokenRefused(StoreUnavailable):
    """The token service did not let us in; ``status`` is its answer's."""

    def __init__(self, where: str, why: str, status: int) -> None:
        super().__init__("no access token", where=where, why=why, next_step=LOG_IN)
        self.status = status


@dataclass(frozen=True, slots=True)
class Authorization:
    """A header's value and how many seconds it is good for (None: as long as it is not refused)."""

    header: str = field(repr=False)
    seconds: float | None = None
    refresh_token: str | None = field(default=None, repr=False)


def authorize(challenge: Challenge, credential: Credential | None, scopes: Scopes) -> Steps:
    """The steps that answer ``challenge`` with ``scopes``; without a credential, as anybody.

    Raises `TokenRefused` and `StoreUnavailable`.
    """
    if credential is not None and credential.registry_token:
        return Authorization(f"Bearer {credential.registry_token}")
    if challenge.scheme == "basic":
        if credential is None or not credential.password:
            raise StoreUnavailable("needs a user name and a password", next_step=LOG_IN)
        return Authorization(_basic(credential))
    if credential is not None and credential.identity_token:
        response = yield _oauth_request(challenge, credential.identity_token, scopes)
        if response.status not in (404, 405):
            return _read(response)
        if not credential.password:
            raise TokenRefused(shown(challenge.realm), "it takes no identity tokens", response.status)
    response = yield _get_request(challenge, credential, scopes)
    return _read(response)


def _basic(credential: Credential) -> str:
    pair = f"{credential.username}:{credential.password}".encode()
    return f"Basic {base64.b64encode(pair).decode('ascii')}"


def _get_request(challenge: Challenge, credential: Credential | None, scopes: Scopes) -> Request:
    query = [("service", challenge.service)] if challenge.service else []
    query += [("scope", str(scope)) for scope in scopes]
    query.append(("client_id", CLIENT))
    separator = "&" if "?" in challenge.realm else "?"
    headers = {} if credential is None or not credential.password else {"Authorization": _basic(credential)}
    return Request("GET", f"{challenge.realm}{separator}{urlencode(query)}", headers, limit=_LIMIT)


def _oauth_request(challenge: Challenge, identity_token: str, scopes: Scopes) -> Request:
    form = {
        "grant_type": "refresh_token",
        "service": challenge.service,
        "client_id": CLIENT,
        "refresh_token": identity_token,
    }
    if scopes:
        form["scope"] = " ".join(str(scope) for scope in scopes)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    # never redirected: a 307 would carry the identity token in the body to wherever the answer points
    return Request("POST", challenge.realm, headers, urlencode(form).encode(), limit=_LIMIT, redirects=False)


def _read(response: Response) -> Authorization:
    where = shown(response.url)
    if response.status in (408, 429) or response.status >= 500:
        why = f"the token service answered {response.status}"
        raise StoreUnavailable("no access token", where=where, why=why, next_step="try again later")
    if not response.ok:
        raise TokenRefused(where, f"the token service answered {response.status}", response.status)
    try:
        value = strict_json.read_object(response.body, where=where, limit=_LIMIT)
    except JSONError:  # its text could quote the answer, and so the token
        raise StoreUnavailable("no access token", where=where, why="the answer is not a JSON object") from None
    token = _text(value, "token") or _text(value, "access_token")
    if token is None:
        raise StoreUnavailable("no access token", where=where, why="there is none in the answer")
    seconds = value.get("expires_in")
    if not isinstance(seconds, int | float) or isinstance(seconds, bool) or seconds <= 0:
        seconds = _DEFAULT_SECONDS
    lifetime = min(float(seconds), _LONGEST)
    return Authorization(f"Bearer {token}", lifetime, _text(value, "refresh_token"))


def _text(value: dict[str, Any], name: str) -> str | None:
    text = value.get(name)
    return text if isinstance(text, str) and text and text.isascii() and text.isprintable() else None
