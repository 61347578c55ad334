"""Bundler's `Gemfile.lock`: sections of indented lines; digests stand in CHECKSUMS, one a gem and platform."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from attest import limits
from attest.errors import LockError
from attest.packages.digest import ArtifactDigest
from attest.packages.lockfiles import lock
from attest.packages.lockfiles.documents import hashes, purl, read_lines
from attest.packages.lockfiles.lock import Entry, Kind

_SPEC: Final = re.compile(r" {4}(?P<name>[^ ()]+) \((?P<version>[^ ()]+)\)")
_OTHER_LINE: Final = re.compile(r" {2}[a-z]+:(?: .*)?| {6}[^ ].*|")
_CHECKSUM: Final = re.compile(r" {2}(?P<name>[^ ()]+) \((?P<version>[^ ()]+)\)(?: (?P<digests>[^ ]+))?")
_GAPS: Final = {"GIT": "a git dependency", "PATH": "a local directory", "PLUGIN SOURCE": "from a plugin of Bundler"}
_CONFLICT: Final = ("<<<<<<<", "|||||||", "=======", ">>>>>>>")
_OTHERS: Final = frozenset({"PLATFORMS", "DEPENDENCIES", "RUBY VERSION", "BUNDLED WITH"})


@dataclass(slots=True)
class _Seen:
    """What the sections said: each gem with its place, or why it has no digest; and the digests."""

    gems: list[tuple[str, str, str, str | None]] = field(default_factory=list)
    digests: dict[tuple[str, str], tuple[str, list[ArtifactDigest]]] = field(default_factory=dict)


def _read(data: bytes) -> Iterator[Entry]:
    seen = _Seen()
    section = ""
    for number, line in enumerate(read_lines(data), 1):
        if line.startswith(_CONFLICT):
            raise LockError("a merge conflict", where=f"line {number}", why="Bundler does not read it either")
        if line and not line.startswith(" "):
            section = line
            if section not in ("GEM", "CHECKSUMS") and section not in _GAPS and section not in _OTHERS:
                raise LockError("not a section of a Gemfile.lock", where=f"line {number}", why=section[:80])
        else:
            _line(seen, section, line, f"line {number}")
    for name, version, place, gap in seen.gems:
        _, digests = seen.digests.pop((name, version), (place, []))
        if gap is not None:
            yield Entry(f"{name} {version}", place, None, gap=gap)
        else:
            yield _entry(name, version, place, digests)
    for (name, version), (place, digests) in seen.digests.items():
        yield _entry(name, version, place, digests)  # as that of Bundler itself, which is no dependency


def _entry(name: str, version: str, place: str, digests: list[ArtifactDigest]) -> Entry:
    platform = version.partition("-")[2] or None
    package = purl("gem", name, version, where=place)
    return lock.entry(f"{name} {version}", place, package, [digests], platform)


def _line(seen: _Seen, section: str, line: str, place: str) -> None:
    if section == "CHECKSUMS" and line:
        match = _CHECKSUM.fullmatch(line)
        if match is None:
            raise LockError("not a checksum", where=place, why=line[:160])
        texts = [text.replace("=", ":", 1) for text in (match["digests"] or "").split(",") if text]
        key = match["name"], match["version"]
        if key in seen.digests:
            raise LockError("a checksum that stands twice", where=place, why=f"first at {seen.digests[key][0]}")
        seen.digests[key] = place, hashes(texts, where=place)
    elif section in ("GEM", *_GAPS) and (match := _SPEC.fullmatch(line)):
        seen.gems.append((match["name"], match["version"], place, _GAPS.get(section)))
    elif section not in _OTHERS and _OTHER_LINE.fullmatch(line) is None:
        raise LockError("not a line of a Gemfile.lock", where=place, why=line[:160])


KIND: Final = Kind("Gemfile.lock", ("Gemfile.lock", "gems.locked", "*.gemfile.lock"), limits.LOCKFILE, _read)
