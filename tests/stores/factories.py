"""The stores that the contract suite runs over. A new kind of store is one more row in `FACTORIES`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from attest.stores.archive import ArchiveStore
from attest.stores.cache import CachedStore, ContentCache
from attest.stores.directory import DirectoryStore
from attest.stores.memory import MemoryStore
from attest.stores.protocol import Store
from attest.stores.registry import RegistryStore
from attest.stores.registry.credentials import UserCredentials
from attest.stores.union import Member, UnionStore
from tests.stores.registry import real

Opener = Callable[[], Store]


@dataclass(frozen=True, slots=True)
class Factory:
    """``running(directory)`` is a context that yields a function: each call opens the same store again.

    ``repository`` is where the suite works; ``other`` a second repository, None where there is only one. ``cannot``
    names tests that must fail, with the reason why this registry cannot promise what they ask.
    """

    name: str
    running: Callable[[Path], AbstractContextManager[Opener]]
    repository: str
    other: str | None
    cannot: Mapping[str, str] = field(default_factory=dict)


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


@contextmanager
def _union(directory: Path) -> Iterator[Opener]:
    first, second = MemoryStore("first"), MemoryStore("second")
    members = (Member(first, lambda repository: f"mirror/{repository}"), Member(second, lambda repository: "all"))
    yield lambda: UnionStore(members)


@contextmanager
def _cached(directory: Path) -> Iterator[Opener]:
    store = MemoryStore()
    yield lambda: CachedStore(store, ContentCache(directory / "cache"))


def _registry(
    serving: Callable[[Path], AbstractContextManager[str]],
) -> Callable[[Path], AbstractContextManager[Opener]]:
    @contextmanager
    def running(directory: Path) -> Iterator[Opener]:
        with serving(directory) as host:
            yield lambda: RegistryStore(host, name=host, credentials=UserCredentials({}, directory))

    return running


FACTORIES = (
    Factory("memory", _memory, "npm/semver", "pypi/idna"),
    Factory("directory tree", _directory, "npm/semver", "pypi/idna"),
    Factory("single directory", _directory, "", "npm/semver"),
    Factory("archive", _archive, "", None),
    Factory(
        "union",
        _union,
        "npm/semver",
        "pypi/idna",
        {"test_referrers_are_listed_with_type_and_annotations": "a place names the one store that has it"},
    ),
    Factory("cached", _cached, "npm/semver", "pypi/idna"),
    Factory(
        "olareg",
        _registry(real.olareg),
        "npm/semver",
        "pypi/idna",
        {"test_nothing_is_in_a_repository_that_does_not_exist": "lists no tags instead of saying that there is none"},
    ),
    Factory(
        "distribution",
        _registry(real.distribution),
        "npm/semver",
        "pypi/idna",
        {"test_subjects_and_manifests_named_by_sha512": "takes manifests by sha256 only"},
    ),
    Factory(
        "docker-registry 2.8.2",
        _registry(real.docker_registry),
        "npm/semver",
        "pypi/idna",
        {
            "test_subjects_and_manifests_named_by_sha512": "takes manifests by sha256 only",
            "test_a_blob_does_not_resolve": "answers 500 when a blob is asked for as a manifest",
        },
    ),
    Factory(
        "crane",
        _registry(real.crane),
        "npm/semver",
        "pypi/idna",
        {
            "test_a_manifest_comes_after_what_it_names": "does not look for what a manifest names",
            "test_the_same_content_in_two_repositories": "shares blobs between repositories",
        },
    ),
)
"""To add: `Factory(name, running, repository, other)`, where leaving ``running`` stops what it started."""
