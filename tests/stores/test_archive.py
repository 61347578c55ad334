"""Layouts in a tar: what is written, and what is refused."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest import limits
from attest.errors import AttestError, DigestMismatch, NotFound, StoreRefused, StoreUnavailable
from attest.oci.descriptor import EMPTY, EMPTY_BYTES, Descriptor
from attest.oci.digest import Digest
from attest.oci.reference import Reference
from attest.stores import archive
from attest.stores.archive import ArchiveStore
from tests.stores.graphs import attach, listed, push, referrer, subject

OF = subject()


def write(file: Path, *labels: str) -> bytes:
    store = ArchiveStore(file, "pack", create=True)
    push(store, "", OF)
    store.tag(Reference("", "v1"), OF.descriptor())
    for label in labels:
        attach(store, "", OF.descriptor(), label)
    store.close()
    return file.read_bytes()


def members(file: Path) -> list[tarfile.TarInfo]:
    with tarfile.open(file) as tar:
        return tar.getmembers()


def retar(file: Path, change: Callable[[tarfile.TarInfo], list[tarfile.TarInfo]]) -> None:
    """Write the tar again, each member as ``change`` says."""
    with tarfile.open(file) as old:
        content = {member.name: old.extractfile(member).read() for member in old}  # type: ignore[union-attr]
        all_members = old.getmembers()
    with tarfile.open(file, "w") as tar:
        for member in all_members:
            data = content[member.name]
            for made in change(member):
                tar.addfile(made, io.BytesIO(data) if made.isreg() else None)


def renamed(member: tarfile.TarInfo, name: str, kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type = kind
    made.size = member.size if kind == tarfile.REGTYPE else 0
    return made


def refused(file: Path, why: str) -> None:
    before = file.read_bytes()
    store = ArchiveStore(file, "pack")
    for attempt in (
        lambda: store.referrers("", OF.digest),
        lambda: store.resolve(Reference("", "v1")),
        lambda: push(store, "", subject("new")),
    ):
        with pytest.raises(StoreUnavailable, match=why):
            attempt()
    store.close()
    assert file.read_bytes() == before


def test_the_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    assert write(tmp_path / "a.tar", "one", "two") == write(tmp_path / "b.tar", "one", "two")
    found = members(tmp_path / "a.tar")
    assert [member.name for member in found] == sorted(member.name for member in found)
    assert {(member.mtime, member.uid, member.gid, member.uname, member.mode) for member in found} == {
        (0, 0, 0, "", 0o644)
    }
    assert len((tmp_path / "a.tar").read_bytes()) % tarfile.RECORDSIZE == 0


def test_reading_does_not_write(tmp_path: Path) -> None:
    file = tmp_path / "pack.tar"
    write(file, "one")
    before = file.stat()
    store = ArchiveStore(file, "pack")
    assert len(listed(store, "", OF.digest)) == 1
    push(store, "", OF)
    attach(store, "", OF.descriptor(), "one")
    store.close()
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_nothing_is_written_before_close_and_nothing_after(tmp_path: Path) -> None:
    file = tmp_path / "pack.tar"
    store = ArchiveStore(file, "pack", create=True)
    push(store, "", OF)
    assert not file.exists()
    store.close()
    assert os.listdir(tmp_path) == ["pack.tar"]
    file.unlink()
    store.close()
    assert not file.exists()


def test_the_file_keeps_its_mode(tmp_path: Path) -> None:
    file = tmp_path / "pack.tar"
    write(file)
    file.chmod(0o600)
    write(file, "one")
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_link_to_an_archive_stays_one(tmp_path: Path) -> None:
    file, link = tmp_path / "pack.tar", tmp_path / "link.tar"
    write(file)
    link.symlink_to(file)
    write(link, "one")
    assert link.is_symlink()
    assert len(listed(ArchiveStore(file, "pack"), "", OF.digest)) == 1


def test_foreign_members_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "pack.tar"
    write(file)
    with tarfile.open(file, "a") as tar:
        tar.addfile(renamed(tarfile.TarInfo(), "manifest.json"))
    write(file, "one")
    assert "manifest.json" in [member.name for member in members(file)]


def test_two_writers_of_one_archive_do_not_undo_each_other(tmp_path: Path) -> None:
    file = tmp_path / "pack.tar"
    write(file)
    slow = ArchiveStore(file, "pack")
    attach(slow, "", OF.descriptor(), "slow")
    write(file, "fast")
    with pytest.raises(StoreRefused, match="another process"):
        slow.close()
    assert listed(ArchiveStore(file, "pack"), "", OF.digest) == {referrer(OF.descriptor(), "fast").digest}

    file.unlink()
    slow = ArchiveStore(file, "pack", create=True)
    push(slow, "", OF)
    write(file, "fast")
    with pytest.raises(StoreRefused, match="another process"):
        slow.close()
    assert os.listdir(tmp_path) == ["pack.tar"]


def test_a_missing_archive_is_not_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match=r"does not exist .*--store or ATTEST_STORE"):
        ArchiveStore(tmp_path / "typo.tar", "typo").referrers("", OF.digest)
    with pytest.raises(StoreRefused):
        write(tmp_path / "nowhere" / "pack.tar")
    assert os.listdir(tmp_path) == []


def test_there_is_one_repository(tmp_path: Path) -> None:
    write(tmp_path / "pack.tar")
    store = ArchiveStore(tmp_path / "pack.tar", "pack")
    with pytest.raises(NotFound):
        store.referrers("npm/semver", OF.digest)
    with pytest.raises(NotFound):
        push(store, "npm/semver", OF)


# --- what is refused ---


@pytest.mark.parametrize("name", ["../index.json", "/index.json", "a/../index.json", "a//b", "blobs/../../x", "./../x"])
def test_names_that_lead_out(tmp_path: Path, name: str) -> None:
    write(tmp_path / "pack.tar", "one")
    retar(tmp_path / "pack.tar", lambda m: [renamed(m, name if m.name == "index.json" else m.name)])
    refused(tmp_path / "pack.tar", "leads out")


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.CONTTYPE]
)
def test_members_that_are_no_plain_files(tmp_path: Path, kind: bytes) -> None:
    write(tmp_path / "pack.tar", "one")

    def change(member: tarfile.TarInfo) -> list[tarfile.TarInfo]:
        made = renamed(member, member.name, kind if member.name == "index.json" else tarfile.REGTYPE)
        made.linkname = "oci-layout" if made.type != tarfile.REGTYPE else ""
        return [made]

    retar(tmp_path / "pack.tar", change)
    refused(tmp_path / "pack.tar", "no plain file")


@pytest.mark.parametrize("again", ["index.json", "./index.json"])
def test_a_member_that_stands_there_twice(tmp_path: Path, again: str) -> None:
    write(tmp_path / "pack.tar", "one")
    retar(
        tmp_path / "pack.tar",
        lambda m: [renamed(m, m.name), renamed(m, again)] if m.name == "index.json" else [renamed(m, m.name)],
    )
    refused(tmp_path / "pack.tar", "twice")


def test_a_second_archive_behind_the_first(tmp_path: Path) -> None:
    file = tmp_path / "pack.tar"
    file.write_bytes(write(file) + write(tmp_path / "other.tar", "one"))
    refused(file, "follows its end")


def test_a_damaged_header_in_the_middle_is_not_the_end(tmp_path: Path) -> None:
    file = tmp_path / "pack.tar"
    raw = bytearray(write(file, "one"))
    raw[members(file)[2].offset] ^= 1
    file.write_bytes(raw)
    refused(file, "damaged")


def test_a_cut_off_archive(tmp_path: Path) -> None:
    file = tmp_path / "pack.tar"
    raw = write(file, "one")
    last = members(file)[-2]
    file.write_bytes(raw[: last.offset_data + last.size - 1])
    refused(file, "tar")


@pytest.mark.parametrize("mode", ["w:gz", "w:xz", "w:bz2"])
def test_a_compressed_archive_is_refused_with_what_to_do(tmp_path: Path, mode: str) -> None:
    write(tmp_path / "pack.tar")
    raw = (tmp_path / "pack.tar").read_bytes()
    with tarfile.open(tmp_path / "packed", mode) as tar:  # type: ignore[call-overload]
        tar.addfile(renamed(tarfile.TarInfo(), "index.json"), io.BytesIO(raw))
    refused(tmp_path / "packed", "uncompressed")


def test_too_many_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "pack.tar", "one")
    monkeypatch.setattr(limits, "ARCHIVE_MEMBERS", 3)
    refused(tmp_path / "pack.tar", "more than 3 members")


def header(kind: bytes, size: bytes) -> bytes:
    block = bytearray(tarfile.TarInfo("x").tobuf(tarfile.USTAR_FORMAT))
    block[124:136], block[156:157] = size, kind
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


@pytest.mark.parametrize("kind", [b"x", b"g", b"L", b"K", b"5", b"0"])
@pytest.mark.parametrize(
    "size",
    [
        b"77777777777\0",
        b"\x80" + bytes(3) + b"\x7f" * 8,
        b"\x80" + b"\x7f" * 11,
        b"\xff" * 10 + b"\xfe\x00",
        b"\xff" * 10 + b"\xfc\x00",
    ],
)
def test_a_header_with_a_size_that_cannot_be(tmp_path: Path, kind: bytes, size: bytes) -> None:
    (tmp_path / "pack.tar").write_bytes(header(kind, size) + bytes(2048))
    refused(tmp_path / "pack.tar", "not a tar of an image layout")


def test_a_header_about_all_members(tmp_path: Path) -> None:
    """A small one would be kept as often as there are members."""
    with tarfile.open(tmp_path / "pack.tar", "w", format=tarfile.PAX_FORMAT, pax_headers={"comment": "x"}) as tar:
        tar.addfile(renamed(tarfile.TarInfo(), "index.json"))
    refused(tmp_path / "pack.tar", "a header that is about all members")


def test_long_names_without_end(tmp_path: Path) -> None:
    long_name = header(b"L", b"00000000002\0") + b"a\0".ljust(512, b"\0")
    (tmp_path / "pack.tar").write_bytes(long_name * 3000 + header(b"0", b"00000000000\0") + bytes(1024))
    refused(tmp_path / "pack.tar", "not a tar of an image layout")


def test_a_directory_is_no_archive(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="not a regular file"):
        ArchiveStore(tmp_path, "pack").referrers("", OF.digest)


def test_an_archive_that_is_no_layout_is_no_repository(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "pack.tar", "w") as tar:
        tar.addfile(renamed(tarfile.TarInfo(), "README"))
    store = ArchiveStore(tmp_path / "pack.tar", "pack")
    with pytest.raises(NotFound):
        store.resolve(Reference("", "v1"))


def test_a_damaged_blob(tmp_path: Path) -> None:
    file = tmp_path / "pack.tar"
    good = referrer(OF.descriptor(), "one").raw
    file.write_bytes(write(file, "one").replace(good, good.replace(b"one", b"two")))
    store = ArchiveStore(file, "pack")
    listing = store.referrers("", OF.digest)
    assert listing.problems
    damaged = referrer(OF.descriptor(), "one").descriptor()
    assert [item.descriptor.digest for item in listing.items] == [damaged.digest]
    with pytest.raises(DigestMismatch):
        store.fetch("", damaged)
    assert store.fetch("", EMPTY) == b"{}"


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, Digest]:
    raw = write(tmp_path_factory.mktemp("pristine") / "pack.tar", "one")
    return raw, referrer(OF.descriptor(), "one").digest


@given(st.data())
def test_any_damage_gives_an_answer_or_a_store_error(
    pristine: tuple[bytes, Digest], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    raw, digest = pristine
    position = data.draw(st.integers(0, len(raw) - 1))
    length = data.draw(st.integers(0, 600))
    file = tmp_path_factory.mktemp("fuzz") / "pack.tar"
    file.write_bytes(raw[:position] + data.draw(st.binary(max_size=600)) + raw[position + length :])
    store = ArchiveStore(file, "pack")
    try:
        listing = store.referrers("", OF.digest)
    except AttestError:
        return
    finally:
        store.close()
    assert not listing.complete or digest in {item.descriptor.digest for item in listing.items}


def test_a_plain_archive_is_read_as_tarfile_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The quick way gives the same members as the long one, or leaves the archive to it: whatever byte is changed."""
    file = tmp_path / "evidence.tar"
    with closing(ArchiveStore(file, "evidence", create=True)) as store:
        store.push("", EMPTY, EMPTY_BYTES)
        for number in range(3):
            data = b"%d" % number * 700
            store.push("", Descriptor.of("application/octet-stream", data), data)
    whole = file.read_bytes()
    quick = archive._plain_members

    def read_by(data: bytes, way: object) -> object:
        monkeypatch.setattr(archive, "_plain_members", way)
        file.write_bytes(data)
        try:
            with closing(ArchiveStore(file, "evidence")) as store:
                return store.contents()
        except StoreUnavailable as error:
            return str(error)

    def no(held: int) -> None:
        return None

    assert read_by(whole, quick) == read_by(whole, no)
    with file.open("rb") as held:
        assert quick(held.fileno()) is not None
    headers = [offset for offset in range(0, len(whole), 512) if whole[offset + 257 : offset + 262] == b"ustar"]
    assert len(headers) > 3
    for position in (*range(headers[1], headers[1] + 512), len(whole) - 512, len(whole) - 1):
        for byte in (0x00, 0x30, 0x78, 0xFF):
            changed = whole[:position] + bytes([byte]) + whole[position + 1 :]
            assert read_by(changed, quick) == read_by(changed, no), (position, byte)
    for cut in (*headers, len(whole) - 1024, len(whole) - 1, 0):
        assert read_by(whole[:cut], quick) == read_by(whole[:cut], no), cut
    twice = whole[headers[0] : headers[1]] + whole
    assert read_by(twice, quick) == read_by(twice, no) != read_by(whole, no)
    assert read_by(whole + bytes(512) + b"x", quick) == read_by(whole + bytes(512) + b"x", no)
