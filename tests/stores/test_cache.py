"""The content cache: never wrong, never in the way, never larger than it may be, and shared."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import stat
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attest import limits
from attest.errors import DigestMismatch, NotFound
from attest.oci.descriptor import Descriptor
from attest.oci.digest import Digest
from attest.oci.reference import Reference
from attest.stores.cache import CachedStore, ContentCache
from attest.stores.memory import MemoryStore
from tests.stores.graphs import attach, listed, push, subject

BLOB = "application/octet-stream"
REPOSITORY = "npm/semver"
MIB = limits.MIB


class Counting(MemoryStore):
    fetched = 0

    def fetch(self, repository: str, descriptor: Descriptor) -> bytes:
        self.fetched += 1
        return super().fetch(repository, descriptor)


def blob(number: int, size: int = 100) -> tuple[Descriptor, bytes]:
    data = number.to_bytes(8, "big") * (size // 8)
    return Descriptor.of(BLOB, data), data


def entry(root: Path, descriptor: Descriptor) -> Path:
    return root / "content" / f"{descriptor.digest.algorithm}-{descriptor.digest.encoded}"


def on_disk(root: Path) -> int:
    return sum(path.stat().st_size for path in root.rglob("*") if path.is_file())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "caches" / "attest"


@pytest.fixture
def store() -> Counting:
    return Counting("far")


def test_content_is_fetched_once_for_all_processes(root: Path, store: Counting) -> None:
    descriptor, data = blob(1)
    store.push(REPOSITORY, descriptor, data)
    for _ in range(3):
        assert CachedStore(store, ContentCache(root)).fetch(REPOSITORY, descriptor) == data
    assert store.fetched == 1


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
@given(st.binary(max_size=2000))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
def test_what_is_put_is_got(root: Path, algorithm: str, data: bytes) -> None:
    cache = ContentCache(root)
    descriptor = Descriptor(BLOB, Digest.of(data, algorithm), len(data))
    cache.put(descriptor, data)
    assert cache.get(descriptor) == data


def test_listings_and_tags_are_never_kept(root: Path, store: Counting) -> None:
    cached = CachedStore(store, ContentCache(root))
    one, two = subject("one"), subject("two")
    for manifest in (one, two):
        push(store, REPOSITORY, manifest)
    store.tag(Reference(REPOSITORY, "v1"), one.descriptor())
    assert cached.resolve(Reference(REPOSITORY, "v1")) == one.descriptor()
    assert listed(cached, REPOSITORY, one.digest) == set()
    store.tag(Reference(REPOSITORY, "v1"), two.descriptor())
    store.tag(Reference(REPOSITORY, "v2"), two.descriptor())
    found = attach(store, REPOSITORY, one.descriptor())
    assert cached.resolve(Reference(REPOSITORY, "v1")) == two.descriptor()
    assert list(cached.tags(REPOSITORY)) == ["v1", "v2"]
    assert listed(cached, REPOSITORY, one.digest) == {found.digest}


def test_what_is_not_there_is_not_remembered_as_absent(root: Path, store: Counting) -> None:
    cached = CachedStore(store, ContentCache(root))
    descriptor, data = blob(1)
    push(store, REPOSITORY, subject())
    with pytest.raises(NotFound):
        cached.fetch(REPOSITORY, descriptor)
    store.push(REPOSITORY, descriptor, data)
    assert cached.fetch(REPOSITORY, descriptor) == data


def _damages() -> Iterator[tuple[str, bytes]]:
    _, data = blob(1)
    yield "one bit", bytes([data[0] ^ 1]) + data[1:]
    yield "cut", data[:-1]
    yield "empty", b""
    yield "longer", data + b"\n"
    yield "another's", blob(2)[1]


@pytest.mark.parametrize(("how", "bad"), tuple(_damages()), ids=lambda value: value if isinstance(value, str) else "")
def test_a_damaged_entry_is_a_miss_and_is_replaced(root: Path, store: Counting, how: str, bad: bytes) -> None:
    descriptor, data = blob(1)
    store.push(REPOSITORY, descriptor, data)
    cached = CachedStore(store, ContentCache(root))
    cached.fetch(REPOSITORY, descriptor)
    entry(root, descriptor).write_bytes(bad)
    assert ContentCache(root).get(descriptor) is None
    assert cached.fetch(REPOSITORY, descriptor) == data
    assert store.fetched == 2
    assert entry(root, descriptor).read_bytes() == data


def test_a_wrong_size_in_a_descriptor_neither_passes_nor_costs_the_entry(root: Path, store: Counting) -> None:
    descriptor, data = blob(1)
    store.push(REPOSITORY, descriptor, data)
    cached = CachedStore(store, ContentCache(root))
    cached.fetch(REPOSITORY, descriptor)
    for size in (0, len(data) - 1, len(data) + 1):
        with pytest.raises(DigestMismatch):
            cached.fetch(REPOSITORY, Descriptor(BLOB, descriptor.digest, size))
    assert ContentCache(root).get(descriptor) == data


def test_a_cache_that_is_removed_while_it_is_open_is_made_anew(root: Path, store: Counting) -> None:
    descriptor, data = blob(1)
    store.push(REPOSITORY, descriptor, data)
    cached = CachedStore(store, ContentCache(root))
    for _ in range(3):
        assert cached.fetch(REPOSITORY, descriptor) == data
    shutil.rmtree(root)
    for _ in range(3):
        assert cached.fetch(REPOSITORY, descriptor) == data
    assert store.fetched == 2
    assert entry(root, descriptor).read_bytes() == data


def test_reading_marks_an_entry_as_used_once_an_hour(root: Path) -> None:
    cache = ContentCache(root)
    descriptor, data = blob(1)
    cache.put(descriptor, data)
    for ago, marked in ((3500, False), (3700, True)):
        then = time.time() - ago
        os.utime(entry(root, descriptor), (then, then))
        assert cache.get(descriptor) == data
        assert (entry(root, descriptor).stat().st_mtime > then + 60) is marked


def test_links_are_not_followed(root: Path, tmp_path: Path) -> None:
    descriptor, data = blob(1)
    cache = ContentCache(root)
    cache.put(descriptor, data)
    outside = tmp_path / "outside"
    outside.write_bytes(data)
    entry(root, descriptor).unlink()
    entry(root, descriptor).symlink_to(outside)
    assert cache.get(descriptor) is None
    cache.put(descriptor, data)
    assert cache.get(descriptor) == data
    assert not entry(root, descriptor).is_symlink()


def test_nobody_else_reads_it(root: Path) -> None:
    descriptor, data = blob(1)
    ContentCache(root).put(descriptor, data)
    assert stat.S_IMODE(root.stat().st_mode) == 0o700
    assert stat.S_IMODE(entry(root, descriptor).stat().st_mode) == 0o600


@pytest.mark.parametrize("obstacle", ["file", "parent is a file"])
def test_a_cache_that_cannot_be_written_is_not_in_the_way(tmp_path: Path, store: Counting, obstacle: str) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file stands here")
    root = blocked if obstacle == "file" else blocked / "attest"
    descriptor, data = blob(1)
    store.push(REPOSITORY, descriptor, data)
    cached = CachedStore(store, ContentCache(root))
    assert [cached.fetch(REPOSITORY, descriptor) for _ in range(2)] == [data, data]
    assert store.fetched == 2


def test_a_directory_that_disappears_is_made_again(root: Path) -> None:
    cache = ContentCache(root)
    descriptor, data = blob(1)
    cache.put(descriptor, data)
    for path in sorted(root.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    assert cache.get(descriptor) is None
    fresh = ContentCache(root)
    fresh.put(descriptor, data)
    assert fresh.get(descriptor) == data


# --- how large ---


def test_it_stays_below_its_limit_and_keeps_what_was_used_last(root: Path) -> None:
    limit = 2 * MIB
    blobs = [blob(number, 64 * limits.KIB) for number in range(100)]
    first = blobs[0]
    for round_, (descriptor, data) in enumerate(blobs):
        cache = ContentCache(root, limit=limit)
        cache.put(descriptor, data)
        assert cache.get(first[0]) == first[1], f"used all the time, and gone after {round_}"
        os.utime(entry(root, descriptor), ns=(round_ * 10**9, round_ * 10**9))
        assert on_disk(root) <= limit
    kept = [number for number, (descriptor, _) in enumerate(blobs) if entry(root, descriptor).exists()]
    assert kept[0] == 0
    assert kept[1:] == list(range(kept[1], 100)), "the oldest go first"
    assert len(kept) >= 15


def test_many_tiny_entries_count_by_what_they_cost_on_disk(root: Path) -> None:
    cache = ContentCache(root, limit=MIB)
    for number in range(600):
        cache.put(*blob(number, 8))
    assert len(list((root / "content").iterdir())) <= MIB // (4 * limits.KIB)


def test_what_would_fill_it_alone_is_not_kept(root: Path) -> None:
    cache = ContentCache(root, limit=MIB)
    descriptor, data = blob(1, MIB // 2)
    cache.put(descriptor, data)
    assert cache.get(descriptor) is None


def test_what_killed_processes_left_is_counted_and_goes(root: Path) -> None:
    cache = ContentCache(root, limit=MIB)
    cache.put(*blob(0))
    for number in range(8):
        left = root / "content" / f".{number}.tmp"
        left.write_bytes(bytes(MIB))
        os.utime(left, ns=(0, 0))
    (root / "reserved").write_text("garbage")
    fresh = ContentCache(root, limit=MIB)
    fresh.put(*blob(1))
    assert fresh.get(blob(1)[0]) == blob(1)[1]
    assert on_disk(root) < MIB


def _work(root: Path, seed: int) -> int:
    """Put and get many, as one of several processes; how often the answer was wrong."""
    cache = ContentCache(root, limit=MIB)
    wrong = 0
    for step in range(150):
        descriptor, data = blob((seed * 7 + step) % 120, 16 * limits.KIB)
        got = cache.get(descriptor)
        wrong += got not in (None, data)
        cache.put(descriptor, data)
    return wrong


def test_processes_and_threads_share_one_directory(root: Path) -> None:
    context = multiprocessing.get_context("spawn")
    with context.Pool(3) as pool, ThreadPoolExecutor(3) as threads:
        others = pool.starmap_async(_work, [(root, seed) for seed in range(3)])
        own = list(threads.map(lambda seed: _work(root, seed), range(3, 6)))
        assert own + others.get(60) == [0] * 6
    assert on_disk(root) <= MIB
    assert not list((root / "content").glob("*.tmp"))


# --- where ---


def test_where_it_lies(tmp_path: Path) -> None:
    def where(**environment: str) -> Path | None:
        cache = ContentCache.of_user(environment, tmp_path / "home")
        if cache is None:
            return None
        cache.put(*blob(1))
        (found,) = tmp_path.rglob("content")
        for path in sorted(found.parent.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        return found.parent.relative_to(tmp_path)

    assert where() == Path("home/.cache/attest")
    assert where(XDG_CACHE_HOME=str(tmp_path / "xdg")) == Path("xdg/attest")
    assert where(XDG_CACHE_HOME="relative") == Path("home/.cache/attest"), "the specification wants it ignored"
    assert where(ATTEST_CACHE=str(tmp_path / "own"), XDG_CACHE_HOME="/nowhere") == Path("own")
    assert where(ATTEST_CACHE="off") is None
    assert where(ATTEST_CACHE="") is None
