"""Typed access to the entries of one YAML mapping; every error names the line, and the nearest known keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from difflib import get_close_matches
from enum import StrEnum
from typing import Final, TypeVar

from attest.errors import PolicyError, UsageError
from attest.policy.yaml_nodes import Entries, Items, Node, Text

_T = TypeVar("_T")
_E = TypeVar("_E", bound=StrEnum)

INTEGER: Final = re.compile(r"[0-9]{1,9}", re.ASCII)
DECIMAL: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?", re.ASCII)
_NOT_TEXT: Final = re.compile(
    r"|~|null|Null|NULL|true|True|TRUE|false|False|FALSE"  # YAML 1.2 core schema, 10.3.2
    r"|[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+|[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)"
    r"|\.(nan|NaN|NAN)"
)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?", re.ASCII)


class Fields:
    """One mapping. The reader asks for what it knows and calls `only` with every key that it knows."""

    __slots__ = ("_values", "keys", "what", "where")

    def __init__(self, node: Node, what: str) -> None:
        """Raises `PolicyError` unless ``node`` is a mapping; ``what`` names it in errors, such as ``rule 'signed'``."""
        if not isinstance(node, Entries):
            raise PolicyError(f"{what}: expected keys and values", where=node.where, why=f"it is {kind_of(node)}")
        self.where = node.where
        self.what = what
        self.keys: Mapping[str, str] = node.keys
        self._values = node.values

    def only(self, *known: str) -> None:
        """Refuse every other key."""
        for key, place in self.keys.items():
            if key in known:
                continue
            near = get_close_matches(key, known, n=2, cutoff=0.6)
            why = f"nearest: {', '.join(near)}" if near else f"known: {', '.join(known)}"
            raise PolicyError(f"{self.what}: unknown key {key[:80]!r}", where=place, why=why)

    def has(self, key: str) -> bool:
        return key in self.keys

    def line_of(self, key: str) -> str:
        """The place of ``key``, or of the mapping where it is not written."""
        return self.keys.get(key, self.where)

    def node(self, key: str) -> Node:
        if key not in self._values:
            raise PolicyError(f"{self.what}: {key!r} is missing", where=self.where)
        return self._values[key]

    def string(self, key: str) -> str:
        return text(self.node(key), f"{self.what}: {key!r}")

    def name(self, key: str) -> str:
        """A word that stands for something: letters, digits, ``.``, ``_`` and ``-``, at most 64."""
        return as_name(self.string(key), self.node(key).where, f"{self.what}: {key!r}")

    def integer(self, key: str) -> int:
        """A whole number, in the range that `attest.policy.shapes` has held it against."""
        return int(self._plain(key))

    def decimal(self, key: str) -> Decimal:
        """A number with or without a point, as `integer`."""
        return Decimal(self._plain(key))

    def boolean(self, key: str) -> bool:
        """True or false, as `integer`."""
        return self._plain(key) == "true"

    def choice(self, key: str, kinds: type[_E], default: _E) -> _E:
        """One of an enumeration's values, ``default`` where the key is not written; as `integer`."""
        return kinds(self.string(key)) if key in self.keys else default

    def midnight(self, key: str) -> datetime:
        """A day, as its first moment in UTC."""
        return as_day(self.string(key), self.node(key), f"{self.what}: {key!r}")

    def _plain(self, key: str) -> str:
        node = self.node(key)
        assert isinstance(node, Text)
        return node.text

    def nodes(self, key: str) -> tuple[Node, ...]:
        """The members of a list, at least one."""
        node = self.node(key)
        if not isinstance(node, Items):
            raise PolicyError(f"{self.what}: {key!r}: expected a list", where=node.where, why=f"it is {kind_of(node)}")
        if not node.items:
            raise PolicyError(f"{self.what}: {key!r} is empty", where=node.where)
        return node.items

    def each(self, key: str, read: Callable[[str], _T]) -> tuple[_T, ...]:
        """Every text of a list through ``read``, whose `UsageError` gets its line; at least one, none twice."""
        found: dict[_T, None] = {}
        for node in self.nodes(key):
            value = self._through(read, node, key)
            if value in found:
                raise PolicyError(f"{self.what}: {key!r}: {str(value)[:80]!r} stands twice", where=node.where)
            found[value] = None
        return tuple(found)

    def parsed(self, key: str, read: Callable[[str], _T]) -> _T:
        """A text through ``read``, whose `UsageError` gets its line."""
        return self._through(read, self.node(key), key)

    def _through(self, read: Callable[[str], _T], node: Node, key: str) -> _T:
        what = f"{self.what}: {key!r}"
        try:
            return read(text(node, what))
        except UsageError as error:
            raise PolicyError(f"{what}: {error.what}", where=node.where, why=error.why) from None

    def strings(self, key: str) -> tuple[str, ...]:
        return self.each(key, str)

    def named(self, key: str, what: str) -> Iterator[tuple[str, Fields]]:
        """The entries of a mapping from names to mappings; an absent one has none."""
        if key not in self.keys:
            return
        outer = Fields(self.node(key), f"{key!r}")
        for name, place in outer.keys.items():
            node = outer.node(name)
            yield as_name(name, place, f"{key!r}"), Fields(node, f"{what} {name!r}")


def text(node: Node, what: str) -> str:
    """One line of text. A bare number, boolean or nothing is refused: another reader would not take it for text."""
    if not isinstance(node, Text) or (node.plain and _NOT_TEXT.fullmatch(node.text)):
        hint = "put it in quotes" if isinstance(node, Text) and node.text else None
        raise PolicyError(f"{what}: expected text", where=node.where, why=f"it is {kind_of(node)}", next_step=hint)
    if not node.text.strip() or "\n" in node.text:
        raise PolicyError(f"{what}: expected one line of text", where=node.where)
    return node.text


def as_name(value: str, where: str, what: str) -> str:
    """``value`` if it is a name. Raises `PolicyError`."""
    if not NAME.fullmatch(value):
        raise PolicyError(
            f"{what}: not a name: {value[:80]!r}", where=where, why="letters, digits, '.', '_', '-', at most 64"
        )
    return value


def as_day(value: str, node: Node, what: str) -> datetime:
    """``value`` as the first moment of a day in UTC. Raises `PolicyError`."""
    try:
        if _DATE.fullmatch(value):
            return datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:  # a 30 February
        pass
    raise PolicyError(f"{what}: not a day: {value[:80]!r}", where=node.where, why="expected YYYY-MM-DD")


def kind_of(node: Node) -> str:
    """What a node is, for people."""
    if isinstance(node, Items):
        return "a list"
    if isinstance(node, Entries):
        return "a mapping"
    if not node.plain:
        return f"the text {node.text[:80]!r}"
    return node.text[:80] if node.text else "empty"
