"""Signatures as COSE_Sign1 (signature-envelope-cose.md; RFC 9052 §4.2). `cbor2` reads and writes the CBOR.

No kept library reads or writes these envelopes: docs/decisions/0011-notation.md compares them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from attest import names
from attest.errors import EnvelopeError, install
from attest.signing.notation import strict_cbor
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
    Label,
    Scheme,
    check_count,
    check_unprotected,
    read_attributes,
)

_SIGN1: Final = 18
_CONTEXT: Final = "Signature1"
_ALG, _CRIT, _CONTENT_TYPE, _CHAIN = 1, 2, 3, 33
_REGISTERED: Final = (_ALG, _CRIT, _CONTENT_TYPE)
_EPOCH: Final = 1
_WHERE: Final = "protected header"


def read(raw: bytes) -> Envelope:
    """Read one envelope. Raises `EnvelopeError`."""
    try:
        from cbor2 import CBORTag
    except ImportError:
        raise EnvelopeError(
            "COSE cannot be read here", why="cbor2 is not installed", next_step=install("notation")
        ) from None
    value = strict_cbor.read(raw, where="COSE")
    if not isinstance(value, CBORTag) or value.tag != _SIGN1:
        raise EnvelopeError("not a tagged COSE_Sign1", where="COSE")
    match value.value:
        case [bytes() as encoded, dict() as header, bytes() as payload, bytes() as signature]:
            pass
        case _:
            raise EnvelopeError("not a COSE_Sign1", where="COSE", why="expected header, header, payload, signature")
    protected = strict_cbor.read(encoded, where=_WHERE)
    if not isinstance(protected, dict):
        raise EnvelopeError("not a map", where=_WHERE)
    for labels in (protected, header):
        if not all(isinstance(label, str | int) and not isinstance(label, bool) for label in labels):
            raise EnvelopeError("a label is neither a text nor a number", where="COSE")
    check_unprotected(tuple(header), protected, "unprotected header")
    if misplaced := [label for label in _REGISTERED if label in header]:
        raise EnvelopeError(f"{misplaced[0]} stands in the unsigned header", where="unprotected header")
    return Envelope(
        raw=raw,
        media_type=names.NOTATION_COSE,
        algorithm=_algorithm(protected.get(_ALG)),
        attributes=read_attributes(
            {label: item for label, item in protected.items() if label not in (*_REGISTERED, _CHAIN)},
            protected.get(_CRIT),
            protected.get(_CONTENT_TYPE),
            time=_time,
            where=_WHERE,
        ),
        payload=payload,
        message=message(encoded, payload),
        signature=signature,
        chain=_chain(protected.get(_CHAIN, header.get(_CHAIN))),
        timestamp=_typed(header, TIMESTAMP, bytes),
        agent=_typed(header, AGENT, str),
    )


def protect(attributes: Attributes, algorithm: Algorithm) -> bytes:
    """The encoded protected header, deterministic (RFC 8949 §4.2.1)."""
    from cbor2 import CBORTag, dumps

    critical = [SCHEME]
    header: dict[Label, Any] = {
        _ALG: algorithm.cose,
        _CRIT: critical,
        _CONTENT_TYPE: attributes.content_type,
        SCHEME: attributes.scheme.value,
    }
    moment = CBORTag(_EPOCH, int(attributes.signing_time.timestamp()))
    if attributes.scheme is Scheme.X509:
        header[SIGNING_TIME] = moment
    else:
        header[AUTHENTIC_TIME] = moment
        critical.append(AUTHENTIC_TIME)
    if attributes.expiry is not None:
        header[EXPIRY] = CBORTag(_EPOCH, int(attributes.expiry.timestamp()))
        critical.append(EXPIRY)
    return dumps(header, canonical=True)


def message(protected: bytes, payload: bytes) -> bytes:
    """What is signed: the `Sig_structure` (RFC 9052 §4.4), without external data."""
    from cbor2 import dumps

    return dumps([_CONTEXT, protected, b"", payload])


def write(
    protected: bytes, payload: bytes, signature: bytes, chain: Sequence[bytes], *, agent: str, timestamp: bytes | None
) -> bytes:
    """The envelope."""
    from cbor2 import CBORTag, dumps

    header: dict[Label, Any] = {_CHAIN: list(chain), AGENT: agent}
    if timestamp is not None:
        header[TIMESTAMP] = timestamp
    return dumps(CBORTag(_SIGN1, [protected, header, payload, signature]), canonical=True)


def _algorithm(label: object) -> Algorithm:
    for row in ALGORITHMS:
        if row.cose == label and isinstance(label, int):
            return row
    raise EnvelopeError("not an algorithm that may sign", where=f"{_WHERE}.{_ALG}", why=str(label)[:80])


def _chain(items: object) -> tuple[bytes, ...]:
    if not isinstance(items, list):
        raise EnvelopeError("no certificate chain", where=f"header {_CHAIN}")
    check_count(items, f"header {_CHAIN}")
    if not all(isinstance(item, bytes) for item in items):
        raise EnvelopeError("a certificate is not a byte string", where=f"header {_CHAIN}")
    return tuple(items)


def _typed(header: Mapping[Label, Any], name: str, kind: type) -> Any:
    value = header.get(name)
    if value is not None and not isinstance(value, kind):
        raise EnvelopeError("of the wrong type", where=f"unprotected header.{name}")
    return value


def _time(value: object, where: str) -> datetime:
    """An epoch-based time (RFC 8949 §3.4.2); a fraction is tolerated (it SHOULD NOT be there) and cut off."""
    from cbor2 import CBORTag

    if isinstance(value, CBORTag) and value.tag == _EPOCH and type(value.value) in (int, float):
        try:
            return datetime.fromtimestamp(math.floor(value.value), UTC)
        except (ValueError, OverflowError, OSError):  # not a number, infinite, or far out of every calendar
            pass
    raise EnvelopeError("not a time of tag 1", where=where, why=repr(value)[:80])
