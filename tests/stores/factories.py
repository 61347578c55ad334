"""The stores that the contract suite runs over. A new kind of store is one more row in `FACTORIES`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from attest.stores.archive import ArchiveStore
from attest.stores.directory import DirectoryStore
from attest.stores.memory import MemoryStore
from attest.stores.protocol import Store

Opener = Callable[[], Store]


@dataclass(frozen=True, slots=True)
class Factory:
    """``running(directory)`` is a context that yields a function: each call opens the same store again.

    ``repository`` is where the suite works; ``other`` a second repository, None where there is only one.
    """

    name: str
    running: Callable[[Path], AbstractContextManager[Opener]]
    repository: str
    other: str | None


@contextmanager
def _memory(directory: Path) -> Iterator[Opener]:
    store = MemoryStore()
    yield lambda: store


@contextmanager
def _directory(directory: Path) -> Iterator[Opener]:
    yield lambda: DirectoryStore(directory / "store", "store", create=True)


@contextmanager
def _archive(directory: Path) -> Iterator[Opener]:
    yield lambda: ArchiveStore(directory / "store.tar", "store", create=True)


FACTORIES = (
    Factory("memory", _memory, "npm/semver", "pypi/idna"),
    Factory("directory tree", _directory, "npm/semver", "pypi/idna"),
    Factory("single directory", _directory, "", "npm/semver"),
    Factory("archive", _archive, "", None),
)
"""To add: `Factory(name, running, repository, other)`, where leaving ``running`` stops what it started."""
