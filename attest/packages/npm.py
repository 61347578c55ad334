"""npm: names are exact, since old ones differ by case only (JSONStream, jsonstream); the scope is the namespace."""

from __future__ import annotations

from typing import Final

from attest import limits
from attest.errors import PackageError
from attest.oci import strict_json
from attest.packages.archives import Archive, Container
from attest.packages.digest import SHA512
from attest.packages.row import Ecosystem, Identity, Reader

_BOM: Final = b"\xef\xbb\xbf"


def _scope(segment: str) -> str:
    if not segment.startswith("@") or len(segment) == 1:
        raise ValueError(f"the scope of an npm package begins with '@', not {segment!r}")
    return segment


def _name(name: str) -> str:
    if name.startswith("@"):
        raise ValueError(f"{name!r} is a scope without a name")
    return name


def _read(archive: Archive) -> Identity | None:
    found = archive.one("*/package.json")
    if found is None:
        return None
    if found.path[0] != "package" and (archive.one("*/PKG-INFO") or archive.one("*/Cargo.toml")):
        return None  # a Python or Rust package that also has a part for the browser
    data = found.data.removeprefix(_BOM)  # npm skips it too
    fields = strict_json.Fields(
        strict_json.read_object(data, where=found.name, limit=limits.PACKAGE_METADATA), found.name
    )
    name, version = fields.string("name"), fields.string("version")
    scope, slash, rest = name.partition("/")
    if not slash:
        return Identity((), name, version)
    if "/" in rest:
        raise PackageError("not an npm name", where=found.name, why=repr(name[:200]))
    return Identity((scope,), rest, version)


ROW: Final = Ecosystem(
    "npm",
    algorithms=(SHA512,),
    one_artifact=True,
    namespace="the scope",
    namespace_max=1,
    first_segment=_scope,
    name=_name,
    readers=(
        Reader(
            "npm package",
            Container.TAR_GZ,
            "package/package.json",
            ("*/package.json", "*/PKG-INFO", "*/Cargo.toml"),
            _read,
        ),
    ),
)
