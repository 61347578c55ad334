"""Manifests and tags: the requests on ``/manifests/`` and ``/tags/`` (distribution-spec "Pull", "Push", "Tags")."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote

from attest import limits
from attest.errors import DigestMismatch, FormatError, StoreRefused, StoreUnavailable
from attest.oci import strict_json
from attest.oci.descriptor import Descriptor
from attest.oci.digest import Digest
from attest.oci.manifest import MANIFEST_TYPES, Manifest
from attest.oci.reference import is_tag
from attest.stores.registry.blobs import Blobs
from attest.stores.registry.challenge import DELETE, PULL, PUSH, Scope, Scopes
from attest.stores.registry.client import Client
from attest.stores.registry.failures import has_code
from attest.stores.registry.messages import Repeat, Request, Response, next_link, origin

_ACCEPT: Final = ", ".join(MANIFEST_TYPES)
_TAGS_PAGE: Final = 1000
_SIZE: Final = re.compile(r"[0-9]{1,18}")


class Manifests:
    """The manifests and tags of one registry."""

    def __init__(self, client: Client, blobs: Blobs) -> None:
        self._client = client
        self._blobs = blobs

    def head(self, repository: str, target: str) -> Descriptor:
        """What a tag or digest names. Where HEAD does not say everything, the manifest itself is read."""
        response = self._send("HEAD", repository, target, PULL)
        if response.ok:
            told = _described(response)
            if told is not None and (":" not in target or str(told.digest) == target):
                return told
        elif response.status in (404, 429) or response.status > 501:
            raise self._client.failure(response, f"no manifest {target}", repository)
        found = self.get(repository, target).descriptor()
        return replace(found, digest=Digest.parse(target)) if ":" in target else found

    def get(self, repository: str, target: str) -> Manifest:
        """The parsed manifest that a tag or digest names; a digest is always computed."""
        return self.parse(repository, target, self.answer(repository, target))

    def answer(self, repository: str, target: str) -> Response:
        """The successful answer itself, with its headers."""
        response = self._send("GET", repository, target, PULL)
        if not response.ok:
            raise self._client.failure(response, f"cannot read the manifest {target}", repository)
        if ":" in target:
            Digest.parse(target).check(response.body, where=self._where(repository, target))
        return response

    def parse(self, repository: str, target: str, response: Response) -> Manifest:
        """Raises `FormatError`; a content type that names no manifest leaves the word to the manifest itself."""
        told = response.media_type
        try:
            return Manifest.parse(response.body, media_type=told if told in MANIFEST_TYPES else None)
        except FormatError as error:
            error.where = f"{self._where(repository, target)}: {error.where or 'manifest'}"
            raise

    def fetch(self, repository: str, descriptor: Descriptor) -> bytes:
        """The bytes, checked against the descriptor."""
        response = self._send("GET", repository, str(descriptor.digest), PULL, accept=descriptor.media_type)
        if not response.ok:
            raise self._client.failure(response, f"cannot read the manifest {descriptor.digest}", repository)
        descriptor.check(response.body, where=self._where(repository, str(descriptor.digest)))
        return response.body

    def put(
        self,
        repository: str,
        target: str,
        media_type: str,
        data: bytes,
        *,
        conditions: Mapping[str, str] | None = None,
    ) -> Response:
        """Store under a digest or tag. Answers 412 when ``conditions`` are given and do not hold; else raises.

        A conditional write is not repeated: whether the lost one was carried out has to be looked up first.
        """
        if len(data) > limits.MANIFEST:
            raise StoreRefused(
                "manifest too large",
                where=self._where(repository, target),
                why=f"{len(data)} of {limits.MANIFEST} bytes",
            )
        response = self._client.send(
            Request(
                "PUT",
                self._client.url(repository, f"manifests/{target}"),
                {"Content-Type": media_type, **(conditions or {})},
                data,
                repeat=Repeat.SAFE if conditions is None else Repeat.REFUSED,
            ),
            self._scopes(repository, PUSH),
        )
        if response.status == 412 and conditions:
            return response
        if not response.ok:
            if has_code(response, "MANIFEST_BLOB_UNKNOWN"):
                self._blobs.forget(repository)
            raise self._client.failure(response, f"cannot store the manifest {target}", repository, writing=True)
        said = response.headers.get("docker-content-digest")
        digest = Digest.parse(target) if ":" in target else Digest.of(data)
        if said is not None and said.startswith(f"{digest.algorithm}:") and said != str(digest):
            why = f"it says {said[:160]!r}, not {digest}"
            raise DigestMismatch("the registry stored something else", where=self._where(repository, target), why=why)
        return response

    def delete(self, repository: str, target: str) -> bool:
        """Remove a manifest or tag; False when there is none. A failure is believed only if it is still there."""
        response = self._send("DELETE", repository, target, DELETE, repeat=Repeat.REFUSED)
        if response.ok:
            return True
        if response.status == 404:
            return False
        if response.status >= 500 and self._send("HEAD", repository, target, PULL).status == 404:
            return True
        raise self._client.failure(response, f"cannot delete {target}", repository, writing=True)

    def names_digest(self, repository: str, tag: str) -> Digest | None:
        """The digest that a tag names; None when it is gone."""
        response = self._send("HEAD", repository, tag, PULL)
        if response.status == 404:
            return None
        told = _described(response) if response.ok else None
        return self.get(repository, tag).digest if told is None else told.digest

    def tags(self, repository: str, *, after: str | None = None) -> Iterator[str]:
        """All tags as the registry pages them, from the first one behind ``after`` if it can do that."""
        last = "" if after is None else f"&last={quote(after, safe='')}"
        url: str | None = self._client.url(repository, "tags/list") + f"?n={_TAGS_PAGE}{last}"
        seen: set[str] = set()
        for _ in range(limits.LISTING_PAGES):
            if url is None:
                return
            if url in seen:
                raise StoreUnavailable(
                    "cannot list the tags", where=self._where(repository), why="a page links to itself"
                )
            seen.add(url)
            response = self._client.send(Request("GET", url), self._scopes(repository, PULL))
            if not response.ok:
                raise self._client.failure(response, "cannot list the tags", repository)
            page = _page(response, self._where(repository))
            yield from page
            url = self._next(repository, response, page)
        raise StoreUnavailable(
            "cannot list the tags", where=self._where(repository), why=f"more than {limits.LISTING_PAGES} pages"
        )

    def _next(self, repository: str, response: Response, page: list[str]) -> str | None:
        """By ``Link``; a full page without one is continued behind its last tag, for registries that do not say."""
        linked = next_link(response)
        if linked is not None:
            if origin(linked) != origin(self._client.url(repository, "tags/list")):
                raise StoreUnavailable(
                    "cannot list the tags", where=self._where(repository), why="a page lies elsewhere"
                )
            return linked
        if len(page) != _TAGS_PAGE:
            return None
        return self._client.url(repository, "tags/list") + f"?n={_TAGS_PAGE}&last={quote(page[-1], safe='')}"

    def _send(
        self,
        method: str,
        repository: str,
        target: str,
        actions: tuple[str, ...],
        *,
        accept: str = _ACCEPT,
        repeat: Repeat = Repeat.SAFE,
    ) -> Response:
        url = self._client.url(repository, f"manifests/{target}")
        return self._client.send(
            Request(method, url, {"Accept": accept}, repeat=repeat), self._scopes(repository, actions)
        )

    def _scopes(self, repository: str, actions: tuple[str, ...]) -> Scopes:
        return (Scope.repository(self._client.scoped(repository), actions),)

    def _where(self, repository: str, target: str = "") -> str:
        mark = "@" if ":" in target else ":"
        return f"{self._client.host}/{repository}{mark + target if target else ''}"


def _described(response: Response) -> Descriptor | None:
    """The descriptor that the headers tell; None when one is missing or makes no sense."""
    size = response.headers.get("content-length", "")
    if response.media_type not in MANIFEST_TYPES or not _SIZE.fullmatch(size):
        return None
    try:
        digest = Digest.parse(response.headers.get("docker-content-digest", ""))
    except FormatError:
        return None
    return Descriptor(response.media_type, digest, int(size))


def _page(response: Response, where: str) -> list[str]:
    value: dict[str, Any] = strict_json.read_object(response.body, where=f"{where}: tags", limit=limits.MANIFEST)
    found = value.get("tags") or []
    if not isinstance(found, list):
        raise StoreUnavailable("cannot list the tags", where=where, why="`tags` is not an array")
    return [tag for tag in found if isinstance(tag, str) and is_tag(tag)]
