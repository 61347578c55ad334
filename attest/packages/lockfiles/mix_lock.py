"""Hex's `mix.lock`: one Elixir map from names to tuples (hex's `Hex.SCM`, `Hex.Utils.lock`).

`{:hex, name, version, inner, managers, dependencies, repository, outer}`; the outer checksum is that of the archive and
stands there since Hex 0.20. Only the terms that such a file needs are read, and nothing is evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from attest import limits
from attest.errors import LockError
from attest.packages.lockfiles import lock
from attest.packages.lockfiles.documents import hashes, purl, read_lines
from attest.packages.lockfiles.lock import Entry, Kind

_STRING: Final = r'"(?:[^"\\#\n]++|\\["\\#]|#(?!\{))*+"'
_NAME: Final = r"[A-Za-z_][A-Za-z0-9_@]*+[?!]?"
_TOKEN: Final = re.compile(
    rf"(?P<blank>\s++|\#[^\n]*+)|(?P<key>(?:{_STRING}|{_NAME}):(?=\s))|(?P<atom>:(?:{_STRING}|{_NAME}))"
    rf"|(?P<string>{_STRING})|(?P<word>true|false|nil)\b|(?P<number>[0-9]++)|(?P<mark>%\{{|=>|[{{}}\[\],])"
)
_ESCAPE: Final = re.compile(r"\\(.)")
_CLOSING: Final = {"%{": "}", "{": "}", "[": "]"}
_DEPTH: Final = 16
_GAPS: Final = {"git": "a git dependency", "path": "a local directory"}

Term = str | list["Term"]
"""What counts of a term: a text, whether string or atom, or the members of a tuple, list or map in their order."""


def _read(data: bytes) -> Iterator[Entry]:
    tokens = _Tokens("\n".join(read_lines(data)))
    seen: dict[str, int] = {}
    if tokens.take() != ("mark", "%{"):
        raise tokens.refused("not a map")
    while (token := tokens.take()) != ("mark", "}"):
        kind, name = token
        line = tokens.line
        if kind == "string" and tokens.take() != ("mark", "=>"):
            raise tokens.refused("a key without a value")
        if kind not in ("key", "string"):
            raise tokens.refused("not a name")
        if name in seen:
            raise LockError(f"{name[:80]!r} stands twice", where=f"line {line}", why=f"first at line {seen[name]}")
        seen[name] = line
        yield _entry(name, _term(tokens, tokens.take(), 0), f"line {line}")
        if (end := tokens.take()) == ("mark", "}"):
            break
        if end != ("mark", ","):
            raise tokens.refused("no comma")
    if tokens.take() != ("end", ""):
        raise tokens.refused("something after the map")


def _entry(name: str, term: Term, place: str) -> Entry:
    values = [value if isinstance(value, str) else None for value in term] if isinstance(term, list) else []
    if not values or values[0] is None:
        raise LockError("not an entry of mix.lock", where=place, why=name[:80])
    if values[0] != "hex":
        return Entry(name, place, None, gap=_GAPS.get(values[0], f"from {values[0][:80]}"))
    _, package, version, *rest = [*values, *[None] * 8][:8]
    if package is None or version is None:
        raise LockError("no name or no version", where=place, why=name[:80])
    repository, outer = rest[3], rest[4]
    hexpm, colon, organization = (repository or "").partition(":")
    named = f"{organization}/{package}" if colon and hexpm == "hexpm" else package
    found = purl("hex", named, version, where=place)
    if outer is None:
        return Entry(package, place, found, gap="no digest of the archive: only an older Hex wrote this entry")
    return lock.entry(package, place, found, [hashes([f"sha256:{outer}"], where=place)])


class _Tokens:
    """Tokens without blanks and comments as (kind, text), at last ``("end", "")``; ``line`` is the last one's."""

    def __init__(self, text: str) -> None:
        self.line = 1
        self._text = text
        self._at = 0
        self._begin = 0

    def take(self) -> tuple[str, str]:
        while self._at < len(self._text):
            match = _TOKEN.match(self._text, self._at)
            self.line += self._text.count("\n", self._begin, self._at)
            self._begin = self._at
            if match is None or match.lastgroup is None:
                raise self.refused("not a term that mix.lock needs")
            self._at = match.end()
            if match.lastgroup != "blank":
                return match.lastgroup, _plain(match.lastgroup, match[0])
        return "end", ""

    def refused(self, why: str) -> LockError:
        return LockError("not a mix.lock", where=f"line {self.line}", why=why)


def _plain(kind: str, text: str) -> str:
    if kind == "key":
        text = text[:-1]
    elif kind == "atom":
        text = text[1:]
    return _ESCAPE.sub(r"\1", text[1:-1]) if text.startswith('"') else text


def _term(tokens: _Tokens, token: tuple[str, str], depth: int) -> Term:
    kind, text = token
    if kind in ("string", "atom", "word", "number"):
        return text
    if kind == "key":  # a pair of a keyword list
        return [text, _term(tokens, tokens.take(), depth)]
    closing = _CLOSING.get(text) if kind == "mark" else None
    if closing is None:
        raise tokens.refused("a term is missing")
    if depth >= _DEPTH:
        raise tokens.refused("nested too deeply")
    members: list[Term] = []
    while (token := tokens.take()) != ("mark", closing):
        if token in (("mark", ","), ("mark", "=>")) and members:
            continue
        members.append(_term(tokens, token, depth + 1))
    return members


KIND: Final = Kind("mix.lock", ("mix.lock",), limits.LOCKFILE_MIX, _read)
