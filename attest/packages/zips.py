"""Zip archives by their central directory (PKWARE APPNOTE.TXT), of which the local headers must tell the same.

Some installers read the directory and some the stream, so a zip that holds more in one than in the other is two
packages in one file. Here the members must fill the file from its first byte to the directory without a gap.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from typing import BinaryIO, Final

from attest import limits
from attest.errors import PackageError
from attest.packages.archives import Archive, Entry, Kind

_END: Final = struct.Struct("<4s4H2LH")
_END_64: Final = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_64: Final = struct.Struct("<4sLQL")
_LOCAL: Final = struct.Struct("<4s5H3L2H")
_DESCRIPTOR_FLAG: Final = 0x08
_ENCRYPTED_FLAG: Final = 0x01
_DESCRIPTOR_SIZES: Final = (12, 16, 20, 24)
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_UNIX: Final = 3
_TYPE_MASK: Final = 0o170000
_LINK: Final = 0o120000


def walk(file: BinaryIO, size: int, archive: Archive) -> None:
    """Show every member of a zip to ``archive``. Raises `PackageError`."""
    directory, count = _directory(file, size)
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as opened:
            members = opened.infolist()
            if len(members) != count:
                raise PackageError(
                    "a zip that contradicts itself", why=f"{count} members announced, {len(members)} there"
                )
            _check_stream(file, sorted(members, key=lambda member: member.header_offset), directory)
            for member in members:
                entry = Entry(member.orig_filename, _kind(member), member.file_size)
                if archive.wants(entry):
                    archive.keep(entry, _content(opened, member))
    except (zipfile.BadZipFile, zlib.error, struct.error, NotImplementedError, EOFError, UnicodeDecodeError) as error:
        raise PackageError("not a whole zip archive", why=str(error)) from None


def _directory(file: BinaryIO, size: int) -> tuple[int, int]:
    """Offset of the central directory and number of members, as the end record gives them."""
    if size < _END.size:
        raise PackageError("not a whole zip archive", why="it ends too early")
    file.seek(size - _END.size)
    magic, disk, start_disk, here, count, length, offset, comment = _END.unpack(file.read(_END.size))
    if magic != b"PK\x05\x06" or comment:
        raise PackageError("not a whole zip archive", why="its end record is not its end")
    end = size - _END.size
    if 0xFFFF in (here, count) or 0xFFFFFFFF in (length, offset):
        end -= _LOCATOR_64.size + _END_64.size
        if end < 0:
            raise PackageError("not a whole zip archive", why="it ends too early")
        file.seek(end)
        magic, rest, _, _, disk, start_disk, here, count, length, offset = _END_64.unpack(file.read(_END_64.size))
        locator, _, position, _ = _LOCATOR_64.unpack(file.read(_LOCATOR_64.size))
        if (magic, locator, position, rest) != (b"PK\x06\x06", b"PK\x06\x07", end, _END_64.size - 12):
            raise PackageError("not a whole zip archive", why="its zip64 end record is not before its end")
    if disk or start_disk or here != count or offset + length != end:
        raise PackageError("a zip that contradicts itself", why="the end record does not fit the file")
    if count > limits.PACKAGE_MEMBERS or length > limits.PACKAGE_DIRECTORY:
        raise PackageError("too many members", why=f"{count} in a directory of {length} bytes")
    return offset, count


def _check_stream(file: BinaryIO, members: list[zipfile.ZipInfo], directory: int) -> None:
    """The members, read one after the other, are those of the directory."""
    position = 0
    for number, member in enumerate(members):
        following = members[number + 1].header_offset if number + 1 < len(members) else directory
        if member.header_offset != position:
            raise _contradiction(member, "it does not begin where the one before ends")
        file.seek(position)
        magic, _, flags, method, _, _, _, packed, _, name_size, extra = _LOCAL.unpack(file.read(_LOCAL.size))
        name = file.read(name_size)
        if magic != b"PK\x03\x04" or (flags, method) != (member.flag_bits, member.compress_type):
            raise _contradiction(member, "its own header differs")
        if name.decode("utf-8" if flags & 0x800 else "cp437") != member.orig_filename:
            raise _contradiction(member, "its own header has another name")
        gap = following - (position + _LOCAL.size + name_size + extra + member.compress_size)
        described = bool(flags & _DESCRIPTOR_FLAG)
        if gap and not (described and gap in _DESCRIPTOR_SIZES):
            raise _contradiction(member, f"{gap} bytes between it and the next")
        if not described and packed not in (member.compress_size, 0xFFFFFFFF):
            raise _contradiction(member, "its own header has another size")
        position = following
    if position != directory:
        raise PackageError("a zip that contradicts itself", why="data that belongs to no member")


def _kind(member: zipfile.ZipInfo) -> Kind:
    if member.is_dir():
        return Kind.DIRECTORY
    is_link = member.create_system == _UNIX and (member.external_attr >> 16) & _TYPE_MASK == _LINK
    return Kind.LINK if is_link else Kind.FILE


def _content(opened: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    if member.flag_bits & _ENCRYPTED_FLAG or member.compress_type not in _METHODS:
        raise PackageError("metadata that cannot be read", where=member.filename, why="encrypted, or not deflated")
    with opened.open(member) as stream:
        data = stream.read(member.file_size + 1)
    if len(data) != member.file_size:
        raise _contradiction(member, f"{len(data)} bytes, {member.file_size} announced")
    return data


def _contradiction(member: zipfile.ZipInfo, why: str) -> PackageError:
    return PackageError("a zip that contradicts itself", where=member.orig_filename[:200], why=why)
