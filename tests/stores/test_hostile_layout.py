"""Layouts that are damaged, half there, or made to lead astray."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest import limits, names
from attest.errors import AttestError, DigestMismatch, NotFound, StoreRefused, StoreUnavailable, UsageError
from attest.oci.descriptor import EMPTY, Descriptor
from attest.oci.digest import Digest
from attest.oci.manifest import write_index
from attest.oci.reference import Reference
from attest.stores import durable
from attest.stores.directory import DirectoryFiles, DirectoryStore
from attest.stores.layout_referrers import fallback_tag, is_fallback_tag
from attest.stores.protocol import Referrers
from tests.stores.graphs import NOTE_TYPE, SBOM_TYPE, attach, listed, push, referrer, subject

OF = subject()


class Damaged:
    """A layout with a subject and two referrers, to be damaged."""

    def __init__(self, layout: Path) -> None:
        self.layout = layout
        push(self.store, "", OF)
        self.one, self.two = (attach(self.store, "", OF.descriptor(), label) for label in ("one", "two"))

    @property
    def store(self) -> DirectoryStore:
        return DirectoryStore(self.layout, "damaged", create=True)

    def blob(self, digest: Digest) -> Path:
        return self.layout / "blobs" / digest.algorithm / digest.encoded

    def index(self) -> list[dict[str, object]]:
        entries: list[dict[str, object]] = json.loads((self.layout / "index.json").read_bytes())["manifests"]
        return entries

    def write_index(self, entries: list[dict[str, object]]) -> None:
        value = {"schemaVersion": 2, "manifests": entries}
        (self.layout / "index.json").write_text(json.dumps(value))

    def write_blob(self, raw: bytes) -> Descriptor:
        descriptor = Descriptor.of(names.OCI_INDEX, raw)
        self.blob(descriptor.digest).write_bytes(raw)
        return descriptor

    def digests(self) -> set[Digest]:
        return {item.descriptor.digest for item in self.store.referrers("", OF.digest).items}


@pytest.fixture
def layout(tmp_path: Path) -> Damaged:
    return Damaged(tmp_path / "layout")


# --- damaged files ---


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"{}", b'{"schemaVersion":2,"manifests":[{}]}', b"\0" * 100])
def test_a_damaged_index_is_named(layout: Damaged, raw: bytes) -> None:
    (layout.layout / "index.json").write_bytes(raw)
    for attempt in (
        lambda: layout.store.referrers("", OF.digest),
        lambda: layout.store.resolve(Reference("", "v1")),
        lambda: push(layout.store, "", OF),
    ):
        with pytest.raises(StoreUnavailable, match=r"index\.json"):
            attempt()
    assert (layout.layout / "index.json").read_bytes() == raw


def test_a_missing_index_is_no_empty_layout(layout: Damaged) -> None:
    (layout.layout / "index.json").unlink()
    with pytest.raises(StoreUnavailable, match="missing"):
        layout.store.referrers("", OF.digest)
    with pytest.raises(StoreUnavailable, match="missing"):
        push(layout.store, "", OF)


@pytest.mark.parametrize("raw", [b"", b"{}", b'{"imageLayoutVersion":"2.0.0"}'])
def test_another_version_of_layouts(layout: Damaged, raw: bytes) -> None:
    (layout.layout / "oci-layout").write_bytes(raw)
    with pytest.raises(StoreUnavailable, match="oci-layout"):
        layout.store.referrers("", OF.digest)


@pytest.mark.parametrize("damage", [lambda raw: raw[:-1], lambda raw: b"", lambda raw: raw.replace(b"one", b"two")])
def test_a_damaged_referrer_is_listed_and_fails_when_fetched(layout: Damaged, damage: object) -> None:
    assert callable(damage)
    blob = layout.blob(layout.one.digest)
    blob.write_bytes(damage(blob.read_bytes()))
    listing = layout.store.referrers("", OF.digest)
    assert {item.descriptor.digest for item in listing.items} == {layout.one.digest, layout.two.digest}
    assert listing.complete
    assert len(listing.problems) == 1
    assert str(layout.one.digest) in listing.problems[0]
    with pytest.raises(DigestMismatch):
        layout.store.fetch("", layout.one)
    push(layout.store, "", referrer(OF.descriptor(), "one"))
    assert listed(layout.store, "", OF.digest) == {layout.one.digest, layout.two.digest}


def test_a_missing_referrer_is_listed_too(layout: Damaged) -> None:
    layout.blob(layout.one.digest).unlink()
    listing = layout.store.referrers("", OF.digest)
    assert len(listing.items) == 2
    assert "not there" in listing.problems[0]
    with pytest.raises(NotFound):
        layout.store.fetch("", layout.one)


def test_a_type_that_only_the_lister_knows_may_hide_something(layout: Damaged) -> None:
    layout.blob(layout.one.digest).unlink()
    assert layout.store.referrers("", OF.digest, artifact_type=SBOM_TYPE).complete
    other = layout.store.referrers("", OF.digest, artifact_type=NOTE_TYPE)
    assert other.items == ()
    assert not other.complete


def test_a_damaged_layer_is_no_matter_of_the_listing(layout: Damaged) -> None:
    layer = referrer(OF.descriptor(), "one").layers[0]
    layout.blob(layer.digest).write_bytes(b"{")
    layout.blob(EMPTY.digest).write_bytes(b"")
    assert listed(layout.store, "", OF.digest) == {layout.one.digest, layout.two.digest}


def test_a_damaged_blob_that_nobody_names_may_hide_a_referrer(layout: Damaged) -> None:
    name = "ab" * 32
    layout.blob(Digest("sha256", name)).write_bytes(b'{"schemaVersion":2')
    listing = layout.store.referrers("", OF.digest)
    assert len(listing.items) == 2
    assert not listing.complete
    assert name in listing.problems[0]


def test_the_damaged_layer_of_an_unlisted_referrer(layout: Damaged) -> None:
    layout.write_index([OF.descriptor().json()])
    layout.blob(referrer(OF.descriptor(), "one").layers[0].digest).write_bytes(b"{")
    assert listed(layout.store, "", OF.digest) == {layout.one.digest, layout.two.digest}


def test_a_missing_manifest_that_no_response_names_may_be_a_referrer(layout: Damaged) -> None:
    layout.write_index([entry for entry in layout.index() if "annotations" not in entry])
    assert len(listed(layout.store, "", OF.digest)) == 2
    layout.blob(layout.one.digest).unlink()
    listing = layout.store.referrers("", OF.digest)
    assert [item.descriptor.digest for item in listing.items] == [layout.two.digest]
    assert not listing.complete
    assert listing.problems == (f"{layout.one.digest}: it is listed but not there",)


def test_a_listing_that_a_writer_overtakes_starts_again(layout: Damaged, monkeypatch: pytest.MonkeyPatch) -> None:
    real = DirectoryFiles.blobs
    calls: list[int] = []

    def overtaken(files: DirectoryFiles) -> frozenset[str]:
        calls.append(1)
        if len(calls) == 1:  # `index.json` was read; now its response is replaced and removed
            monkeypatch.setattr(DirectoryFiles, "blobs", real)
            attach(layout.store, "", OF.descriptor(), "three")
            monkeypatch.setattr(DirectoryFiles, "blobs", overtaken)
        return real(files)

    monkeypatch.setattr(DirectoryFiles, "blobs", overtaken)
    assert len(listed(layout.store, "", OF.digest)) == 3
    assert len(calls) == 2


def test_a_damaged_response_hides_nothing_that_is_there(layout: Damaged) -> None:
    (entry,) = (item for item in layout.index() if "annotations" in item)
    layout.blob(Digest.parse(str(entry["digest"]))).write_bytes(b"")
    listing = layout.store.referrers("", OF.digest)
    assert len(listing.items) == 2
    assert not listing.complete
    three = attach(layout.store, "", OF.descriptor(), "three")
    assert three.digest in layout.digests()


def test_files_that_are_no_blobs_do_not_matter(layout: Damaged) -> None:
    (layout.layout / "blobs" / "sha256" / "upload-123.tmp").write_bytes(b"x")
    (layout.layout / "blobs" / ".DS_Store").write_bytes(b"x")
    (layout.layout / "blobs" / "sha256" / ("AB" * 32)).write_bytes(b"x")
    assert len(listed(layout.store, "", OF.digest)) == 2


def test_a_huge_file_is_not_read(layout: Damaged, monkeypatch: pytest.MonkeyPatch) -> None:
    with layout.blob(Digest("sha256", "cd" * 32)).open("wb") as sparse:
        sparse.truncate(1 << 40)
    assert len(listed(layout.store, "", OF.digest)) == 2
    with layout.blob(layout.one.digest).open("r+b") as file:
        file.truncate(1 << 40)
    taken: list[int] = []
    real = durable.read

    def read(directory: int, name: str, limit: int) -> bytes:
        data = real(directory, name, limit)
        taken.append(len(data))
        return data

    monkeypatch.setattr(durable, "read", read)
    with pytest.raises(DigestMismatch):
        layout.store.fetch("", layout.one)
    assert taken == [layout.one.size + 1]


def test_too_many_unlisted_blobs_end_the_search(layout: Damaged, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        layout.write_blob(b"%d" % number)
    assert len(listed(layout.store, "", OF.digest)) == 2
    monkeypatch.setattr(limits, "LAYOUT_SCAN_FILES", 4)
    listing = layout.store.referrers("", OF.digest)
    assert len(listing.items) == 2
    assert not listing.complete


def test_too_many_referrers_are_cut_and_said(layout: Damaged, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "REFERRERS", 1)
    listing = layout.store.referrers("", OF.digest)
    assert len(listing.items) == 1
    assert not listing.complete


# --- entries that mislead ---


def test_a_response_cannot_lend_a_referrer_another_subject_or_type(layout: Damaged) -> None:
    stranger = push(layout.store, "", subject("stranger"))
    other = attach(layout.store, "", stranger, "other")
    lies = Descriptor(other.media_type, other.digest, other.size, {"label": "lie"}, "application/lie")
    truth = Descriptor(layout.one.media_type, layout.one.digest, layout.one.size, {"label": "lie"}, "application/lie")
    response = write_index([lies, truth])
    layout.write_blob(response.raw)
    entry = response.descriptor().json() | {"annotations": {names.ANNOTATION_REF_NAME: fallback_tag(OF.digest)}}
    layout.write_index([*layout.index(), entry])
    listing = layout.store.referrers("", OF.digest)
    assert {item.descriptor.annotations["label"] for item in listing.items} == {"one", "two"}
    assert {item.descriptor.artifact_type for item in listing.items} == {SBOM_TYPE}
    assert "another subject" in listing.problems[0]
    assert listing.complete
    three = attach(layout.store, "", OF.descriptor(), "three")
    assert listed(layout.store, "", OF.digest) == {layout.one.digest, layout.two.digest, three.digest}
    assert listed(layout.store, "", stranger.digest) == {other.digest}


def test_a_repeated_tag_means_its_last_entry(layout: Damaged) -> None:
    marked = [item.json() | {"annotations": {names.ANNOTATION_REF_NAME: "v"}} for item in (layout.one, layout.two)]
    layout.write_index([*layout.index(), *marked])
    assert layout.store.resolve(Reference("", "v")) == layout.two
    assert list(layout.store.tags("")) == ["v"]
    layout.store.tag(Reference("", "v"), layout.one)
    assert layout.store.resolve(Reference("", "v")) == layout.one
    assert json.dumps(layout.index()).count('"v"') == 1


def test_nested_indexes_and_unlisted_manifests(layout: Damaged) -> None:
    raw = write_index([layout.one]).raw
    outer = layout.write_blob(write_index([layout.write_blob(raw)]).raw)
    layout.write_index([outer.json()])
    assert listed(layout.store, "", OF.digest) == {layout.one.digest, layout.two.digest}
    assert layout.store.resolve(Reference("", digest=layout.two.digest)) == layout.two


def test_what_others_wrote_is_kept(layout: Damaged) -> None:
    entries = layout.index()
    entries[0] |= {"urls": ["https://example.test"], "platform": {"os": "linux", "new": [1]}, "unknown": {"a": None}}
    value = {"schemaVersion": 2, "manifests": entries, "annotations": {"a": "b"}, "unknown": 1.5}
    (layout.layout / "index.json").write_text(json.dumps(value))
    attach(layout.store, "", OF.descriptor(), "three")
    layout.store.tag(Reference("", "v1"), OF.descriptor())
    after = json.loads((layout.layout / "index.json").read_bytes())
    assert after["annotations"] == {"a": "b"}
    assert after["unknown"] == 1.5
    assert after["manifests"][0] == entries[0] | {"annotations": {names.ANNOTATION_REF_NAME: "v1"}}


@pytest.mark.parametrize("tag", ["", ".x", "a b", "a/b", "x" * 129, "sha256-" + "0" * 64, "sha512-" + "0" * 64])
def test_tags_that_cannot_be_set(layout: Damaged, tag: str) -> None:
    with pytest.raises(UsageError):
        layout.store.tag(Reference("", tag), OF.descriptor())


def test_fallback_tags() -> None:
    sha512 = Digest.of(b"", "sha512")
    assert fallback_tag(OF.digest) == f"sha256-{OF.digest.encoded}"
    assert fallback_tag(sha512) == f"sha512-{sha512.encoded[:64]}"
    assert fallback_tag(Digest.parse("a+b.c:x=y")) == "a-b.c-x-y"
    assert is_fallback_tag(fallback_tag(sha512))
    assert not is_fallback_tag("sha256-" + "0" * 63)
    assert not is_fallback_tag("sha256-" + "0" * 64 + "\n")


# --- leading out of the tree ---


@pytest.mark.parametrize(
    "repository", ["../x", "a/../b", "/a", "a//b", "blobs/x", "a/index.json", ".attest", "A", "a\0"]
)
def test_repositories_that_are_no_names(tmp_path: Path, repository: str) -> None:
    store = DirectoryStore(tmp_path / "store", "store", create=True)
    with pytest.raises(UsageError):
        push(store, repository, OF)
    with pytest.raises(UsageError):
        store.referrers(repository, OF.digest)
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    "part", ["team", "team/thing", "team/thing/blobs", "team/thing/blobs/sha256", "team/thing/.attest"]
)
def test_a_linked_directory_is_neither_read_nor_written(tmp_path: Path, part: str) -> None:
    outside = Damaged(tmp_path / "outside" / "team" / "thing")
    before = snapshot(tmp_path / "outside")
    link = tmp_path / "store" / part
    link.parent.mkdir(parents=True)
    if part.startswith("team/thing/"):
        (tmp_path / "store/team/thing/index.json").write_bytes((outside.layout / "index.json").read_bytes())
    link.symlink_to(tmp_path / "outside" / part)
    store = DirectoryStore(tmp_path / "store", "store")
    with pytest.raises((StoreRefused, StoreUnavailable), match="links are not followed"):
        push(store, "team/thing", subject("new"))
    if not part.endswith(".attest"):
        with pytest.raises(StoreUnavailable, match="links are not followed"):
            store.fetch("team/thing", outside.one)
        with pytest.raises(StoreUnavailable, match="links are not followed"):
            store.referrers("team/thing", OF.digest)
    assert snapshot(tmp_path / "outside") == before


@pytest.mark.parametrize("name", ["index.json", "oci-layout", "blob", ".attest/lock"])
def test_a_linked_file_is_neither_read_nor_written(tmp_path: Path, name: str) -> None:
    layout = Damaged(tmp_path / "layout")
    file = layout.blob(layout.one.digest) if name == "blob" else layout.layout / name
    outside = tmp_path / "outside"
    file.rename(outside)
    file.symlink_to(outside)
    before = outside.read_bytes()
    if name == ".attest/lock":
        with pytest.raises(StoreRefused, match="links are not followed"):
            push(layout.store, "", subject("new"))
    elif name == "blob":
        with pytest.raises(StoreUnavailable, match="links are not followed"):
            layout.store.fetch("", layout.one)
    else:
        with pytest.raises(StoreUnavailable, match="links are not followed"):
            layout.store.referrers("", OF.digest)
        with pytest.raises(StoreUnavailable, match="links are not followed"):
            push(layout.store, "", subject("new"))
    assert outside.read_bytes() == before


def test_a_pipe_in_place_of_a_blob_does_not_block(layout: Damaged) -> None:
    layout.blob(layout.one.digest).unlink()
    os.mkfifo(layout.blob(layout.one.digest))
    with pytest.raises(StoreUnavailable, match="not a regular file"):
        layout.store.fetch("", layout.one)


STRANGE = [os.mkfifo, lambda path: os.symlink("/dev/zero", path), os.mkdir]


@pytest.mark.parametrize("make", STRANGE)
def test_a_name_of_a_blob_that_is_no_file_is_one_problem(layout: Damaged, make: Callable[[Path], None]) -> None:
    make(layout.blob(Digest("sha256", "ab" * 32)))
    listing = layout.store.referrers("", OF.digest)
    assert {item.descriptor.digest for item in listing.items} == {layout.one.digest, layout.two.digest}
    assert not listing.complete
    assert len(listing.problems) == 1
    assert "ab" * 32 in listing.problems[0]


@pytest.mark.parametrize("make", STRANGE)
def test_a_referrer_that_is_no_file_is_one_problem(layout: Damaged, make: Callable[[Path], None]) -> None:
    layout.blob(layout.one.digest).unlink()
    make(layout.blob(layout.one.digest))
    listing = layout.store.referrers("", OF.digest)
    assert {item.descriptor.digest for item in listing.items} == {layout.one.digest, layout.two.digest}
    assert listing.complete
    assert len(listing.problems) == 1
    with pytest.raises(StoreUnavailable):
        layout.store.fetch("", layout.one)


@pytest.mark.parametrize("make", STRANGE)
def test_a_response_that_is_no_file_is_one_problem(layout: Damaged, make: Callable[[Path], None]) -> None:
    response = next(entry for entry in layout.index() if "annotations" in entry)
    blob = layout.blob(Digest.parse(str(response["digest"])))
    blob.unlink()
    make(blob)
    listing = layout.store.referrers("", OF.digest)
    assert {item.descriptor.digest for item in listing.items} == {layout.one.digest, layout.two.digest}
    assert not listing.complete
    assert len(listing.problems) == 1
    before = (layout.layout / "index.json").read_bytes()
    with pytest.raises(StoreUnavailable):  # what it lists must not be forgotten
        attach(layout.store, "", OF.descriptor(), "three")
    assert (layout.layout / "index.json").read_bytes() == before


def test_a_response_named_a_thousand_times_is_read_once(layout: Damaged, monkeypatch: pytest.MonkeyPatch) -> None:
    lost = [Descriptor(names.OCI_MANIFEST, Digest("sha256", f"{number:064x}"), 5) for number in range(100)]
    raw = write_index(lost).raw
    response = layout.write_blob(raw).json() | {"annotations": {names.ANNOTATION_REF_NAME: fallback_tag(OF.digest)}}
    layout.write_index([*layout.index(), *[response] * 1000])
    asked: list[str] = []
    real = DirectoryFiles.has

    def counted(files: DirectoryFiles, path: str) -> bool:
        asked.append(path)
        return real(files, path)

    monkeypatch.setattr(DirectoryFiles, "has", counted)
    listing = layout.store.referrers("", OF.digest)
    assert len(listing.items) == 102
    assert len(asked) <= 101


def test_a_directory_that_has_settled_is_listed_once(layout: Damaged, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = [layout.layout / "blobs", layout.layout / "blobs/sha256"]
    real, calls = os.listdir, []

    def counted(folder: int) -> list[str]:
        calls.append(folder)
        return real(folder)

    monkeypatch.setattr(os, "listdir", counted)
    store = layout.store

    def cost() -> int:
        calls.clear()
        assert len(store.referrers("", OF.digest).items) == 2
        return len(calls)

    assert (cost(), cost()) == (2, 2)  # just written: what follows could bear the same time
    later = time.time_ns() + 4_000_000_000
    monkeypatch.setattr(time, "time_ns", lambda: later)
    assert (cost(), cost(), cost()) == (2, 1, 1)
    layout.blob(Digest("sha256", "ab" * 32)).write_bytes(b"{}")
    for folder in folders:
        os.utime(folder, ns=(1, 1))  # its own time can be set back, the file system's not
    assert cost() == 2
    assert len(store.referrers("", OF.digest).problems) == 1


def test_many_problems_are_counted(layout: Damaged) -> None:
    lost = [Descriptor(names.OCI_MANIFEST, Digest("sha256", f"{number:064x}"), 5) for number in range(1000)]
    layout.write_index([*layout.index(), *(descriptor.json() for descriptor in lost)])
    problems = layout.store.referrers("", OF.digest).problems
    assert len(problems) == limits.PROBLEMS + 1
    assert problems[-1] == f"and {1000 - limits.PROBLEMS} more problems"


@given(st.integers(0, 200))
def test_a_cut_list_of_problems_is_not_cut_again(number: int) -> None:
    listing = Referrers((), False, datetime.now(UTC), tuple(map(str, range(number))))
    assert len(listing.problems) <= limits.PROBLEMS + 1
    assert replace(listing, complete=True).problems == listing.problems
    if number <= limits.PROBLEMS + 1:
        assert listing.problems == tuple(map(str, range(number)))


def test_more_listed_manifests_than_are_read(layout: Damaged, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LAYOUT_LISTED_BYTES", layout.one.size)
    listing = layout.store.referrers("", OF.digest)
    assert not listing.complete
    assert "more listed manifests than are read" in listing.problems[-1]
    monkeypatch.setattr(limits, "LAYOUT_LISTED_BYTES", 100 * layout.one.size)
    assert listed(layout.store, "", OF.digest) == {layout.one.digest, layout.two.digest}


def test_a_root_may_be_a_link(tmp_path: Path) -> None:
    Damaged(tmp_path / "real")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert len(listed(DirectoryStore(tmp_path / "link", "link"), "", OF.digest)) == 2


def test_a_missing_root_is_not_an_empty_store(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path / "typo", "typo")
    for attempt in (
        lambda: store.referrers("npm/x", OF.digest),
        lambda: store.resolve(Reference("npm/x", "v1")),
        lambda: list(store.tags("npm/x")),
        lambda: store.delete("npm/x", OF.digest),
    ):
        with pytest.raises(StoreUnavailable, match=r"does not exist .*--store or ATTEST_STORE"):
            attempt()
    (tmp_path / "typo").mkdir()
    assert listed(store, "npm/x", OF.digest) == set()
    with pytest.raises(NotFound):
        store.resolve(Reference("npm/x", "v1"))
    with pytest.raises(NotFound):
        store.delete("npm/x", OF.digest)
    assert list((tmp_path / "typo").iterdir()) == []


def test_a_writer_that_never_ends_is_named(layout: Damaged, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable, "LOCK_SECONDS", 0.05)
    with durable.folder(layout.layout, ".attest") as held, durable.locked(held, "lock"):
        with pytest.raises(StoreRefused, match="another process is writing"):
            push(layout.store, "", subject("new"))
        assert len(listed(layout.store, "", OF.digest)) == 2


@given(st.data())
def test_any_bytes_anywhere_give_an_answer_or_a_store_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    layout = Damaged(tmp_path_factory.mktemp("fuzz") / "layout")
    files = sorted(path for path in layout.layout.rglob("*") if path.is_file())
    file = data.draw(st.sampled_from(files))
    raw = bytearray(file.read_bytes())
    if raw:
        position = data.draw(st.integers(0, len(raw) - 1))
        raw[position : position + data.draw(st.integers(1, 40))] = data.draw(st.binary(max_size=40))
    file.write_bytes(bytes(raw))
    try:
        listing = layout.store.referrers("", OF.digest)
    except AttestError:
        return
    found = {item.descriptor.digest for item in listing.items}
    assert not listing.complete or {layout.one.digest, layout.two.digest} <= found


def snapshot(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}
