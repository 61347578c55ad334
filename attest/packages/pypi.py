"""PyPI: names by PEP 503, versions by the version specifiers specification; wheels and sdists."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from attest import limits
from attest.errors import PackageError
from attest.packages.archives import Archive, Container, Member
from attest.packages.row import Ecosystem, Identity, Reader, ascii_lower

if TYPE_CHECKING:
    from email.message import Message

_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_SEPARATORS: Final = re.compile(r"[-_.]+")
_BLANK_LINE: Final = re.compile(rb"\n[\r\n]|\r\r")
_HEADER: Final = re.compile(rb"(?<![^\r\n])[^\s]")  # what begins with a space continues the one before


def _name(name: str) -> str:
    if _NAME.fullmatch(name) is None:
        raise ValueError(f"{name[:80]!r} is no PyPI name: letters, digits and single '.', '-', '_' between them")
    return ascii_lower(_SEPARATORS.sub("-", name))


def _version(version: str) -> str:
    from packaging.version import Version

    try:
        return str(Version(version))
    except ValueError:  # InvalidVersion is one, and so is a number of too many digits
        raise ValueError(f"{version[:80]!r} is no Python version") from None


def _file_name(file_name: str) -> tuple[str, str] | None:
    from packaging.utils import parse_sdist_filename, parse_wheel_filename

    try:
        if file_name.endswith(".whl"):
            name, version, _, _ = parse_wheel_filename(file_name)
        else:
            name, version = parse_sdist_filename(file_name)
    except ValueError:  # all of theirs are, and so is a number of too many digits
        return None
    return name, str(version)


def _read_wheel(archive: Archive) -> Identity | None:
    metadata, wheel = archive.one("*.dist-info/METADATA"), archive.one("*.dist-info/WHEEL")
    if metadata is None or wheel is None:
        return None
    if metadata.path[0] != wheel.path[0]:
        raise PackageError("a wheel with two .dist-info directories", why=f"{metadata.path[0]!r} and {wheel.path[0]!r}")
    name, version = _core_metadata(metadata)
    _check_directory(metadata.path[0].removesuffix(".dist-info"), name, version, metadata)
    return Identity((), name, version, _tag(wheel))


def _read_sdist(archive: Archive) -> Identity | None:
    found = archive.one("*/PKG-INFO")
    if found is None or "-" not in found.path[0]:
        return None
    if archive.one("*/Cargo.toml.orig") is not None:
        raise PackageError("both an sdist and a crate", why="it has PKG-INFO and Cargo.toml.orig")
    name, version = _core_metadata(found)
    _check_directory(found.path[0], name, version, found)
    return Identity((), name, version)


def _core_metadata(member: Member) -> tuple[str, str]:
    """Name and version of a METADATA or PKG-INFO (core metadata specification)."""
    from email.parser import BytesHeaderParser

    headers = BytesHeaderParser().parsebytes(_head(member))
    found = [headers.get_all(key, []) for key in ("Name", "Version")]
    if any(len(values) != 1 for values in found):
        why = f"Name or Version {'stands there twice' if all(found) else 'is missing'}"
        raise PackageError("not the metadata of a Python package", where=member.name, why=why)
    (name,), (version,) = found
    return str(name), str(version)


def headers(member: Member) -> Message:
    """All fields of a METADATA or PKG-INFO, which is UTF-8. Raises `PackageError` for too many."""
    from email.parser import HeaderParser

    return HeaderParser().parsestr(_head(member).decode("utf-8", "replace"))


def _tag(wheel: Member) -> str | None:
    """The tags of a WHEEL as a file name has them (platform compatibility tags, "Compressed tag sets").

    None if there are none, or such as no file name could hold: nobody builds those.
    """
    lines = re.split(r"\r\n|\n|\r", _head(wheel).decode("utf-8", "replace"))
    tags = {line.partition(":")[2].strip() for line in lines if line.startswith("Tag:")}
    parts = [tuple(tag.split("-")) for tag in tags]
    if not parts or any(len(part) != 3 for part in parts):
        return None
    sets = [sorted(set(column)) for column in zip(*parts, strict=True)]
    if len(tags) != len(sets[0]) * len(sets[1]) * len(sets[2]):
        return None
    return "-".join(".".join(column) for column in sets)


def _head(member: Member) -> bytes:
    """The headers, up to the first blank line. Raises `PackageError` for more of them than any package has."""
    end = _BLANK_LINE.search(member.data)
    head = member.data if end is None else member.data[: end.start() + 1]
    for number, _ in enumerate(_HEADER.finditer(head), 1):
        if number > limits.PACKAGE_HEADERS:
            why = f"more than {limits.PACKAGE_HEADERS} headers"
            raise PackageError("not the metadata of a Python package", where=member.name, why=why)
    return head


def _check_directory(directory: str, name: str, version: str, member: Member) -> None:
    """The directory is NAME-VERSION too; installers look at it first, so it must not tell another story."""
    try:
        wanted = _name(name), _version(version)
    except ValueError as error:
        raise PackageError("not the metadata of a Python package", where=member.name, why=str(error)) from None
    dashes = [position for position, char in enumerate(directory) if char == "-"]
    if not any(_names(directory[:dash], directory[dash + 1 :]) == wanted for dash in dashes):
        raise PackageError(
            "a package that contradicts itself",
            where=member.name,
            why=f"the directory {directory[:200]!r} is not that of {wanted[0]} {wanted[1]}",
        )


def _names(name: str, version: str) -> tuple[str, str] | None:
    try:
        return _name(name), _version(version)
    except ValueError:
        return None


ROW: Final = Ecosystem(
    "pypi",
    name=_name,
    version=_version,
    file_name=_file_name,
    readers=(
        Reader(
            "wheel",
            Container.ZIP,
            "NAME-VERSION.dist-info/METADATA and WHEEL",
            ("*.dist-info/METADATA", "*.dist-info/WHEEL"),
            _read_wheel,
        ),
        Reader("sdist", Container.TAR_GZ, "NAME-VERSION/PKG-INFO", ("*/PKG-INFO", "*/Cargo.toml.orig"), _read_sdist),
    ),
)
