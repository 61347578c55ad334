"""RPM packages (rpm.org, "RPM V4 Package Format"): lead, signature header, main header, and a payload left packed.

What stands in the main header is shown as members, each named as its tag: the signature header may be written anew at
any time, and the lead says nothing that counts.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from typing import BinaryIO, Final

from attest import limits
from attest.errors import PackageError
from attest.packages.archives import Archive, Entry, Kind

MAGIC: Final = b"\xed\xab\xee\xdb"

_LEAD_SIZE: Final = 96
_HEADER_MAGIC: Final = b"\x8e\xad\xe8\x01\0\0\0\0"
_INTRO: Final = struct.Struct(">8sII")
_INDEX: Final = struct.Struct(">IIII")
_ALIGNED: Final = 8
_INT_32, _INT_64, _STRING, _STRING_ARRAY, _TRANSLATED = 4, 5, 6, 8, 9
_NAMES: Final = {
    1000: "NAME",
    1001: "VERSION",
    1002: "RELEASE",
    1011: "VENDOR",
    1014: "LICENSE",
    1015: "PACKAGER",
    1020: "URL",
    1022: "ARCH",
    1044: "SOURCERPM",
}
_LISTS: Final = {
    1004: "SUMMARY",
    1035: "FILEDIGESTS",
    1048: "REQUIREFLAGS",
    1049: "REQUIRENAME",
    1050: "REQUIREVERSION",
    1116: "DIRINDEXES",
    1117: "BASENAMES",
    1118: "DIRNAMES",
    5011: "FILEDIGESTALGO",
    5046: "RECOMMENDNAME",
    5047: "RECOMMENDVERSION",
    5048: "RECOMMENDFLAGS",
}
"""Shown only to who asks for them: texts, each with a zero byte behind it, or numbers of four bytes."""
_PAYLOAD_DIGEST, _PAYLOAD_ALGORITHM, _SHA256 = 5092, 5093, 8
_SIZE, _LONG_SIZE = 1000, 270  # in the signature header: of main header and payload together
_CHUNK: Final = 1 * limits.MIB


@dataclass(frozen=True, slots=True)
class _Header:
    """The entries by tag: type, offset into ``store``, count of values."""

    what: str
    entries: dict[int, tuple[int, int, int]]
    store: bytes

    def string(self, tag: int, kind: int = _STRING) -> bytes | None:
        """The one string of a tag, without its end. Raises `PackageError`."""
        found = self.entries.get(tag)
        if found is None:
            return None
        written, offset, count = found
        end = self.store.find(b"\0", offset)
        if (written, count) != (kind, 1) or end < 0:
            raise self.refused(f"tag {tag} is no string")
        return self.store[offset:end]

    def number(self, tag: int, kind: int = _INT_32) -> int | None:
        """The one number of a tag. Raises `PackageError`."""
        found = self.entries.get(tag)
        if found is None:
            return None
        written, offset, count = found
        end = offset + (4 if kind == _INT_32 else 8)
        if (written, count) != (kind, 1) or end > len(self.store):
            raise self.refused(f"tag {tag} is no number")
        return int.from_bytes(self.store[offset:end], "big")

    def values(self, tag: int) -> bytes | None:
        """All texts or numbers of a tag, as they stand there. Raises `PackageError`."""
        found = self.entries.get(tag)
        if found is None:
            return None
        written, offset, count = found
        end = offset
        if written == _INT_32:
            end += 4 * count
        elif written in (_STRING_ARRAY, _TRANSLATED):
            for _ in range(count):
                end = self.store.find(b"\0", end) + 1
                if not end:
                    raise self.refused(f"tag {tag} ends too early")
        else:
            raise self.refused(f"tag {tag} has values of type {written}")
        if end > len(self.store):
            raise self.refused(f"tag {tag} ends too early")
        return self.store[offset:end]

    def refused(self, why: str) -> PackageError:
        return PackageError(f"not the {self.what} of an RPM package", why=why)


def walk(file: BinaryIO, size: int, archive: Archive) -> None:
    """Show the strings of the main header of an RPM of ``size`` bytes to ``archive``. Raises `PackageError`."""
    file.seek(_LEAD_SIZE)
    signature = _header(file, "signature header")
    file.seek(-file.tell() % _ALIGNED, 1)
    begin = file.tell()
    main = _header(file, "header")
    found = {name: main.string(tag) for tag, name in _NAMES.items() if archive.asks_for(name)}
    found |= {name: main.values(tag) for tag, name in _LISTS.items() if archive.asks_for(name)}
    for name, value in found.items():
        if value is not None:
            entry = Entry(name, Kind.FILE, len(value))
            if archive.wants(entry):
                archive.keep(entry, value)
    _check_payload(file, size - begin, signature, main)


def skip(file: BinaryIO) -> None:
    """Go to where the payload begins. Raises `PackageError`."""
    file.seek(_LEAD_SIZE)
    _header(file, "signature header")
    file.seek(-file.tell() % _ALIGNED, 1)
    _header(file, "header")


def _header(file: BinaryIO, what: str) -> _Header:
    intro = file.read(_INTRO.size)
    magic, count, length = _INTRO.unpack(intro) if len(intro) == _INTRO.size else (b"", 0, 0)
    if magic != _HEADER_MAGIC:
        raise PackageError("not a whole RPM package", why=f"no {what} where it should be")
    if count > limits.RPM_TAGS or length > limits.RPM_HEADER:
        raise PackageError("too large a header", why=f"{count} tags and {length} bytes in the {what}")
    index, store = file.read(count * _INDEX.size), file.read(length)
    if len(index) + len(store) != count * _INDEX.size + length:
        raise PackageError("not a whole RPM package", why="it ends too early")
    entries: dict[int, tuple[int, int, int]] = {}
    for tag, kind, offset, values in _INDEX.iter_unpack(index):
        if tag in entries:
            raise PackageError(f"not the {what} of an RPM package", why=f"tag {tag} stands there twice")
        if offset > length:
            raise PackageError(f"not the {what} of an RPM package", why=f"tag {tag} lies beyond its end")
        entries[tag] = (kind, offset, values)
    return _Header(what, entries, store)


def _check_payload(file: BinaryIO, length: int, signature: _Header, main: _Header) -> None:
    """The payload is whole: the file stands before it, ``length`` is the size of main header and payload."""
    sizes = (signature.number(_SIZE), signature.number(_LONG_SIZE, _INT_64))
    said = [size for size in sizes if size is not None]
    if any(size != length for size in said):
        raise PackageError("not a whole RPM package", why=f"header and payload have {length} bytes, not {said[0]}")
    digest = main.string(_PAYLOAD_DIGEST, _STRING_ARRAY)
    if digest is not None and main.number(_PAYLOAD_ALGORITHM) == _SHA256:
        running = hashlib.sha256()
        while chunk := file.read(_CHUNK):
            running.update(chunk)
        if running.hexdigest().encode() != digest:
            raise PackageError("not a whole RPM package", why="its payload does not have the digest in its header")
    elif not said:
        raise PackageError("not a whole RPM package", why="it says neither size nor digest of its payload")
