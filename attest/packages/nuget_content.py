"""NuGet's content hash: the sha512 of a package as it was before somebody signed it.

Galleries sign what is uploaded by adding one member, ``.signature.p7s``; `packages.lock.json` therefore has the hash of
the bytes that are left when that member is cut out of the zip and every offset and number is set right again
(NuGet.Packaging, SignedPackageArchiveUtility.GetPackageContentHash).
"""

from __future__ import annotations

import hashlib
import struct
import zipfile
from collections.abc import Iterator
from typing import BinaryIO, Final

from attest import limits
from attest.errors import PackageError

SIGNATURE: Final = ".signature.p7s"

_CHUNK: Final = 256 * limits.KIB
_UTF_8: Final = 0x800
_RECORD: Final = struct.Struct("<28s3H8sL")
"""Of the central directory: the lengths of name, extra field and comment, and the offset of the member."""

_END: Final = struct.Struct("<8s2H2LH")
"""The end record: number of members twice, size and offset of the directory, length of the comment."""

_ZIP_64: Final = frozenset({0xFFFF, 0xFFFFFFFF})


def content_hash(file: BinaryIO, size: int) -> str:
    """The hash in hex of a zip of ``size`` bytes that `zips.walk` accepts.

    Raises `PackageError` for a signature that NuGet does not write.
    """
    digest = hashlib.sha512()
    for piece in _unsigned(file, size):
        digest.update(piece)
    return digest.hexdigest()


def _unsigned(file: BinaryIO, size: int) -> Iterator[bytes]:
    """The bytes of the package without its signature."""
    members = _members(file)
    signatures = [member for member in members if member.orig_filename.lower() == SIGNATURE]
    if not signatures:
        yield from _range(file, 0, size)
        return
    (signature, *others) = signatures
    if others or signature.orig_filename != SIGNATURE or signature.flag_bits & _UTF_8:
        raise _refused("it is there twice, or written in another way")
    file.seek(size - _END.size)
    head, here, count, length, directory, comment = _END.unpack(file.read(_END.size))
    if not _ZIP_64.isdisjoint((here, count, length, directory)):
        raise _refused("the package is a zip64 archive")
    start = signature.header_offset
    end = min((member.header_offset for member in members if member.header_offset > start), default=directory)
    yield from _range(file, 0, start)
    yield from _range(file, end, directory)
    file.seek(directory)
    kept = 0
    for record in _records(file.read(length)):
        _, _, _, _, _, offset = _RECORD.unpack_from(record)
        if offset != start:
            kept += len(record)
            yield record[: _RECORD.size - 4]
            yield struct.pack("<L", offset - (end - start) if offset > start else offset)
            yield record[_RECORD.size :]
    yield _END.pack(head, here - 1, count - 1, kept, directory - (end - start), comment)


def _members(file: BinaryIO) -> list[zipfile.ZipInfo]:
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as opened:
            return opened.infolist()
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise PackageError("not a whole zip archive", why=str(error)) from None


def _records(directory: bytes) -> Iterator[bytes]:
    """The records of a central directory."""
    position = 0
    while position < len(directory):
        _, name, extra, comment, _, _ = _RECORD.unpack_from(directory, position)
        end = position + _RECORD.size + name + extra + comment
        yield directory[position:end]
        position = end


def _range(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    file.seek(start)
    while start < end and (piece := file.read(min(_CHUNK, end - start))):
        start += len(piece)
        yield piece


def _refused(why: str) -> PackageError:
    return PackageError("a package signature that NuGet does not write", where=SIGNATURE, why=why)
