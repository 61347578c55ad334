"""Hostile archives cost nothing and hide nothing."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest import limits
from attest.errors import PackageError
from attest.packages import tars
from attest.packages.archives import Archive
from attest.packages.files import identify, wheel_sboms
from tests.packages.build import PACKAGE_JSON, PKG_INFO, link, of_kind, tar, tgz, wheel_members, write, zipped

MIB = 1024 * 1024
GOOD = ("package/package.json", PACKAGE_JSON)


def refused(folder: Path, data: bytes) -> str:
    with pytest.raises(PackageError) as caught:
        identify(write(folder, data))
    return str(caught.value)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ([GOOD, GOOD], "stands there twice"),
        ([GOOD, ("./package/package.json", b"{}")], "stands there twice"),
        ([GOOD, ("package//package.json", b"{}")], "stands there twice"),
        ([GOOD, ("package\\package.json", b"{}")], "stands there twice"),
        ([GOOD, ("package/PACKAGE.json", b"{}")], "stands there twice"),
        ([GOOD, ("other/package.json", b"{}")], "more than one"),
        ([("package/Package.json", PACKAGE_JSON)], "other letter case"),
        ([GOOD, ("package/../../etc/passwd", b"")], "a member outside the package"),
        ([GOOD, ("..\\x", b"")], "a member outside the package"),
        ([GOOD, ("/etc/passwd", b"")], "a member outside the package"),
        ([link("package/package.json", "x")], "metadata that is no file"),
        ([link("package/package.json", "x", tarfile.LNKTYPE)], "metadata that is no file"),
        ([GOOD, link("package/package.json", "x")], "metadata that is no file"),
        ([of_kind("package/package.json", tarfile.CHRTYPE)], "metadata that is no file"),
        ([of_kind("package/package.json", tarfile.FIFOTYPE)], "metadata that is no file"),
        ([link("package", "/tmp"), GOOD], "metadata below a link"),
        ([GOOD, link("PACKAGE", "/tmp")], "metadata below a link"),
        ([of_kind("x", b"S"), GOOD], "an unknown kind of tar member"),
        ([of_kind("x", b"V"), GOOD], "an unknown kind of tar member"),
    ],
)
def test_tricks_with_members(tmp_path: Path, members: list[tuple[str, bytes]], message: str) -> None:
    assert message in refused(tmp_path, tgz(members))


def test_links_elsewhere_do_no_harm(tmp_path: Path) -> None:
    data = tgz(
        [GOOD, link("package/latest", "1.0"), link("package/up", "../../.."), of_kind("package/f", tarfile.FIFOTYPE)]
    )
    assert str(identify(write(tmp_path, data)).purl) == "pkg:npm/semver@7.6.3"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (tgz([GOOD])[:-1], "it ends too early"),
        (tgz([GOOD])[:40], "it ends too early"),
        (tgz([GOOD])[:-8] + bytes(8), "not whole gzip data"),
        (tgz([GOOD]) + tgz([("package/package.json", b"{}")]), "more than one gzip stream"),
        (tgz([GOOD]) + b"x", "more than one gzip stream"),
        (tgz([GOOD]) + bytes(MIB) + b"x", "more than one gzip stream"),
        (gzip.compress(tar([GOOD]) + tar([GOOD]), mtime=0), "data after the end of a tar archive"),
        (gzip.compress(tar([GOOD])[:1024], mtime=0), "it ends too early"),
        (gzip.compress(b"x" * 512, mtime=0), "not a tar archive"),
        (gzip.compress(b"", mtime=0), "it ends too early"),
        (b"\x1f\x8b", "it ends too early"),
    ],
)
def test_damaged_and_doubled_tarballs(tmp_path: Path, data: bytes, message: str) -> None:
    assert message in refused(tmp_path, data)


def test_zeros_after_the_stream_do_no_harm(tmp_path: Path) -> None:
    assert identify(write(tmp_path, tgz([GOOD]) + bytes(MIB))).purl.name == "semver"


def header(name: bytes, size: bytes, flag: bytes) -> bytes:
    block = bytearray(512)
    block[: len(name)], block[124 : 124 + len(size)], block[156:157] = name, size, flag
    block[257:265] = b"ustar\x0000"
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (header(b"x", b"\x80" + bytes(3) + (10 * 2**30).to_bytes(8, "big"), b"0") + tar([GOOD]), "it ends too early"),
        (header(b"package/package.json", b"77777777777\0", b"0"), "metadata too large"),
        (header(b"package/package.json", b"\xff" * 12, b"0"), "is no octal number"),
        (header(b"x", b"77777777777\0", b"x"), "an extended tar header too large"),
        (header(b"x", b"77777777777\0", b"L"), "an extended tar header too large"),
        (header(b"x", b"00000000000\0", b"K") * 9, "an extended tar header too large"),
        (header(b"x", b"00000001000\0", b"2"), "a tar member with content that is no file"),
        (header(b"x", b"00000000010\0", b"x") + b"99999 a=b".ljust(512, b"\0"), "a malformed pax header"),
        (header(b"x", b"00000000011\0", b"x") + b"9 size=-1".ljust(512, b"\0"), "a malformed pax header"),
        (header(b"x", b"00000000011\0", b"g") + b"9 path=x\n".ljust(512, b"\0"), "readers understand differently"),
        (header(b"x", b"00000000026\0", b"x") + b"22 GNU.sparse.major=1\n".ljust(512, b"\0"), "understand differently"),
    ],
)
def test_lying_tar_headers(tmp_path: Path, raw: bytes, message: str) -> None:
    assert message in refused(tmp_path, gzip.compress(raw))


def bomb(size: int) -> bytes:
    """A gzip of zeros that unpacks to ``size`` bytes, made without holding them."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros, parts = bytes(MIB), []
    info = tarfile.TarInfo("package/zeros")
    info.size = size
    parts.append(squeeze.compress(info.tobuf(tarfile.GNU_FORMAT)))
    parts += [squeeze.compress(zeros) for _ in range(size // MIB)]
    parts += [squeeze.compress(tar([GOOD])), squeeze.flush()]
    return b"".join(parts)


def cost(action: Callable[[], object]) -> tuple[float, int]:
    """Seconds and peak bytes."""
    tracemalloc.start()
    start = time.monotonic()
    action()
    seconds = time.monotonic() - start
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return seconds, peak


def test_a_gzip_bomb_costs_nothing(tmp_path: Path) -> None:
    path = write(tmp_path, bomb(192 * MIB))

    def check() -> None:
        with pytest.raises(PackageError, match="unpacks to too much"):
            identify(path)

    seconds, peak = cost(check)
    assert seconds < 5
    assert peak < 8 * MIB


def test_a_large_member_costs_no_memory(tmp_path: Path) -> None:
    path = write(tmp_path, bomb(48 * MIB))
    seconds, peak = cost(lambda: identify(path))
    assert seconds < 5
    assert peak < 8 * MIB


def test_a_zip_bomb_is_never_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, data in wheel_members():
            opened.writestr(name, data)
        with opened.open("foo_bar/zeros", "w") as member:
            for _ in range(128):
                member.write(bytes(MIB))
    seconds, peak = cost(lambda: identify(path))
    assert seconds < 2
    assert peak < 8 * MIB


def test_metadata_that_is_a_bomb(tmp_path: Path) -> None:
    huge = PKG_INFO + bytes(limits.PACKAGE_METADATA)
    assert "metadata too large" in refused(tmp_path, zipped(wheel_members(metadata=huge)))
    assert "metadata too large" in refused(tmp_path, tgz([("package/package.json", huge)]))


def test_metadata_that_unpacks_to_more_than_announced(tmp_path: Path) -> None:
    data = zipped(wheel_members(metadata=PKG_INFO + b"x" * 5000))
    size = struct.pack("<L", len(PKG_INFO) + 5000)
    assert data.count(size) == 2
    assert "zip" in refused(tmp_path, data.replace(size, struct.pack("<L", len(PKG_INFO))))


def test_too_many_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PACKAGE_MEMBERS", 3)
    assert "too many members" in refused(tmp_path, tgz([GOOD, ("a", b""), ("b", b""), ("c", b"")]))
    assert "too many members" in refused(tmp_path, zipped(wheel_members()))


def test_many_metadata_files_are_not_all_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PACKAGE_KEPT", 1000)
    members = [(f"a-1.dist-info/sboms/{number}", bytes(400)) for number in range(3)]
    with pytest.raises(PackageError, match="too much metadata"):
        wheel_sboms(write(tmp_path, zipped(members)))


WHEEL = zipped(wheel_members())


def end_record(data: bytes) -> int:
    return data.rindex(b"PK\x05\x06")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (WHEEL[:-1], "its end record is not its end"),
        (WHEEL + b"x", "its end record is not its end"),
        (WHEEL[:10], "it ends too early"),
        (WHEEL[: end_record(WHEEL)] + WHEEL, "the end record does not fit the file"),
        (zipped([*wheel_members(), ("foo_bar-1.0.dist-info/metadata", PKG_INFO)]), "stands there twice"),
        (zipped([*wheel_members(), ("../x", b"")]), "a member outside the package"),
        (zipped(wheel_members(), zipfile.ZIP_LZMA), "encrypted, or not deflated"),
        (zipped(wheel_members(), zipfile.ZIP_BZIP2), "encrypted, or not deflated"),
        (WHEEL.replace(b"foo_bar-1.0.dist-info/METADATA", b"foo_bar-1.0.dist-info/METADATB", 1), "another name"),
    ],
)
def test_zips_that_contradict_themselves(tmp_path: Path, data: bytes, message: str) -> None:
    assert message in refused(tmp_path, data)


def test_a_damaged_member(tmp_path: Path) -> None:
    data = zipped(wheel_members(), zipfile.ZIP_STORED)
    assert "Bad CRC-32" in refused(tmp_path, data.replace(b"Version: 1.0\n\n", b"Version: 1.1\n\n"))


def with_gap(inserted: bytes) -> bytes:
    """A zip with ``inserted`` between its members and its directory, offsets made right."""
    end = end_record(WHEEL)
    offset = struct.unpack("<L", WHEEL[end + 16 : end + 20])[0]
    return (
        WHEEL[:offset]
        + inserted
        + WHEEL[offset : end + 16]
        + struct.pack("<L", offset + len(inserted))
        + WHEEL[end + 20 :]
    )


def test_a_member_that_only_stream_readers_see(tmp_path: Path) -> None:
    hidden = zipped([("foo_bar-1.0.dist-info/METADATA", PKG_INFO.replace(b"1.0", b"9.9"))])
    hidden = hidden[: hidden.index(b"PK\x01\x02")]
    assert "bytes between it and the next" in refused(tmp_path, with_gap(hidden))
    assert identify(write(tmp_path, with_gap(b""))).purl.version == "1.0"


def test_bytes_before_the_first_member(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    buffer.write(b"PK\x03\x04 as if")
    with zipfile.ZipFile(buffer, "a") as opened:
        for name, data in wheel_members():
            opened.writestr(name, data)
    assert "it does not begin where the one before ends" in refused(tmp_path, buffer.getvalue())


def test_a_link_as_metadata(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        for name, data in wheel_members():
            info = zipfile.ZipInfo(name)
            if name.endswith("METADATA"):
                info.create_system, info.external_attr = 3, 0o120777 << 16
            opened.writestr(info, data)
    assert "metadata that is no file" in refused(tmp_path, buffer.getvalue())


def test_streamed_and_64_bit_zips_are_read(tmp_path: Path) -> None:
    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.written = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, data: object) -> int:
            self.written += bytes(data)  # type: ignore[call-overload]
            return len(bytes(data))  # type: ignore[call-overload]

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as opened:  # cannot seek: sizes after the data
        for name, data in wheel_members():
            with opened.open(zipfile.ZipInfo(name), "w", force_zip64=True) as member:
                member.write(data)
    assert identify(write(tmp_path, bytes(pipe.written))).purl.name == "foo-bar"


@pytest.mark.slow
def test_more_members_than_16_bits_can_count(tmp_path: Path) -> None:
    data = zipped([*wheel_members(), *((f"foo_bar/{number}", b"") for number in range(70_000))])
    assert identify(write(tmp_path, data)).purl.name == "foo-bar"


NAMES = st.text(
    st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\\/"), min_size=1, max_size=120
).filter(lambda name: name not in (".", ".."))
MEMBERS = st.lists(
    st.tuples(st.lists(NAMES, min_size=1, max_size=4).map("/".join), st.binary(max_size=2000)), max_size=8
)


@given(MEMBERS, st.sampled_from([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT]), st.integers(1, 1500))
def test_tars_are_read_as_the_standard_library_writes_them(
    members: list[tuple[str, bytes]], tar_format: int, piece: int
) -> None:
    raw = tar(members, tar_format)
    archive = Archive(["**"])
    tars.walk(iter([raw[start : start + piece] for start in range(0, len(raw), piece)]), archive)
    assert [(member.name, member.data) for member in archive.all("**")] == members


@given(data=st.data())
def test_any_damage_is_a_package_error_or_harmless(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    raw = bytearray(data.draw(st.sampled_from([WHEEL, tgz([GOOD]), tar([GOOD, link("package/a", "b")])])))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        raw = bytearray(gzip.compress(bytes(raw)))
    path = write(tmp_path_factory.getbasetemp(), bytes(raw), "damaged")
    try:
        purl = identify(path).purl
    except PackageError:
        return
    assert purl.type in ("npm", "pypi")


def patched(data: bytes, position: int, layout: str, value: int) -> bytes:
    new = struct.pack(layout, value)
    return data[:position] + new + data[position + len(new) :]


def test_local_headers_that_differ_from_the_directory(tmp_path: Path) -> None:
    """APPNOTE 4.3.7: flags at 6, method at 8, compressed size at 18."""
    assert "its own header differs" in refused(tmp_path, patched(WHEEL, 6, "<H", 2))
    assert "its own header differs" in refused(tmp_path, patched(WHEEL, 8, "<H", zipfile.ZIP_STORED))
    assert "its own header has another size" in refused(tmp_path, patched(WHEEL, 18, "<L", 99))


def test_a_directory_with_more_members_than_announced(tmp_path: Path) -> None:
    end = end_record(WHEEL)
    data = patched(patched(WHEEL, end + 8, "<H", 3), end + 10, "<H", 3)
    assert "3 members announced, 4 there" in refused(tmp_path, data)


def test_members_that_the_directory_leaves_out(tmp_path: Path) -> None:
    members = WHEEL[: WHEEL.index(b"PK\x01\x02")]
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0, 0, 0, len(members), 0)
    assert "data that belongs to no member" in refused(tmp_path, members + end)


def test_metadata_that_unpacks_to_less_than_announced(tmp_path: Path) -> None:
    text = PKG_INFO + b"x" * 5000
    data = zipped(wheel_members(metadata=text))
    size = struct.pack("<L", len(text))
    assert data.count(size) == 2
    assert "6000 announced" in refused(tmp_path, data.replace(size, struct.pack("<L", 6000)))
