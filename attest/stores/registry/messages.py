"""HTTP requests and responses as values, and the headers that registries speak with. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from ipaddress import ip_address
from typing import Final
from urllib.parse import urljoin, urlsplit

from attest import limits
from attest.errors import StoreUnavailable

_LINK: Final = re.compile(r"<([^>]*)>((?:\s*;\s*[^\s,;=]+\s*(?:=\s*(?:\"[^\"]*\"|[^\",;]*))?)*)")
_REL: Final = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\",;\s]*))", re.IGNORECASE)
_WARNING: Final = re.compile(r'299 - "((?:[^"\\]|\\.)*)"')
LOG_IN: Final = "attest login HOST, docker login, or podman login"
"""What to do where credentials are missing or not accepted."""
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


class Repeat(Enum):
    """What may be sent a second time when the answer was lost or said "later"."""

    SAFE = "safe"
    """Once more does no harm: reading, or storing known bytes under their own digest."""
    REFUSED = "refused"
    """Only when it surely was not carried out: no connection, 429 or 503."""


@dataclass(frozen=True, slots=True)
class Request:
    """``limit`` caps the answer's body; ``seconds`` is added to the deadline for a large body.

    ``resumable``: who sends it takes an `Interrupted` with a part of the body and asks for the rest.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    repeat: Repeat = Repeat.SAFE
    limit: int = limits.MANIFEST
    seconds: float = 0.0
    redirects: bool = True
    resumable: bool = False


@dataclass(frozen=True, slots=True)
class Response:
    """A whole answer. ``headers`` has lower-case names; ``url`` is where it came from, redirects followed."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    url: str

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def media_type(self) -> str:
        """`Content-Type` without parameters, lower-case; ``""`` when there is none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Interrupted(StoreUnavailable):
    """The exchange broke off.

    ``begun``: the request may have been carried out; ``final``: trying again is no use; ``partial``: what came of a
    successful answer.
    """

    def __init__(
        self, what: str, *, where: str, why: str, begun: bool, final: bool = False, partial: Response | None = None
    ) -> None:
        super().__init__(what, where=where, why=why)
        self.begun = begun
        self.final = final
        self.partial = partial


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port (RFC 6454). Raises `StoreUnavailable` for anything but http and https."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise StoreUnavailable("not a URL", where=shown(url)) from None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise StoreUnavailable("not an HTTP URL", where=shown(url))
    return parts.scheme, parts.hostname.lower(), _DEFAULT_PORTS[parts.scheme] if port is None else port


def join(response_url: str, target: str) -> str:
    """Where a ``Location`` or ``Link`` leads. Raises `StoreUnavailable` for what is no URL."""
    try:
        return urljoin(response_url, target)
    except ValueError:
        raise StoreUnavailable("leads to what is no URL", where=shown(response_url)) from None


def is_loopback(host: str) -> bool:
    """Whether a host name, without port and brackets, is this machine by its spelling alone."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def shown(url: str) -> str:
    """The URL for messages: without user information and without its query, which may hold signatures and state."""
    without_query = re.split(r"[?#]", url, maxsplit=1)[0]
    return clean(re.sub(r"//[^/@]*@", "//", without_query), 300)


def clean(text: str, longest: int) -> str:
    """Foreign text for one line of a terminal: printable, single-spaced, cut."""
    printable = "".join(character if character.isprintable() else " " for character in text[: 4 * longest])
    line = " ".join(printable.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def next_link(response: Response) -> str | None:
    """The absolute URL of ``Link: <…>; rel="next"`` (RFC 8288), if there is one."""
    for target, parameters in _LINK.findall(response.headers.get("link", "")):
        for quoted, bare in _REL.findall(parameters):
            if "next" in (quoted or bare).lower().split():
                return join(response.url, str(target))
    return None


def warnings(response: Response, scrub: Callable[[str], str] = str) -> list[str]:
    """The texts of ``Warning: 299 - "…"`` (distribution-spec "Warnings"); other codes and agents are ignored.

    ``scrub`` sees each text whole, before it is cut.
    """
    header = response.headers.get("warning", "")[:8192]
    return [clean(scrub(re.sub(r"\\(.)", r"\1", text)), 1000) for text in _WARNING.findall(header)]


def retry_after(response: Response, now: datetime) -> float | None:
    """Seconds that ``Retry-After`` asks to wait (RFC 9110 §10.2.3): a number or a date; None when absent or garbled."""
    text = response.headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return float(text)
    try:
        at = parsedate_to_datetime(text)
        return max(0.0, (at - now).total_seconds())
    except (ValueError, TypeError):  # TypeError: a date without a zone
        return None
