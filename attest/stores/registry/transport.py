"""One HTTP exchange: with its `connection`, the only module that uses `urllib3`.

No redirects, no retries, no cookies, no credentials of its own. Sending, headers and body have one deadline together.
Bodies are read whole and capped; a body that ends early or comes compressed is an error.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from attest import limits
from attest.errors import StoreUnavailable
from attest.stores.registry.messages import Interrupted, Request, Response, clean, is_loopback, origin, shown
from attest.stores.registry.options import RegistryOptions

if TYPE_CHECKING:
    import urllib3

_PIECE: Final = 64 * limits.KIB
_MESSAGE: Final = 256 * limits.KIB
_WITH_BODY: Final = ("POST", "PUT", "PATCH")


class TooLarge(StoreUnavailable):
    """More than was asked for."""


class Transport:
    """Pooled connections for many threads. Raises `Interrupted` and `StoreUnavailable`."""

    def __init__(self, options: RegistryOptions) -> None:
        from attest.stores.registry.connection import Connections

        self._options = options
        self._clock = options.clock
        self._connections = Connections(
            ca_file=options.ca_file, certificate=options.client_certificate, key=options.client_key
        )
        self._ways: dict[tuple[str, str, int], Callable[..., urllib3.BaseHTTPResponse]] = {}
        self._opening = threading.Lock()

    def close(self) -> None:
        with self._opening:
            self._ways.clear()  # connections end when nothing holds their pool any more
        self._connections.close()

    def exchange(self, request: Request) -> Response:
        """Send ``request`` once and read the whole answer."""
        from attest.stores.registry.connection import within

        deadline = self._clock.monotonic() + self._options.deadline + request.seconds
        with within(lambda: deadline - self._clock.monotonic()):
            answer = self._send(request, deadline)
            try:
                return self._read(request, answer, deadline)
            finally:
                answer.close()
                answer.release_conn()

    def _send(self, request: Request, deadline: float) -> urllib3.BaseHTTPResponse:
        import urllib3

        # what was sent may be on its way for long when the last of it has left
        patience = self._options.read_timeout + len(request.body) / self._options.slowest
        headers = {"User-Agent": "attest", "Accept-Encoding": "identity", "Accept": "*/*", **request.headers}
        try:
            return self._way(request.url)(
                request.method,
                request.url,
                body=request.body if request.body or request.method in _WITH_BODY else None,
                headers=headers,
                retries=False,
                redirect=False,
                timeout=urllib3.Timeout(connect=self._options.connect_timeout, read=patience),
                preload_content=False,
                decode_content=False,
            )
        except (urllib3.exceptions.HTTPError, ValueError) as error:
            failed = _failure(error, request)
            if isinstance(failed, Interrupted) and failed.begun and self._clock.monotonic() >= deadline:
                raise _too_slow(shown(request.url), "no answer") from None
            raise failed from None
        except OSError as error:  # what is found before connecting, such as a missing CA file
            raise StoreUnavailable("cannot connect", where=shown(request.url), why=str(error)) from None

    def _way(self, url: str) -> Callable[..., urllib3.BaseHTTPResponse]:
        """How to send to where ``url`` leads: found out once, for nothing of it changes while a command runs."""
        place = origin(url)
        with self._opening:
            way = self._ways.get(place)
            if way is None:
                self._check_scheme(url)
                way = self._connections.directly(url) if is_loopback(place[1]) else self._connections.towards(url)
                self._ways[place] = way
            return way

    def _check_scheme(self, url: str) -> None:
        scheme, host, _ = origin(url)
        if scheme == "https" or self._options.plain_http:
            return
        if self._options.plain_http is None and is_loopback(host):
            return
        raise StoreUnavailable(
            "would speak plain HTTP",
            where=shown(url),
            why="what is sent could be read and changed on the way",
            next_step="--plain-http if that is meant",
        )

    def _read(self, request: Request, answer: urllib3.BaseHTTPResponse, deadline: float) -> Response:
        where = shown(request.url)
        headers = {name.lower(): value for name, value in answer.headers.items()}
        if headers.get("content-encoding", "identity").lower() not in ("", "identity"):
            raise StoreUnavailable("compressed answer", where=where, why="it was asked for uncompressed content")
        if request.method == "HEAD":
            answer.drain_conn()  # there is nothing to read, but only what was read to its end is used again
            return Response(answer.status, headers, b"", request.url)
        length = headers.get("content-length")
        expected = int(length) if length is not None and length.isdecimal() else None
        # what is not content is a message, which the cap on the content does not fit
        content = 200 <= answer.status < 300
        limit, too_large = (request.limit, TooLarge) if content else (_MESSAGE, StoreUnavailable)
        if expected is not None and expected > limit:
            raise too_large("answer too large", where=where, why=f"more than {limit} bytes")
        body = bytearray()
        cut = self._receive(answer, body, where, limit, deadline)
        if len(body) > limit:
            raise too_large("answer too large", where=where, why=f"more than {limit} bytes")
        response = Response(answer.status, headers, bytes(body), request.url)
        if cut is not None:
            partial = response if response.status in (200, 206) and body else None
            raise Interrupted("answer cut short", where=where, why=cut, begun=True, partial=partial)
        return response

    def _receive(
        self, raw: urllib3.BaseHTTPResponse, body: bytearray, where: str, limit: int, deadline: float
    ) -> str | None:
        """Read into ``body``, at most a piece more than ``limit``; the reason why it broke off, if it did."""
        import urllib3

        try:
            while piece := raw.read1(_PIECE):
                body += piece
                if len(body) > limit:
                    break
        except (urllib3.exceptions.HTTPError, OSError) as error:
            if self._clock.monotonic() >= deadline:
                raise _too_slow(where, f"{len(body)} bytes") from None
            return _cause(error)
        return None


def _too_slow(where: str, came: str) -> Interrupted:
    return Interrupted("answer too slow", where=where, why=f"{came} when the time was up", begun=True, final=True)


def _failure(error: Exception, request: Request) -> StoreUnavailable:
    from urllib3 import exceptions

    where = shown(request.url)
    if isinstance(error, exceptions.SSLError):
        return Interrupted("no secure connection", where=where, why=_cause(error), begun=False, final=True)
    if isinstance(error, exceptions.NewConnectionError | exceptions.ConnectTimeoutError | exceptions.ProxyError):
        return Interrupted("cannot connect", where=where, why=_cause(error), begun=False)
    if isinstance(error, exceptions.ProtocolError | exceptions.TimeoutError):
        return Interrupted("no answer", where=where, why=_cause(error), begun=True)
    return StoreUnavailable("cannot send", where=where, why=type(error).__name__)


def _cause(error: BaseException) -> str:
    """The innermost reason: outer ones repeat URLs, whose queries may be secret."""
    seen = {id(error)}
    while True:
        inner = error.__cause__ or error.__context__
        if inner is None or id(inner) in seen:
            break
        seen.add(id(inner))
        error = inner
    text = error.strerror if isinstance(error, OSError) and error.strerror else None
    return clean(text or type(error).__name__, 200)
