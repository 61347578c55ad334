"""Requests to one registry: repeated where safe, redirected without leaking, with the authorization they need."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Final
from urllib.parse import quote

from attest.errors import StoreError, StoreUnavailable
from attest.oci.reference import DOCKER_HUB, hub, is_repository
from attest.stores.registry.challenge import Challenge, Scopes, merge
from attest.stores.registry.credentials import Credentials
from attest.stores.registry.failures import failure
from attest.stores.registry.login import Login
from attest.stores.registry.messages import (
    Interrupted,
    Repeat,
    Request,
    Response,
    is_loopback,
    join,
    origin,
    retry_after,
    shown,
    warnings,
)
from attest.stores.registry.options import RegistryOptions
from attest.stores.registry.transport import Transport

_REDIRECTS: Final = 5
_WARNINGS: Final = 100
_MOVED: Final = frozenset({301, 302, 303, 307, 308})
_MOVED_WITH_BODY: Final = frozenset({307, 308})
_LATER: Final = frozenset({408, 429, 500, 502, 503, 504})
_NOT_CARRIED_OUT: Final = frozenset({429, 503})
_HUB_API: Final = "registry-1.docker.io"


class Client:
    """Speaks with one host; safe for many threads. ``host`` is ``HOST[:PORT]`` as the user wrote it."""

    def __init__(self, host: str, options: RegistryOptions, credentials: Credentials) -> None:
        self.host = hub(host)
        self.clock = options.clock
        self._options = options
        self._transport = Transport(options)
        self._login = Login(self.host, credentials, options.clock, self._send_for_token)
        address = _HUB_API if self.host == DOCKER_HUB else host
        name = origin(f"http://{address}/")[1]
        plain = is_loopback(name) if options.plain_http is None else options.plain_http
        self._base = f"{'http' if plain else 'https'}://{address}"
        self._origin = origin(self._base)
        self._warned: set[str] = set()
        self._warned_lock = threading.Lock()

    def close(self) -> None:
        self._transport.close()

    def url(self, repository: str, path: str) -> str:
        """The address of ``path`` in ``repository``. Raises `StoreUnavailable` for what is no repository name."""
        if self.host == DOCKER_HUB and "/" not in repository:
            repository = f"library/{repository}"
        if not is_repository(repository):
            raise StoreUnavailable(f"not a repository name: {repository[:80]!r}", where=self.host)
        return f"{self._base}/v2/{repository}/{quote(path, safe='/:.-_?=&')}"

    def scoped(self, repository: str) -> str:
        """The repository's name in scopes."""
        return f"library/{repository}" if self.host == DOCKER_HUB and "/" not in repository else repository

    def failure(self, response: Response, what: str, repository: str, *, writing: bool = False) -> StoreError:
        """The error for an answer that is none."""
        where = f"{self.host}/{repository}"
        return failure(response, what, where=where, writing=writing, scrub=self._login.scrub)

    def send(self, request: Request, scopes: Scopes) -> Response:
        """The final answer, of whatever status but a redirect that is to be followed.

        Raises `Interrupted` when all attempts broke off, and `StoreUnavailable`.
        """
        return self._with_patience(request, scopes)

    def ping(self) -> Response:
        """What ``GET /v2/`` answers (distribution-spec "Determining Support"), logged in if the registry wants that."""
        return self.send(Request("GET", f"{self._base}/v2/", redirects=False), ())

    def _send_for_token(self, request: Request) -> Response:
        """A request to a token service: patient, never challenged."""
        if self._base.startswith("https:") and not request.url.startswith("https:"):
            raise StoreUnavailable("no access token", where=shown(request.url), why="its token service is not on HTTPS")
        return self._with_patience(request, None)

    def _with_patience(self, request: Request, scopes: Scopes | None) -> Response:
        attempt = 1
        while True:
            asked = None
            try:
                response = self._follow(request) if scopes is None else self._authorized(request, scopes)
            except Interrupted as error:
                resumable = error.partial is not None and request.resumable
                if error.final or resumable or (error.begun and request.repeat is not Repeat.SAFE):
                    raise
                pause = self._options.backoff.delay(attempt, None, self.clock.jitter())
                if pause is None:
                    raise
            else:
                again = _LATER if request.repeat is Repeat.SAFE else _NOT_CARRIED_OUT
                if response.status not in again:
                    return response
                asked = retry_after(response, self.clock.now())
                pause = self._options.backoff.delay(attempt, asked, self.clock.jitter())
                if pause is None:
                    return response
            self.clock.sleep(pause)
            attempt += 1

    def _authorized(self, request: Request, scopes: Scopes) -> Response:
        """At most three times: with what we have, with a new token, with what the registry wants in addition."""
        header = self._login.header(scopes)
        response = self._follow(request, header)
        challenge = self._challenge(response)
        if challenge is None:
            return response
        # our own scopes first: what a challenge names can be a placeholder, and anonymous access is denied for it
        fresh = self._login.answer(challenge, scopes, header)
        if fresh == header:
            return response
        response = self._follow(request, fresh)
        challenge = self._challenge(response)
        widened = scopes if challenge is None else merge((*scopes, *challenge.scopes))
        if challenge is None or widened == scopes:
            return response
        return self._follow(request, self._login.answer(challenge, widened, fresh))

    def _challenge(self, response: Response) -> Challenge | None:
        """Only the registry itself may ask for our credentials, not where it redirects to."""
        if response.status != 401 or origin(response.url) != self._origin:
            return None
        return Challenge.parse(response.headers.get("www-authenticate", ""))

    def _follow(self, request: Request, authorization: str | None = None) -> Response:
        """Follow redirects; credentials stay with the origin they were meant for and never come back."""
        trusted = self._origin if authorization is not None else origin(request.url)
        headers = dict(request.headers)
        if authorization is not None:
            headers["Authorization"] = authorization
        moved = _MOVED if request.method in ("GET", "HEAD") else _MOVED_WITH_BODY
        for _ in range(_REDIRECTS + 1):
            if origin(request.url) != trusted:
                headers.pop("Authorization", None)
            response = self._transport.exchange(replace(request, headers=headers))
            self._show_warnings(response)
            target = response.headers.get("location")
            if response.status not in moved or not target or not request.redirects:
                return response
            url = join(request.url, target)
            if request.url.startswith("https:") and not url.startswith("https:"):
                raise StoreUnavailable("redirected from HTTPS to plain HTTP", where=shown(request.url), why=shown(url))
            request = replace(request, url=url)
        raise StoreUnavailable("redirected too often", where=shown(request.url), why=f"more than {_REDIRECTS} times")

    def _show_warnings(self, response: Response) -> None:
        if "warning" not in response.headers:
            return
        for text in warnings(response, self._login.scrub):
            with self._warned_lock:
                if text in self._warned or len(self._warned) >= _WARNINGS:
                    continue
                self._warned.add(text)
            self._options.on_warning(f"{self.host}: {text}")
