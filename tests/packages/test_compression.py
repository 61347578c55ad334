"""Every codec: the whole content comes out, and nothing that is damaged, doubled or grows beyond all reason."""

from __future__ import annotations

import io
import lzma
import time
import tracemalloc

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from attest import limits
from attest.errors import PackageError
from attest.packages.compression import Codec, unpacked
from tests.packages.makers import PACKERS

PACK = {
    Codec.GZIP: PACKERS[".gz"],
    Codec.BZIP2: PACKERS[".bz2"],
    Codec.XZ: PACKERS[".xz"],
    Codec.ZSTD: PACKERS[".zst"],
}
MIB = limits.MIB
EACH = pytest.mark.parametrize("codec", list(Codec))


def content(codec: Codec, data: bytes) -> bytes:
    return b"".join(unpacked(codec, io.BytesIO(data), len(data)))


@given(codec=st.sampled_from(list(Codec)), data=st.binary(max_size=2000), copies=st.sampled_from([1, 1000]))
def test_what_was_packed_comes_out(codec: Codec, data: bytes, copies: int) -> None:
    assert content(codec, PACK[codec](data * copies)) == data * copies


@given(codec=st.sampled_from(list(Codec)), data=st.binary(max_size=300), rest=st.binary(max_size=300))
def test_what_follows_is_left(codec: Codec, data: bytes, rest: bytes) -> None:
    packed = PACK[codec](data)
    file = io.BytesIO(packed + rest)
    assert b"".join(unpacked(codec, file, len(packed), alone=False)) == data
    assert file.read() == rest


@EACH
def test_zeros_may_follow(codec: Codec) -> None:
    assert content(codec, PACK[codec](b"data") + bytes(MIB)) == b"data"


@EACH
def test_damage(codec: Codec) -> None:
    packed = PACK[codec](bytes(range(256)) * 10)
    for end in range(0, len(packed), 7):
        with pytest.raises(PackageError, match=f"not whole {codec} data: it ends too early"):
            content(codec, packed[:end])
    for more in (packed, b"x", bytes(MIB) + b"x"):
        with pytest.raises(PackageError, match=f"more than one {codec} stream"):
            content(codec, packed + more)
    with pytest.raises(PackageError, match=f"not whole {codec} data"):
        content(codec, b"x" * 100)


@EACH
def test_a_bomb(codec: Codec) -> None:
    """The compressed bytes are few; of what they become one piece is held at a time."""
    zeros = bytes(limits.PACKAGE_RATIO_FREE // 2)
    packed = PACK[codec](zeros * 2 + zeros)
    del zeros
    assert len(packed) < MIB // 4
    tracemalloc.start()
    start = time.process_time()
    with pytest.raises(PackageError, match="a package that unpacks to too much"):
        for _ in unpacked(codec, io.BytesIO(packed), len(packed)):
            pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert time.process_time() - start < 10
    assert peak < 20 * MIB


def test_a_window_beyond_all_reason() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=28)
    large = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    with pytest.raises(PackageError, match="not whole zstd data"):
        content(Codec.ZSTD, large.compress(b"x" * 1000) + large.flush())
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 256 * MIB}]
    header = lzma.compress(b"x", filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 8 * MIB}])
    assert content(Codec.XZ, header) == b"x"
    with pytest.raises(PackageError, match="not whole xz data"):
        content(Codec.XZ, lzma.compress(b"x", filters=filters))
