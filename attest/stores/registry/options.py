"""What the user decides about a registry: transport security, patience, and what time is it."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from attest import limits

_logged: Final[set[str]] = set()
_logging: Final = threading.Lock()


def _log_warning(text: str) -> None:
    """Once a process, however many stores lie on the registry; each of them has a cap on what it passes on."""
    with _logging:
        if text in _logged:
            return
        _logged.add(text)
    logging.getLogger("attest.registry").warning("%s", text)


class Clock:
    """Time and chance, replaced in tests."""

    def monotonic(self) -> float:
        return time.monotonic()

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def jitter(self) -> float:
        """At random from [0, 1)."""
        return random.random()


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waiting between attempts, in seconds: exponential with full jitter, or what the registry asks for."""

    attempts: int = 5
    first: float = 0.25
    longest: float = 15.0
    longest_asked: float = 60.0

    def delay(self, attempt: int, asked: float | None, jitter: float) -> float | None:
        """The pause after attempt number ``attempt`` (from 1); None to give up."""
        if attempt >= self.attempts:
            return None
        if asked is not None:
            return asked + jitter * self.first if asked <= self.longest_asked else None
        return min(self.longest, self.first * 2.0 ** (attempt - 1)) * (0.5 + jitter / 2)


@dataclass(frozen=True, slots=True)
class RegistryOptions:
    """``plain_http``: None speaks plain HTTP to loopback only, True to this registry wherever it is, False never.

    ``ca_file`` replaces the machine's certificate authorities. Times are in seconds, ``slowest`` in bytes a second: a
    body of known size gets its size over ``slowest`` on top of ``deadline``.
    """

    plain_http: bool | None = None
    ca_file: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None
    connect_timeout: float = 10.0
    read_timeout: float = 30.0
    deadline: float = 60.0
    slowest: int = 64 * limits.KIB
    backoff: Backoff = field(default_factory=Backoff)
    chunk_size: int = 32 * limits.MIB
    unsupported_for: float = 600.0
    on_warning: Callable[[str], None] = _log_warning
    clock: Clock = field(default_factory=Clock)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> RegistryOptions:
        """``SSL_CERT_FILE`` names the certificate authorities, as for the other registry clients.

        ``ATTEST_CLIENT_CERT`` and ``ATTEST_CLIENT_KEY`` are the client's own certificate, ``ATTEST_PLAIN_HTTP=1`` is
        plain HTTP to any host, ``0`` to none.
        """
        return cls(
            plain_http={"1": True, "0": False}.get(environment.get("ATTEST_PLAIN_HTTP", "")),
            ca_file=environment.get("SSL_CERT_FILE") or None,
            client_certificate=environment.get("ATTEST_CLIENT_CERT") or None,
            client_key=environment.get("ATTEST_CLIENT_KEY") or None,
        )
