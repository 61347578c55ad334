"""One HTTP exchange: with its `connection`, the only module that uses `requests`.

No redirects, no retries, no cookies, no credentials of its own. Sending, headers and body have one deadline together.
Bodies are read whole and capped; a body that ends early or comes compressed is an error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attest import limits
from attest.errors import StoreUnavailable
from attest.stores.registry.messages import Interrupted, Request, Response, clean, is_loopback, origin, shown
from attest.stores.registry.options import RegistryOptions

if TYPE_CHECKING:
    import requests
    import urllib3

_CONNECTIONS: Final = 64
_PIECE: Final = 64 * limits.KIB
_MESSAGE: Final = 256 * limits.KIB


class TooLarge(StoreUnavailable):
    """More than was asked for."""


class Transport:
    """Pooled connections for many threads. Raises `Interrupted` and `StoreUnavailable`."""

    def __init__(self, options: RegistryOptions) -> None:
        from attest.stores.registry.connection import Adapter

        self._options = options
        self._clock = options.clock
        # not a `requests.Session`: that reads netrc, keeps cookies, and reads a redirect's body without any cap
        self._adapter = Adapter(pool_connections=16, pool_maxsize=_CONNECTIONS)
        certificate, key = options.client_certificate, options.client_key
        self._certificate = (certificate, key) if certificate and key else certificate

    def close(self) -> None:
        self._adapter.close()

    def exchange(self, request: Request) -> Response:
        """Send ``request`` once and read the whole answer."""
        from attest.stores.registry.connection import within

        deadline = self._clock.monotonic() + self._options.deadline + request.seconds
        self._check_scheme(request.url)
        with within(lambda: deadline - self._clock.monotonic()):
            answer = self._send(request, deadline)
            try:
                return self._read(request, answer, deadline)
            finally:
                answer.close()

    def _send(self, request: Request, deadline: float) -> requests.Response:
        import requests

        # what was sent may be on its way for long when the last of it has left
        patience = self._options.read_timeout + len(request.body) / self._options.slowest
        try:
            return self._adapter.send(
                self._prepare(request),
                stream=True,
                timeout=(self._options.connect_timeout, patience),
                verify=self._options.ca_file or True,
                cert=self._certificate,
                proxies=self._proxies(request.url),
            )
        except requests.RequestException as error:
            failed = _failure(error, request)
            if isinstance(failed, Interrupted) and failed.begun and self._clock.monotonic() >= deadline:
                raise _too_slow(shown(request.url), "no answer") from None
            raise failed from None
        except OSError as error:  # `requests` lets through what it finds before connecting, such as a missing CA file
            raise StoreUnavailable("cannot connect", where=shown(request.url), why=str(error)) from None

    def _prepare(self, request: Request) -> requests.PreparedRequest:
        import requests

        headers = {"User-Agent": "attest", "Accept-Encoding": "identity", "Accept": "*/*", **request.headers}
        body = request.body if request.body or request.method in ("POST", "PUT", "PATCH") else None
        prepared = requests.Request(request.method, request.url, headers=headers, data=body).prepare()
        if body == b"":
            prepared.headers["Content-Length"] = "0"
        return prepared

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

    def _proxies(self, url: str) -> dict[str, str]:
        from requests.utils import get_environ_proxies

        _, host, _ = origin(url)
        return {} if is_loopback(host) else get_environ_proxies(url)

    def _read(self, request: Request, answer: requests.Response, deadline: float) -> Response:
        where = shown(request.url)
        headers = {name.lower(): value for name, value in answer.headers.items()}
        if headers.get("content-encoding", "identity").lower() not in ("", "identity"):
            raise StoreUnavailable("compressed answer", where=where, why="it was asked for uncompressed content")
        if request.method == "HEAD":
            answer.raw.drain_conn()  # there is nothing to read, but only what was read to its end is used again
            return Response(answer.status_code, headers, b"", request.url)
        length = headers.get("content-length")
        expected = int(length) if length is not None and length.isdecimal() else None
        # what is not content is a message, which the cap on the content does not fit
        content = 200 <= answer.status_code < 300
        limit, too_large = (request.limit, TooLarge) if content else (_MESSAGE, StoreUnavailable)
        if expected is not None and expected > limit:
            raise too_large("answer too large", where=where, why=f"more than {limit} bytes")
        body = bytearray()
        cut = self._receive(answer.raw, body, where, limit, deadline)
        if len(body) > limit:
            raise too_large("answer too large", where=where, why=f"more than {limit} bytes")
        response = Response(answer.status_code, headers, bytes(body), request.url)
        if cut is not None:
            partial = response if response.status in (200, 206) and body else None
            raise Interrupted("answer cut short", where=where, why=cut, begun=True, partial=partial)
        return response

    def _receive(
        self, raw: urllib3.HTTPResponse, body: bytearray, where: str, limit: int, deadline: float
    ) -> str | None:
        """Read into ``body``, at most a piece more than ``limit``; the reason why it broke off, if it did."""
        import urllib3

        try:
            while piece := raw.read1(_PIECE, decode_content=False):
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


def _failure(error: requests.RequestException, request: Request) -> StoreUnavailable:
    import requests
    import urllib3

    where = shown(request.url)
    if isinstance(error, requests.exceptions.SSLError):
        return Interrupted("no secure connection", where=where, why=_cause(error), begun=False, final=True)
    reason = getattr(error.args[0], "reason", None) if error.args else None
    never_sent = isinstance(error, requests.ConnectTimeout | requests.exceptions.ProxyError) or isinstance(
        reason, urllib3.exceptions.NewConnectionError | urllib3.exceptions.ConnectTimeoutError
    )
    if never_sent:
        return Interrupted("cannot connect", where=where, why=_cause(error), begun=False)
    if isinstance(error, requests.ConnectionError | requests.Timeout):
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
