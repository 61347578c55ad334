"""Cargo: names and versions are exact."""

from __future__ import annotations

import re
from typing import Final

from attest import limits
from attest.errors import PackageError
from attest.formats import strict_toml
from attest.packages.archives import Archive, Container
from attest.packages.row import Ecosystem, Identity, Reader

_FILE_NAME: Final = re.compile(
    r"(?P<name>[A-Za-z0-9_-]+)-(?P<version>[0-9]+\.[0-9]+\.[0-9]+(?:[-+][0-9A-Za-z.+-]+)?)\.crate"
)


def _file_name(file_name: str) -> tuple[str, str] | None:
    match = _FILE_NAME.fullmatch(file_name)  # a name has no '.', so the first one ends the major version
    return None if match is None else (match["name"], match["version"])


def _read(archive: Archive) -> Identity | None:
    found = archive.one("*/Cargo.toml")
    if found is None or found.path[0] == "package":
        return None  # cargo writes NAME-VERSION, npm writes package
    if archive.one("*/PKG-INFO") and not archive.one("*/Cargo.toml.orig"):
        return None  # the sdist of a Python package written in Rust
    package = strict_toml.read(found.data, where=found.name, limit=limits.CARGO_TOML).get("package")
    if not isinstance(package, dict):
        return None
    name, version = package.get("name"), package.get("version")
    if not isinstance(name, str) or not isinstance(version, str):
        raise PackageError("[package] without name and version", where=found.name)
    if found.path[0] != f"{name}-{version}":
        raise PackageError(
            "a crate that contradicts itself",
            where=found.name,
            why=f"its directory should be {f'{name}-{version}'[:200]!r}",
        )
    return Identity((), name, version)


ROW: Final = Ecosystem(
    "cargo",
    one_artifact=True,
    file_name=_file_name,
    readers=(
        Reader(
            "crate",
            Container.TAR_GZ,
            "NAME-VERSION/Cargo.toml with [package]",
            ("*/Cargo.toml", "*/Cargo.toml.orig", "*/PKG-INFO"),
            _read,
        ),
    ),
)
