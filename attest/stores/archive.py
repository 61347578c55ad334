"""One OCI image layout in a tar file, as `oras`, `crane`, `regctl` and `docker save` read and write it.

Members are read where they lie in the file; nothing is unpacked. What is written stays in memory until `close`, which
writes a whole new file beside the old one and renames it. The same content gives the same bytes: members sorted, no
times, no owners. A tar that two programs could understand differently is not read at all.
"""

from __future__ import annotations

import io
import os
import re
import stat
import tarfile
import threading
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from errno import EIO
from pathlib import Path
from typing import Final

from attest import limits
from attest.errors import NotFound, StoreRefused, StoreUnavailable
from attest.oci.descriptor import Descriptor
from attest.oci.digest import Digest
from attest.oci.reference import Reference
from attest.stores import durable
from attest.stores.layout import Layout
from attest.stores.layout_reading import INDEX
from attest.stores.protocol import Referrers

_CHUNK: Final = 1 << 20
_END: Final = bytes(tarfile.BLOCKSIZE)
_PLAIN: Final = re.compile(
    rb"(?P<path>blobs/sha256/[0-9a-f]{64}\0{23}|index\.json\0{90}|oci-layout\0{90})"
    rb"(?:[0-7]{7}\0){3}(?P<size>[0-7]{11})\0[0-7]{11}\0(?P<sum>[0-7]{6}\0 )0\0{100}ustar\x0000\0{64}"
    rb"(?:[0-7]{7}\0|\0{8}){2}\0{167}"
)
"""A header of POSIX.1-1988 (`ustar`) for a plain file without owner, link and prefix."""
_BLANK_SUM: Final = 8 * ord(" ")
"""A checksum is computed as if its own field were blank."""


class ArchiveStore:
    """See `Store`. It has the one repository ``""``. ``create``: a missing file is an empty store."""

    def __init__(self, file: Path, name: str, *, create: bool = False) -> None:
        self.name = name
        self._files = ArchiveFiles(file, create=create)
        self._layout = Layout(self._files, name)

    def resolve(self, reference: Reference) -> Descriptor:
        self._check(reference.repository)
        return self._layout.resolve(reference)

    def fetch(self, repository: str, descriptor: Descriptor) -> bytes:
        self._check(repository)
        return self._layout.fetch(descriptor)

    def push(self, repository: str, descriptor: Descriptor, data: bytes) -> None:
        self._check(repository)
        self._layout.push(descriptor, data)

    def referrers(self, repository: str, subject: Digest, *, artifact_type: str | None = None) -> Referrers:
        self._check(repository)
        return self._layout.referrers(subject, artifact_type)

    def listings(self, repository: str, subject: Digest) -> Iterator[Referrers]:
        """First what the archive says that it has, then what is found by reading everything in it."""
        self._check(repository)
        told = self._layout.told(subject)
        if told is not None:
            yield told
        yield self._layout.referrers(subject, None)

    def tag(self, reference: Reference, descriptor: Descriptor) -> None:
        self._check(reference.repository)
        self._layout.tag(reference.tag or "", descriptor)

    def tags(self, repository: str) -> Iterator[str]:
        self._check(repository)
        return self._layout.tags()

    def delete(self, repository: str, digest: Digest) -> None:
        self._check(repository)
        self._layout.delete(digest)

    def contents(self) -> dict[str, int]:
        """Every file in the tar, whether anything names it or not: sizes in bytes by path."""
        return self._files.members()

    def together(self, repository: str) -> AbstractContextManager[None]:
        """See `attest.stores.threads.Batched`."""
        self._check(repository)
        return self._layout.together()

    def close(self) -> None:
        """Write the file if anything changed. Raises `StoreRefused`; the old file is then as it was."""
        self._files.close()

    def _check(self, repository: str) -> None:
        if repository:
            raise NotFound(f"no repository {repository}", where=self.name, why="an archive holds one, without a name")


class ArchiveFiles:
    """The members of a tar, and over them what was written since. Implements `attest.stores.layout.Files`."""

    def __init__(self, file: Path, *, create: bool) -> None:
        self._file = file.resolve()
        self._create = create
        self._pending: dict[str, bytes | None] = {}
        self._opened: _Tar | None = None
        self._opening = threading.Lock()
        self.where = str(file)

    def read(self, path: str, limit: int) -> bytes:
        if path in self._pending:
            return self._written(path)[: limit + 1]
        tar = self._tar()
        with durable.reading(self.where, path):
            return tar.read(path, limit)

    def size(self, path: str) -> int:
        return len(self._written(path)) if path in self._pending else self._tar().member(path)[1]

    def has(self, path: str) -> bool:
        if path in self._pending:
            return self._pending[path] is not None
        return path in self._tar().members or (path == "blobs" and bool(self.blobs()))

    def blobs(self) -> frozenset[str]:
        return _blobs(self._paths()) if self._pending else self._tar().blobs

    def members(self) -> dict[str, int]:
        known = self._tar().members
        sizes = {path: size for path, (_, size) in known.items() if path not in self._pending}
        written = {path: len(data) for path, data in self._pending.items() if data is not None}
        return dict(sorted((sizes | written).items()))

    def write(self, path: str, data: bytes) -> None:
        self._pending[path] = data

    def remove(self, path: str) -> None:
        self._pending[path] = None

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Nothing is held: `close` refuses to write over what another process wrote since it was read."""
        self._create = True
        self._tar()
        yield

    def close(self) -> None:
        try:
            if self._pending:
                self._rewrite()
        finally:
            self._pending.clear()
            if self._opened is not None:
                self._opened.close()
                self._opened = None

    def _written(self, path: str) -> bytes:
        data = self._pending[path]
        if data is None:
            raise NotFound("no such member", where=f"{self.where}/{path}")
        return data

    def _paths(self) -> set[str]:
        paths = {*self._tar().members, *self._pending}
        return {path for path in paths if path not in self._pending or self._pending[path] is not None}

    def _tar(self) -> _Tar:
        opened = self._opened
        if opened is not None:
            return opened
        with self._opening:
            return self._open()

    def _open(self) -> _Tar:
        if self._opened is None:
            try:
                with durable.reading(self.where):
                    self._opened = _Tar.open(self._file, self.where)
            except NotFound:
                if not self._create:
                    raise StoreUnavailable(
                        "the archive does not exist",
                        where=self.where,
                        next_step="check the name of the file, in --store or ATTEST_STORE",
                    ) from None
                self._opened = _Tar(None, {}, self.where)
        return self._opened

    def _rewrite(self) -> None:
        temporary = f".{self._file.name}.attest.tmp"
        with (
            durable.writing(self.where),
            durable.folder(self._file.parent) as folder,
            durable.locked(folder, "."),
        ):
            old = self._tar().status()
            try:
                now = os.stat(self._file.name, dir_fd=folder)
            except FileNotFoundError:
                now = None
            if _identity(old) != _identity(now):
                raise StoreRefused(
                    "another process wrote the archive meanwhile", where=self.where, next_step="run the command again"
                )
            durable.fill(folder, temporary, self._bytes(), fresh=False)
            if old is not None:
                os.chmod(temporary, stat.S_IMODE(old.st_mode), dir_fd=folder)
            os.rename(temporary, self._file.name, src_dir_fd=folder, dst_dir_fd=folder)
            os.fsync(folder)

    def _bytes(self) -> Iterator[bytes]:
        written = 0
        for path in sorted(self._paths()):
            info = tarfile.TarInfo(path)
            info.size = self.size(path)
            header = info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
            yield header
            if path in self._pending:
                yield self._written(path)
            else:
                yield from self._tar().chunks(path)
            padding = -info.size % tarfile.BLOCKSIZE
            yield bytes(padding)
            written += len(header) + info.size + padding
        yield bytes(2 * tarfile.BLOCKSIZE)
        yield bytes(-(written + 2 * tarfile.BLOCKSIZE) % tarfile.RECORDSIZE)


class _Tar:
    """An open tar: ``members`` maps the path of each file to its offset and size. ``held`` is None for an empty one."""

    def __init__(self, held: int | None, members: Mapping[str, tuple[int, int]], where: str) -> None:
        self.members = members
        self.blobs = _blobs(members)
        self._held = held
        self._where = where
        self._index: bytes | None = None

    @classmethod
    def open(cls, file: Path, where: str) -> _Tar:
        """Raises `OSError`, and `StoreUnavailable` for what is not a plain tar of plain files."""
        held = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            if not stat.S_ISREG(os.fstat(held).st_mode):
                raise _refused(where, "it is not a regular file")
            return cls(held, _members(held, where), where)
        except BaseException:
            os.close(held)
            raise

    def member(self, path: str) -> tuple[int, int]:
        known = self.members.get(path)
        if known is None:
            raise NotFound("no such member", where=f"{self._where}/{path}")
        return known

    def read(self, path: str, limit: int) -> bytes:
        """At most ``limit`` + 1 bytes. The index is kept: it is looked at for every question."""
        if path == INDEX and self._index is not None and len(self._index) <= limit:
            return self._index
        start, size = self.member(path)
        data = b"".join(self._chunks(start, min(size, limit + 1)))
        if path == INDEX:
            self._index = data
        return data

    def chunks(self, path: str) -> Iterator[bytes]:
        return self._chunks(*self.member(path))

    def status(self) -> os.stat_result | None:
        return None if self._held is None else os.fstat(self._held)

    def close(self) -> None:
        if self._held is not None:
            os.close(self._held)

    def _chunks(self, start: int, size: int) -> Iterator[bytes]:
        assert self._held is not None
        while size > 0:
            chunk = os.pread(self._held, min(size, _CHUNK), start)
            if not chunk:
                raise OSError(EIO, "the file became shorter")
            yield chunk
            start, size = start + len(chunk), size - len(chunk)


def _blobs(paths: Iterable[str]) -> frozenset[str]:
    return frozenset(path for path in paths if path.startswith("blobs/") and path.count("/") == 2)


class _Bounded(io.BufferedReader):
    """`tarfile` asks at once for as many bytes as an extended header claims to have."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or not 0 <= size <= _CHUNK:
            raise tarfile.ReadError(f"an extended header of {size} bytes")
        return super().read(size)


def _plain_members(held: int) -> dict[str, tuple[int, int]] | None:
    """The members of a tar with nothing in it but what `ArchiveStore` writes; None for any other, whatever it is.

    There can be many thousands, for each of which `tarfile` takes as long as for a signature.
    """
    found: dict[str, tuple[int, int]] = {}
    at = 0
    while (block := os.pread(held, tarfile.BLOCKSIZE, at)) != _END:
        header = _PLAIN.fullmatch(block)
        if header is None or _sum(block) - _sum(header["sum"]) + _BLANK_SUM != int(header["sum"][:6], 8):
            return None
        path, size = header["path"].rstrip(b"\0").decode("ascii"), int(header["size"], 8)
        at += tarfile.BLOCKSIZE
        if path in found or len(found) >= limits.ARCHIVE_MEMBERS:
            return None
        found[path] = at, size
        at += size + -size % tarfile.BLOCKSIZE
    while rest := os.pread(held, _CHUNK, at):
        if rest.count(0) != len(rest):
            return None
        at += len(rest)
    return found


def _sum(block: bytes) -> int:
    """Of the bytes of a `_PLAIN` header: one less than the lower half of Adler-32, whose modulus is never reached.

    To add them up in Python takes half of the time that a header takes.
    """
    return (zlib.adler32(block) & 0xFFFF) - 1


def _members(held: int, where: str) -> dict[str, tuple[int, int]]:
    plain = _plain_members(held)
    if plain is not None:
        return plain
    found: dict[str, tuple[int, int]] = {}
    with _Bounded(io.FileIO(os.dup(held))) as file:
        length = os.fstat(held).st_size
        try:
            with tarfile.open(fileobj=file, mode="r:") as tar:
                for number, member in enumerate(tar):
                    if number >= limits.ARCHIVE_MEMBERS:
                        raise _refused(where, f"more than {limits.ARCHIVE_MEMBERS} members")
                    if tar.pax_headers:  # tarfile gives each member after it a copy of its own
                        raise _refused(where, "a header that is about all members")
                    if member.size < 0 or (member.isdir() and member.size):  # some programs go on after its content
                        raise _refused(where, f"the member {member.name!r} has {member.size} bytes")
                    if member.isdir():
                        continue
                    path = _path(member, where)
                    if path in found:
                        raise _refused(where, f"the member {path!r} stands there twice")
                    if member.offset_data + member.size > length:
                        raise _refused(where, f"the member {path!r} is cut off")
                    found[path] = member.offset_data, member.size
                end = tar.offset
        except (tarfile.TarError, ValueError, EOFError, RecursionError) as error:
            raise _refused(where, str(error)) from None
        file.seek(end)  # tarfile takes a damaged header for the end
        while rest := file.read(_CHUNK):
            if rest.count(0) != len(rest):
                raise _refused(where, f"damaged, or something follows its end, at byte {end} or later")
    return found


def _path(member: tarfile.TarInfo, where: str) -> str:
    """The member's path without a leading ``./``."""
    name = member.name.removeprefix("./")
    if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or member.issparse():
        raise _refused(where, f"the member {name!r} is no plain file; links are not followed")
    if not {"", ".", ".."}.isdisjoint(name.split("/")):
        raise _refused(where, f"the member {name!r} leads out of the archive, or nowhere")
    return name


def _identity(status: os.stat_result | None) -> tuple[int, ...] | None:
    return None if status is None else (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def _refused(where: str, why: str) -> StoreUnavailable:
    return StoreUnavailable(
        "not a tar of an image layout", where=where, why=why, next_step="make it again, as an uncompressed tar"
    )
