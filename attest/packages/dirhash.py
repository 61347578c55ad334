"""Go's ``h1`` hash of a module's zip: of the names and contents in it, however they are compressed.

As golang.org/x/mod/sumdb/dirhash defines it: the sha256 of one line a member, sorted by the bytes of the names: sha256
of the content in hex, two spaces, name.
"""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Iterable
from typing import BinaryIO, Final

from attest import limits
from attest.errors import PackageError

_CHUNK: Final = 256 * limits.KIB
_UTF_8: Final = 0x800
_ENCRYPTED: Final = 0x01
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def dir_hash_1(file: BinaryIO, size: int) -> str:
    """The hash in hex of a zip of ``size`` bytes that `zips.walk` accepts. One piece of content is held at a time.

    Raises `PackageError` for a zip that Go does not take, damaged or larger than all reason.
    """
    allowed = min(limits.PACKAGE_UNPACKED, limits.PACKAGE_RATIO_FREE + limits.PACKAGE_RATIO * size)
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as opened:
            members = {_name(member): member for member in opened.infolist()}
            if sum(member.file_size for member in members.values()) > allowed:
                raise PackageError("a package that unpacks to too much", why=f"more than {allowed} bytes")
            if len({name.decode("utf-8", "surrogateescape").casefold() for name in members}) < len(opened.infolist()):
                raise PackageError("a Go module with two files of one name", why="but for upper and lower case")
            return summary((name, _sha256(opened, member)) for name, member in sorted(members.items(), key=_by_name))
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError) as error:
        raise PackageError("not a whole zip archive", why=str(error)) from None


def summary(files: Iterable[tuple[bytes, str]]) -> str:
    """The hash in hex of files, sorted by name: each its name and the sha256 of its content in hex."""
    lines = hashlib.sha256()
    for name, content in files:
        lines.update(b"%s  %s\n" % (content.encode("ascii"), name))
    return lines.hexdigest()


def _by_name(item: tuple[bytes, zipfile.ZipInfo]) -> bytes:
    return item[0]


def _name(member: zipfile.ZipInfo) -> bytes:
    """As it is in the file, which is what Go sorts and hashes."""
    name = member.orig_filename.encode("utf-8" if member.flag_bits & _UTF_8 else "cp437")
    if b"\n" in name:
        raise PackageError("a Go module with a line end in a name", where=repr(member.orig_filename[:200]))
    return name


def _sha256(opened: zipfile.ZipFile, member: zipfile.ZipInfo) -> str:
    if member.flag_bits & _ENCRYPTED or member.compress_type not in _METHODS:
        raise PackageError("a file that cannot be read", where=member.filename[:200], why="encrypted, or not deflated")
    digest, length = hashlib.sha256(), 0
    with opened.open(member) as stream:
        while piece := stream.read(_CHUNK):
            length += len(piece)
            digest.update(piece)
    if length != member.file_size:
        why = f"{length} bytes, {member.file_size} announced"
        raise PackageError("a zip that contradicts itself", where=member.filename[:200], why=why)
    return digest.hexdigest()
