"""Ask a timestamp authority for a countersignature (RFC 3161 §2.4, §3.4), over HTTP."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Final

from cryptography import x509

from attest import limits
from attest.errors import AttestError, EnvelopeError, StoreUnavailable, TrustError, UsageError, install
from attest.signing.notation import der, timestamp

_QUERY: Final = "application/timestamp-query"
_ANSWER: Final = "application/timestamp-reply"
_GRANTED: Final = (b"\x00", b"\x01")


@dataclass(frozen=True, slots=True)
class HttpTimestamper:
    """The authority at ``url``. Every token is verified against ``roots`` before it is used.

    Plain HTTP is spoken to any host: nothing secret is sent, and who answers shows by the token.
    """

    url: str
    roots: tuple[x509.Certificate, ...]

    def __call__(self, signature: bytes) -> bytes:
        """A token over ``signature``. Raises `StoreUnavailable`, and `TrustError` for a token that does not hold."""
        token = self._token(self._post(_request(signature)))
        try:
            timestamp.verify(token, signature, self.roots)
        except AttestError as error:
            raise TrustError("the timestamp does not hold", where=self.url, why=str(error)) from None
        return token

    def _post(self, body: bytes) -> bytes:
        from attest.stores.registry.messages import Request
        from attest.stores.registry.options import RegistryOptions
        from attest.stores.registry.transport import Transport

        options = RegistryOptions(plain_http=True, ca_file=os.environ.get("SSL_CERT_FILE"))
        with closing(Transport(options)) as transport:
            answer = transport.exchange(
                Request("POST", self.url, {"Content-Type": _QUERY, "Accept": _ANSWER}, body, limit=limits.MIB)
            )
        if not answer.ok:
            raise StoreUnavailable("no timestamp", where=self.url, why=f"status {answer.status}")
        return answer.body

    def _token(self, answer: bytes) -> bytes:
        """The token of a `TimeStampResp` (RFC 3161 §2.4.2)."""
        try:
            status, *token = der.read(answer).expect(der.SEQUENCE).children()
            granted = status.expect(der.SEQUENCE).children()[0].content in _GRANTED
        except (EnvelopeError, ValueError, IndexError) as error:
            raise StoreUnavailable("not a timestamp response", where=self.url, why=str(error)) from None
        match token:
            case [only] if granted:
                return only.raw
            case _:
                raise StoreUnavailable("the authority refuses", where=self.url)


def http_timestamper(url: str, roots: Sequence[x509.Certificate]) -> HttpTimestamper:
    """Raises `UsageError` where timestamps cannot be asked for."""
    from importlib.util import find_spec

    if not url.startswith(("http://", "https://")):
        raise UsageError(
            "not the address of a timestamp authority", where=url[:160], why="expected http:// or https://"
        )
    if find_spec("rfc3161_client") is None:
        raise UsageError(
            "no timestamp can be asked for", why="rfc3161-client is not installed", next_step=install("notation")
        )
    return HttpTimestamper(url, tuple(roots))


def _request(signature: bytes) -> bytes:
    """Without a nonce: signatures are random, so no older token is over this one."""
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    builder = TimestampRequestBuilder().data(signature).hash_algorithm(HashAlgorithm.SHA256)
    return builder.nonce(nonce=False).cert_request(cert_request=True).build().as_bytes()
