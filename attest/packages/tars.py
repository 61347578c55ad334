"""Tar archives as a stream (POSIX pax interchange format; GNU tar "Basic Tar Format").

Nothing is held in memory but one block, one extended header (capped) and what was asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final

from attest import limits
from attest.errors import PackageError
from attest.packages.archives import Archive, Entry, Kind

MAGIC_OFFSET: Final = 257
MAGIC: Final = b"ustar"
"""What stands there in the first header of a tar that nothing is around."""

_BLOCK: Final = 512
_CHUNK: Final = 256 * limits.KIB
_ZERO: Final = bytes(_BLOCK)
_KINDS: Final = {
    b"0": Kind.FILE,
    b"\0": Kind.FILE,
    b"7": Kind.FILE,
    b"1": Kind.LINK,
    b"2": Kind.LINK,
    b"5": Kind.DIRECTORY,
}
_OTHERS: Final = frozenset({b"3", b"4", b"6"})  # devices and pipes
_OCTAL: Final = re.compile(rb"[0-7]*")
_PAX_LENGTH: Final = re.compile(rb"([1-9][0-9]{0,8}) ")
_RENAMING: Final = frozenset({b"path", b"size", b"linkpath"})


def plain(file: BinaryIO) -> Iterator[bytes]:
    """The content of a file, in pieces."""
    while piece := file.read(_CHUNK):
        yield piece


class _Blocks:
    """Exact amounts out of a stream of pieces."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")

    def take(self, amount: int, consume: Callable[[memoryview], object] | None = None) -> None:
        """Pass the next ``amount`` bytes on, piece by piece."""
        while amount:
            if not self._rest:
                piece = next(self._pieces, None)
                if piece is None:
                    raise PackageError("not a whole tar archive", why="it ends too early")
                self._rest = memoryview(piece)
            part, self._rest = self._rest[:amount], self._rest[amount:]
            amount -= len(part)
            if consume is not None:
                consume(part)

    def read(self, amount: int) -> bytes:
        data = bytearray()
        self.take(amount, data.extend)
        return bytes(data)

    def ended(self) -> bool:
        """Whether nothing follows."""
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return True
            self._rest = memoryview(piece)
        return False

    def only_zeros(self) -> bool:
        """Whether nothing but zeros follows, to the end."""
        return not any(piece.strip(b"\0") for piece in (bytes(self._rest), *self._pieces))


def first_name(head: bytes) -> str:
    """The name that the first header of a tar gives, extended ones left out. Raises `PackageError`."""
    blocks = _Blocks(iter((head,)))
    while (header := blocks.read(_BLOCK))[156:157] in (b"x", b"g"):
        length = _number(header[124:136])
        blocks.take(length + -length % _BLOCK)
    return _name(header)


def walk(pieces: Iterator[bytes], archive: Archive, *, cut: bool = False) -> None:
    """Show every member of a tar to ``archive``; one that is ``cut`` may end without an end mark.

    Raises `PackageError`.
    """
    blocks = _Blocks(pieces)
    name: str | None = None
    size: int | None = None
    extended = 0
    while not (cut and not extended and blocks.ended()) and (header := blocks.read(_BLOCK)) != _ZERO:
        _check_sum(header)
        flag = header[156:157]
        length = _number(header[124:136])
        if flag in (b"x", b"g", b"L", b"K"):
            extended += 1
            if length > limits.PACKAGE_TAR_HEADER or extended > 8:
                raise PackageError("an extended tar header too large", why=f"{length} bytes, the {extended}. in a row")
            data = blocks.read(length)
            blocks.take(-length % _BLOCK)
            new_name: str | None = None
            if flag == b"L":
                new_name = _text(data.rstrip(b"\0"))
            elif flag in (b"x", b"g"):
                new_name, new_size = _pax(data, is_global=flag == b"g")
                size = new_size if new_size is not None else size
            if new_name is not None:
                if name is not None:
                    raise PackageError("a tar member with two names", why=f"{name[:200]!r} and {new_name[:200]!r}")
                name = new_name
            continue
        kind = Kind.OTHER if flag in _OTHERS else _KINDS.get(flag)
        if kind is None:
            raise PackageError("an unknown kind of tar member", why=f"type {flag!r}")
        if size is not None:
            length = size
        if kind is not Kind.FILE and length:
            raise PackageError("a tar member with content that is no file", why=f"type {flag!r}, {length} bytes")
        entry = Entry(name if name is not None else _name(header), kind, length)
        if entry.name.endswith("/") and kind is Kind.FILE:
            entry = Entry(entry.name, Kind.DIRECTORY, length)  # as tar wrote directories before POSIX
        if archive.wants(entry):
            archive.keep(entry, blocks.read(length))
        else:
            blocks.take(length)
        blocks.take(-length % _BLOCK)
        name, size, extended = None, None, 0
    if not blocks.only_zeros():
        raise PackageError("data after the end of a tar archive", why="readers disagree about it")


def _check_sum(header: bytes) -> None:
    plain = header[:148] + b" " * 8 + header[156:]
    signed = sum(byte - 256 if byte > 127 else byte for byte in plain)  # as some old writers took it
    if _number(header[148:156]) not in (sum(plain), signed):
        raise PackageError("not a tar archive", why="the checksum of a header is wrong")


def _number(field: bytes) -> int:
    """A number in octal, or GNU's base 256."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    digits = field.split(b"\0", 1)[0].strip(b" ")
    if _OCTAL.fullmatch(digits) is None:
        raise PackageError("not a tar archive", why=f"{field!r} is no octal number")
    return int(digits or b"0", 8)


def _name(header: bytes) -> str:
    name = header[:100].split(b"\0", 1)[0]
    prefix = header[345:500].split(b"\0", 1)[0]
    if prefix and header[257:263] != b"ustar\0":  # GNU tar keeps times there; some readers take them for a directory
        raise PackageError("a tar header that readers understand differently", why=f"a prefix before {name[:80]!r}")
    return _text(prefix + b"/" + name if prefix else name)


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")


def _pax(data: bytes, *, is_global: bool) -> tuple[str | None, int | None]:
    """The name and size that a pax header gives its member."""
    name: str | None = None
    size: int | None = None
    keys: set[bytes] = set()
    position = 0
    while position < len(data):
        match = _PAX_LENGTH.match(data, position)
        end = position + int(match[1]) if match else 0
        if match is None or end > len(data) or end <= match.end() or data[end - 1 : end] != b"\n":
            raise PackageError("a malformed pax header", why=f"at byte {position}")
        key, equals, value = data[match.end() : end - 1].partition(b"=")
        if key in _RENAMING and key in keys:
            raise PackageError("a malformed pax header", why=f"{key.decode()} stands there twice")
        keys.add(key)
        if not equals or key.startswith(b"GNU.sparse.") or (is_global and key in _RENAMING):
            raise PackageError("a pax header that readers understand differently", why=repr(key[:80]))
        if key == b"path":
            name = _text(value)
        elif key == b"size":
            if not value.isdigit() or len(value) > 15:
                raise PackageError("a malformed pax header", why=f"size {value[:40]!r}")
            size = int(value)
        position = end
    return name, size
