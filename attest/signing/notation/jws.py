"""Signatures in flattened JWS JSON serialisation (signature-envelope-jws.md; RFC 7515 §7.2.2)."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from attest import limits, names
from attest.errors import EnvelopeError
from attest.oci import strict_json
from attest.oci.strict_json import Fields
from attest.signing.notation.algorithms import ALGORITHMS, Algorithm
from attest.signing.notation.envelope import (
    AGENT,
    AUTHENTIC_TIME,
    EXPIRY,
    SCHEME,
    SIGNING_TIME,
    TIMESTAMP,
    Attributes,
    Envelope,
    Scheme,
    check_count,
    check_unprotected,
    read_attributes,
)

_MEMBERS: Final = {"payload", "protected", "header", "signature"}
_REGISTERED: Final = ("alg", "cty", "crit")
_CHAIN: Final = "x5c"
_WHERE: Final = "protected header"
_RFC3339: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})", re.ASCII)
_FRACTION: Final = re.compile(r"\.\d+", re.ASCII)


def read(raw: bytes) -> Envelope:
    """Read one envelope. Raises `EnvelopeError` and `JSONError`."""
    fields = Fields(strict_json.read_object(raw, where="JWS", limit=limits.EVIDENCE_BLOB), "JWS")
    if foreign := sorted(fields.value.keys() - _MEMBERS):
        raise EnvelopeError("a member that a flattened JWS does not have", where="JWS", why=foreign[0][:80])
    encoded, payload = fields.string("protected"), fields.string("payload")
    protected = strict_json.read_object(_base64url(encoded, _WHERE), where=_WHERE, limit=limits.MANIFEST)
    header = fields.object("header")
    check_unprotected(tuple(header.value), protected, "header")
    return Envelope(
        raw=raw,
        media_type=names.NOTATION_JWS,
        algorithm=_algorithm(protected.get("alg")),
        attributes=read_attributes(
            {name: value for name, value in protected.items() if name not in _REGISTERED},
            protected.get("crit"),
            protected.get("cty"),
            time=_time,
            where=_WHERE,
        ),
        payload=_base64url(payload, "payload"),
        message=_message(encoded, payload),
        signature=_base64url(fields.string("signature"), "signature"),
        chain=_chain(header),
        timestamp=_base64(header.string(TIMESTAMP), TIMESTAMP) if TIMESTAMP in header.value else None,
        agent=header.optional_string(AGENT),
    )


def protect(attributes: Attributes, algorithm: Algorithm) -> str:
    """The encoded protected header."""
    critical = [SCHEME]
    header: dict[str, Any] = {
        "alg": algorithm.jws,
        "cty": attributes.content_type,
        "crit": critical,
        SCHEME: attributes.scheme.value,
    }
    if attributes.scheme is Scheme.X509:
        header[SIGNING_TIME] = _write_time(attributes.signing_time)
    else:
        header[AUTHENTIC_TIME] = _write_time(attributes.signing_time)
        critical.append(AUTHENTIC_TIME)
    if attributes.expiry is not None:
        header[EXPIRY] = _write_time(attributes.expiry)
        critical.append(EXPIRY)
    return _encode(strict_json.write(header))


def message(protected: str, payload: bytes) -> bytes:
    """What is signed (RFC 7515 §5.1)."""
    return _message(protected, _encode(payload))


def write(
    protected: str, payload: bytes, signature: bytes, chain: Sequence[bytes], *, agent: str, timestamp: bytes | None
) -> bytes:
    """The envelope."""
    header: dict[str, Any] = {_CHAIN: [base64.b64encode(item).decode() for item in chain], AGENT: agent}
    if timestamp is not None:
        header[TIMESTAMP] = base64.b64encode(timestamp).decode()
    return strict_json.write(
        {"payload": _encode(payload), "protected": protected, "header": header, "signature": _encode(signature)}
    )


def _message(protected: str, payload: str) -> bytes:
    return f"{protected}.{payload}".encode("ascii")


def _algorithm(name: object) -> Algorithm:
    for row in ALGORITHMS:
        if row.jws == name:
            return row
    raise EnvelopeError("not an algorithm that may sign", where=f"{_WHERE}.alg", why=str(name)[:80])


def _chain(header: Fields) -> tuple[bytes, ...]:
    items = header.value.get(_CHAIN)
    if not isinstance(items, list):
        raise EnvelopeError("no certificate chain", where=f"header.{_CHAIN}")
    check_count(items, f"header.{_CHAIN}")
    if not all(isinstance(item, str) for item in items):
        raise EnvelopeError("a certificate is not a text", where=f"header.{_CHAIN}")
    return tuple(_base64(item, f"header.{_CHAIN}") for item in items)


def _time(value: object, where: str) -> datetime:
    """RFC 3339; a fraction is tolerated (it SHOULD NOT be there) and cut off at seconds."""
    if isinstance(value, str) and _RFC3339.fullmatch(value):
        try:
            return datetime.fromisoformat(_FRACTION.sub("", value, count=1)).astimezone(UTC)
        except (ValueError, OverflowError):  # a 30 February; a year before 1
            pass
    raise EnvelopeError("not a time of RFC 3339", where=where, why=repr(value)[:80])


def _write_time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _base64url(text: str, where: str) -> bytes:
    """Base64url without padding (RFC 7515 §2), in the one way that it can be written."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise EnvelopeError("not base64url", where=where, why=str(error)) from None
    if _encode(data) != text:
        raise EnvelopeError("not base64url", where=where, why="padding, or bits left over at the end")
    return data


def _base64(text: str, where: str) -> bytes:
    """Standard base64 with padding (RFC 7515 §4.1.6)."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise EnvelopeError("not base64", where=where, why=str(error)) from None
    if base64.b64encode(data).decode("ascii") != text:
        raise EnvelopeError("not base64", where=where, why="bits are left over at the end")
    return data
