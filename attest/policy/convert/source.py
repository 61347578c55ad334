"""Access to the YAML of other engines. What is not known there may mean anything, so it is never passed over."""

from __future__ import annotations

from attest.errors import PolicyError
from attest.formats.strict_yaml import Entries, Items, Node, Text
from attest.policy.convert.model import NotCarried


class Source:
    """One mapping; ``what`` names it for people."""

    def __init__(self, node: Node, what: str) -> None:
        if not isinstance(node, Entries):
            raise PolicyError(f"{what}: expected keys and values", where=node.where)
        self._node = node
        self.what = what
        self.where = node.where

    def only(self, *known: str) -> None:
        """Raises `NotCarried` for any other key."""
        for key, where in self._node.keys.items():
            if key not in known:
                raise NotCarried(where, f"{self.what}: {key[:80]!r} cannot be carried over")

    def has(self, key: str) -> bool:
        return key in self._node.keys

    def keys(self) -> tuple[str, ...]:
        return tuple(self._node.keys)

    def place(self, key: str) -> str:
        """Of the key, or of the mapping without it."""
        return self._node.keys.get(key, self.where)

    def text(self, key: str) -> str | None:
        """A scalar, of several lines too; None where it is not there. Raises `PolicyError` for anything else."""
        node = self._node.values.get(key)
        if node is None:
            return None
        if not isinstance(node, Text):
            raise PolicyError(f"{self.what}: {key!r}: expected text", where=node.where)
        return node.text

    def is_true(self, key: str) -> bool:
        """Whether it is there and true. Raises `PolicyError` for anything else than true and false."""
        text = self.text(key)
        if text not in (None, "true", "false"):
            raise PolicyError(f"{self.what}: {key!r}: expected true or false", where=self.place(key))
        return text == "true"

    def mapping(self, key: str) -> Source | None:
        node = self._node.values.get(key)
        return None if node is None else Source(node, key)

    def mappings(self, key: str) -> list[Source]:
        return [Source(node, f"{key}[{position}]") for position, node in enumerate(self.items(key))]

    def texts(self, key: str) -> list[Text]:
        found = []
        for node in self.items(key):
            if not isinstance(node, Text):
                raise PolicyError(f"{self.what}: {key!r}: expected texts", where=node.where)
            found.append(node)
        return found

    def items(self, key: str) -> tuple[Node, ...]:
        """The members of a list; none where it is not there."""
        node = self._node.values.get(key)
        if node is None:
            return ()
        if not isinstance(node, Items):
            raise PolicyError(f"{self.what}: {key!r}: expected a list", where=node.where)
        return node.items
