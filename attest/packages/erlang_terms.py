"""Metadata in Erlang terms, ``{<<"name">>,<<"value">>}.`` each, as Hex's own reader takes it (hex_core's hex_tarball).

Hex's reader and Erlang's disagree about some texts; those are refused, as is a key that stands there twice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, TypeAlias

from attest.errors import PackageError

_DEPTH: Final = 64
_TOKEN: Final = re.compile(
    r'(?P<blank>[\0-\x20]++)|"(?P<string>(?:[^"\\]++|\\.)*+)"|(?P<word>[a-z][A-Za-z0-9_@]*+|\'[^\'\\]*+\')'
    r"|(?P<number>[0-9]++)|(?P<mark><<|>>|=>|[\[\]{}#,./-])",
    re.DOTALL,
)
_PLAIN: Final = re.compile(r"[\x20-\x7e]*")
_DIVIDED: Final = re.compile(r"(?<!\\)(?:\\\\)+\Z")  # Hex does not see that the text ends here


@dataclass(frozen=True, slots=True)
class Atom:
    """A word, such as ``true``."""

    text: str


Term: TypeAlias = "str | Atom | list[Term] | tuple[Term, ...] | dict[str, Term] | None"
"""A binary of one line of printable ASCII is a text. None is what nobody asks for: numbers, strings, other binaries."""


def pairs(data: bytes, where: str) -> dict[str, Term]:
    """The pairs of a document by key. Raises `PackageError`."""
    try:
        reader = _Reader(data.decode("utf-8"), where)
    except UnicodeDecodeError:
        raise PackageError("not Erlang terms", where=where, why="it is not UTF-8") from None
    found: dict[str, Term] = {}
    while not reader.ended:
        reader.expect("{")
        key = reader.term(0)
        reader.expect(",")
        value = reader.term(0)
        reader.expect("}")
        reader.expect(".")
        if not isinstance(key, str):
            raise reader.refused("a key that is no plain text")
        if key in found:
            raise reader.refused(f"{key[:80]!r} stands there twice")
        found[key] = value
    return found


class _Reader:
    """Tokens are (kind, text), blanks left out, at last ``("end", "")``; ``_token`` is the next one."""

    def __init__(self, text: str, where: str) -> None:
        self._text = text
        self._where = where
        self._at = 0
        self._token = ("", "")
        self._advance()

    @property
    def ended(self) -> bool:
        return self._token[0] == "end"

    def refused(self, why: str) -> PackageError:
        line = self._text.count("\n", 0, self._at) + 1
        return PackageError("not Erlang terms", where=f"{self._where} line {line}", why=why)

    def expect(self, mark: str) -> None:
        if not self._accept(mark):
            raise self.refused(f"expected {mark!r}, found {self._token[1][:40]!r}")

    def term(self, depth: int) -> Term:
        """Read one term."""
        if depth > _DEPTH:
            raise self.refused(f"nested deeper than {_DEPTH}")
        if self._accept("<<"):
            return self._binary()
        if self._accept("#"):
            self.expect("{")
            return self._map(depth)
        if self._accept("["):
            return self._members("]", depth)
        if self._accept("{"):
            return tuple(self._members("}", depth))
        negative = self._accept("-")
        kind, text = self._token
        if kind not in (("number",) if negative else ("number", "word", "string")):
            raise self.refused(f"expected a term, found {self._token[1][:40]!r}")
        self._advance()
        while kind == "string" and self._token[0] == "string":
            self._advance()
        return Atom(text.strip("'")) if kind == "word" else None

    def _members(self, closing: str, depth: int) -> list[Term]:
        found: list[Term] = []
        if self._accept(closing):
            return found
        while True:
            found.append(self.term(depth + 1))
            if self._accept(closing):
                return found
            self.expect(",")

    def _map(self, depth: int) -> dict[str, Term]:
        """Its members whose keys are texts."""
        found: dict[str, Term] = {}
        if self._accept("}"):
            return found
        while True:
            key = self.term(depth + 1)
            self.expect("=>")
            value = self.term(depth + 1)
            if isinstance(key, str):
                found[key] = value
            if self._accept("}"):
                return found
            self.expect(",")

    def _binary(self) -> str | None:
        """``<<"text" "more"/utf8>>``, or numbers, or both with commas between."""
        parts: list[str] = []
        while not self._accept(">>"):
            if parts:
                self.expect(",")
            parts.append(self._segment())
        text = "".join(parts)
        return text if _PLAIN.fullmatch(text) else None

    def _segment(self) -> str:
        """One segment; a backslash, which begins an escape, becomes a character that is not plain."""
        kind, text = self._token
        self._advance()
        if kind == "number":
            if len(text) > 3 or int(text) > 255:
                raise self.refused(f"{text[:40]} is no byte")
            return chr(int(text))
        if kind != "string":
            raise self.refused(f"expected text or a number, found {text[:40]!r}")
        pieces = [text]
        while self._token[0] == "string":
            pieces.append(self._token[1])
            self._advance()
        if self._accept("/") and not self._accept("utf8"):
            raise self.refused("only utf8 may follow a text")
        return "".join(pieces).replace("\\", "\0")

    def _accept(self, text: str) -> bool:
        kind, have = self._token
        if have != text or kind not in ("mark", "word"):
            return False
        self._advance()
        return True

    def _advance(self) -> None:
        while self._at < len(self._text):
            match = _TOKEN.match(self._text, self._at)
            kind = match.lastgroup if match else None
            if match is None or kind is None:
                raise self.refused(f"no token: {self._text[self._at : self._at + 40]!r}")
            if kind == "string" and _DIVIDED.search(match[kind]):
                raise self.refused("a text that ends in a backslash, about which readers disagree")
            self._at = match.end()
            if kind != "blank":
                self._token = (kind, match[kind])
                return
        self._token = ("end", "")
