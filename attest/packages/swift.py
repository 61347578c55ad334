"""Swift: the source host, in lower case, and its owner are the namespace.

A version is named by its git commit, and by the sha256 of a registry's archive: two artifacts. The archive is the
sources as they are (Swift package registry, "Download source archive"): it says neither name nor version.
"""

from __future__ import annotations

from typing import Final

from attest.errors import PackageError
from attest.packages.archives import Archive, Container
from attest.packages.digest import GIT_COMMIT, SHA256
from attest.packages.row import MANY, Ecosystem, Identity, Reader, ascii_lower

_MANIFEST: Final = "Package.swift"


def _read(archive: Archive) -> Identity | None:
    """At the root, or in the one directory that `swift package archive-source` puts everything in."""
    root, inside = archive.one(_MANIFEST), archive.one(f"*/{_MANIFEST}")
    if root is None and inside is None:
        return None
    if root is None and inside is not None and not archive.prefix.startswith(inside.name.removesuffix(_MANIFEST)):
        raise PackageError(
            "a Swift package with files beside it", where=inside.name[:200], why="its archive has one directory only"
        )
    return Identity(None, None, None)


ROW: Final = Ecosystem(
    "swift",
    algorithms=(SHA256, GIT_COMMIT),
    namespace="the source host and owner, such as github.com/apple",
    namespace_min=2,
    namespace_max=MANY,
    first_segment=ascii_lower,
    readers=(Reader("Swift package", Container.ZIP, f"NAME/{_MANIFEST}", (_MANIFEST, f"*/{_MANIFEST}"), _read),),
)
