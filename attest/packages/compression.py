"""Compressed streams (RFC 1952, bzip2, xz, RFC 8878), unpacked piece by piece and never to more than is reasonable."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Iterator
from enum import StrEnum
from itertools import chain
from typing import BinaryIO, Final, Protocol

from attest import limits
from attest.errors import PackageError

_CHUNK: Final = 256 * limits.KIB
_GZIP: Final = 31  # zlib's window bits for a gzip header
_ZSTD_STEP: Final = 256
"""What zstd is given at once: it takes no cap on what it answers, and every four bytes may become 128 KiB."""


class Codec(StrEnum):
    """How a stream is compressed."""

    GZIP = "gzip"
    BZIP2 = "bzip2"
    XZ = "xz"
    ZSTD = "zstd"


class _Stream(Protocol):
    """``rest`` is what follows the end of the stream, where ``ended``."""

    errors: type[Exception]
    ended: bool
    rest: bytes

    def feed(self, data: bytes) -> Iterator[bytes]: ...


def unpacked(codec: Codec, file: BinaryIO, size: int, *, alone: bool = True) -> Iterator[bytes]:
    """The content of one stream of at most ``size`` bytes, in pieces.

    Nothing but zeros may follow it. If not ``alone``, anything may, and the file stands behind the stream afterwards.
    Raises `PackageError` for a damaged one, and one that grows beyond all reason.
    """
    allowed = min(limits.PACKAGE_UNPACKED, limits.PACKAGE_RATIO_FREE + limits.PACKAGE_RATIO * size)
    stream = _open(codec)
    total = 0
    while not stream.ended and (piece := file.read(_CHUNK)):
        try:
            for data in stream.feed(piece):
                total += len(data)
                if total > allowed:
                    raise PackageError("a package that unpacks to too much", why=f"more than {allowed} bytes")
                if data:
                    yield data
        except stream.errors as error:
            raise PackageError(f"not whole {codec} data", why=str(error)) from None
    if not stream.ended:
        raise PackageError(f"not whole {codec} data", why="it ends too early")
    if not alone:
        file.seek(file.tell() - len(stream.rest))
        return
    for rest in chain((stream.rest,), iter(lambda: file.read(_CHUNK), b"")):
        if rest.strip(b"\0"):
            raise PackageError(f"more than one {codec} stream", why="readers disagree about what follows the first")


class _Zlib:
    errors: type[Exception] = zlib.error

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(_GZIP)
        self.ended = False
        self.rest = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data and not self._inner.eof:
            yield self._inner.decompress(data, _CHUNK)
            data = self._inner.unconsumed_tail
        self.ended, self.rest = self._inner.eof, self._inner.unused_data


class _Standard:
    """bzip2 and xz, which the standard library reads alike."""

    def __init__(self, inner: bz2.BZ2Decompressor | lzma.LZMADecompressor, errors: type[Exception]) -> None:
        self._inner = inner
        self.errors = errors
        self.ended = False
        self.rest = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        yield self._inner.decompress(data, _CHUNK)
        while not self._inner.eof and not self._inner.needs_input:
            yield self._inner.decompress(b"", _CHUNK)
        self.ended, self.rest = self._inner.eof, self._inner.unused_data


class _Zstd:
    def __init__(self) -> None:
        import zstandard  # only Debian packages of some vendors and conda's need it

        self._inner = zstandard.ZstdDecompressor(max_window_size=limits.PACKAGE_WINDOW).decompressobj()
        self.errors: type[Exception] = zstandard.ZstdError
        self.ended = False
        self.rest = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        for at in range(0, len(data), _ZSTD_STEP):
            yield self._inner.decompress(data[at : at + _ZSTD_STEP])
            if self._inner.eof:
                self.ended, self.rest = True, self._inner.unused_data + data[at + _ZSTD_STEP :]
                return


def _open(codec: Codec) -> _Stream:
    match codec:
        case Codec.GZIP:
            return _Zlib()
        case Codec.BZIP2:
            return _Standard(bz2.BZ2Decompressor(), OSError)
        case Codec.XZ:
            return _Standard(lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=limits.PACKAGE_WINDOW), lzma.LZMAError)
        case Codec.ZSTD:
            return _Zstd()
