"""One registry's tokens: fetched once for however many threads, kept until shortly before they expire."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from attest.errors import AttestError, StoreUnavailable
from attest.stores.registry.challenge import Challenge, Scopes, covers
from attest.stores.registry.credentials import Credential, Credentials
from attest.stores.registry.messages import Request, Response, origin
from attest.stores.registry.options import Clock
from attest.stores.registry.token import Authorization, authorize


@dataclass(slots=True)
class _Held:
    """A token, when it stops being used, and the lock behind which one thread fetches the next."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    header: str | None = field(default=None, repr=False)
    until: float | None = None
    failed_at: float = -1.0
    error: AttestError | None = None


class Login:
    """Answers challenges of one host. ``send`` carries out a request to a token service."""

    def __init__(self, host: str, credentials: Credentials, clock: Clock, send: Callable[[Request], Response]) -> None:
        self._host = host
        self._credentials = credentials
        self._clock = clock
        self._send = send
        self._lock = threading.Lock()
        self._challenges: dict[tuple[str, ...], Challenge] = {}
        self._held: dict[Scopes, _Held] = {}
        self._known: dict[str, Credential | None] = {}
        self._secrets: set[str] = set()

    def __repr__(self) -> str:
        return f"Login({self._host!r})"

    def header(self, scopes: Scopes) -> str | None:
        """The `Authorization` to send at once; None until a request with such actions has been challenged."""
        challenge = self._challenges.get(_actions(scopes))
        return None if challenge is None else self._token(challenge, scopes, refused=None)

    def answer(self, challenge: Challenge, scopes: Scopes, refused: str | None) -> str:
        """The `Authorization` that answers ``challenge``; ``refused`` is the one that did not do.

        Raises `StoreUnavailable` where there is none.
        """
        with self._lock:
            self._challenges[_actions(scopes)] = replace(challenge, scopes=())
        return self._token(challenge, scopes, refused)

    def scrub(self, text: str) -> str:
        """``text`` without any secret that this object has seen: a registry's message may quote what we sent."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, "***")
        return text

    def _token(self, challenge: Challenge, scopes: Scopes, refused: str | None) -> str:
        asked_at = self._clock.monotonic()
        scopes, held = self._slot(scopes)
        with held.lock:
            fresh = held.until is None or self._clock.monotonic() < held.until
            if held.header is not None and held.header != refused and fresh:
                return held.header
            if held.error is not None and held.failed_at >= asked_at:
                raise held.error  # another thread asked while we waited: do not ask again for the same answer
            try:
                got = self._fetch(challenge, scopes)
            except AttestError as error:
                held.error, held.failed_at, held.header = error, self._clock.monotonic(), None
                raise
            held.error, held.header = None, got.header
            held.until = None if got.seconds is None else asked_at + got.seconds - min(10.0, got.seconds / 4)
            return got.header

    def _slot(self, scopes: Scopes) -> tuple[Scopes, _Held]:
        """Where the token for ``scopes`` lies, and what it is good for; one that may do more serves as well."""
        with self._lock:
            if scopes not in self._held:
                now = self._clock.monotonic()
                for wider, held in self._held.items():
                    live = held.header is not None and (held.until is None or now < held.until)
                    if live and covers(wider, scopes):
                        return wider, held
                self._held[scopes] = _Held()
            return scopes, self._held[scopes]

    def _fetch(self, challenge: Challenge, scopes: Scopes) -> Authorization:
        repository = next((scope.name for scope in scopes if scope.kind == "repository" and len(scope.actions) > 1), "")
        repository = repository or next((scope.name for scope in scopes if scope.kind == "repository"), "")
        credential = self._credential(repository)
        if challenge.scheme == "bearer":
            self._check_realm(challenge.realm)
        steps = authorize(challenge, credential, scopes)
        try:
            request = next(steps)
            while True:
                request = steps.send(self._send(request))
        except StopIteration as done:
            got: Authorization = done.value
        except AttestError as error:
            error.where = error.where or self._host
            raise
        self._keep_secret(got.header.partition(" ")[2])
        if got.refresh_token and credential is not None and credential.identity_token:
            self._keep_secret(got.refresh_token)
            with self._lock:
                self._known[repository] = replace(credential, identity_token=got.refresh_token)
        return got

    def _credential(self, repository: str) -> Credential | None:
        with self._lock:
            if repository in self._known:
                return self._known[repository]
        found = self._credentials.lookup(self._host, repository)
        for secret in () if found is None else found.secrets():
            self._keep_secret(secret)
        with self._lock:
            return self._known.setdefault(repository, found)

    def _keep_secret(self, secret: str) -> None:
        if secret:
            with self._lock:
                self._secrets = self._secrets | {secret}

    def _check_realm(self, realm: str) -> None:
        if not realm.startswith(("https://", "http://")):
            raise StoreUnavailable("no access token", where=self._host, why="its token service has no usable address")
        origin(realm)


def _actions(scopes: Scopes) -> tuple[str, ...]:
    return tuple(sorted({action for scope in scopes for action in scope.actions}))
