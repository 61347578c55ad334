"""As much of DER (X.690) as puts the certificates of a timestamp token in order, and finds one attribute in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from attest.errors import EnvelopeError

SEQUENCE: Final = 0x30
SET: Final = 0x31
OBJECT_IDENTIFIER: Final = 0x06
OCTET_STRING: Final = 0x04


@dataclass(frozen=True, slots=True)
class Element:
    """One element: its tag (one byte) and its content; ``raw`` is both with the length between."""

    tag: int
    content: bytes
    raw: bytes

    def children(self) -> list[Element]:
        """The elements in the content. Raises `EnvelopeError`."""
        return list(_elements(self.content))

    def expect(self, tag: int) -> Element:
        """This element. Raises `EnvelopeError` if it has another tag."""
        if self.tag != tag:
            raise EnvelopeError("not the DER that was expected", why=f"tag {self.tag:#x}, not {tag:#x}")
        return self


def read(data: bytes) -> Element:
    """The one element that ``data`` is. Raises `EnvelopeError`."""
    found = list(_elements(data))
    if len(found) != 1:
        raise EnvelopeError("not DER", why=f"{len(found)} elements, not one")
    return found.pop()


def encode(tag: int, *parts: bytes) -> bytes:
    """An element whose content are encoded elements."""
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def _elements(data: bytes) -> Iterator[Element]:
    position = 0
    while position < len(data):
        begin = position
        if len(data) - position < 2 or data[position] & 0x1F == 0x1F:
            raise EnvelopeError("not DER", why="it ends in the middle, or has a long tag")
        tag, size = data[position], data[position + 1]
        position += 2
        if size & 0x80:
            width = size & 0x7F
            if not 1 <= width <= 4 or position + width > len(data):
                raise EnvelopeError("not DER", why="a length that is not definite")
            size = int.from_bytes(data[position : position + width], "big")
            position += width
        end = position + size
        if end > len(data):
            raise EnvelopeError("not DER", why="it ends in the middle")
        yield Element(tag, data[position:end], data[begin:end])
        position = end
