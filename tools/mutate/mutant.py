"""One change of one place, and how it reads."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MODULE: Final = "<module>"
"""The place of code that is in no function."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file as it was when the run began. ``path`` is relative to the working directory."""

    path: str
    text: str

    @classmethod
    def read(cls, path: Path) -> Source:
        return cls(path.as_posix(), path.read_text())

    @property
    def module(self) -> str:
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@dataclass(frozen=True, slots=True)
class Key:
    """How a mutant is told from others from one version of a file to the next: by its text, not by a number of a line.

    Two equal lines in one function have one key.
    """

    path: str
    function: str
    was: str
    becomes: str

    @property
    def change(self) -> str:
        """The lines as a diff shows them."""
        was = [f"- {line}" for line in self.was.splitlines()]
        return "\n".join([*was, *(f"+ {line}" for line in self.becomes.splitlines())])


@dataclass(frozen=True, slots=True)
class Mutant:
    """``source`` with the characters from ``start`` to before ``end`` replaced.

    ``lines`` (from 1) are those of the statement around it. ``function`` is the qualified name of the function outside
    of all others that it stands in, ``ordinal`` tells it from others of that name; a mutant outside of functions,
    or in what a function's head says, takes effect only when the file is imported.
    """

    source: Source
    start: int
    end: int
    replacement: str
    lines: tuple[int, ...]
    function: str
    on_import: bool

    @property
    def text(self) -> str:
        """The whole file, changed."""
        return self.source.text[: self.start] + self.replacement + self.source.text[self.end :]

    @property
    def key(self) -> Key:
        """Only the lines that change, without what they share around them."""
        before = self.source.text.rfind("\n", 0, self.start) + 1
        after = self.source.text.find("\n", self.end)
        after = len(self.source.text) if after < 0 else after
        was = self.source.text[before:after]
        becomes = self.source.text[before : self.start] + self.replacement + self.source.text[self.end : after]
        return Key(self.source.path, self.function, _stripped(was), _stripped(becomes))

    @property
    def taken(self) -> frozenset[str]:
        """The words that are not there any more."""
        return words(self.source.text[self.start : self.end]) - words(self.replacement)

    @property
    def line(self) -> int:
        return self.source.text.count("\n", 0, self.start) + 1


def words(text: str) -> frozenset[str]:
    """Names and the words in texts."""
    return frozenset(re.findall(r"\w{3,}", text))


def _stripped(text: str) -> str:
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())
