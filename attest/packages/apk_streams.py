"""Alpine packages of version 2: a tar cut into gzip streams - signatures if any, control, data - of which only the
control stream speaks for the package (apk-tools, apk-v2(5)).
"""

from __future__ import annotations

import zlib
from typing import BinaryIO, Final

from attest import limits
from attest.errors import PackageError
from attest.packages import tars
from attest.packages.archives import Archive
from attest.packages.compression import Codec, unpacked

_SIGNATURE: Final = ".SIGN."
CONTROL: Final = ".PKGINFO"
_HEAD: Final = 4 * limits.KIB
_GZIP: Final = 31


def begins(file: BinaryIO) -> bool:
    """Whether a gzip file begins as an Alpine package."""
    return _first_name(file).startswith((_SIGNATURE, CONTROL))


def walk(file: BinaryIO, size: int, archive: Archive, data: Archive | None = None) -> None:
    """Show every member of the control stream to ``archive``, none of the others but those to install to ``data``,
    which has to ask for `CONTROL`. Raises `PackageError`."""
    signature, data = Archive((CONTROL,)), data or Archive((CONTROL,))
    sections = [archive, data]
    if _first_name(file).startswith(_SIGNATURE):
        sections.insert(0, signature)
    file.seek(0)
    for section in sections:
        tars.walk(unpacked(Codec.GZIP, file, size, alone=False), section, cut=section is not data)
    if file.tell() != size:
        raise PackageError("not a whole Alpine package", why="something follows its data")
    if sections[0] is signature and not signature.prefix.startswith(_SIGNATURE):
        raise PackageError("an Alpine package that contradicts itself", why="more than signatures in their stream")
    if not archive.prefix.startswith("."):
        raise PackageError("an Alpine package that contradicts itself", why="files to install in its control stream")
    if data.all(CONTROL):
        raise PackageError("an Alpine package that contradicts itself", why=f"a {CONTROL} among its data")


def _first_name(file: BinaryIO) -> str:
    """The name of the first member of the tar in a gzip file; empty where there is none."""
    file.seek(0)
    try:
        head = zlib.decompressobj(_GZIP).decompress(file.read(_HEAD), _HEAD)
        return tars.first_name(head)
    except (zlib.error, PackageError):
        return ""
