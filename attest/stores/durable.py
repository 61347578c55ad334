"""Files that survive `kill -9` and power loss, in directories that no link leads out of.

A file is written beside its place, synced, renamed into it, and the directory is synced: whoever looks sees the old
content or the new, whole. Directories are held open by file descriptor and names are opened relative to them without
following links, so a link planted below the root is an error and never a way out. All raise `OSError`; `reading` and
`writing` turn that into a store's errors.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EACCES, EDQUOT, EINVAL, ELOOP, ENOSPC, ENOTDIR, EPERM, EROFS, ETIMEDOUT
from pathlib import Path
from types import TracebackType
from typing import Final

from attest.errors import NotFound, StoreRefused, StoreUnavailable

_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK  # not to wait for the writer of a FIFO
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_CREATE: Final = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
_CHUNK: Final = 1 << 20
_TEMPORARY: Final = ".tmp"
LOCK_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 0.005
_LINKED: Final = (ELOOP, ENOTDIR)
_FULL: Final = "free some space there and run again"
_DENIED: Final = "give this user write access, or name another store"
_NEXT: Final = {
    ENOSPC: _FULL,
    EDQUOT: _FULL,
    EACCES: _DENIED,
    EPERM: _DENIED,
    EROFS: "name a store that can be written",
    ETIMEDOUT: "wait for the other process, or end it",
}


class reading:  # noqa: N801 - used as a function; a generator would cost more than what most blocks do
    """Raise `NotFound` for what is not there and `StoreUnavailable` for what cannot be read."""

    __slots__ = ("_parts",)

    def __init__(self, *where: str) -> None:
        self._parts = where

    def __enter__(self) -> None:
        return

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, FileNotFoundError):
            raise NotFound("no such file", where="/".join(self._parts)) from None
        if isinstance(error, OSError):
            raise StoreUnavailable("cannot be read", where="/".join(self._parts), why=_why(error)) from None


@contextmanager
def writing(where: str) -> Iterator[None]:
    """Raise `StoreRefused` for what cannot be written, with what to do about it."""
    try:
        yield
    except OSError as error:
        next_step = _NEXT.get(error.errno or 0, "mend that, then run again")
        raise StoreRefused("cannot be written", where=where, why=_why(error), next_step=next_step) from None


def _why(error: OSError) -> str:
    if error.errno in _LINKED:
        return "a link or a file stands where a directory or a file is expected; links are not followed"
    return error.strerror or str(error)


@contextmanager
def folder(root: Path, *parts: str, create: bool = False) -> Iterator[int]:
    """The file descriptor of ``root/parts…``. Only ``root`` itself may be or contain a link."""
    if create:
        _make_root(root)
    held = os.open(root, _FOLDER)
    try:
        for part in parts:
            inner = _enter(held, part, create)
            os.close(held)
            held = inner
        yield held
    finally:
        os.close(held)


def read(directory: int, name: str, limit: int) -> bytes:
    """At most ``limit`` + 1 bytes of a regular file, so that a longer one shows as such."""
    return read_dated(directory, name, limit)[0]


def read_dated(directory: int, name: str, limit: int) -> tuple[bytes, float]:
    """As `read`, and when it was changed last, in seconds since the epoch."""
    held = os.open(name, _READ, dir_fd=directory)
    try:
        status = os.fstat(held)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(EINVAL, "not a regular file", name)
        chunks: list[bytes] = []
        wanted = limit + 1
        while wanted > 0 and (chunk := os.read(held, min(wanted, _CHUNK))):
            chunks.append(chunk)
            wanted -= len(chunk)
            if len(chunk) == status.st_size:
                break  # to be told that this was the end takes as long as to read it
        return b"".join(chunks), status.st_mtime
    finally:
        os.close(held)


def size(directory: int, name: str) -> int:
    """Of a regular file, in bytes."""
    status = os.stat(name, dir_fd=directory, follow_symlinks=False)
    if not stat.S_ISREG(status.st_mode):
        raise OSError(EINVAL, "not a regular file", name)
    return status.st_size


def write(directory: int, name: str, data: bytes, *, scratch: int) -> None:
    """Put ``data`` under ``name``, at once and for good. ``scratch`` is a directory on the same file system."""
    temporary = secrets.token_hex(8) + _TEMPORARY
    try:
        fill(scratch, temporary, [data], fresh=True)
        os.rename(temporary, name, src_dir_fd=scratch, dst_dir_fd=directory)
    except OSError:
        with suppress(OSError):
            os.unlink(temporary, dir_fd=scratch)
        raise
    os.fsync(directory)


def fill(directory: int, name: str, chunks: list[bytes] | Iterator[bytes], *, fresh: bool) -> None:
    """Write and sync a file in place; ``fresh`` refuses one that exists."""
    held = os.open(name, _CREATE | (os.O_EXCL if fresh else os.O_TRUNC), 0o666, dir_fd=directory)
    try:
        for chunk in chunks:
            view = memoryview(chunk)
            while view:
                view = view[os.write(held, view) :]
        os.fsync(held)
    finally:
        os.close(held)


def remove(directory: int, name: str) -> None:
    os.unlink(name, dir_fd=directory)
    os.fsync(directory)


@contextmanager
def locked(directory: int, name: str) -> Iterator[None]:
    """Hold the lock file ``name`` alone; it is free again when the process dies, however it dies.

    ``name`` ``"."`` locks the directory itself. Raises `TimeoutError` after `LOCK_SECONDS`.
    """
    flags = _FOLDER if name == "." else _CREATE
    held = os.open(name, flags, 0o666, dir_fd=directory)
    try:
        _acquire(held)
        yield
    finally:
        os.close(held)


def sweep(scratch: int) -> None:
    """Remove what killed writers left behind. Only for who holds the lock."""
    for name in os.listdir(scratch):
        if name.endswith(_TEMPORARY):
            with suppress(FileNotFoundError):
                os.unlink(name, dir_fd=scratch)


def _acquire(held: int) -> None:
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise TimeoutError(ETIMEDOUT, "another process is writing") from None
            time.sleep(_POLL_SECONDS)
        else:
            return


def _make_root(root: Path) -> None:
    root = root.absolute()
    if root.is_dir():
        return
    _make_root(root.parent)
    held = os.open(root.parent, _FOLDER)
    try:
        _make(root.name, held)
    finally:
        os.close(held)


def _enter(held: int, part: str, create: bool) -> int:
    flags = _FOLDER | os.O_NOFOLLOW
    try:
        return os.open(part, flags, dir_fd=held)
    except FileNotFoundError:
        if not create:
            raise
    _make(part, held)
    return os.open(part, flags, dir_fd=held)


def _make(name: str, parent: int) -> None:
    try:
        os.mkdir(name, 0o777, dir_fd=parent)
    except FileExistsError:
        return
    os.fsync(parent)
