"""CocoaPods: the digest is that of the podspec in JSON, which is all that its registry serves."""

from __future__ import annotations

import re
from typing import Final

from attest import limits
from attest.errors import PackageError
from attest.oci import strict_json
from attest.packages.archives import Archive, Container
from attest.packages.containers import DOCUMENT
from attest.packages.row import Ecosystem, Identity, Reader

_NAME: Final = re.compile(r"[^\s/.][^\s/]*")  # Pod::Specification::Linter: no blank, no slash, no dot at first
_VERSION: Final = re.compile(r"[0-9]+(?:\.[0-9A-Za-z]+)*(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?")
_REQUIRED: Final = frozenset({"name", "version", "summary", "source"})


def _read(archive: Archive) -> Identity | None:
    """A root specification has a source; other documents with name and version, such as package.json, have none."""
    found = archive.one(DOCUMENT)
    if found is None:
        return None
    document = strict_json.read_object(found.data, where=found.name, limit=limits.PACKAGE_METADATA)
    if not document.keys() >= _REQUIRED or not isinstance(document["source"], dict):
        return None
    fields = strict_json.Fields(document, found.name)
    name, version = fields.string("name"), fields.string("version")
    if _NAME.fullmatch(name) is None or _VERSION.fullmatch(version) is None:
        raise PackageError("not a podspec", why=f"name or version is none: {name[:80]!r}, {version[:80]!r}")
    return Identity((), name, version)


ROW: Final = Ecosystem(
    "cocoapods", readers=(Reader("podspec", Container.JSON, "name, version, summary and source", (DOCUMENT,), _read),)
)
