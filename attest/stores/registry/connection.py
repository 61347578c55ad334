"""Connections that keep one deadline for a whole exchange.

A timeout of `requests` begins anew with every byte that comes, so status lines, headers, sizes of chunks and trailers
that drip would be waited for without end; and it ends an upload that takes longer than connecting may. Here each
receive and each send waits for what is left of the exchange, and a receive at most as long as the read timeout says.

Only public names of `requests`, `urllib3` and `http.client` are used: an adapter that makes its pools, pools that make
their connections, and connections that make their responses.
"""

from __future__ import annotations

import http.client
import io
import math
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection

_left: Final[ContextVar[Callable[[], float]]] = ContextVar("left", default=lambda: math.inf)


@contextmanager
def within(left: Callable[[], float]) -> Iterator[None]:
    """Everything that this thread sends and receives inside ends when ``left()``, in seconds, is used up."""
    before = _left.set(left)
    try:
        yield
    finally:
        _left.reset(before)


class Adapter(HTTPAdapter):
    """An adapter whose connections keep the deadline, also those by way of a proxy."""

    def init_poolmanager(self, *arguments: Any, **settings: Any) -> None:
        super().init_poolmanager(*arguments, **settings)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **settings: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **settings)
        manager.pool_classes_by_scheme = _POOLS
        return manager


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
