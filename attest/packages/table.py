"""The one table of ecosystems (design.md §4). A row never changes: anchors are made by it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Final

from attest.packages.row import MANY, Ecosystem

TYPES: Final = (
    "npm",
    "pypi",
    "gem",
    "maven",
    "cargo",
    "nuget",
    "brew",
    "golang",
    "hex",
    "deb",
    "rpm",
    "apk",
    "conda",
    "pub",
    "swift",
    "cpan",
    "cocoapods",
)
"""The purl types that have a row, each in the module of that name."""


_LOADED: Final[dict[str, Ecosystem]] = {}


class _Table(Mapping[str, Ecosystem]):
    """A row's module is loaded when it is asked for: most commands are about one ecosystem."""

    def __getitem__(self, type: str) -> Ecosystem:
        if type not in TYPES:
            raise KeyError(type)
        row: Ecosystem = import_module(f"attest.packages.{type}").ROW
        return _LOADED.setdefault(type, row)

    def __iter__(self) -> Iterator[str]:
        return iter(TYPES)

    def __len__(self) -> int:
        return len(TYPES)


TABLE: Final = _Table()


def ecosystem(type: str) -> Ecosystem:
    """The row of a purl type in lower case; a type without one is taken exactly, by sha256."""
    return _LOADED.get(type) or TABLE.get(type) or Ecosystem(type, namespace_max=MANY)
