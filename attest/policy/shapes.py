"""What a key of a policy may hold: the tables by which files are read, and from which their JSON Schema is made.

Every mapping in a policy is read by a table of its keys: `fit` refuses what the table does not have, and what does not
have its shape, before anything is made of it. So whatever the schema refuses the reader refuses; the reader knows more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Protocol, TypeAlias

from attest.errors import PolicyError
from attest.policy.fields import DECIMAL, INTEGER, NAME, Fields, as_day, as_name, kind_of, text
from attest.policy.yaml_nodes import Entries, Items, Node, Text

Json: TypeAlias = dict[str, Any]
_ONE_LINE: Final = r"^[^\n]*\S[^\n]*$"


class Shape(Protocol):
    """What stands after one key."""

    def schema(self) -> Json:
        """What is refused by this is refused by `check`."""
        ...

    def check(self, node: Node, what: str) -> None:
        """Raises `PolicyError` with the place; ``what`` says where it stands, in words."""
        ...


@dataclass(frozen=True, slots=True)
class Key:
    """``about`` is for people, in an editor."""

    shape: Shape
    about: str
    required: bool = False


Table: TypeAlias = Mapping[str, Key]


def fit(fields: Fields, table: Table) -> None:
    """Raises `PolicyError` for a key that the table does not have, for a value without its shape, and for what is
    missing."""
    fields.only(*table)
    for name, key in table.items():
        if fields.has(name):
            key.shape.check(fields.node(name), f"{fields.what}: {name!r}")
    for name, key in table.items():
        if key.required:
            fields.node(name)


def schema(table: Table) -> Json:
    """Of a mapping by a table."""
    return {
        "type": "object",
        "properties": {name: {**key.shape.schema(), "description": key.about} for name, key in table.items()},
        "required": [name for name, key in table.items() if key.required],
        "additionalProperties": False,
    }


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text. ``examples`` are for editors."""

    examples: tuple[str, ...] = ()

    def schema(self) -> Json:
        return {"type": "string", "pattern": _ONE_LINE, **({"examples": list(self.examples)} if self.examples else {})}

    def check(self, node: Node, what: str) -> None:
        text(node, what)


@dataclass(frozen=True, slots=True)
class File:
    """A path that begins at the policy's directory. A policy in a registry carries what is there. ``names`` are texts
    that mean something else. It may be a ``policy``, or a directory of policies."""

    names: tuple[str, ...] = ()
    policy: bool = False

    def schema(self) -> Json:
        return {"type": "string", "pattern": _ONE_LINE, **({"examples": list(self.names)} if self.names else {})}

    def check(self, node: Node, what: str) -> None:
        text(node, what)


@dataclass(frozen=True, slots=True)
class Name:
    """Letters, digits, ``.``, ``_`` and ``-``, at most 64."""

    def schema(self) -> Json:
        return {"type": "string", "pattern": f"^{NAME.pattern}$"}

    def check(self, node: Node, what: str) -> None:
        as_name(text(node, what), node.where, what)


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number."""

    minimum: int
    maximum: int

    def schema(self) -> Json:
        return {"type": "integer", "minimum": self.minimum, "maximum": self.maximum}

    def check(self, node: Node, what: str) -> None:
        if not (isinstance(node, Text) and node.plain and INTEGER.fullmatch(node.text)) or not (
            self.minimum <= int(node.text) <= self.maximum
        ):
            raise PolicyError(
                f"{what}: expected a whole number from {self.minimum} to {self.maximum}",
                where=node.where,
                why=f"it is {kind_of(node)}",
            )


@dataclass(frozen=True, slots=True)
class Number:
    """A number from 0, with or without a point."""

    maximum: int

    def schema(self) -> Json:
        return {"type": "number", "minimum": 0, "maximum": self.maximum}

    def check(self, node: Node, what: str) -> None:
        if not (isinstance(node, Text) and node.plain and DECIMAL.fullmatch(node.text)) or (
            Decimal(node.text) > self.maximum
        ):
            raise PolicyError(
                f"{what}: expected a number from 0 to {self.maximum}", where=node.where, why=f"it is {kind_of(node)}"
            )


@dataclass(frozen=True, slots=True)
class Truth:
    """True or false."""

    def schema(self) -> Json:
        return {"type": "boolean"}

    def check(self, node: Node, what: str) -> None:
        if not (isinstance(node, Text) and node.plain and node.text in ("true", "false")):
            raise PolicyError(f"{what}: expected true or false", where=node.where, why=f"it is {kind_of(node)}")


@dataclass(frozen=True, slots=True)
class Day:
    """A day, as ``YYYY-MM-DD``."""

    def schema(self) -> Json:
        return {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "format": "date"}

    def check(self, node: Node, what: str) -> None:
        as_day(text(node, what), node, what)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some texts, such as an enumeration's values."""

    kinds: Iterable[str]

    def schema(self) -> Json:
        return {"enum": [str(kind) for kind in self.kinds]}

    def check(self, node: Node, what: str) -> None:
        value = text(node, what)
        if value not in {str(kind) for kind in self.kinds}:
            raise PolicyError(
                f"{what}: unknown value {value[:80]!r}", where=node.where, why=f"known: {', '.join(self.kinds)}"
            )


@dataclass(frozen=True, slots=True)
class Several:
    """A list of at least one text, none twice; with ``alone`` one may stand there without a list."""

    item: Shape
    alone: bool = False

    def schema(self) -> Json:
        several = {"type": "array", "items": self.item.schema(), "minItems": 1, "uniqueItems": True}
        return {"anyOf": [self.item.schema(), several]} if self.alone else several

    def check(self, node: Node, what: str) -> None:
        if self.alone and not isinstance(node, Items):
            self.item.check(node, what)
            return
        if not isinstance(node, Items):
            raise PolicyError(f"{what}: expected a list", where=node.where, why=f"it is {kind_of(node)}")
        if not node.items:
            raise PolicyError(f"{what} is empty", where=node.where)
        seen: set[str] = set()
        for item in node.items:
            self.item.check(item, what)
            assert isinstance(item, Text)
            if item.text in seen:
                raise PolicyError(f"{what}: {item.text[:80]!r} stands twice", where=item.where)
            seen.add(item.text)


@dataclass(frozen=True, slots=True)
class Record:
    """A mapping with a table of its own."""

    table: Table

    def schema(self) -> Json:
        return schema(self.table)

    def check(self, node: Node, what: str) -> None:
        fit(Fields(node, what), self.table)


@dataclass(frozen=True, slots=True)
class Texts:
    """A mapping from any keys to lines of text."""

    def schema(self) -> Json:
        return {"type": "object", "additionalProperties": Line().schema()}

    def check(self, node: Node, what: str) -> None:
        fields = Fields(node, what)
        for key in fields.keys:
            text(fields.node(key), f"{what}: {key!r}")


@dataclass(frozen=True, slots=True)
class Listed:
    """A list of mappings, at least one, that are read one by one, each by one of ``tables``."""

    tables: tuple[Table, ...]

    def schema(self) -> Json:
        return {"type": "array", "items": _one_of(self.tables), "minItems": 1}

    def check(self, node: Node, what: str) -> None:
        """Is done by the reader of each."""


@dataclass(frozen=True, slots=True)
class Named:
    """A mapping from names to mappings, which are read one by one, each by one of ``tables``."""

    tables: tuple[Table, ...]

    def schema(self) -> Json:
        return {
            "type": "object",
            "propertyNames": Name().schema(),
            "additionalProperties": _one_of(self.tables),
        }

    def check(self, node: Node, what: str) -> None:
        """Is done by the reader of each."""


@dataclass(frozen=True, slots=True)
class Either:
    """One of several shapes; which it is, its reader finds out and checks."""

    shapes: tuple[Shape, ...]

    def schema(self) -> Json:
        return {"anyOf": [shape.schema() for shape in self.shapes]}

    def check(self, node: Node, what: str) -> None:
        """Is done by the reader."""


@dataclass(frozen=True, slots=True)
class Exactly:
    """One text, by which a mapping is told from others."""

    value: str

    def schema(self) -> Json:
        return {"const": self.value}

    def check(self, node: Node, what: str) -> None:
        if text(node, what) != self.value:
            raise PolicyError(f"{what}: expected {self.value}", where=node.where)


def _one_of(tables: Iterable[Table]) -> Json:
    found = [schema(table) for table in tables]
    return found[0] if len(found) == 1 else {"anyOf": found}


def files(node: Node, shape: Shape) -> Iterator[tuple[Text, File]]:
    """Every path in ``node`` that a `File` is the shape of, as far as it has the shape."""
    match shape:
        case File(names):
            if isinstance(node, Text) and node.text not in names:
                yield node, shape
        case Several(item):
            for inner in node.items if isinstance(node, Items) else (node,):
                yield from files(inner, item)
        case Either(shapes):
            for each in shapes:
                yield from files(node, each)
        case Record(table):
            yield from files_of(node, table)
        case Listed(tables):
            for inner in node.items if isinstance(node, Items) else ():
                yield from _of_any(inner, tables)
        case Named(tables):
            for inner in node.values.values() if isinstance(node, Entries) else ():
                yield from _of_any(inner, tables)


def files_of(node: Node, table: Table) -> Iterator[tuple[Text, File]]:
    """The same of a mapping."""
    if isinstance(node, Entries):
        for name, value in node.values.items():
            if name in table:
                yield from files(value, table[name].shape)


def _of_any(node: Node, tables: Iterable[Table]) -> Iterator[tuple[Text, File]]:
    found = {(item.where, item.text): (item, shape) for table in tables for item, shape in files_of(node, table)}
    yield from found.values()
