"""`yarn.lock` of yarn 1: a key of patterns, then indented members; `integrity` is the archive's, as npm has it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from attest import limits
from attest.errors import LockError
from attest.packages.lockfiles import lock
from attest.packages.lockfiles.documents import purl, read_lines
from attest.packages.lockfiles.lock import Entry, Kind
from attest.packages.lockfiles.package_lock import sri

_HEADER: Final = b"# yarn lockfile v1"
_MEMBER: Final = re.compile(r'  (?P<name>[a-z]+) (?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^" ][^ ]*))')
_PATTERNS: Final = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^", ]+)(?:, (?:"(?:[^"\\]|\\.)*"|[^", ]+))*:')
_GIT: Final = re.compile(r"git[+:@]|ssh:|[^:/@]+/[^/@]+$|(?:github|gitlab|bitbucket|gist):|https?://[^#]+\.git(?:#|$)")
_GIT_RESOLVED: Final = ("git+", "git:", "git@", "ssh:")
_PLACES: Final = ("file:", "link:", "./", "../", "/")


@dataclass(slots=True)
class _Block:
    """One entry: its first pattern, where it stands, and the members that matter."""

    pattern: str
    place: str
    members: dict[str, str] = field(default_factory=dict)


def _fits(data: bytes) -> bool:
    return _HEADER in data[:1024]


def _read(data: bytes) -> Iterator[Entry]:
    block: _Block | None = None
    for number, line in enumerate(read_lines(data), 1):
        place = f"line {number}"
        if not line.strip() or line.startswith("#"):
            continue
        if not line.startswith(" "):
            if block is not None:
                yield _entry(block)
            if _PATTERNS.fullmatch(line) is None:
                raise LockError("not a key of yarn.lock", where=place, why=line[:160])
            block = _Block(line[:-1].split(", ")[0].strip('"'), place)
        elif block is None:
            raise LockError("a member of nothing", where=place)
        elif match := _MEMBER.fullmatch(line):
            if match["name"] in block.members:
                raise LockError(f"{match['name']!r} stands twice", where=place)
            block.members[match["name"]] = match["quoted"] if match["quoted"] is not None else match["plain"]
        elif not line.startswith("    ") and not line.endswith(":"):
            raise LockError("not a member of a yarn.lock entry", where=place, why=line[:160])
    if block is not None:
        yield _entry(block)


def _entry(block: _Block) -> Entry:
    name, _, wanted = block.pattern[1:].partition("@")
    name = block.pattern[0] + name
    if wanted.startswith("npm:"):
        real = wanted.removeprefix("npm:")
        name = real[0] + real[1:].partition("@")[0] if real else name
    version = block.members.get("version")
    if version is None:
        raise LockError("no version", where=block.place, why=block.pattern[:160])
    if wanted.startswith(_PLACES):
        return Entry(name, block.place, None, gap="a local directory or file")
    if _GIT.match(wanted) or block.members.get("resolved", "").startswith(_GIT_RESOLVED):
        return Entry(name, block.place, None, gap="a git dependency")
    package = purl("npm", name, version, where=block.place)
    return lock.entry(name, block.place, package, [sri(block.members.get("integrity", ""), where=block.place)])


KIND: Final = Kind("yarn.lock (classic)", ("yarn.lock",), limits.LOCKFILE, _read, _fits)
