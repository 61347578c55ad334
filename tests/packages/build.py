"""Package files made in tests: whole ones, and such as no honest tool writes."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

Members = Iterable[tuple[str, bytes]]

PACKAGE_JSON = b'{"name": "semver", "version": "7.6.3"}'
PKG_INFO = b"Metadata-Version: 2.1\nName: Foo.Bar\nVersion: 1.0\n\nText\n"
CARGO_TOML = b'[package]\nname = "foo"\nversion = "1.0.0"\n'
WHEEL = b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def tar(members: Iterable[tuple[str, bytes] | tarfile.TarInfo], tar_format: int = tarfile.PAX_FORMAT) -> bytes:
    """A tar; a bare `TarInfo` is written without content."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tar_format) as opened:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                opened.addfile(member)
            else:
                info = tarfile.TarInfo(member[0])
                info.size = len(member[1])
                opened.addfile(info, io.BytesIO(member[1]))
    return buffer.getvalue()


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def of_kind(name: str, kind: bytes) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    return info


def tgz(members: Iterable[tuple[str, bytes] | tarfile.TarInfo]) -> bytes:
    return gzip.compress(tar(members), mtime=0)


def zipped(members: Members, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as opened:
        for name, data in members:
            opened.writestr(zipfile.ZipInfo(name), data, compression)
    return buffer.getvalue()


def wheel_members(name: str = "foo_bar", version: str = "1.0", metadata: bytes = PKG_INFO) -> list[tuple[str, bytes]]:
    folder = f"{name}-{version}.dist-info"
    return [
        (f"{name}/__init__.py", b""),
        (f"{folder}/METADATA", metadata),
        (f"{folder}/WHEEL", WHEEL),
        (f"{folder}/RECORD", b""),
    ]


def write(folder: Path, data: bytes, name: str = "file") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path
