"""From what the user named to subjects in open stores: anchored for commands that write, looked up for the rest."""

from __future__ import annotations

import argparse
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from attest import names
from attest.cli.options import store_texts
from attest.cli.subjects import Image, Named, Package, Version, parse_image
from attest.errors import StoreError, UsageError
from attest.evidence.attach import push_anchor
from attest.evidence.lookup import artifacts, subject_of
from attest.evidence.model import Subject
from attest.evidence.patterns import image_name
from attest.packages import placement
from attest.packages.anchors import version_anchor
from attest.packages.purl import Purl
from attest.stores.location import SERVICES, Location, Scheme, open_store
from attest.stores.parallel import in_parallel
from attest.stores.processes import beside
from attest.stores.protocol import Store
from attest.stores.threads import Batched
from attest.stores.union import Member, UnionStore

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Target:
    """A subject, and where its evidence lies."""

    subject: Subject
    store: Store
    repository: str


@dataclass(frozen=True, slots=True)
class Home:
    """Where a package version is written; ``host`` is that of a registry, None for what lies on disk."""

    store: Store
    repository: str
    tag: str
    host: str | None


class Targets(AbstractContextManager["Targets"]):
    """The stores of one command, each opened once, closed (and so written) at the end. Safe for many threads."""

    def __init__(self, arguments: argparse.Namespace, *, create: bool, offline: bool = False) -> None:
        self._locations = [Location.parse(text) for text in store_texts(arguments)]
        self._create = create
        self._offline = offline
        self._open: dict[str, Store | StoreError] = {}
        self._checks: dict[str, Callable[[], None]] = {}
        self._opening = threading.Lock()
        self._stack = ExitStack()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    @property
    def far(self) -> bool:
        """Whether one of the stores is behind a network, so that waiting for many answers at once saves time."""
        return any(location.scheme is Scheme.REGISTRY or location.scheme in SERVICES for location in self._locations)

    def begin(self) -> None:
        """Begin to open all stores: archives are held against their lists beside what this process does next."""
        for location in {item.text: item for item in self._locations}.values():
            with suppress(StoreError):
                store = self._open[location.text] = self._opened(location)
                if location.text in self._checks:
                    next(store.tags(""), None)  # so that both have read the same file, whatever its name means later
                    work = beside(self._checks[location.text])
                    self._checks[location.text] = self._stack.enter_context(work)

    def open(self) -> None:
        """Open all stores now, which asks none that is far away; one that cannot be opened is told when it is read."""
        for location in self._locations:
            with suppress(StoreError):
                self._store(location)

    def read(self, named: Named, *, resolve: bool = True) -> list[Target]:
        """The subjects that ``named`` means; for a purl without digest those that the store lists, else the version.

        Those are marked as looked up unless ``resolve`` says that the store's listing is trusted, and it was whole.
        """
        if isinstance(named, Image):
            return [self._image(named)]
        store, repository = self.place(named.purl)
        if isinstance(named, Package):
            return [Target(_subject(named), store, repository)]
        known = artifacts(store, repository, named.purl)
        looked_up = bool(known.problems) or not resolve
        subjects = [replace(subject, looked_up=looked_up) for subject in known.subjects] or [_version(named)]
        return [Target(subject, store, repository) for subject in subjects]

    def place(self, purl: Purl) -> tuple[Store, str]:
        """Where the evidence of a package is read. Raises `StoreError`."""
        store = UnionStore([self._member(location, purl) for location in self._locations])
        return store, placement.repository(purl)

    def beside(self, subject: Subject) -> tuple[Store, str]:
        """Where the evidence of a manifest lies that was named as ``subject`` is. Raises `UsageError`, `StoreError`."""
        named = parse_image(subject.name)
        return self._store(named.location), named.reference.repository

    def write(self, named: Named) -> Target:
        """The subject to write to, its anchor stored first.

        A purl without a digest is refused: what a store shows is not what the user meant to sign.
        """
        if isinstance(named, Version):
            raise UsageError(
                "no digest",
                where=str(named.purl),
                why="what a store lists is not what you meant to sign",
                next_step="name the package file, or give --digest ALG:HEX",
            )
        if isinstance(named, Image):
            return self._image(named)
        home = self.home(named.purl)
        push_anchor(home.store, home.repository, home.tag, named.purl, named.digest)
        return Target(_subject(named), home.store, home.repository)

    def home(self, purl: Purl) -> Home:
        """Where a package version is written."""
        location = self._locations[0]
        repository = location.repository(placement.repository(purl))
        host = location.root if location.scheme is Scheme.REGISTRY else None
        tag = placement.hint(purl, per_package=location.per_package)
        return Home(self._store(location), repository, tag, host)

    def write_all(self, packages: Sequence[Package]) -> Iterator[Target]:
        """As `write`, of many."""
        return self.each(self.write, packages)

    def each(self, write: Callable[[T], R], items: Sequence[T]) -> Iterator[R]:
        """What ``write`` does with each: to a registry at once; of one layout for all the index is written once."""
        location = self._locations[0]
        store = self._store(location)
        if location.scheme is Scheme.REGISTRY:
            yield from in_parallel(write, items)
        elif isinstance(store, Batched) and not location.per_package:
            with store.together(location.repository("")):
                yield from map(write, items)
        else:
            yield from map(write, items)

    def sealed(self) -> tuple[Store, str] | None:
        """Where the seals of the whole store lie, with all its packages; None where nobody could put one."""
        places = [item for item in self._locations if item.scheme not in SERVICES]
        members = [Member(self._store(location), location.repository) for location in places]
        return (UnionStore(members), names.SEALED_REPOSITORY) if members else None

    def _image(self, named: Image) -> Target:
        store = self._store(named.location)
        subject = Subject(store.resolve(named.reference), name=named.text, image=image_name(named.reference))
        return Target(subject, store, named.reference.repository)

    def _member(self, location: Location, purl: Purl) -> Member:
        """One of the stores; in a service a repository is the package itself."""
        service = location.scheme in SERVICES
        return Member(self._store(location), (lambda _: purl.package) if service else location.repository)

    def _store(self, location: Location) -> Store:
        with self._opening:
            if location.text not in self._open:
                self._open[location.text] = self._opened(location)
            check = self._checks.pop(location.text, None)
            if check is not None:
                try:
                    check()
                except StoreError as error:
                    self._open[location.text] = error
            found = self._open[location.text]
        if isinstance(found, StoreError):
            raise found
        return found

    def _opened(self, location: Location) -> Store:
        service = location.scheme in SERVICES
        if self._offline and (service or location.scheme is Scheme.REGISTRY):
            raise UsageError(
                "this store needs a network",
                where=location.text,
                why="--offline says that there is none",
                next_step="name a pack or a directory: --store oci-archive:FILE, --store oci:DIR",
            )
        store = _service(location) if service else open_store(location, create=self._create)
        if location.scheme is Scheme.REGISTRY:
            store = _cached(store)
        self._stack.enter_context(closing(store))
        if location.scheme is Scheme.ARCHIVE and not self._create:
            self._checks[location.text] = partial(_hold_against_its_list, store)
        return store


def _service(location: Location) -> Store:
    from attest.evidence.services import open_service
    from attest.evidence.services.store import ServiceStore

    return ServiceStore(open_service(location.scheme, os.environ, Path.home()), location.text)


def _cached(store: Store) -> Store:
    """The store with the user's cache of content before it, unless that is switched off."""
    from attest.stores.cache import CachedStore, ContentCache

    cache = ContentCache.of_user(os.environ, Path.home())
    return store if cache is None else CachedStore(store, cache)


def _hold_against_its_list(store: Store) -> None:
    """An archive that is a pack must hold what it lists and nothing else before anything in it is used."""
    from attest.evidence.pack import complete
    from attest.stores.archive import ArchiveStore

    if isinstance(store, ArchiveStore):
        complete(store)


def computed_subject(named: Named) -> Subject | None:
    """The subject that can be named without asking a store: None for an image, whose digest only a store knows."""
    if isinstance(named, Package):
        return _subject(named)
    return _version(named) if isinstance(named, Version) else None


def _subject(named: Package) -> Subject:
    return subject_of(named.purl, named.digest, read_from_file=named.file is not None)


def _version(named: Version) -> Subject:
    return Subject(version_anchor(named.purl).descriptor(), named.purl, None, str(named.purl), looked_up=True)
