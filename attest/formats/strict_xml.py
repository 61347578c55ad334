"""XML 1.0 that somebody else wrote, as elements, read in bounded time and memory.

A document type is refused, and with it every entity but the five of XML itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from attest import limits
from attest.errors import XMLError

if TYPE_CHECKING:
    from xml.parsers.expat import XMLParserType

_DEPTH: Final = 64


@dataclass(frozen=True, slots=True)
class Element:
    """One element. ``name`` is as written, with its prefix; ``text`` is its own, without that of its ``children``.

    ``where`` is ``WHERE:LINE``.
    """

    where: str
    name: str
    attributes: Mapping[str, str]
    text: str
    children: tuple[Element, ...]

    def all(self, name: str) -> tuple[Element, ...]:
        """The children of this name. Raises `XMLError` for one with a prefix, which only some readers see."""
        found = tuple(child for child in self.children if child.name.rpartition(":")[2] == name)
        for child in found:
            if child.name != name:
                raise XMLError("an element that readers understand differently", where=child.where, why=child.name[:80])
        return found

    def one(self, name: str) -> Element | None:
        """The only child of this name, or None. Raises `XMLError` for a second one."""
        found = self.all(name)
        if len(found) > 1:
            raise XMLError(f"{name} stands there twice", where=found[1].where, why=f"first at {found[0].where}")
        return found[0] if found else None

    def value(self, name: str) -> str | None:
        """The text of the only child of this name, or None. Raises `XMLError` for a second one, or elements in it."""
        found = self.one(name)
        if found is not None and found.children:
            raise XMLError(f"{name} is no text", where=found.where, why="there are elements in it")
        return None if found is None else found.text


def read(data: bytes, *, where: str, limit: int) -> Element:
    """The root element of the document in ``data``, at most ``limit`` bytes. Raises `XMLError`."""
    from xml.parsers import expat

    if len(data) > limit:
        raise XMLError("not read as XML", where=where, why=f"more than {limit} bytes")
    parser = expat.ParserCreate()
    tree = _Tree(parser, where)
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise XMLError("not XML", where=f"{where}:{error.lineno}", why=expat.ErrorString(error.code)) from None
    except (ValueError, LookupError) as error:  # of encodings
        raise XMLError("not XML", where=where, why=str(error)) from None
    (root,) = tree.roots
    return root


class _Open:
    """An element whose end is not yet reached."""

    def __init__(self, where: str, name: str, attributes: dict[str, str]) -> None:
        self.where = where
        self.name = name
        self.attributes = attributes
        self.text: list[str] = []
        self.children: list[Element] = []


class _Tree:
    def __init__(self, parser: XMLParserType, where: str) -> None:
        self.roots: list[Element] = []
        self._parser = parser
        self._where = where
        self._open: list[_Open] = []
        self._count = 0
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text

    @property
    def _place(self) -> str:
        return f"{self._where}:{self._parser.CurrentLineNumber}"

    def _doctype(self, *_declaration: object) -> None:
        raise XMLError("not read as XML", where=self._place, why="it declares a document type")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1 + len(attributes)
        if len(self._open) >= _DEPTH:
            raise XMLError("nested too deeply", where=self._place, why=f"more than {_DEPTH} levels")
        if self._count > limits.XML_ELEMENTS:
            raise XMLError("too many elements", where=self._place, why=f"more than {limits.XML_ELEMENTS}")
        self._open.append(_Open(self._place, name, attributes))

    def _text(self, text: str) -> None:
        self._open[-1].text.append(text)

    def _end(self, _name: str) -> None:
        done = self._open.pop()
        element = Element(done.where, done.name, done.attributes, "".join(done.text), tuple(done.children))
        (self._open[-1].children if self._open else self.roots).append(element)
