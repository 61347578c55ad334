"""YAML as positioned nodes: what configuration needs and nothing that could surprise its reader.

Only parser events are used, so no value is ever constructed: a scalar stays the text that was written, and its reader
decides what it means. Refused with their line: tags, anchors, aliases, merge keys, a second document, duplicate keys,
keys that are not text, control characters, deep nesting, anything beyond the size cap.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias

from attest.errors import YAMLError

if TYPE_CHECKING:
    from ruamel.yaml.events import Event, ScalarEvent

_DEPTH: Final = 24
_UNFIT: Final = "[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
_UNFIT_ASCII: Final = re.compile("[^\t\n\r\x20-\x7e]")
_CONTROL: Final = "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]"
_CONTROL_ASCII: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Text:
    """A scalar as written. ``plain`` is True where it stands without quotes and so may mean a number or a boolean."""

    where: str
    text: str
    plain: bool


@dataclass(frozen=True, slots=True)
class Items:
    """A sequence."""

    where: str
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Entries:
    """A mapping. ``keys`` are the places of the keys, ``values`` the nodes, both by key in the order written."""

    where: str
    keys: dict[str, str]
    values: dict[str, Node]


Node: TypeAlias = Text | Items | Entries


def read(data: bytes, *, where: str, limit: int, by_program: bool = False, columns: bool = False) -> Node:
    """The one document in ``data``, at most ``limit`` bytes; every node's ``where`` is ``WHERE:LINE``, with
    ``columns`` ``WHERE:LINE:COLUMN``, both from 1.

    What is written ``by_program`` and may be large is read by libyaml, forty times as fast; it does not know all of
    YAML 1.2 that people write, such as a colon in `[pkg:npm/x]`. Raises `YAMLError`.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError
    from ruamel.yaml.error import YAMLError as ParserError

    text = _decode(data, where, limit)
    reader = _Reader(YAML(typ="safe", pure=not by_program).parse(text), where, columns)
    try:
        return reader.document()
    except MarkedYAMLError as error:
        line = error.problem_mark or error.context_mark
        place = where if line is None else f"{where}:{line.line + 1}"
        raise YAMLError("not YAML", where=place, why=error.problem or error.context) from None
    except ParserError as error:
        raise YAMLError("not YAML", where=where, why=str(error)) from None
    except (ValueError, OverflowError):  # the parser turns an escape such as \U99999999 into a character unchecked
        raise YAMLError("not YAML", where=f"{where}:{reader.line}", why="an escape that is no character") from None


def text_of(node: Node | None, key: str) -> str | None:
    """What stands under ``key`` where ``node`` has keys and that one is text; else None."""
    value = node.values.get(key) if isinstance(node, Entries) else None
    return value.text if isinstance(value, Text) else None


def quoted(text: str) -> str:
    """In quotes, as JSON and YAML both read it."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _decode(data: bytes, where: str, limit: int) -> str:
    if len(data) > limit:
        raise YAMLError(f"{len(data)} bytes", where=f"{where}:1", why=f"more than the limit of {limit}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise YAMLError("not UTF-8", where=f"{where}:{line}", why=f"byte {error.start}") from None
    unfit = _first(text, _UNFIT, _UNFIT_ASCII)
    if unfit is not None:
        line = text.count("\n", 0, unfit.start()) + 1
        raise YAMLError("not YAML", where=f"{where}:{line}", why=f"the character U+{ord(unfit[0]):04X}")
    return text


def _first(text: str, anywhere: str, in_ascii: re.Pattern[str]) -> re.Match[str] | None:
    """The first character of a class. To compile it for all of Unicode takes milliseconds; most policies are ASCII."""
    return (in_ascii if text.isascii() else re.compile(anywhere)).search(text)


class _Reader:
    """Turns events into nodes, one look ahead never needed."""

    def __init__(self, events: Iterator[Event], where: str, columns: bool) -> None:
        self._events = events
        self._where = where
        self._columns = columns
        self.line = self._column = 1

    def document(self) -> Node:
        from ruamel.yaml.events import DocumentStartEvent, StreamEndEvent

        self._next()  # the start of the stream
        start = self._next()
        if isinstance(start, StreamEndEvent):
            raise YAMLError("the document is empty", where=f"{self._where}:1")
        if isinstance(start, DocumentStartEvent) and start.version not in (None, (1, 2)):
            raise YAMLError("only YAML 1.2 is read", where=self._place)
        node = self._node(self._next(), 0)
        self._next()  # the end of the document
        if not isinstance(self._next(), StreamEndEvent):
            raise YAMLError("a second document", where=self._place, why="only one is read")
        return node

    def _next(self) -> Event:
        event = next(self._events)
        self.line = event.start_mark.line + 1
        self._column = event.start_mark.column + 1
        return event

    @property
    def _place(self) -> str:
        return f"{self._where}:{self.line}{f':{self._column}' if self._columns else ''}"

    def _node(self, event: Event, depth: int) -> Node:
        from ruamel.yaml.events import AliasEvent, CollectionStartEvent, MappingStartEvent, ScalarEvent

        place = self._place
        if isinstance(event, AliasEvent):
            raise YAMLError("aliases are not read", where=place, next_step="write the value out")
        assert isinstance(event, ScalarEvent | CollectionStartEvent)
        if event.anchor is not None:
            raise YAMLError("anchors are not read", where=place, next_step="leave the anchor out")
        if event.tag is not None:
            raise YAMLError("tags are not read", where=place, why=event.tag, next_step="leave the tag out")
        if depth > _DEPTH:
            raise YAMLError("nested too deeply", where=place, why=f"more than {_DEPTH} levels")
        if isinstance(event, ScalarEvent):
            return self._text(event, place)
        if isinstance(event, MappingStartEvent):
            return self._entries(place, depth + 1)
        return Items(place, tuple(self._items(depth + 1)))

    def _text(self, event: ScalarEvent, place: str) -> Text:
        control = _first(event.value, _CONTROL, _CONTROL_ASCII)
        if control is not None:
            raise YAMLError("a control character", where=place, why=f"U+{ord(control[0]):04X}")
        return Text(place, event.value, plain=bool(event.implicit[0]))

    def _items(self, depth: int) -> Iterator[Node]:
        from ruamel.yaml.events import SequenceEndEvent

        while not isinstance(event := self._next(), SequenceEndEvent):
            yield self._node(event, depth)

    def _entries(self, place: str, depth: int) -> Entries:
        from ruamel.yaml.events import MappingEndEvent

        keys: dict[str, str] = {}
        values: dict[str, Node] = {}
        while not isinstance(event := self._next(), MappingEndEvent):
            key = self._node(event, depth)
            if not isinstance(key, Text) or not key.text:
                raise YAMLError("a key that is not text", where=key.where)
            if key.plain and key.text == "<<":
                raise YAMLError("merge keys are not read", where=key.where, next_step="write the keys out")
            if key.text in keys:
                raise YAMLError(f"the key {key.text!r} stands twice", where=key.where, why=f"first at {keys[key.text]}")
            keys[key.text] = key.where
            value = self._node(self._next(), depth)
            if isinstance(value, Text) and not value.text:  # what is not written lies where the next thing begins
                value = replace(value, where=key.where)
            values[key.text] = value
        return Entries(place, keys, values)
