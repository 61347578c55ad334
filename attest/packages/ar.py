"""Unix archives in the common form, as Debian packages are (deb(5)): short names only, every member once."""

from __future__ import annotations

import re
import struct
from typing import BinaryIO, Final

from attest import limits
from attest.errors import PackageError
from attest.packages.archives import Archive, Entry, Kind

MAGIC: Final = b"!<arch>\n"

_HEADER: Final = struct.Struct("16s12s6s6s8s10s2s")
_NAME: Final = re.compile(rb"([!-.0-~]+)/? *")  # GNU writes a slash behind a name; nobody writes one within
_SIZE: Final = re.compile(rb"([0-9]+) *")


def walk(file: BinaryIO, size: int, archive: Archive) -> None:
    """Show every member of an ar of ``size`` bytes to ``archive``. Raises `PackageError`."""
    file.seek(len(MAGIC))
    position = len(MAGIC)
    names: set[str] = set()
    while position < size:
        name, length = _header(file.read(_HEADER.size), position)
        position += _HEADER.size + length
        if position > size:
            raise PackageError("not a whole ar archive", why="it ends too early")
        if name in names:
            raise PackageError("a member that stands there twice", where=name)
        if len(names) == limits.AR_MEMBERS:
            raise PackageError("too many members", why=f"more than {limits.AR_MEMBERS}")
        names.add(name)
        entry = Entry(name, Kind.FILE, length)
        if archive.wants(entry):
            archive.keep(entry, file.read(length))
        else:
            file.seek(position)
        if length % 2 and position < size:
            position += 1
            if file.read(1) != b"\n":
                raise PackageError("not a whole ar archive", why=f"no line end after a member of {length} bytes")


def _header(data: bytes, position: int) -> tuple[str, int]:
    """Name and size of a member."""
    if len(data) == _HEADER.size:
        name, *_, size, end = _HEADER.unpack(data)
        named, sized = _NAME.fullmatch(name), _SIZE.fullmatch(size)
        if named and sized and end == b"`\n":
            return named[1].decode(), int(sized[1])
    raise PackageError("not a whole ar archive", why=f"no header of a member at byte {position}")
