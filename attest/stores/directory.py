"""A directory with one OCI image layout for each repository: `root/npm/semver/{oci-layout,index.json,blobs}`.

The repository `""` is the layout of the root itself. Beside what the image-spec names, a layout that was written to has
a directory `.attest` with the lock file and, while a write goes on, temporary files.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

from attest.errors import NotFound, StoreUnavailable, UsageError
from attest.oci.descriptor import Descriptor
from attest.oci.digest import Digest
from attest.oci.reference import Reference, is_repository
from attest.stores import durable
from attest.stores.layout import Layout
from attest.stores.layout_reading import INDEX, MARKER
from attest.stores.protocol import Referrers

_SCRATCH: Final = ".attest"
_LOCK: Final = "lock"
_SETTLED_NANOSECONDS: Final = 3_000_000_000
"""File systems note times as coarsely as by two seconds."""

_State = tuple[tuple[int, int, int, int], ...]
_TAKEN: Final = frozenset({INDEX, MARKER, "blobs"})


class DirectoryStore:
    """See `Store`. ``create``: a missing root is an empty store; otherwise it cannot be read."""

    def __init__(self, root: Path, name: str, *, create: bool = False) -> None:
        self.name = name
        self._root = root
        self._create = create
        self._layouts: dict[str, Layout] = {}

    def resolve(self, reference: Reference) -> Descriptor:
        return self._layout(reference.repository).resolve(reference)

    def fetch(self, repository: str, descriptor: Descriptor) -> bytes:
        return self._layout(repository).fetch(descriptor)

    def push(self, repository: str, descriptor: Descriptor, data: bytes) -> None:
        self._layout(repository).push(descriptor, data)

    def referrers(self, repository: str, subject: Digest, *, artifact_type: str | None = None) -> Referrers:
        return self._layout(repository).referrers(subject, artifact_type)

    def tag(self, reference: Reference, descriptor: Descriptor) -> None:
        self._layout(reference.repository).tag(reference.tag or "", descriptor)

    def tags(self, repository: str) -> Iterator[str]:
        return self._layout(repository).tags()

    def delete(self, repository: str, digest: Digest) -> None:
        self._layout(repository).delete(digest)

    def repositories(self) -> Iterator[str]:
        """Every layout below the root, sorted; links are not followed. Raises `StoreUnavailable` for a missing root."""
        if not self._root.is_dir():
            raise StoreUnavailable("the store does not exist", where=str(self._root), next_step="check its name")
        found = []
        for folder, inner, files in os.walk(self._root):
            inner[:] = [name for name in inner if name not in (*_TAKEN, _SCRATCH)]
            if INDEX in files:
                found.append(Path(folder).relative_to(self._root).as_posix())
        yield from sorted("" if name == "." else name for name in found)

    def together(self, repository: str) -> AbstractContextManager[None]:
        """See `attest.stores.threads.Batched`."""
        return self._layout(repository).together()

    def close(self) -> None:
        """Nothing is pending: every write was finished when it returned."""

    def _layout(self, repository: str) -> Layout:
        if repository not in self._layouts:
            parts = tuple(repository.split("/")) if repository else ()
            if repository and (not is_repository(repository) or not _TAKEN.isdisjoint(parts)):
                raise UsageError(f"not a repository name: {repository!r}", where=self.name)
            files = DirectoryFiles(self._root, parts, create=self._create)
            self._layouts[repository] = Layout(files, self.name)
        return self._layouts[repository]


class DirectoryFiles:
    """The files of one layout below ``root``. Implements `attest.stores.layout.Files`."""

    def __init__(self, root: Path, parts: tuple[str, ...], *, create: bool) -> None:
        self._root = root
        self._parts = parts
        self._create = create
        self._listed: tuple[_State | None, frozenset[str]] = None, frozenset()
        self.where = str(root.joinpath(*parts))

    def read(self, path: str, limit: int) -> bytes:
        with self._reading(path), self._folder_of(path) as (folder, name):
            return durable.read(folder, name, limit)

    def size(self, path: str) -> int:
        with self._reading(path), self._folder_of(path) as (folder, name):
            return durable.size(folder, name)

    def has(self, path: str) -> bool:
        try:
            with self._reading(path), self._folder_of(path) as (folder, name):
                os.stat(name, dir_fd=folder, follow_symlinks=False)
        except NotFound:
            return False
        return True

    def blobs(self) -> frozenset[str]:
        """Read again only when a directory changed: one command may ask for the referrers of thousands."""
        with suppress(NotFound), self._reading("blobs"), durable.folder(self._root, *self._parts, "blobs") as blobs:
            inner = {name: os.stat(name, dir_fd=blobs, follow_symlinks=False) for name in os.listdir(blobs)}
            folders = {name: status for name, status in inner.items() if not stat.S_ISREG(status.st_mode)}
            state = _state([os.fstat(blobs), *folders.values()])
            listed = self._listed
            if state is None or listed[0] != state:
                found: set[str] = set()
                for algorithm in folders:
                    with durable.folder(self._root, *self._parts, "blobs", algorithm) as folder:
                        found.update(f"blobs/{algorithm}/{name}" for name in os.listdir(folder))
                listed = self._listed = state, frozenset(found)
            return listed[1]
        return frozenset()

    def write(self, path: str, data: bytes) -> None:
        *inner, name = path.split("/")
        with (
            durable.writing(f"{self.where}/{path}"),
            durable.folder(self._root, *self._parts, _SCRATCH, create=True) as scratch,
            durable.folder(self._root, *self._parts, *inner, create=True) as folder,
        ):
            durable.write(folder, name, data, scratch=scratch)

    def remove(self, path: str) -> None:
        with durable.writing(f"{self.where}/{path}"), self._folder_of(path) as (folder, name):
            durable.remove(folder, name)

    @contextmanager
    def writing(self) -> Iterator[None]:
        with ExitStack() as held:
            with durable.writing(self.where):
                scratch = held.enter_context(durable.folder(self._root, *self._parts, _SCRATCH, create=True))
                held.enter_context(durable.locked(scratch, _LOCK))
                durable.sweep(scratch)
            yield

    @contextmanager
    def _folder_of(self, path: str) -> Iterator[tuple[int, str]]:
        *inner, name = path.split("/")
        with durable.folder(self._root, *self._parts, *inner) as folder:
            yield folder, name

    @contextmanager
    def _reading(self, path: str) -> Iterator[None]:
        try:
            with durable.reading(f"{self.where}/{path}"):
                yield
        except NotFound:
            if self._create or self._root.exists():
                raise
            raise StoreUnavailable(
                "the store does not exist",
                where=str(self._root),
                next_step="check the name of the directory, in --store or ATTEST_STORE",
            ) from None


def _state(folders: Iterable[os.stat_result]) -> _State | None:
    """What changes whenever a name in one of them does; None if one changed so lately that a clock may stand still."""
    state = tuple((status.st_dev, status.st_ino, status.st_mtime_ns, status.st_ctime_ns) for status in folders)
    latest = max(max(mtime, ctime) for _, _, mtime, ctime in state)
    return state if time.time_ns() - latest > _SETTLED_NANOSECONDS else None
