"""`kill -9` at any moment, two writers at once, and a disk that fails: nothing acknowledged is lost, nothing breaks."""

from __future__ import annotations

import errno
import os
import random
import resource
import shutil
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from attest.errors import StoreRefused
from attest.oci.descriptor import Descriptor
from attest.oci.digest import Digest
from attest.oci.reference import Reference
from attest.stores.archive import ArchiveStore
from attest.stores.directory import DirectoryStore
from tests.stores.faults import Child, kill_self, nth, watched
from tests.stores.graphs import attach, listed, push, subject
from tests.stores.programs import olareg, oras_referrers

OF = subject()
Acknowledge = Callable[[Digest], None]


def opened(root: Path) -> DirectoryStore:
    return DirectoryStore(root, "store", create=True)


def write_graph(root: Path, repository: str, acknowledge: Acknowledge) -> None:
    """A first write ever, a tag, two referrers, and one deleted again: every kind of write there is."""
    store = opened(root)
    of = push(store, repository, OF)
    acknowledge(of.digest)
    store.tag(Reference(repository, "v1"), of)
    gone = attach(store, repository, of, "gone")
    acknowledge(attach(store, repository, of, "one").digest)
    store.delete(repository, gone.digest)
    acknowledge(attach(store, repository, of, "two").digest)


def killed_at_every_moment(root: Path) -> Iterator[tuple[str, set[Digest]]]:
    """A repository for each moment at which its writer was killed, and what the writer acknowledged before."""
    for moment in count():
        repository = f"killed/at-{moment}"

        def job(acknowledge: Acknowledge, moment: int = moment, repository: str = repository) -> None:
            with watched(nth(moment, kill_self)):
                write_graph(root, repository, acknowledge)

        finished, acknowledged = Child(job).wait()
        if finished:
            return
        yield repository, acknowledged


def check_and_continue(root: Path, repository: str, acknowledged: set[Digest]) -> None:
    store = opened(root)
    if acknowledged:
        assert store.resolve(Reference(repository, digest=OF.digest)) == OF.descriptor()
    assert acknowledged - {OF.digest} <= listed(store, repository, OF.digest)
    write_graph(root, repository, lambda digest: None)
    ours = {attach(store, repository, OF.descriptor(), label).digest for label in ("one", "two")}
    assert listed(opened(root), repository, OF.digest) == ours
    assert opened(root).resolve(Reference(repository, "v1")) == OF.descriptor()
    assert os.listdir(root / repository / ".attest") == ["lock"]


def test_killed_at_every_moment(tmp_path: Path) -> None:
    killed = list(killed_at_every_moment(tmp_path))
    assert len(killed) > 80
    assert {len(acknowledged) for _, acknowledged in killed} == {0, 1, 2}
    for repository, acknowledged in killed:
        check_and_continue(tmp_path, repository, acknowledged)


@pytest.mark.slow
@pytest.mark.peer("oras", "olareg")
def test_other_programs_read_what_a_killed_writer_left(tmp_path: Path) -> None:
    root, copy = tmp_path / "root", tmp_path / "copy"
    killed = [(repository, found) for repository, found in killed_at_every_moment(root) if found]
    shutil.copytree(root, copy)
    with olareg(copy) as registry:
        for repository, acknowledged in killed:
            expected = acknowledged - {OF.digest}
            assert expected <= registry.referrers(repository, OF.digest)
            assert expected <= oras_referrers(root / repository, OF.digest)
            assert registry.get(f"{repository}/manifests/{OF.digest}")["schemaVersion"] == 2
    for repository, acknowledged in killed:  # olareg converted them
        check_and_continue(copy, repository, acknowledged)


@pytest.mark.slow
@pytest.mark.peer("oras", "olareg")
@pytest.mark.parametrize("converted", [False, True], ids=["fallback form", "olareg's form"])
def test_killed_at_random_moments(tmp_path: Path, converted: bool) -> None:
    root, repository = tmp_path / "root", "team/thing"
    push(opened(root), repository, OF)
    acknowledged: set[Digest] = set()
    dice = random.Random(20260101)
    for number in range(100):

        def job(acknowledge: Acknowledge, number: int = number) -> None:
            for step in count():
                acknowledge(attach(opened(root), repository, OF.descriptor(), f"{number} {step}").digest)

        started = time.perf_counter()
        push(opened(tmp_path / "clock"), repository, OF)
        one_write = time.perf_counter() - started  # of one write, on a machine as busy as this one is now
        child = Child(job)
        time.sleep(dice.uniform(0, max(0.06, 20 * one_write)))
        child.kill()
        acknowledged |= child.wait()[1]
        assert acknowledged <= listed(opened(root), repository, OF.digest)
        assert acknowledged <= oras_referrers(root / repository, OF.digest)
        served = root
        if not converted:
            served = tmp_path / f"copy-{number}"
            shutil.copytree(root, served)
        with olareg(served) as registry:
            assert acknowledged <= registry.referrers(repository, OF.digest)
        if not converted:
            shutil.rmtree(served)
    assert len(acknowledged) > 5  # else too little was ever at stake, however busy the machine is


@pytest.mark.parametrize("each", [40, pytest.param(200, marks=pytest.mark.slow)])
def test_two_processes_lose_nothing(tmp_path: Path, each: int) -> None:
    def writer(name: str) -> Callable[[Acknowledge], None]:
        def job(acknowledge: Acknowledge) -> None:
            store = opened(tmp_path)
            push(store, "team/thing", OF)
            for number in range(each):
                acknowledge(attach(store, "team/thing", OF.descriptor(), f"{name} {number}").digest)

        return job

    children = [Child(writer(name)) for name in ("left", "right")]
    while os.waitid(os.P_PID, children[0].pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        listing = opened(tmp_path).referrers("team/thing", OF.digest)  # a reader never sees a torn state
        assert (listing.complete, listing.problems) == (True, ())
        time.sleep(0.05)
    results = [child.wait() for child in children]
    assert all(finished for finished, _ in results)
    everything = set().union(*(acknowledged for _, acknowledged in results))
    assert len(everything) == 2 * each
    assert listed(opened(tmp_path), "team/thing", OF.digest) == everything
    assert len(os.listdir(tmp_path / "team/thing/blobs/sha256")) == 1 + 1 + 2 * each * 2 + 1  # no response left over


FAILURES = {errno.ENOSPC: "space", errno.EROFS: "name a store", errno.EACCES: "access", errno.EIO: "run again"}


def fails_at(root: Path, moment: int, code: int) -> bool:
    """Whether a write that fails at this moment was refused; all is as it was then, and the next one succeeds."""
    repository = f"failed/at-{moment}"
    acknowledged: set[Digest] = set()

    def fail() -> None:
        raise OSError(code, os.strerror(code))

    refusal = None
    with watched(nth(moment, fail), after=False):
        try:
            write_graph(root, repository, acknowledged.add)
        except StoreRefused as error:
            refusal = error
    if refusal is None:
        return False
    assert str(root) in str(refusal.where)
    assert refusal.why == os.strerror(code)
    assert FAILURES[code] in str(refusal.next_step)
    check_and_continue(root, repository, acknowledged)
    return True


def test_a_write_that_fails_at_any_moment_leaves_all_as_it_was(tmp_path: Path) -> None:
    moment = next(moment for moment in count() if not fails_at(tmp_path, moment, errno.ENOSPC))
    assert moment > 40


@pytest.mark.parametrize("code", FAILURES, ids=errno.errorcode.get)
def test_a_refusal_says_what_to_do(tmp_path: Path, code: int) -> None:
    assert fails_at(tmp_path, 0, code)
    assert fails_at(tmp_path, 20, code)


def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    of = push(opened(tmp_path), "team/thing", OF)
    kept = attach(opened(tmp_path), "team/thing", of, "kept")
    data = b"x" * 100_000
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
        with pytest.raises(StoreRefused, match="too large"):
            opened(tmp_path).push("team/thing", Descriptor.of("text/plain", data), data)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert listed(opened(tmp_path), "team/thing", of.digest) == {kept.digest}
    assert os.listdir(tmp_path / "team/thing/.attest") == ["lock"]


def test_the_order_in_which_things_reach_the_disk(tmp_path: Path) -> None:
    """A file is synced before it gets its name, and its directory right after: so power loss is like `kill -9`."""
    trace: list[str] = []
    with watched(trace.append, after=False):
        write_graph(tmp_path, "team/thing", lambda digest: None)
    writes = [position for position, operation in enumerate(trace) if operation == "rename"]
    assert len(writes) > 10
    for position in writes:
        assert trace[position - 2 : position + 2] == ["write", "fsync", "rename", "fsync"]
    for position, operation in enumerate(trace):
        if operation in ("mkdir", "unlink"):
            assert trace[position + 1] == "fsync"


def test_an_archive_killed_at_every_moment_is_the_old_or_the_new(tmp_path: Path) -> None:
    file = tmp_path / "pack.tar"
    store = ArchiveStore(file, "pack", create=True)
    of = push(store, "", OF)
    store.close()
    old = file.read_bytes()
    seen: set[bool] = set()
    for moment in count():
        file.write_bytes(old)

        def job(acknowledge: Acknowledge, moment: int = moment) -> None:
            with watched(nth(moment, kill_self)):
                store = ArchiveStore(file, "pack")
                attach(store, "", of)
                store.close()

        finished, _ = Child(job).wait()
        listing = listed(ArchiveStore(file, "pack"), "", of.digest)
        seen.add(bool(listing))
        assert (file.read_bytes() == old) == (not listing)
        if finished:
            break
    assert seen == {False, True}
    assert os.listdir(tmp_path) == ["pack.tar"]
