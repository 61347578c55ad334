"""RubyGems: the version stands without the platform, which the digest tells apart.

A gem's metadata is the YAML of a Ruby object. Only the form in which RubyGems writes it is read, line by line: every
line that could begin an entry of the outermost mapping must be one, so that no reader of YAML can find another name.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from typing import Final

from attest import limits
from attest.errors import PackageError
from attest.packages.archives import Archive, Container, Member
from attest.packages.compression import Codec, unpacked
from attest.packages.row import Ecosystem, Identity, Reader

_PLATFORM: Final = re.compile(
    r"(?:[a-z0-9_]+-)?"  # the processor
    r"(?:aix|android|bitrig|cygwin|dalvik|darwin|dotnet|dragonfly|freebsd|java|jruby|linux|macruby|mingw|mswin|netbsd"
    r"|openbsd|ruby|solaris|wasi|wasm)[a-z0-9_.]*(?:-[a-z0-9_.]+)*"
)
_NAME: Final = re.compile(r"[A-Za-z0-9._-]+")
_NUMBER: Final = re.compile(r"[0-9]+(?:\.[0-9A-Za-z]+)*")

_LINE_END: Final = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # all that YAML 1.1 takes for one
_FIRST: Final = re.compile(r"--- (?:&\w+ )?!ruby/object:Gem::Specification *")
_ENTRY: Final = re.compile(r"([a-z_]+):(?: +(.*))?")
_CONTINUED: Final = re.compile(r"(?:[ \t].*|- .*|-|)")
_VERSION_OBJECT: Final = re.compile(r"(?:&\w+ )?!ruby/object:Gem::Version *")
_NO_TEXT: Final = re.compile(r"(?=[0-9.])[0-9_,]*\.?[0-9_,]*(?:[eE][0-9]*)?|0[xob][0-9a-fA-F_]*|", re.IGNORECASE)
_INDENT: Final = "  "


def _version(version: str) -> str:
    number, dash, platform = version.partition("-")  # Gem::Version itself writes '-' as '.pre.'
    if dash and _PLATFORM.fullmatch(platform) is None:
        raise ValueError(f"{version!r} is no gem version: {platform!r} is no platform, and a version has no '-'")
    return number


def _file_name(file_name: str) -> tuple[str, str] | None:
    """NAME-VERSION[-PLATFORM].gem, where only one way to divide it makes sense."""
    if not file_name.endswith(".gem"):
        return None
    parts = file_name.removesuffix(".gem").split("-")
    found = [
        ("-".join(parts[:at]), parts[at])
        for at in range(1, len(parts))
        if _NUMBER.fullmatch(parts[at])
        and _NAME.fullmatch("-".join(parts[:at]))
        and (at == len(parts) - 1 or _PLATFORM.fullmatch("-".join(parts[at + 1 :])))
    ]
    return found[0] if len(found) == 1 else None


def _read(archive: Archive) -> Identity | None:
    found = archive.one("metadata.gz")
    if found is None:
        return None
    if archive.one("metadata") is not None:
        raise PackageError("a gem with two metadata files", why="readers disagree about which one counts")
    first, *lines = _LINE_END.split(text(found))
    if _FIRST.fullmatch(first) is None:
        raise _refused(found, f"it begins {first[:80]!r}, not as the YAML of a Gem::Specification")
    entries = _entries(lines, found)
    name, _ = entries.get("name", ("", ()))
    kind, inside = entries.get("version", ("", ()))
    if _VERSION_OBJECT.fullmatch(kind) is None:
        raise _refused(found, "its version is no Gem::Version")
    number, _ = _entries(_indented(inside, found), found).get("version", ("", ()))
    platform = _platform(entries.get("platform", ("", []))[0], found)
    return Identity((), _text(name, _NAME, "name", found), _text(number, _NUMBER, "version", found), platform)


def _platform(written: str, member: Member) -> str | None:
    """What `Gem::Platform` writes of itself; None for one that runs anywhere, and where it is written as an object."""
    if not written or written.startswith("!"):
        return None
    platform = _text(written, _PLATFORM, "platform", member)
    return None if platform == "ruby" else platform


def text(member: Member) -> str:
    """The YAML in a ``metadata.gz``. Raises `PackageError`."""
    data = bytearray()
    for piece in unpacked(Codec.GZIP, io.BytesIO(member.data), len(member.data)):
        data += piece
        if len(data) > limits.PACKAGE_METADATA:
            raise _refused(member, f"more than {limits.PACKAGE_METADATA} bytes")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise _refused(member, "it is not UTF-8") from None


def _entries(lines: Iterable[str], member: Member) -> dict[str, tuple[str, list[str]]]:
    """The entries of a block mapping: by key what stands behind it, and the lines that continue it."""
    entries: dict[str, tuple[str, list[str]]] = {}
    inside: list[str] | None = None
    for line in lines:
        entry = _ENTRY.fullmatch(line)
        if entry is not None:
            if entry[1] in entries:
                raise _refused(member, f"{entry[1]} stands there twice")
            inside = []
            entries[entry[1]] = (entry[2] or "", inside)
        elif inside is None or _CONTINUED.fullmatch(line) is None:
            raise _refused(member, f"a line that RubyGems does not write: {line[:80]!r}")
        else:
            inside.append(line)
    return entries


def _indented(lines: Sequence[str], member: Member) -> list[str]:
    if not all(line.startswith(_INDENT) for line in lines if line):
        raise _refused(member, "its version is not indented")
    return [line.removeprefix(_INDENT) for line in lines]


def _text(written: str, grammar: re.Pattern[str], what: str, member: Member) -> str:
    """A scalar that is surely text: Ruby reads a bare ``1.10`` as the number 1.1."""
    value = written.rstrip(" ")
    if len(value) > 1 and value[0] in "'\"" and value[0] == value[-1]:
        value = value[1:-1]
    elif _NO_TEXT.fullmatch(value):
        raise _refused(member, f"its {what} is no text: {value[:80]!r}")
    if grammar.fullmatch(value) is None:
        raise _refused(member, f"its {what} is none: {value[:80]!r}")
    return value


def _refused(member: Member, why: str) -> PackageError:
    return PackageError("not the metadata of a gem", where=member.name, why=why)


ROW: Final = Ecosystem(
    "gem",
    version=_version,
    file_name=_file_name,
    readers=(Reader("gem", Container.TAR, "metadata.gz", ("metadata.gz", "metadata"), _read),),
)
