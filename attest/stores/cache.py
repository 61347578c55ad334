"""Content from registries kept on disk by digest, for all commands and processes of one user.

Only what can never change is kept: listings and tags are asked for anew each time. An entry is checked against its
digest whenever it is read, so a damaged or forged one is only a miss; a disk that is full or read-only likewise. For
the same reason nothing is synced. Who must prove what a registry holds (`copy --verify`, `doctor`) reads without it.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from attest import limits
from attest.errors import DigestMismatch
from attest.oci.descriptor import Descriptor
from attest.oci.digest import Digest
from attest.oci.reference import Reference
from attest.stores import durable
from attest.stores.listings import listings
from attest.stores.protocol import Referrers, Store

_ENTRIES: Final = "content"
_LOCK: Final = "lock"
_RESERVED: Final = "reserved"
_RESERVED_LIMIT: Final = 32
_STEP: Final = limits.MIB
_KEPT_AFTER_TRIM: Final = 0.8
_ENTRY_COST: Final = 4 * limits.KIB
_USED_SECONDS: Final = 3600.0
"""An entry that is read is marked as used at most so often."""
_OFF: Final = ("", "off")
_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class ContentCache:
    """A directory of at most ``limit`` bytes, the least recently used dropped. Safe for many threads and processes.

    Space is reserved under a lock before it is used, a step at a time, so that processes that die cannot make the
    directory outgrow its limit.
    """

    def __init__(self, root: Path, *, limit: int = limits.CACHE) -> None:
        self._root = root
        self._limit = limit
        self._credit = 0
        self._entries: _Entries | None = None
        self._mutex = threading.Lock()

    @classmethod
    def of_user(cls, environment: Mapping[str, str], home: Path) -> ContentCache | None:
        """Where ``ATTEST_CACHE`` says, else below ``XDG_CACHE_HOME`` or ``~/.cache``; None for ``ATTEST_CACHE=off``."""
        named = environment.get("ATTEST_CACHE")
        if named is not None:
            return None if named in _OFF else cls(Path(named))
        base = environment.get("XDG_CACHE_HOME", "")
        return cls((Path(base) if base.startswith("/") else home / ".cache") / "attest")

    def get(self, descriptor: Descriptor) -> bytes | None:
        """The content, whole and checked, or None."""
        name = _name(descriptor.digest)
        try:
            entries = self._entries = self._entries or _Entries(self._root)
            data, used = durable.read_dated(entries.folder, name, descriptor.size)
            try:
                descriptor.digest.check(data)
            except DigestMismatch:
                if len(data) <= descriptor.size:  # else it is longer than it was asked for, and may be good
                    os.unlink(name, dir_fd=entries.folder)
                return None
            if time.time() - used > _USED_SECONDS:
                os.utime(name, dir_fd=entries.folder, follow_symlinks=False)
        except OSError:
            self._entries = None  # the directory may be another by now, or be made
            return None
        return data if len(data) == descriptor.size else None

    def put(self, descriptor: Descriptor, data: bytes) -> None:
        """Keep content that was checked; nothing happens where that cannot be."""
        if len(data) > min(limits.EVIDENCE_BLOB, self._limit // 4):
            return
        with suppress(OSError):
            self._reserve(len(data) + _ENTRY_COST)
            with durable.folder(self._root, _ENTRIES, create=True) as folder:
                temporary = f".{secrets.token_hex(8)}.tmp"
                try:
                    held = os.open(temporary, _FLAGS, 0o600, dir_fd=folder)
                    with open(held, "wb") as file:
                        file.write(data)
                    os.rename(temporary, _name(descriptor.digest), src_dir_fd=folder, dst_dir_fd=folder)
                except OSError:
                    with suppress(OSError):
                        os.unlink(temporary, dir_fd=folder)
                    raise

    def _reserve(self, size: int) -> None:
        """Account for ``size`` bytes on disk, and make room when the limit is met."""
        with self._mutex:
            if self._credit < size:
                step = max(size, min(_STEP, self._limit // 16))
                self._make_root()
                with durable.folder(self._root) as root, durable.locked(root, _LOCK):
                    reserved = self._reserved(root)
                    if reserved is None or reserved + step > self._limit:
                        reserved = self._trim(int(self._limit * _KEPT_AFTER_TRIM) - step)
                    _write_number(root, reserved + step)
                self._credit += step
            self._credit -= size

    def _make_root(self) -> None:
        self._root.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            self._root.mkdir(mode=0o700)  # what a private registry holds is nobody else's business

    @staticmethod
    def _reserved(root: int) -> int | None:
        try:
            text = durable.read(root, _RESERVED, _RESERVED_LIMIT)
        except FileNotFoundError:
            return None
        return int(text) if text.isdigit() and len(text) <= _RESERVED_LIMIT else None

    def _trim(self, most: int) -> int:
        """Drop the least recently used until at most ``most`` bytes are there; how many there are."""
        with durable.folder(self._root, _ENTRIES, create=True) as folder:
            entries = []
            for name in os.listdir(folder):
                with suppress(FileNotFoundError):
                    status = os.stat(name, dir_fd=folder, follow_symlinks=False)
                    entries.append((status.st_mtime_ns, name, status.st_size + _ENTRY_COST))
            total = sum(size for _, _, size in entries)
            for _, name, size in sorted(entries):
                if total <= most:
                    break
                with suppress(FileNotFoundError):
                    os.unlink(name, dir_fd=folder)
                total -= size
            return total


class _Entries:
    """The directory of the entries, open for as long as a thread may read from it."""

    __slots__ = ("folder",)

    def __init__(self, root: Path) -> None:
        with durable.folder(root, _ENTRIES) as folder:
            self.folder: Final = os.dup(folder)

    def __del__(self) -> None:
        with suppress(AttributeError):  # it was never open
            os.close(self.folder)


class CachedStore:
    """See `Store`. ``store``, with its content read through ``cache``."""

    def __init__(self, store: Store, cache: ContentCache) -> None:
        self._store = store
        self._cache = cache

    @property
    def name(self) -> str:
        return self._store.name

    def resolve(self, reference: Reference) -> Descriptor:
        return self._store.resolve(reference)

    def fetch(self, repository: str, descriptor: Descriptor) -> bytes:
        """From the cache also what the repository no longer has: its bytes are what the digest says."""
        data = self._cache.get(descriptor)
        if data is None:
            data = self._store.fetch(repository, descriptor)
            self._cache.put(descriptor, data)
        return data

    def push(self, repository: str, descriptor: Descriptor, data: bytes) -> None:
        self._store.push(repository, descriptor, data)

    def referrers(self, repository: str, subject: Digest, *, artifact_type: str | None = None) -> Referrers:
        return self._store.referrers(repository, subject, artifact_type=artifact_type)

    def listings(self, repository: str, subject: Digest) -> Iterator[Referrers]:
        return listings(self._store, repository, subject)

    def tag(self, reference: Reference, descriptor: Descriptor) -> None:
        self._store.tag(reference, descriptor)

    def tags(self, repository: str) -> Iterator[str]:
        return self._store.tags(repository)

    def delete(self, repository: str, digest: Digest) -> None:
        self._store.delete(repository, digest)

    def close(self) -> None:
        self._store.close()


def _name(digest: Digest) -> str:
    return f"{digest.algorithm}-{digest.encoded}"


def _write_number(root: int, number: int) -> None:
    held = os.open(_RESERVED, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=root)
    with open(held, "wb") as file:
        file.write(b"%d" % number)
