"""NuGet: ids in lower case, versions as NuGetVersion.ToNormalizedString writes them, in lower case.

The digest is that of the content without the package's signature, which the gallery adds after upload.
"""

from __future__ import annotations

import re
from typing import Final

from attest import limits
from attest.errors import PackageError
from attest.formats import strict_xml
from attest.packages.archives import Archive, Container
from attest.packages.digest import NUGET_CONTENT_HASH
from attest.packages.nuget_content import content_hash
from attest.packages.row import Ecosystem, Identity, Reader, ascii_lower

_NUSPEC: Final = "*.nuspec"
_ID: Final = re.compile(r"\w+(?:[.-]\w+)*")
_ID_LENGTH: Final = 100

_LABELS: Final = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_VERSION: Final = re.compile(rf"(?P<numbers>[0-9]+(?:\.[0-9]+){{0,3}})(?P<release>-{_LABELS})?(?:\+{_LABELS})?")
_INT_32_DIGITS: Final = 10
_INT_32_MAX: Final = 2**31 - 1


def _version(version: str) -> str:
    match = _VERSION.fullmatch(version)
    if match is None:
        raise ValueError(f"{version!r} is no NuGet version")
    texts = [text.lstrip("0") or "0" for text in match["numbers"].split(".")]
    if any(len(text) > _INT_32_DIGITS or int(text) > _INT_32_MAX for text in texts):
        raise ValueError(f"{version!r} is no NuGet version: a number does not fit 32 bits")
    texts += ["0"] * (3 - len(texts))
    if texts[3:] == ["0"]:
        texts.pop()
    return ".".join(texts) + ascii_lower(match["release"] or "")


def _read(archive: Archive) -> Identity | None:
    """The manifest at the root (NuGet docs, ".nuspec reference"); its own file name says nothing."""
    found = archive.one(_NUSPEC)
    if found is None:
        return None
    package = strict_xml.read(found.data, where=found.name, limit=limits.PACKAGE_METADATA)
    metadata = package.one("metadata")
    if package.name != "package" or metadata is None:
        raise PackageError("not the manifest of a package", where=package.where, why="no metadata in a package")
    name, version = metadata.value("id"), metadata.value("version")
    if name is None or version is None:
        raise PackageError("not the manifest of a package", where=metadata.where, why="id or version is missing")
    if len(name) > _ID_LENGTH or _ID.fullmatch(name) is None:
        raise PackageError("not the manifest of a package", where=metadata.where, why=f"{name[:120]!r} is no id")
    return Identity((), name, version)


ROW: Final = Ecosystem(
    "nuget",
    algorithms=(NUGET_CONTENT_HASH,),
    digest=content_hash,
    one_artifact=True,
    name=ascii_lower,
    version=_version,
    readers=(Reader("NuGet package", Container.ZIP, "NAME.nuspec", (_NUSPEC,), _read),),
)
