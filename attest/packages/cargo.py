"""Cargo: names and versions are exact."""

from __future__ import annotations

import re
from typing import Any, Final

from attest import limits
from attest.errors import PackageError
from attest.packages.archives import Archive, Container, Member
from attest.packages.row import Ecosystem, Identity, Reader

_FILE_NAME: Final = re.compile(
    r"(?P<name>[A-Za-z0-9_-]+)-(?P<version>[0-9]+\.[0-9]+\.[0-9]+(?:[-+][0-9A-Za-z.+-]+)?)\.crate"
)

_STRINGS: Final = re.compile(
    r"""\#[^\n]*+
    | \"{3} (?: [^"\\] | \\. | "{1,2}(?!") )*+ "{0,5}
    | '{3} (?: [^'] | '{1,2}(?!') )*+ '{0,5}
    | "(?: [^"\\\n] | \\. )*+ "?
    | '[^'\n]*+ '?""",
    re.VERBOSE | re.DOTALL,
)
_DEEP_KEY: Final = re.compile(rf"(?<![\w-])(?:[\w-]++[ \t]*+\.[ \t]*+){{{limits.CARGO_KEY_DEPTH}}}")


def _file_name(file_name: str) -> tuple[str, str] | None:
    match = _FILE_NAME.fullmatch(file_name)  # a name has no '.', so the first one ends the major version
    return None if match is None else (match["name"], match["version"])


def _read(archive: Archive) -> Identity | None:
    found = archive.one("*/Cargo.toml")
    if found is None or found.path[0] == "package":
        return None  # cargo writes NAME-VERSION, npm writes package
    if archive.one("*/PKG-INFO") and not archive.one("*/Cargo.toml.orig"):
        return None  # the sdist of a Python package written in Rust
    package = _toml(found).get("package")
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


def _toml(member: Member) -> dict[str, Any]:
    import tomllib

    if len(member.data) > limits.CARGO_TOML:
        raise PackageError("not a Cargo.toml", where=member.name, why=f"more than {limits.CARGO_TOML} bytes")
    try:
        text = member.data.decode("utf-8")
        if _DEEP_KEY.search(_STRINGS.sub(_without, text)):  # tomllib needs memory by the square of a key's depth
            raise PackageError("not a Cargo.toml", where=member.name, why="a key of too many parts")
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also of UTF-8, and of a number of too many digits
        raise PackageError("not TOML", where=member.name, why=str(error)) from None


def _without(match: re.Match[str]) -> str:
    """A comment is nothing; a string may be a part of a key."""
    return "" if match[0].startswith("#") else "s"


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
