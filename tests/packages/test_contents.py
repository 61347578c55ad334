"""The files in packages: as unpacking them would write them, each with its hashes."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterable
from pathlib import Path

import pytest

from attest import limits
from attest.errors import PackageError
from attest.packages.contents import PackedFile, contents
from tests.packages.build import link, tar, tgz, wheel_members, zipped
from tests.packages.makers import PACKERS, RPM_TAGS, apk, conda_1, conda_2, deb, hex_package, podspec, rpm
from tests.packages.metadata.told import packed
from tests.packages.test_gem import METADATA

RPM = "pkg:rpm/fedora/acme-widget@1.2.3~rc1-4.fc40"
DEB = "pkg:deb/debian/acme-widget@1:2.3~rc1%2Bdfsg-1"
APK = "pkg:apk/alpine/acme-widget@1.2.3_rc1-r4"
PACKAGE_JSON = ("package/package.json", b'{"name": "a", "version": "1.0.0"}')


def listed(folder: Path, data: bytes, purl: str | None = None) -> list[PackedFile]:
    return contents(packed(folder, data, purl))


def paths(folder: Path, data: bytes, purl: str | None = None) -> list[str]:
    return [file.path for file in listed(folder, data, purl)]


def cpio(members: Iterable[tuple[str, int, bytes]], magic: bytes = b"070701", end: str = "TRAILER!!!") -> bytes:
    """cpio(5): names, modes, content."""
    found = b""
    for name, mode, data in [*members, (end, 0, b"")]:
        fields = [0, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0]
        found += magic + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
        found += bytes(-len(found) % 4) + data
        found += bytes(-len(found) % 4)
    return found


CPIO = cpio(
    [("./usr", 0o040755, b""), ("./usr/a", 0o100644, b"abc"), ("./usr/l", 0o120777, b"./a"), ("b", 0o100755, b"")]
)


def test_hashes(tmp_path: Path) -> None:
    big = b"x" * (1 << 20)
    found = listed(tmp_path, tgz([("package/b", big), PACKAGE_JSON, link("package/l", "b"), ("package/./a//c", b"")]))
    assert [file.path for file in found] == ["package/a/c", "package/b", "package/package.json"]
    assert found[0].sha256 == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert found[0].sha1 == "da39a3ee5e6b4b0d3255bfef95601890afd80709"
    assert found[1].sha256 == hashlib.sha256(big).hexdigest()


@pytest.mark.parametrize(
    ("data", "purl", "expected"),
    [
        (
            zipped(wheel_members()),
            None,
            [
                "foo_bar-1.0.dist-info/METADATA",
                "foo_bar-1.0.dist-info/RECORD",
                "foo_bar-1.0.dist-info/WHEEL",
                "foo_bar/__init__.py",
            ],
        ),
        (deb(), DEB, ["usr/share/doc/control"]),
        (apk(), APK, ["usr/bin/widget"]),
        (conda_1(), None, ["bin/x", "info/files", "info/index.json"]),
        (conda_2(), None, ["bin/x", "info/index.json"]),
        (hex_package(), None, ["lib/acme.ex"]),
        (podspec(), None, []),
        *(
            (rpm(RPM_TAGS, payload=PACKERS[packing](CPIO)), RPM, ["b", "usr/a"])
            for packing in (".gz", ".bz2", ".xz", ".zst")
        ),
        (rpm(RPM_TAGS, payload=gzip.compress(cpio([("x", 0o100644, b"1")], b"070702"), mtime=0)), RPM, ["x"]),
    ],
)
def test_of_every_kind_of_payload(tmp_path: Path, data: bytes, purl: str | None, expected: list[str]) -> None:
    assert paths(tmp_path, data, purl) == expected


def test_a_gem(tmp_path: Path) -> None:
    payload = tgz([("lib/demo.rb", b"module Demo; end\n")])
    data = tar([("metadata.gz", gzip.compress(METADATA.encode(), mtime=0)), ("data.tar.gz", payload)])
    assert paths(tmp_path, data) == ["lib/demo.rb"]


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"\x5d\0\0 old lzma", "a payload that is not read"),
        (gzip.compress(CPIO, mtime=0)[:-9], "not whole gzip data"),
        (gzip.compress(CPIO + b"x", mtime=0), "data after the end of a cpio archive"),
        (gzip.compress(CPIO[:-20], mtime=0), "not a whole cpio archive: it ends too early"),
        (gzip.compress(cpio([], b"070707"), mtime=0), "not a cpio archive: a header begins b'070707'"),
        (gzip.compress(cpio([], end="x" * 5000), mtime=0), "a name is too long"),
        (
            gzip.compress(cpio([("a", 0o100644, b""), ("./a", 0o100644, b"")]), mtime=0),
            "a file that stands there twice",
        ),
        (gzip.compress(cpio([("../a", 0o100644, b"")]), mtime=0), "a member outside the package"),
        (
            gzip.compress(
                cpio([]).replace(b"%08X" % 0, b"FFFFFFFF", 1)[:6] + b"00000000" * 6 + b"FFFFFFFF" * 7, mtime=0
            ),
            "a name is too long",
        ),
    ],
)
def test_payloads_that_are_refused(tmp_path: Path, payload: bytes, why: str) -> None:
    package = packed(tmp_path, rpm(RPM_TAGS, payload=payload), RPM)
    with pytest.raises(PackageError) as caught:
        contents(package)
    assert why in str(caught.value)
    assert str(caught.value).startswith(str(package.path))


def test_a_file_larger_than_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = packed(tmp_path, tgz([PACKAGE_JSON, ("package/big", bytes(101))]))
    monkeypatch.setattr(limits, "BLOB", 100)
    with pytest.raises(PackageError, match="a file too large to be listed: 101 bytes"):
        contents(package)
    package = packed(tmp_path, deb(), DEB)
    with pytest.raises(PackageError, match="a payload too large to be listed"):
        contents(package)


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    """Two names that differ stay two, and both can be written as JSON."""
    data = tgz([PACKAGE_JSON, ("package/\udcff", b""), ("package/\udcfe", b"")])
    assert paths(tmp_path, data)[:2] == ["package/\\udcfe", "package/\\udcff"]
