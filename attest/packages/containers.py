"""What holds the members of a package together: told by its first bytes, and walked to its end."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import BinaryIO, Final

from attest import limits
from attest.errors import PackageError
from attest.packages import apk_streams, ar, rpm_header, tars, zips
from attest.packages.archives import Archive, Container, Entry, Kind, Member
from attest.packages.compression import Codec, unpacked

DOCUMENT: Final = "document"
"""The one member of a file that is its own metadata."""

_MAGIC: Final = (
    (0, b"PK\x03\x04", Container.ZIP),
    (0, b"PK\x05\x06", Container.ZIP),
    (0, b"\x1f\x8b", Container.TAR_GZ),
    (0, b"BZh", Container.TAR_BZ2),
    (0, ar.MAGIC, Container.AR),
    (0, rpm_header.MAGIC, Container.RPM),
    (0, b"{", Container.JSON),
    (tars.MAGIC_OFFSET, tars.MAGIC, Container.TAR),
)
_ADB: Final = (b"ADB.", b"ADBd", b"ADBc")
_CODECS: Final = {".gz": Codec.GZIP, ".bz2": Codec.BZIP2, ".xz": Codec.XZ, ".zst": Codec.ZSTD}
_TAR: Final = ".tar"


def container(file: BinaryIO) -> Container | None:
    """What a file is; None for what is no container known here. Raises `PackageError` for one that is not read."""
    file.seek(0)
    head = file.read(tars.MAGIC_OFFSET + len(tars.MAGIC))
    if head.startswith(_ADB):
        raise PackageError(
            "an Alpine package of version 3",
            why="only those of version 2 are read",
            next_step="name it by purl, with --digest",
        )
    kind = next((kind for offset, magic, kind in _MAGIC if head.startswith(magic, offset)), None)
    return Container.APK if kind is Container.TAR_GZ and apk_streams.begins(file) else kind


def walk(file: BinaryIO, size: int, kind: Container, patterns: Iterable[str], *, member_max: int) -> Archive:
    """The members of a file of this kind that fit one of the patterns. Raises `PackageError`."""
    archive = Archive(patterns, member_max=member_max)
    walk_into(file, size, kind, archive)
    return archive


def walk_into(file: BinaryIO, size: int, kind: Container, archive: Archive) -> None:
    """Show the members to ``archive``. Raises `PackageError`."""
    file.seek(0)
    match kind:
        case Container.ZIP:
            zips.walk(file, size, archive)
        case Container.TAR:
            tars.walk(tars.plain(file), archive)
        case Container.TAR_GZ:
            tars.walk(unpacked(Codec.GZIP, file, size), archive)
        case Container.TAR_BZ2:
            tars.walk(unpacked(Codec.BZIP2, file, size), archive)
        case Container.APK:
            apk_streams.walk(file, size, archive)
        case Container.AR:
            ar.walk(file, size, archive)
        case Container.RPM:
            rpm_header.walk(file, size, archive)
        case Container.JSON:
            document = Entry(DOCUMENT, Kind.FILE, size)
            if archive.wants(document):
                archive.keep(document, file.read())
    archive.finish()


def nested(member: Member, patterns: Iterable[str]) -> Archive:
    """The members of a tar within a package, packed as the end of its name says. Raises `PackageError`."""
    archive = Archive(patterns, member_max=limits.PACKAGE_METADATA)
    walk_nested(member.name, member.data, archive)
    return archive


def walk_nested(name: str, data: bytes, archive: Archive) -> None:
    """Show the members of such a tar to ``archive``. Raises `PackageError`."""
    stem, dot, ending = name.rpartition(".")
    file = io.BytesIO(data)
    try:
        if dot + ending == _TAR:
            tars.walk(tars.plain(file), archive)
        elif stem.endswith(_TAR) and dot + ending in _CODECS:
            tars.walk(unpacked(_CODECS[dot + ending], file, len(data)), archive)
        else:
            raise PackageError("not a tar", why=f"nothing is known to end in {(dot + ending)[:40]!r}")
        archive.finish()
    except PackageError as error:
        where = ": ".join(part for part in (name[:200], error.where) if part)
        raise PackageError(error.what, where=where, why=error.why, next_step=error.next_step) from None
