"""Reading the referrers of a manifest: the API, page by page (distribution-spec "Listing Referrers")."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import quote

from attest import limits, names
from attest.errors import FormatError, StoreError
from attest.oci import strict_json
from attest.oci.descriptor import Descriptor
from attest.oci.digest import Digest
from attest.stores.registry.capability import Api, Capabilities, classify
from attest.stores.registry.challenge import PULL, Scope
from attest.stores.registry.client import Client
from attest.stores.registry.messages import Request, Response, next_link, origin, shown

_BEHIND: Final = frozenset({307, 308})


@dataclass(slots=True)
class Listed:
    """What one way of asking brought, in ``size`` bytes. ``failed`` is the reason why it brought nothing at all."""

    descriptors: list[Descriptor] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    failed: StoreError | None = None
    size: int = 0


class ReferrersApi:
    """The referrers API of one registry."""

    def __init__(self, client: Client, capabilities: Capabilities) -> None:
        self._client = client
        self._capabilities = capabilities

    def read(self, repository: str, subject: Digest, *, artifact_type: str | None = None) -> Listed | None:
        """All pages; None where there is no such API (or no such repository).

        ``artifact_type`` only spares bytes: registries filter wrongly, so the caller filters again.
        """
        if self._capabilities.is_without_api(repository):
            return None
        url = self._client.url(repository, f"referrers/{subject}")
        base = origin(url)
        if artifact_type is not None:
            url += f"?artifactType={quote(artifact_type, safe='')}"
        listed = Listed()
        seen: set[str] = set()
        next_url: str | None = url
        until = self._client.clock.monotonic() + limits.LISTING_SECONDS
        while next_url is not None:
            problem = self._problem(next_url, base, seen, listed)
            if self._client.clock.monotonic() > until:
                problem = f"its pages take longer than {limits.LISTING_SECONDS:.0f} seconds"
            if problem is not None:
                listed.problems.append(f"{shown(url)}: {problem}")
                break
            seen.add(next_url)
            try:
                response = self._page(repository, next_url)
            except StoreError as error:
                if not listed.descriptors and len(seen) == 1:
                    listed.failed = error
                listed.problems.append(str(error))
                break
            answer = classify(response)
            if len(seen) == 1:
                self._capabilities.learn(repository, answer)
                if answer in (Api.NO, Api.NO_REPOSITORY, Api.NOT_FOR_THIS):
                    return None
            if answer is not Api.YES:
                refusal = self._client.failure(response, "cannot list the referrers", repository)
                if len(seen) == 1:
                    listed.failed = refusal
                listed.problems.append(str(refusal))
                break
            listed.size += len(response.body)
            read_entries(response, listed, shown(url))
            next_url = next_link(response)
        return listed

    def _page(self, repository: str, url: str) -> Response:
        # 303 and its like lead to a web page, not to an answer; 307 to a registry that stands behind this one
        request = Request("GET", url, {"Accept": names.OCI_INDEX}, redirects=False)
        scopes = (Scope.repository(self._client.scoped(repository), PULL),)
        response = self._client.send(request, scopes)
        return self._client.send(replace(request, redirects=True), scopes) if response.status in _BEHIND else response

    @staticmethod
    def _problem(url: str, base: tuple[str, str, int], seen: set[str], listed: Listed) -> str | None:
        """Why the page at ``url`` is not asked for."""
        if url in seen:
            return "a page links to one that was read"
        if seen and origin(url) != base:
            return "the next page lies on another host"
        if len(seen) >= limits.LISTING_PAGES:
            return f"more than {limits.LISTING_PAGES} pages"
        if len(listed.descriptors) >= limits.REFERRERS and seen:
            return f"more than {limits.REFERRERS} referrers"
        if listed.size >= limits.LISTING_BYTES:
            return f"more than {limits.LISTING_BYTES} bytes of pages"
        return None


_OPAQUE: Final = "entry that cannot be read"


def read_entries(response: Response, listed: Listed, where: str) -> None:
    """Add the entries of an index; one that is malformed costs only itself."""
    try:
        value = strict_json.read_object(response.body, where=where, limit=limits.MANIFEST)
    except FormatError as error:
        listed.problems.append(str(error))
        return
    entries = value.get("manifests") or []
    if not isinstance(entries, list):
        listed.problems.append(f"{where}: `manifests` is not an array")
        return
    add_entries(entries, listed, where)


def add_entries(entries: Iterable[object], listed: Listed, where: str) -> None:
    """Parse entries one by one, up to the cap."""
    for position, entry in enumerate(entries):
        if len(listed.descriptors) >= limits.REFERRERS:
            listed.problems.append(f"{where}: more than {limits.REFERRERS} referrers")
            return
        path = f"manifests[{position}]"
        if not isinstance(entry, dict):
            listed.problems.append(f"{where}: {path}: {_OPAQUE}")
            continue
        try:
            listed.descriptors.append(Descriptor.parse(strict_json.Fields(entry, path)))
        except FormatError as error:
            listed.problems.append(f"{where}: {_OPAQUE}: {error}")
