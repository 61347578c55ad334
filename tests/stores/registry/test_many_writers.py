"""Writers of one fallback tag at the same time, on registries that cannot write conditionally: nothing is lost."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from attest.oci.digest import Digest
from attest.stores.registry import RegistryStore
from attest.stores.registry.credentials import UserCredentials
from tests.stores.graphs import attach, listed, push, referrer, subject
from tests.stores.registry import real

REPOSITORY = "npm/semver"
WRITERS = 16
EACH = 3
Serving = Callable[[Path], AbstractContextManager[str]]
no_api = pytest.mark.parametrize("serving", [real.crane, real.distribution], ids=["crane", "distribution"])


def opened(host: str) -> RegistryStore:
    return RegistryStore(host, name=host, credentials=UserCredentials({}, Path("/nonexistent")))


def write(store: RegistryStore, writer: int, wait: Callable[[], object]) -> None:
    of = subject().descriptor()
    wait()
    for number in range(EACH):
        attach(store, REPOSITORY, of, f"{writer}-{number}")


def expected() -> set[Digest]:
    of = subject().descriptor()
    return {referrer(of, f"{writer}-{number}").digest for writer in range(WRITERS) for number in range(EACH)}


@no_api
def test_processes(serving: Serving, tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(WRITERS)

    def job(host: str, writer: int) -> None:
        write(opened(host), writer, barrier.wait)

    with serving(tmp_path) as host:
        push(opened(host), REPOSITORY, subject())
        processes = [context.Process(target=job, args=(host, writer)) for writer in range(WRITERS)]
        for process in processes:
            process.start()
        for process in processes:
            process.join(120)
        assert [process.exitcode for process in processes] == [0] * WRITERS
        store = opened(host)
        assert listed(store, REPOSITORY, subject().digest) == expected()
        assert list(store.tags(REPOSITORY)) == []


@no_api
def test_threads_that_share_a_store(serving: Serving, tmp_path: Path) -> None:
    with serving(tmp_path) as host, ThreadPoolExecutor(WRITERS) as pool:
        store = opened(host)
        push(store, REPOSITORY, subject())
        list(pool.map(lambda writer: write(store, writer, lambda: None), range(WRITERS)))
        listing = store.referrers(REPOSITORY, subject().digest)
        assert listing.complete
        assert {item.descriptor.digest for item in listing.items} == expected()
        assert {item.descriptor.artifact_type for item in listing.items} == {"application/vnd.cyclonedx+json"}


@no_api
def test_what_a_careless_writer_dropped_comes_back_with_the_next_one(serving: Serving, tmp_path: Path) -> None:
    """As a client does that read before our writing and wrote after it."""
    from attest.oci.manifest import write_index
    from attest.stores.layout_referrers import fallback_tag

    with serving(tmp_path) as host:
        store = opened(host)
        of = push(store, REPOSITORY, subject())
        ours = [attach(store, REPOSITORY, of, label).digest for label in ("one", "two")]
        stale = write_index(())
        tag = fallback_tag(of.digest)
        store._manifests.put(REPOSITORY, tag, stale.media_type, stale.raw)
        assert listed(store, REPOSITORY, of.digest) == set()
        ours.append(attach(store, REPOSITORY, of, "three").digest)
        assert listed(store, REPOSITORY, of.digest) == set(ours)
        store.delete(REPOSITORY, ours[0])
        attach(store, REPOSITORY, of, "four")
        assert listed(store, REPOSITORY, of.digest) == {*ours[1:], referrer(of, "four").digest}
