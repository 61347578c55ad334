"""CBOR (RFC 8949) as it must be when bytes are signed: what two readers could understand differently is refused.

The parser is `cbor2`'s. Refused are indefinite lengths, the same key twice, deep nesting, and bytes behind the end; no
tag is interpreted (some build dates, regular expressions or huge numbers): each comes back as a `CBORTag`.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any, Final

from attest import limits
from attest.errors import EnvelopeError

_STRINGS: Final = (2, 3)


def read(data: bytes, *, where: str) -> Any:
    """The one item that ``data`` is: dict, list, str, bytes, int, float, bool, None or `CBORTag`.

    Raises `EnvelopeError`.
    """
    from cbor2 import CBORDecodeError, CBORDecoder

    _count(data, where)
    source = BytesIO(data)
    decoder = CBORDecoder(
        source,
        semantic_decoders=_Uninterpreted(),
        max_depth=limits.CBOR_DEPTH,
        allow_indefinite=False,
        allow_duplicate_keys=False,
    )
    try:
        value = decoder.decode()
    except CBORDecodeError as error:
        raise EnvelopeError("not strict CBOR", where=where, why=str(error)[:160]) from None
    if source.tell() != len(data):
        raise EnvelopeError("not strict CBOR", where=where, why="there are bytes behind the end")
    return value


class _Uninterpreted(dict[int, Callable[[Any, bool], Any]]):
    """Answers for every number of a tag that there is."""

    def __missing__(self, number: int) -> Callable[[Any, bool], Any]:
        from cbor2 import CBORTag

        return lambda value, _immutable: CBORTag(number, value)


def _count(data: bytes, where: str) -> None:
    """Refuse more items than a header can have before they are built: one byte of CBOR is one object of memory."""
    position = items = 0
    while position < len(data):
        major, size = data[position] >> 5, data[position] & 0x1F
        position += 1
        if size > 27:
            raise EnvelopeError("not strict CBOR", where=where, why="an indefinite length, or none at all")
        if size >= 24:
            width = 1 << (size - 24)
            size = int.from_bytes(data[position : position + width], "big")
            position += width
        if major in _STRINGS:
            position += size
        items += 1
        if items > limits.CBOR_ITEMS:
            raise EnvelopeError("not read", where=where, why=f"more than {limits.CBOR_ITEMS} items of CBOR")
