"""Many writes to a layout listed at once: one `index.json`, and the same promises as for a single write."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from contextlib import closing, suppress
from itertools import count
from pathlib import Path
from threading import Thread

import pytest

from attest.errors import NotFound, StoreRefused
from attest.oci.descriptor import Descriptor
from attest.oci.digest import Digest
from attest.oci.reference import Reference
from attest.stores import transfer as transferring
from attest.stores.archive import ArchiveStore
from attest.stores.directory import DirectoryStore
from attest.stores.graph import walk
from attest.stores.memory import MemoryStore
from attest.stores.threads import for_threads
from attest.stores.transfer import Side, plan, transfer
from tests.stores.faults import Child, kill_self, nth, watched
from tests.stores.graphs import attach, listed, push, referrer, subject

OF = subject()
REPOSITORY = "team/thing"
Acknowledge = Callable[[Digest], None]


def opened(root: Path) -> DirectoryStore:
    return DirectoryStore(root, "store", create=True)


def write_together(root: Path, acknowledge: Acknowledge, labels: tuple[str, ...] = ("one", "two")) -> None:
    store = opened(root)
    with store.together(REPOSITORY):
        of = push(store, REPOSITORY, OF)
        written = [attach(store, REPOSITORY, of, label) for label in labels]
        above = [attach(store, REPOSITORY, item, f"above {item.digest}") for item in written]
        store.tag(Reference(REPOSITORY, "v1"), of)
    for item in (of, *written, *above):
        acknowledge(item.digest)


def sound(root: Path) -> set[Digest]:
    """What `index.json` lists: all of it is there, whole. Nothing where no layout is."""
    folder = root / REPOSITORY
    if not (folder / "index.json").exists():
        return set()
    entries = json.loads((folder / "index.json").read_bytes())["manifests"]
    for entry in entries:
        digest = Digest.parse(entry["digest"])
        digest.check((folder / "blobs" / digest.algorithm / digest.encoded).read_bytes())
    return {Digest.parse(entry["digest"]) for entry in entries}


def finished(root: Path) -> None:
    """Written again, everything is there; left over is at most the response that a killed writer had just replaced."""
    everything: list[Digest] = []
    write_together(root, everything.append)
    assert len(set(everything)) == 5
    assert set(everything) <= sound(root)
    store = opened(root)
    of, *_ = everything
    for digest in everything[1:3]:
        assert len(listed(store, REPOSITORY, digest)) == 1
    assert listed(store, REPOSITORY, of) == set(everything[1:3])
    assert store.resolve(Reference(REPOSITORY, "v1")).digest == of
    assert os.listdir(root / REPOSITORY / ".attest") == ["lock"]
    blobs = 5 + 5 + 3  # contents, manifests, responses
    assert len(os.listdir(root / REPOSITORY / "blobs/sha256")) in (blobs, blobs + 1)


def test_the_index_is_written_once(tmp_path: Path) -> None:
    write_together(tmp_path, lambda digest: None)  # makes the layout, which has to have an index from the start
    names: list[str] = []
    real = os.rename

    def rename(old: str, new: str, **folders: int) -> None:
        names.append(new)
        real(old, new, **folders)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "rename", rename)
        write_together(tmp_path, lambda digest: None, ("four", "five"))
    assert (names.count("index.json"), names[-1]) == (1, "index.json")


def test_what_is_written_together_is_what_is_written_one_by_one(tmp_path: Path) -> None:
    """As a set: the entries' order differs, as responses come last."""
    write_together(tmp_path / "together", lambda digest: None)
    store = opened(tmp_path / "single")
    of = push(store, REPOSITORY, OF)
    for label in ("one", "two"):
        item = attach(store, REPOSITORY, of, label)
        attach(store, REPOSITORY, item, f"above {item.digest}")
    store.tag(Reference(REPOSITORY, "v1"), of)
    one, other = (
        sorted(
            json.dumps(entry, sort_keys=True)
            for entry in json.loads((tmp_path / name / REPOSITORY / "index.json").read_bytes())["manifests"]
        )
        for name in ("together", "single")
    )
    assert one == other


@pytest.mark.parametrize("before", [False, True], ids=["a new layout", "a layout with content"])
def test_killed_at_every_moment(tmp_path: Path, before: bool) -> None:
    for moment in count():
        root = tmp_path / str(moment)
        kept: set[Digest] = set()
        if before:
            store = opened(root)
            kept = {attach(store, REPOSITORY, push(store, REPOSITORY, OF), "one").digest}

        def job(acknowledge: Acknowledge, moment: int = moment, root: Path = root) -> None:
            with watched(nth(moment, kill_self)):
                write_together(root, acknowledge)

        done, acknowledged = Child(job).wait()
        now = sound(root)
        assert kept | acknowledged <= now
        if now:
            assert kept <= listed(opened(root), REPOSITORY, OF.digest)
        finished(root)
        if done:
            break
    assert moment > 80


def test_a_disk_that_fails_at_any_moment(tmp_path: Path) -> None:
    def full() -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    for moment in count():
        root = tmp_path / str(moment)
        refusal = None
        with watched(nth(moment, full), after=False):
            try:
                write_together(root, lambda digest: None)
            except StoreRefused as error:
                refusal = error
        sound(root)
        finished(root)
        if refusal is None:
            break
        assert refusal.why == os.strerror(errno.ENOSPC)
    assert moment > 50


def test_two_processes_lose_nothing(tmp_path: Path) -> None:
    push(opened(tmp_path), REPOSITORY, OF)

    def writer(name: str) -> Callable[[Acknowledge], None]:
        def job(acknowledge: Acknowledge) -> None:
            for turn in range(10):
                write_together(tmp_path, acknowledge, tuple(f"{name} {turn} {number}" for number in range(5)))

        return job

    children = [Child(writer(name)) for name in ("left", "right")]
    results = [child.wait() for child in children]
    assert [done for done, _ in results] == [True, True]
    everything = set().union(*(acknowledged for _, acknowledged in results))
    assert len(everything) == 1 + 2 * 10 * 5 * 2
    assert everything <= sound(tmp_path)
    assert len(listed(opened(tmp_path), REPOSITORY, OF.digest)) == 100


def test_two_threads_with_one_store(tmp_path: Path) -> None:
    store = opened(tmp_path)
    of = push(store, REPOSITORY, OF)

    def write(name: str) -> None:
        for turn in range(5):
            with store.together(REPOSITORY):
                for number in range(5):
                    attach(store, REPOSITORY, of, f"{name} {turn} {number}")

    threads = [Thread(target=write, args=(name,)) for name in ("left", "right")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(listed(store, REPOSITORY, of.digest)) == 50


def test_what_was_written_before_an_error_is_listed(tmp_path: Path) -> None:
    store = opened(tmp_path)
    incomplete = referrer(OF.descriptor(), "without its layer")
    with suppress(KeyboardInterrupt), store.together(REPOSITORY):
        kept = attach(store, REPOSITORY, push(store, REPOSITORY, OF), "kept")
        with pytest.raises(StoreRefused):
            store.push(REPOSITORY, incomplete.descriptor(), incomplete.raw)
        raise KeyboardInterrupt
    assert listed(opened(tmp_path), REPOSITORY, OF.digest) == {kept.digest}


def test_what_is_deleted_in_between_stays_deleted(tmp_path: Path) -> None:
    store = opened(tmp_path)
    with store.together(REPOSITORY):
        of = push(store, REPOSITORY, OF)
        gone = attach(store, REPOSITORY, of, "gone")
        store.tag(Reference(REPOSITORY, "gone"), gone)
        store.delete(REPOSITORY, gone.digest)
        kept = attach(store, REPOSITORY, of, "kept")
        with pytest.raises(NotFound):
            store.tag(Reference(REPOSITORY, "v1"), gone)
    assert listed(store, REPOSITORY, of.digest) == {kept.digest}
    assert list(store.tags(REPOSITORY)) == []


def test_tags_that_move_and_share_a_manifest(tmp_path: Path) -> None:
    store = opened(tmp_path)
    one, other = (push(store, REPOSITORY, subject(label)) for label in ("one", "other"))
    store.tag(Reference(REPOSITORY, "moves"), one)
    with store.together(REPOSITORY):
        for tag, item in (("moves", other), ("a", one), ("b", one), ("moves", one), ("moves", other), ("c", other)):
            store.tag(Reference(REPOSITORY, tag), item)
    named = {tag: store.resolve(Reference(REPOSITORY, tag)) for tag in store.tags(REPOSITORY)}
    assert named == {"a": one, "b": one, "c": other, "moves": other}
    entries = json.loads((tmp_path / REPOSITORY / "index.json").read_bytes())["manifests"]
    assert len(entries) == 4  # one entry a tag, and none without


def test_nothing_written_changes_nothing(tmp_path: Path) -> None:
    store = opened(tmp_path)
    with suppress(NotFound), store.together(REPOSITORY):
        store.tag(Reference(REPOSITORY, "v1"), OF.descriptor())
    assert not (tmp_path / REPOSITORY / "index.json").exists()


def test_an_archive_too(tmp_path: Path) -> None:
    with closing(ArchiveStore(tmp_path / "a.tar", "archive", create=True)) as store, store.together(""):
        of = push(store, "", OF)
        item = attach(store, "", of, "one")
        store.tag(Reference("", "v1"), of)
    with closing(ArchiveStore(tmp_path / "a.tar", "archive")) as store:
        assert listed(store, "", of.digest) == {item.digest}
        assert store.resolve(Reference("", "v1")) == of


def test_one_subject_that_cannot_be_listed_takes_no_other_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The index of a portion would be too large: then each is written by itself, as far as it goes."""
    origin = MemoryStore()
    roots = [push(origin, "r", subject(f"{number}")) for number in range(6)]
    graph = walk(origin, "r", roots)
    monkeypatch.setattr("attest.limits.INDEX", 700)
    destination = Side(for_threads(opened(tmp_path)), REPOSITORY)
    failed = transfer(plan(graph, destination, {}), Side(for_threads(origin), "r"), destination)
    there = sound(tmp_path)
    assert 0 < len(there) < 6
    assert set(failed) == {root.digest for root in roots} - there
    assert all("index.json would be too large" in why for why in failed.values())


def test_portions_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transferring, "_TOGETHER", 2)
    origin = MemoryStore()
    of: Descriptor = push(origin, "r", OF)
    for number in range(5):
        attach(origin, "r", push(origin, "r", subject(f"{number}")), f"evidence {number}")
        attach(origin, "r", of, f"more {number}")
    roots = [origin.resolve(Reference("r", digest=OF.digest))] + [
        subject(f"{number}").descriptor() for number in range(5)
    ]
    graph = walk(origin, "r", roots)
    destination = Side(for_threads(opened(tmp_path)), REPOSITORY)
    assert transfer(plan(graph, destination, {}), Side(for_threads(origin), "r"), destination) == {}
    assert set(graph.nodes) <= sound(tmp_path)
