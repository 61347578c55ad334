"""Connections that keep one deadline for a whole exchange.

A timeout of `urllib3` begins anew with every byte that comes, so status lines, headers, sizes of chunks and trailers
that drip would be waited for without end; and it ends an upload that takes longer than connecting may. Here each
receive and each send waits for what is left of the exchange, and a receive at most as long as the read timeout says.

Only public names of `urllib3` and `http.client` are used: managers that make their pools, pools that make their
connections, and connections that make their responses.
"""

from __future__ import annotations

import http.client
import io
import math
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final
from urllib.parse import unquote
from urllib.request import getproxies

import certifi
import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

from attest.stores.parallel import WORKERS

_BEHIND_HOST: Final = re.compile(r"[^:]+://[^/?#]*([^#]*)")
_left: Final[ContextVar[Callable[[], float]]] = ContextVar("left", default=lambda: math.inf)


@contextmanager
def within(left: Callable[[], float]) -> Iterator[None]:
    """Everything that this thread sends and receives inside ends when ``left()``, in seconds, is used up."""
    before = _left.set(left)
    try:
        yield
    finally:
        _left.reset(before)


class Connections:
    """Pools of connections that keep the deadline, also those by way of a proxy. ``ca_file`` replaces the machine's
    certificate authorities."""

    def __init__(self, *, ca_file: str | None, certificate: str | None, key: str | None) -> None:
        self._ca_file = ca_file
        self._certificate = certificate
        self._key = key
        self._managers: dict[str, urllib3.PoolManager] = {}
        self._context: ssl.SSLContext | None = None

    def close(self) -> None:
        for manager in self._managers.values():
            manager.clear()

    def directly(self, url: str) -> Callable[..., urllib3.BaseHTTPResponse]:
        """What sends to the host of ``url``, given a method and such a URL. Raises `OSError` for a bad CA file."""
        manager = self._manager("", url)
        pool = manager.connection_from_url(url)

        def send(method: str, url: str, **settings: Any) -> urllib3.BaseHTTPResponse:
            # straight to the pool: to find it for every request takes as long as to send one
            return pool.urlopen(method, _target(url), assert_same_host=False, **settings)

        return send

    def towards(self, url: str) -> Callable[..., urllib3.BaseHTTPResponse]:
        """As `directly`, by way of the proxy that the environment names for ``url``."""
        proxy = _proxy(url)
        return self.directly(url) if proxy is None else self._manager(proxy, url).urlopen

    def _manager(self, proxy: str, url: str) -> urllib3.PoolManager:
        if proxy not in self._managers:
            settings: dict[str, Any] = {"num_pools": 16, "maxsize": WORKERS}
            if proxy:
                parsed = urllib3.util.parse_url(proxy)
                headers = None if parsed.auth is None else urllib3.make_headers(proxy_basic_auth=unquote(parsed.auth))
                made: urllib3.PoolManager = urllib3.ProxyManager(proxy, proxy_headers=headers, **settings)
            else:
                made = urllib3.PoolManager(**settings)
            made.pool_classes_by_scheme = _POOLS
            self._managers[proxy] = made
        manager = self._managers[proxy]
        if url.startswith("https:"):
            manager.connection_pool_kw["ssl_context"] = self._trusting()
        return manager

    def _trusting(self) -> ssl.SSLContext:
        """One for all connections: to read all authorities takes longer than to connect."""
        if self._context is None:
            context = urllib3.util.ssl_.create_urllib3_context()
            context.verify_mode = ssl.CERT_REQUIRED
            context.check_hostname = True
            context.load_verify_locations(self._ca_file or certifi.where())
            if self._certificate is not None:
                context.load_cert_chain(self._certificate, self._key)
            self._context = context
        return self._context


def _proxy(url: str) -> str | None:
    """As `requests` finds it, which knows more ways to name exceptions than the standard library."""
    if not getproxies():
        return None
    from requests.utils import get_environ_proxies, select_proxy

    found = select_proxy(url, get_environ_proxies(url))
    return None if found is None else str(found) if "://" in found else f"http://{found}"


def _target(url: str) -> str:
    """What stands behind the host, without a fragment."""
    found = _BEHIND_HOST.match(url)
    assert found is not None  # it has an origin
    return found[1] if found[1].startswith("/") else f"/{found[1]}"


def _remaining() -> float:
    remaining = _left.get()()
    if remaining <= 0:
        raise TimeoutError("the time is up")
    return remaining


class _Receiver(io.RawIOBase):
    """What comes through a socket."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._longest = connected.gettimeout() or math.inf
        self._raw = connected.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        wait = min(self._longest, _remaining())
        self._socket.settimeout(None if wait == math.inf else wait)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, connected: socket.socket, *arguments: Any, **settings: Any) -> None:
        super().__init__(connected, *arguments, **settings)
        self.fp.close()
        self.fp = io.BufferedReader(_Receiver(connected))


class _Plain(HTTPConnection):
    response_class = _Response

    def send(self, data: Any) -> None:
        _prepare(self)
        super().send(data)


class _Secure(HTTPSConnection):
    response_class = _Response

    def send(self, data: Any) -> None:
        _prepare(self)
        super().send(data)


def _prepare(connection: HTTPConnection) -> None:
    """The timeout of a send is for all of it, not for each piece."""
    if connection.sock is None:
        connection.connect()
    wait = _remaining()
    connection.sock.settimeout(None if wait == math.inf else wait)


class _PlainPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _Secure


_POOLS: Final = {"http": _PlainPool, "https": _SecurePool}
