"""Blobs: reading with resumption, and the ways to upload (distribution-spec "Pulling blobs", "Pushing blobs")."""

from __future__ import annotations

import re
import threading
from contextlib import suppress
from dataclasses import replace
from typing import Final

from attest import limits
from attest.errors import DigestMismatch, StoreUnavailable
from attest.oci.descriptor import Descriptor
from attest.oci.digest import Digest
from attest.stores.registry.challenge import PULL, PUSH, Scope, Scopes, merge
from attest.stores.registry.client import Client
from attest.stores.registry.messages import Interrupted, Repeat, Request, Response
from attest.stores.registry.options import RegistryOptions
from attest.stores.registry.transport import TooLarge
from attest.stores.registry.upload import Upload, location

_REMEMBERED: Final = 10_000
_CONTENT_RANGE: Final = re.compile(r"bytes ([0-9]{1,18})-[0-9]{1,18}/(?:\*|[0-9]{1,18})")


class Blobs:
    """The blobs of one registry."""

    def __init__(self, client: Client, options: RegistryOptions) -> None:
        self._client = client
        self._options = options
        self._present: set[tuple[str, Digest]] = set()
        self._lock = threading.Lock()

    def fetch(self, repository: str, descriptor: Descriptor) -> bytes:
        """The bytes, checked. A connection that breaks is resumed with ``Range`` where it broke."""
        where = f"{self._client.host}/{repository}@{descriptor.digest}"
        if descriptor.size > limits.BLOB:
            raise StoreUnavailable("blob too large", where=where, why=f"{descriptor.size} of {limits.BLOB} bytes")
        scopes = (Scope.repository(self._client.scoped(repository), PULL),)
        request = Request(
            "GET",
            self._client.url(repository, f"blobs/{descriptor.digest}"),
            limit=descriptor.size,
            seconds=descriptor.size / self._options.slowest,
            resumable=True,
        )
        kept = b""
        for attempt in range(1, self._options.backoff.attempts + 1):
            headers = {"Range": f"bytes={len(kept)}-"} if kept else {}
            try:
                response = self._client.send(replace(request, headers=headers), scopes)
            except TooLarge as error:
                raise DigestMismatch("content does not match its size", where=where, why=error.why) from None
            except Interrupted as error:
                if error.partial is None:
                    raise
                kept = _joined(kept, error.partial) or b""
                pause = self._options.backoff.delay(attempt, None, self._client.clock.jitter())
                if pause is None or len(kept) >= descriptor.size:
                    raise
                self._client.clock.sleep(pause)
                continue
            if response.status == 416 and kept:
                kept = b""
                continue
            if not response.ok:
                raise self._client.failure(response, f"cannot read the blob {descriptor.digest}", repository)
            data = _joined(kept, response)
            if data is None:
                kept = b""
                continue
            descriptor.check(data, where=where)
            return data
        raise StoreUnavailable(
            "cannot read the blob", where=where, why="the registry does not resume where it broke off"
        )

    def has(self, repository: str, digest: Digest) -> bool:
        """Whether it is there now, whatever was seen before."""
        scopes = (Scope.repository(self._client.scoped(repository), PULL),)
        response = self._client.send(Request("HEAD", self._client.url(repository, f"blobs/{digest}")), scopes)
        if response.ok:
            self._remember(repository, digest)
        elif response.status != 404:
            raise self._client.failure(response, f"cannot look for the blob {digest}", repository)
        return response.ok

    def exists(self, repository: str, digest: Digest, scopes: Scopes) -> bool:
        """Ask with HEAD, unless it was seen there before."""
        with self._lock:
            if (repository, digest) in self._present:
                return True
        response = self._client.send(Request("HEAD", self._client.url(repository, f"blobs/{digest}")), scopes)
        if response.ok:
            self._remember(repository, digest)
        elif response.status in (401, 403):
            raise self._client.failure(response, f"cannot store the blob {digest}", repository, writing=True)
        return response.ok

    def push(self, repository: str, descriptor: Descriptor, data: bytes) -> None:
        """Upload unless it is there. What breaks off goes on where it broke, or is looked for and begun anew."""
        scopes = (Scope.repository(self._client.scoped(repository), PUSH),)
        what = f"cannot store the blob {descriptor.digest}"
        upload: Upload | None = None
        for attempt in range(1, self._options.backoff.attempts + 1):
            pause = self._options.backoff.delay(attempt, None, self._client.clock.jitter())
            try:
                if upload is None:
                    if self.exists(repository, descriptor.digest, scopes):
                        return
                    response = self._begin(repository, scopes)
                    upload = Upload(self._client, self._options, scopes, response, data) if response.ok else None
                if upload is not None:
                    response = upload.send(descriptor.digest)
            except Interrupted as error:
                if error.final or pause is None:
                    raise
                self._client.clock.sleep(pause)
                if upload is not None and not upload.resume():
                    upload = None
                continue
            if upload is not None and response.ok:
                self._check_answer(response, descriptor.digest, repository)
                self._remember(repository, descriptor.digest)
                return
            again = response.status >= 500 or (upload is not None and upload.is_spoilt(response))
            if not again or pause is None:
                raise self._client.failure(response, what, repository, writing=True)
            self._client.clock.sleep(pause)
            upload = None

    def mount(self, repository: str, digest: Digest, source: str) -> bool:
        """Let a blob of the repository ``source`` be here too, without moving it; False where that is not offered."""
        wanted, held = self._client.scoped(repository), self._client.scoped(source)
        scopes = merge((Scope.repository(wanted, PUSH), Scope.repository(held, PULL)))
        url = self._client.url(repository, f"blobs/uploads/?mount={digest}&from={source}")
        response = self._client.send(Request("POST", url, repeat=Repeat.REFUSED), scopes)
        if response.status == 201:
            self._remember(repository, digest)
            return True
        if response.status == 202 and "location" in response.headers:
            # an ordinary upload was opened instead: it is ours to cancel, and harmless if that is not offered
            with suppress(Interrupted):
                self._client.send(Request("DELETE", location(response), repeat=Repeat.REFUSED), scopes)
        elif response.status in (401, 403):
            raise self._client.failure(response, f"cannot mount the blob {digest}", repository, writing=True)
        return False

    def forget(self, repository: str) -> None:
        """The registry misses a blob that was seen: look again next time."""
        with self._lock:
            self._present = {known for known in self._present if known[0] != repository}

    def _begin(self, repository: str, scopes: Scopes) -> Response:
        start = Request("POST", self._client.url(repository, "blobs/uploads/"), repeat=Repeat.REFUSED)
        response = self._client.send(start, scopes)
        return replace(response, status=502) if response.ok and "location" not in response.headers else response

    def _check_answer(self, response: Response, digest: Digest, repository: str) -> None:
        said = response.headers.get("docker-content-digest")
        if said is not None and said.startswith(f"{digest.algorithm}:") and said != str(digest):
            raise DigestMismatch(
                "the registry stored something else",
                where=f"{self._client.host}/{repository}",
                why=f"it says {said[:160]!r}, not {digest}",
            )

    def _remember(self, repository: str, digest: Digest) -> None:
        with self._lock:
            if len(self._present) < _REMEMBERED:
                self._present.add((repository, digest))


def _joined(kept: bytes, response: Response) -> bytes | None:
    """The whole body; None when the answer continues from some other place."""
    if response.status != 206:
        return response.body
    match = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", ""))
    return kept + response.body if match is not None and int(match[1]) == len(kept) else None
