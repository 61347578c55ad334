"""Documents of a service over HTTP: read whole, capped, tried again where that may help. Nothing is ever sent to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from attest import limits
from attest.errors import NotFound, StoreUnavailable
from attest.oci import strict_json
from attest.stores.registry.messages import Interrupted, Request, Response, join, origin, retry_after, shown
from attest.stores.registry.options import RegistryOptions
from attest.stores.registry.transport import Transport

_REDIRECTS: Final = 5
_MOVED: Final = frozenset({301, 302, 303, 307, 308})
_LATER: Final = frozenset({408, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Address:
    """Where a service is. ``authorization`` is the header that goes there, and nowhere else."""

    url: str
    authorization: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        origin(self.url)
        if not self.url.endswith("/"):
            object.__setattr__(self, "url", f"{self.url}/")

    def path(self, path: str) -> str:
        """The address of ``path`` below it."""
        return self.url + path.lstrip("/")


class Fetcher:
    """Reads from one service; safe for many threads."""

    def __init__(self, address: Address, options: RegistryOptions) -> None:
        self.address = address
        self._options = options
        self._transport = Transport(options)
        self._origin = origin(address.url)

    def close(self) -> None:
        self._transport.close()

    def json(self, url: str, *, accept: str, limit: int = limits.EVIDENCE_BLOB) -> tuple[Any, bytes]:
        """A JSON document, parsed and as it came. Raises `NotFound`, `StoreUnavailable` and `JSONError`."""
        if origin(url) != self._origin:
            raise StoreUnavailable(
                "leads to another host",
                where=shown(url),
                why=f"the configuration names {shown(self.address.url)}, and nothing else is asked",
            )
        response = self._patiently(Request("GET", url, {"Accept": accept}, limit=limit))
        where = shown(url)
        if response.status in (404, 410):
            raise NotFound("the service has no such thing", where=where)
        if response.status in (401, 403):
            raise StoreUnavailable(
                "the service refuses to answer",
                where=where,
                why=f"it answered {response.status}",
                next_step="check the credentials in the client's configuration",
            )
        if not response.ok:
            raise StoreUnavailable("the service did not answer", where=where, why=f"it answered {response.status}")
        if not response.media_type.endswith("json"):
            raise StoreUnavailable(
                "the service does not speak JSON", where=where, why=f"it answered {response.media_type or 'no type'}"
            )
        return strict_json.read(response.body, where=where, limit=limit), response.body

    def _patiently(self, request: Request) -> Response:
        clock, attempt = self._options.clock, 1
        while True:
            asked = None
            try:
                response = self._follow(request)
            except Interrupted as error:
                pause = None if error.final else self._options.backoff.delay(attempt, None, clock.jitter())
                if pause is None:
                    raise
            else:
                if response.status not in _LATER:
                    return response
                asked = retry_after(response, clock.now())
                pause = self._options.backoff.delay(attempt, asked, clock.jitter())
                if pause is None:
                    return response
            clock.sleep(pause)
            attempt += 1

    def _follow(self, request: Request) -> Response:
        url = request.url
        for _ in range(_REDIRECTS + 1):
            headers = dict(request.headers)
            if self.address.authorization is not None and origin(url) == self._origin:
                headers["Authorization"] = self.address.authorization
            response = self._transport.exchange(Request("GET", url, headers, limit=request.limit))
            target = response.headers.get("location")
            if response.status not in _MOVED or not target:
                return response
            moved = join(url, target)
            if url.startswith("https:") and not moved.startswith("https:"):
                raise StoreUnavailable("redirected from HTTPS to plain HTTP", where=shown(url), why=shown(moved))
            url = moved
        raise StoreUnavailable("redirected too often", where=shown(request.url), why=f"more than {_REDIRECTS} times")
