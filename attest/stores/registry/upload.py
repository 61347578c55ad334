"""One upload of a blob: begun with POST, sent with PATCH and PUT (distribution-spec "Pushing blobs").

When sending breaks off, the registry is asked how much has arrived, and what is missing is sent. Not every registry can
say: then the upload is begun anew by who began this one.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from attest import limits
from attest.errors import StoreUnavailable
from attest.oci.digest import Digest
from attest.stores.registry.challenge import Scopes
from attest.stores.registry.client import Client
from attest.stores.registry.messages import Repeat, Request, Response, join
from attest.stores.registry.options import RegistryOptions

_BINARY: Final = "application/octet-stream"
_SMALLEST_CHUNK: Final = 64 * limits.KIB
_RANGE: Final = re.compile(r"(?:bytes=)?0-([0-9]{1,18})")
_SPOILT: Final = frozenset({400, 404, 416})


class Upload:
    """The rest of an upload, as far as it is known to have arrived. ``response`` is the 202 that opened it."""

    def __init__(
        self, client: Client, options: RegistryOptions, scopes: Scopes, response: Response, data: bytes
    ) -> None:
        self._client = client
        self._slowest = options.slowest
        self._scopes = scopes
        self._location = location(response)
        asked = response.headers.get("oci-chunk-min-length", "")
        self._chunk = max(_SMALLEST_CHUNK, int(asked)) if asked.isdecimal() else options.chunk_size
        self._data = data
        self._arrived = 0
        self._resumed = False

    def send(self, digest: Digest) -> Response:
        """Send what is missing, and the digest last. Raises `Interrupted`."""
        rest = self._data
        if self._arrived or len(self._data) > self._chunk:
            while self._arrived < len(self._data):
                response = self._patch(self._data[self._arrived : self._arrived + self._chunk])
                if not response.ok:
                    return response
            rest = b""
        url = f"{self._location}{'&' if '?' in self._location else '?'}digest={quote(str(digest), safe='')}"
        return self._send("PUT", url, rest)

    def resume(self) -> bool:
        """Ask how much has arrived, and go on from there; False where the registry does not say."""
        try:
            response = self._client.send(Request("GET", self._location), self._scopes)
        except StoreUnavailable:
            return False
        match = _RANGE.fullmatch(response.headers.get("range", ""))
        if not response.ok or match is None or int(match[1]) >= len(self._data):
            return False
        last = int(match[1])
        self._arrived = last + 1 if last else 0  # 0-0 is what most say when nothing has arrived
        self._move(response)
        self._resumed = True
        return True

    def is_spoilt(self, response: Response) -> bool:
        """Whether what was resumed did not fit together, so that beginning anew makes sense."""
        return self._resumed and response.status in _SPOILT

    def _patch(self, piece: bytes) -> Response:
        end = self._arrived + len(piece)
        response = self._send("PATCH", self._location, piece, {"Content-Range": f"{self._arrived}-{end - 1}"})
        if response.ok:
            self._arrived = end
            self._move(response)
        return response

    def _send(self, method: str, url: str, body: bytes, headers: dict[str, str] | None = None) -> Response:
        request = Request(
            method,
            url,
            {"Content-Type": _BINARY, **(headers or {})},
            body,
            repeat=Repeat.REFUSED,
            seconds=len(body) / self._slowest,
        )
        return self._client.send(request, self._scopes)

    def _move(self, response: Response) -> None:
        """Each answer may say where the next request goes."""
        if "location" in response.headers:
            self._location = location(response)


def location(response: Response) -> str:
    """Where an answer leads. Raises `StoreUnavailable` for what is no URL."""
    return join(response.url, response.headers["location"])
