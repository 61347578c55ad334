"""Marks and colours. Plain unless asked, so that what goes into a pipe or a file is the same bytes everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TextIO


class Role(StrEnum):
    """What a piece of text is; the value is how `rich` names its colour."""

    GOOD = "bold green"
    BAD = "bold red"
    DOUBT = "bold yellow"
    CODE = "bold"
    QUIET = "dim"


@dataclass(frozen=True, slots=True)
class Style:
    """``colour`` needs a terminal; ``ascii`` is for streams that cannot carry the marks."""

    colour: bool = False
    ascii: bool = False

    @classmethod
    def of(cls, stream: TextIO, *, colour: bool) -> Style:
        """For one stream; whether it wants colours is for the command line to know (`NO_COLOR`)."""
        try:
            "✓✗".encode(stream.encoding or "ascii")
        except (UnicodeEncodeError, LookupError):
            return cls(colour, ascii=True)
        return cls(colour)

    def paint(self, text: str, role: Role) -> str:
        """``text``, harmless to a terminal whoever wrote it, in the colour of its role."""
        text = self.safe(text)
        if not self.colour:
            return text
        from rich.style import Style as Colours

        return Colours.parse(role).render(text)

    def safe(self, text: str) -> str:
        """``text`` with everything escaped that a terminal could obey: control and direction characters."""
        if self.ascii:
            return "".join(character if " " <= character <= "~" else _escape(character) for character in text)
        return "".join(character if character.isprintable() else _escape(character) for character in text)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
