"""Cpio archives with numbers in hex, as RPM packs what is to be installed (cpio(5), "New ASCII Format")."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from attest import limits
from attest.errors import PackageError
from attest.packages.archives import Archive, Entry, Kind

_MAGICS: Final = (b"070701", b"070702")
_HEADER: Final = re.compile(rb"07070[12]([0-9A-Fa-f]{8}){13}")
_SIZE: Final = 110
_MODE, _LINKS, _LENGTH, _NAME_LENGTH = 1, 4, 6, 11
_ALIGNED: Final = 4
_END: Final = b"TRAILER!!!"
_TYPES: Final = {0o100000: Kind.FILE, 0o040000: Kind.DIRECTORY, 0o120000: Kind.LINK}


def walk(pieces: Iterator[bytes], archive: Archive) -> None:
    """Show every member to ``archive``. Of several links to one file only the last one has its content.

    Raises `PackageError`.
    """
    stream = _Stream(pieces)
    while True:
        header = stream.read(_SIZE)
        if _HEADER.fullmatch(header) is None:
            raise PackageError("not a cpio archive", why=f"a header begins {header[:6]!r}, and {_MAGICS} are read")
        numbers = [int(header[at : at + 8], 16) for at in range(6, _SIZE, 8)]
        if numbers[_NAME_LENGTH] > limits.PURL:
            raise PackageError("not a cpio archive", why="a name is too long")
        name = stream.read(numbers[_NAME_LENGTH]).removesuffix(b"\0")
        stream.align()
        if name == _END:
            stream.finish()
            return
        kind = _TYPES.get(numbers[_MODE] & 0o170000, Kind.OTHER)
        entry = Entry(name.decode("utf-8", "surrogateescape"), kind, numbers[_LENGTH])
        if archive.wants(entry):
            archive.keep(entry, stream.read(entry.size))
        else:
            stream.skip(entry.size)
        stream.align()


class _Stream:
    """Exact amounts out of pieces."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")
        self._position = 0

    def read(self, amount: int) -> bytes:
        found = bytearray()
        self._take(amount, found.extend)
        return bytes(found)

    def skip(self, amount: int) -> None:
        self._take(amount, len)

    def align(self) -> None:
        self.skip(-self._position % _ALIGNED)

    def finish(self) -> None:
        """Raise `PackageError` unless only zeros follow."""
        if any(bytes(piece).strip(b"\0") for piece in (self._rest, *self._pieces)):
            raise PackageError("data after the end of a cpio archive", why="readers disagree about it")

    def _take(self, amount: int, consume: Callable[[memoryview], object]) -> None:
        self._position += amount
        while amount:
            if not self._rest:
                piece = next(self._pieces, None)
                if piece is None:
                    raise PackageError("not a whole cpio archive", why="it ends too early")
                self._rest = memoryview(piece)
            part, self._rest = self._rest[:amount], self._rest[amount:]
            amount -= len(part)
            consume(part)
