"""Which repositories a registry has: `GET /v2/_catalog` (the Docker registry API; distribution-spec 1.1 leaves it out).

Many registries have it, many refuse it to ordinary users, and those that serve many owners have none. What it names is
what the registry chooses to show: good enough to find work, no proof of anything.
"""

from __future__ import annotations

from typing import Final

from attest import limits
from attest.errors import FormatError, StoreUnavailable
from attest.oci import strict_json
from attest.oci.reference import is_repository
from attest.stores.registry.challenge import Scope, Scopes
from attest.stores.registry.client import Client
from attest.stores.registry.credentials import Credentials
from attest.stores.registry.messages import Request, Response, join, next_link, origin
from attest.stores.registry.options import RegistryOptions

_PAGE: Final = 100
"""Repositories asked for at once: some registries refuse to give more, none is known to refuse this."""

_SCOPES: Final[Scopes] = (Scope("registry", "catalog", ("*",)),)
_WHAT: Final = "cannot list the repositories"
_UNOFFERED: Final = frozenset({401, 403, 404, 405, 410, 501})


def catalog(
    host: str, options: RegistryOptions, credentials: Credentials, *, below: str = ""
) -> tuple[str, ...] | None:
    """The repositories whose names begin with ``below``, sorted; None where the registry does not tell, or not us.

    Raises `StoreError` where it cannot be reached, breaks off or has no end.
    """
    client = Client(host, options, credentials)
    try:
        return _pages(client, below)
    finally:
        client.close()


def _pages(client: Client, below: str) -> tuple[str, ...] | None:
    first = url = join(client.url("any/repository", "tags/list"), f"/v2/_catalog?n={_PAGE}")
    found: set[str] = set()
    seen: set[str] = set()
    while len(seen) < limits.LISTING_PAGES:
        seen.add(url)
        response = client.send(Request("GET", url), _SCOPES)
        names = _names(response)
        if names is None and len(seen) == 1 and (response.ok or response.status in _UNOFFERED):
            return None
        if not response.ok:
            raise client.failure(response, _WHAT, "_catalog")
        if names is None:
            raise StoreUnavailable(_WHAT, where=client.host, why="a page is no list of repositories")
        found.update(name for name in names if name.startswith(below) and is_repository(name))
        following = next_link(response)
        if following is None:
            return tuple(sorted(found))
        if following in seen or origin(following) != origin(first):
            raise StoreUnavailable(_WHAT, where=client.host, why="a page leads back, or to another host")
        url = following
    raise StoreUnavailable(_WHAT, where=client.host, why=f"more than {limits.LISTING_PAGES} pages")


def _names(response: Response) -> list[str] | None:
    """None for what is no page of a catalogue: some registries answer with a web page."""
    if not response.ok:
        return None
    try:
        value = strict_json.read_object(response.body, where="catalogue", limit=limits.MANIFEST)
    except FormatError:
        return None
    names = value.get("repositories", ())
    if names is None:
        return []
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else None
