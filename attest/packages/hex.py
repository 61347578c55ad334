"""Hex: an organization, if any, is the namespace; the digest is the outer checksum.

The package, a tar without compression, says its name in ``metadata.config``, but not whose it is: without a purl it is
taken for one of no organization. The checksum within (CHECKSUM) is deprecated by Hex; the outer one covers it as well.
"""

from __future__ import annotations

import re
from typing import Final

from attest import limits
from attest.errors import PackageError
from attest.packages import erlang_terms
from attest.packages.archives import Archive, Container
from attest.packages.row import Ecosystem, Identity, Reader

_METADATA: Final = "metadata.config"
_FORMAT: Final = "VERSION"
_FORMAT_READ: Final = b"3"
_LABELS: Final = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_VERSION: Final = re.compile(rf"[0-9]+\.[0-9]+\.[0-9]+(?:-{_LABELS})?(?:\+{_LABELS})?")
_NAME: Final = re.compile(r"[a-z][A-Za-z0-9_]*")


def _file_name(file_name: str) -> tuple[str, str] | None:
    """NAME-VERSION.tar; a name has no ``-``."""
    name, dash, version = file_name.removesuffix(".tar").partition("-")
    certain = file_name.endswith(".tar") and dash and _NAME.fullmatch(name) and _VERSION.fullmatch(version)
    return (name, version) if certain else None


def _read(archive: Archive) -> Identity | None:
    found = archive.one(_METADATA)
    if found is None:
        return None
    written = archive.one(_FORMAT)
    if written is None or written.data != _FORMAT_READ:
        raise PackageError("a Hex package of an unknown version", where=_FORMAT, why="only version 3 is read")
    if len(found.data) > limits.HEX_METADATA:
        raise PackageError("metadata too large", where=found.name, why=f"more than {limits.HEX_METADATA} bytes")
    pairs = erlang_terms.pairs(found.data, found.name)
    name, version = pairs.get("name"), pairs.get("version")
    named = isinstance(name, str) and _NAME.fullmatch(name)
    if not isinstance(name, str) or not isinstance(version, str) or not named or not _VERSION.fullmatch(version):
        raise PackageError("not the metadata of a Hex package", where=found.name, why="it has no name and version")
    return Identity(None, name, version)


ROW: Final = Ecosystem(
    "hex",
    one_artifact=True,
    namespace="the organization",
    namespace_max=1,
    file_name=_file_name,
    readers=(Reader("Hex package", Container.TAR, _METADATA, (_METADATA, _FORMAT), _read),),
)
