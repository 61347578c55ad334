"""What is in a package archive, without unpacking it.

Every archive is walked to its end, so that nothing can hide behind what was read. Members are compared as an extractor
would write them: ``./`` and doubled slashes dropped, a backslash taken as a slash, upper and lower case alike. Of a
member that two spellings, a link or a second copy could replace, two readers would see two things: that is an error.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from attest import limits
from attest.errors import PackageError


class Container(StrEnum):
    """How the members of a package are held together; told by the first bytes."""

    ZIP = "zip"
    TAR = "tar"
    TAR_GZ = "tar.gz"
    TAR_BZ2 = "tar.bz2"
    AR = "ar"
    RPM = "rpm"
    APK = "apk"
    JSON = "JSON"


class Kind(StrEnum):
    """What an archive member is."""

    FILE = "file"
    DIRECTORY = "directory"
    LINK = "link"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Entry:
    """A member as an archive lists it."""

    name: str
    kind: Kind
    size: int


@dataclass(frozen=True, slots=True)
class Member:
    """A file that was asked for: its name as written, the segments of its path, its bytes."""

    name: str
    path: tuple[str, ...]
    data: bytes


class Archive:
    """The members that were asked for by pattern, and what is true of all of them.

    A pattern is segments with a ``*`` in them; ``**`` last stands for one segment or more, first for any number.
    ``prefix`` is what all names begin with, as written; ``links`` is whether one of them is a link.
    """

    def __init__(self, patterns: Iterable[str], *, member_max: int = limits.PACKAGE_METADATA) -> None:
        self._member_max = member_max
        self._patterns = {pattern: _Pattern(pattern) for pattern in patterns}
        self._members: list[Member] = []
        self._single: dict[str, str] = {}
        self._links: list[tuple[str, ...]] = []
        self._prefix: str | None = None
        self._count = 0
        self._size = 0

    def asks_for(self, pattern: str) -> bool:
        """Whether this very pattern was asked for: of what takes time to find, the rest need not be looked for."""
        return pattern in self._patterns

    def wants(self, entry: Entry) -> bool:
        """Take note of the next member; whether its content is wanted, to be given to `keep`. Raises `PackageError`."""
        self._count += 1
        if self._count > limits.PACKAGE_MEMBERS:
            raise PackageError("too many members", why=f"more than {limits.PACKAGE_MEMBERS}")
        path = _path(entry.name)
        if self._prefix is None or not entry.name.startswith(self._prefix):
            self._prefix = entry.name if self._prefix is None else _common(self._prefix, entry.name)
        if entry.kind is Kind.LINK:
            self._links.append(_folded(path))
        fitting = [text for text, pattern in self._patterns.items() if pattern.fits(_folded(path))]
        if entry.kind is Kind.DIRECTORY or not fitting:
            return False
        if entry.kind is not Kind.FILE:
            raise PackageError("metadata that is no file", where=entry.name[:200], why=f"it is a {entry.kind}")
        if entry.size > self._member_max:
            raise PackageError(
                "metadata too large", where=entry.name[:200], why=f"{entry.size} bytes of {self._member_max}"
            )
        if any(len(segment) > limits.PACKAGE_SEGMENT for segment in path):
            raise PackageError("metadata that cannot be unpacked", where=entry.name[:200], why="its name is too long")
        self._size += entry.size
        if self._size > limits.PACKAGE_KEPT:
            raise PackageError("too much metadata", why=f"more than {limits.PACKAGE_KEPT} bytes")
        for text in fitting:
            if not self._patterns[text].many:
                self._alone(text, entry.name, path)
        return True

    def keep(self, entry: Entry, data: bytes) -> None:
        """Keep the content of a wanted member."""
        self._members.append(Member(entry.name, _path(entry.name), data))

    def finish(self) -> None:
        """Raise `PackageError` if a kept member could be replaced while unpacking."""
        seen: set[tuple[str, ...]] = set()
        links = set(self._links)
        for member in self._members:
            folded = _folded(member.path)
            if folded in seen:
                raise PackageError("metadata that stands there twice", where=member.name[:200])
            seen.add(folded)
            if any(folded[:depth] in links for depth in range(1, len(folded))):
                raise PackageError("metadata below a link", where=member.name[:200])

    def all(self, pattern: str) -> tuple[Member, ...]:
        """The members that fit one of the patterns asked for, in the archive's order."""
        wanted = self._patterns[pattern]
        return tuple(member for member in self._members if wanted.fits(_folded(member.path)))

    def one(self, pattern: str) -> Member | None:
        """The one member that fits, or None. Raises `PackageError` for one in other letter case."""
        found = self.all(pattern)
        if found and not self._patterns[pattern].spells(found[0].path):
            raise PackageError("metadata in other letter case", where=found[0].name[:200], why=f"expected {pattern}")
        return found[0] if found else None

    @property
    def prefix(self) -> str:
        return self._prefix or ""

    @property
    def links(self) -> bool:
        return bool(self._links)

    def _alone(self, pattern: str, name: str, path: tuple[str, ...]) -> None:
        """Refuse a second member for a pattern at once: a package has some hundred thousand members at most."""
        first = self._single.setdefault(pattern, name)
        if first is not name:
            if _folded(_path(first)) == _folded(path):
                raise PackageError("metadata that stands there twice", where=name[:200])
            raise PackageError(f"more than one {pattern}", why=f"{first[:200]!r} and {name[:200]!r}")


class _Pattern:
    """``many``: more than one member may fit."""

    def __init__(self, text: str) -> None:
        segments = text.split("/")
        self._rest = segments[-1] == "**"
        self._anywhere = segments[0] == "**"
        self.many = self._rest
        self._exact = tuple(_Segment(segment) for segment in segments if segment != "**")
        self._folded = tuple(_Segment(segment.casefold()) for segment in segments if segment != "**")

    def fits(self, folded: tuple[str, ...]) -> bool:
        return self._matches(self._folded, folded)

    def spells(self, path: tuple[str, ...]) -> bool:
        return self._matches(self._exact, path)

    def _matches(self, wanted: tuple[_Segment, ...], path: tuple[str, ...]) -> bool:
        surplus = len(path) - len(wanted)
        if surplus < self._rest or (surplus and not self._rest and not self._anywhere):
            return False
        start = surplus if self._anywhere else 0
        return all(want.fits(have) for want, have in zip(wanted, path[start : start + len(wanted)], strict=True))


class _Segment:
    """A segment of a pattern; what stands between its stars is found from the left, in time linear in the name."""

    def __init__(self, text: str) -> None:
        self._first, *self._middle = text.split("*")
        self._last = self._middle.pop() if self._middle else None

    def fits(self, name: str) -> bool:
        if self._last is None:
            return name == self._first
        end = len(name) - len(self._last)
        position = len(self._first)
        if position > end or not name.startswith(self._first) or not name.endswith(self._last):
            return False
        for part in self._middle:
            found = name.find(part, position, end)
            if found < 0:
                return False
            position = found + len(part)
        return True


def _path(name: str) -> tuple[str, ...]:
    path = tuple(segment for segment in name.replace("\\", "/").split("/") if segment not in ("", "."))
    if ".." in path or name.startswith("/") or "\0" in name:
        raise PackageError("a member outside the package", where=repr(name[:200]))
    return path


def _common(one: str, other: str) -> str:
    """What both begin with."""
    differs = (at for at, (first, second) in enumerate(zip(one, other, strict=False)) if first != second)
    return one[: next(differs, min(len(one), len(other)))]


def _folded(path: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(segment.casefold() for segment in path)
