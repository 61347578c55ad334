"""The files in a package, each with its hashes: those that it brings, not what holds them together."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import BinaryIO, Final

from attest import limits
from attest.errors import PackageError
from attest.packages import apk_streams, containers, cpio, rpm_header
from attest.packages.archives import Archive, Container, Entry, Kind
from attest.packages.compression import Codec, unpacked
from attest.packages.files import PackageFile, reopened

_PAYLOADS: Final = {
    ("deb", Container.AR): ("data.tar*",),
    ("gem", Container.TAR): ("data.tar.gz",),
    ("hex", Container.TAR): ("contents.tar.gz",),
    ("conda", Container.ZIP): ("pkg-*.tar.zst", "info-*.tar.zst"),
}
"""Where what is to be installed is packed once more."""
_CODECS: Final = {
    b"\x1f\x8b": Codec.GZIP,
    b"BZh": Codec.BZIP2,
    b"\xfd7zXZ\0": Codec.XZ,
    b"\x28\xb5\x2f\xfd": Codec.ZSTD,
}


@dataclass(frozen=True, slots=True)
class PackedFile:
    """One file: its path with slashes, both hashes in hex."""

    path: str
    sha1: str
    sha256: str


def contents(package: PackageFile) -> list[PackedFile]:
    """All files in a package, by path; links and devices are left out. Raises as `attest.packages.metadata.table`."""
    with reopened(package) as file:
        kind = containers.container(file)
        found = _Contents((apk_streams.CONTROL,) if kind is Container.APK else ())
        if kind is Container.APK:
            apk_streams.walk(file, package.size, Archive(()), found)
        elif kind is Container.RPM:
            _rpm(file, package.size, found)
        elif kind is not None and kind is not Container.JSON:
            payloads = _PAYLOADS.get((package.purl.type, kind))
            outer = found if payloads is None else _Payloads(payloads, found)
            containers.walk_into(file, package.size, kind, outer)
        return found.files


def _rpm(file: BinaryIO, size: int, found: Archive) -> None:
    rpm_header.skip(file)
    begin = file.tell()
    head = file.read(8)
    codec = next((codec for magic, codec in _CODECS.items() if head.startswith(magic)), None)
    if codec is None:
        raise PackageError("a payload that is not read", why=f"it is packed in another way than {', '.join(Codec)}")
    file.seek(begin)
    cpio.walk(unpacked(codec, file, size - begin), found)


class _Contents(Archive):
    """Hashes every file that it is shown, and keeps none."""

    def __init__(self, patterns: tuple[str, ...]) -> None:
        super().__init__(patterns)
        self._files: dict[str, PackedFile] = {}

    @property
    def files(self) -> list[PackedFile]:
        return [self._files[path] for path in sorted(self._files)]

    def wants(self, entry: Entry) -> bool:
        super().wants(entry)
        if entry.kind is Kind.FILE and entry.size > limits.BLOB:
            raise PackageError("a file too large to be listed", where=entry.name[:200], why=f"{entry.size} bytes")
        return entry.kind is Kind.FILE

    def keep(self, entry: Entry, data: bytes) -> None:
        parts = (part for part in entry.name.replace("\\", "/").split("/") if part not in ("", "."))
        path = "/".join(parts).encode("utf-8", "backslashreplace").decode("utf-8")
        if path in self._files:
            raise PackageError("a file that stands there twice", where=path[:200])
        sha1 = hashlib.sha1(data, usedforsecurity=False).hexdigest()
        self._files[path] = PackedFile(path, sha1, hashlib.sha256(data).hexdigest())


class _Payloads(Archive):
    """Shows what is in the archives within to another one."""

    def __init__(self, payloads: tuple[str, ...], inside: Archive) -> None:
        super().__init__(())
        self._payloads = payloads
        self._inside = inside

    def wants(self, entry: Entry) -> bool:
        super().wants(entry)
        wanted = entry.kind is Kind.FILE and any(fnmatchcase(entry.name, pattern) for pattern in self._payloads)
        if wanted and entry.size > limits.BLOB:
            raise PackageError("a payload too large to be listed", where=entry.name, why=f"{entry.size} bytes")
        return wanted

    def keep(self, entry: Entry, data: bytes) -> None:
        containers.walk_nested(entry.name, data, self._inside)
