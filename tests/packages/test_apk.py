"""Alpine packages: only the control stream speaks for the package."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest.errors import PackageError
from attest.packages.ecosystem import ecosystem
from attest.packages.files import identify
from attest.packages.purl import Purl
from tests.packages.build import PACKAGE_JSON, tar, tgz, write
from tests.packages.makers import PKGINFO, apk, cut_tar

EXPECTED = Purl.parse("pkg:apk/alpine/acme-widget@1.2.3_rc1-r4")
OTHER = (".PKGINFO", PKGINFO.replace(b"acme-widget", b"other"))
SIGNED = (".SIGN.RSA.key.rsa.pub", b"x")


def stream(members: list[tuple[str, bytes]]) -> bytes:
    return gzip.compress(cut_tar(members), mtime=0)


CONTROL = stream([(".PKGINFO", PKGINFO)])
DATA = tgz([("usr/bin/widget", b"")])


def replaced(old: bytes, new: bytes) -> bytes:
    assert old in PKGINFO
    return apk(PKGINFO.replace(old, new, 1))


@pytest.mark.parametrize(
    ("data", "platform"),
    [
        (apk(), "x86_64"),
        (apk(signature=()), "x86_64"),
        (apk(signature=[SIGNED, (".SIGN.RSA256.other.rsa.pub", b"x")]), "x86_64"),
        (apk(control=[(".post-install", b"#!/bin/sh\n"), (".trigger", b"")]), "x86_64"),
        (apk(data=[]), "x86_64"),
        (apk(data=[("a/.PKGINFO", b"pkgname = other\n"), (".hidden", b"")]), "x86_64"),
        (replaced(b"x86_64", b"noarch"), None),
        (replaced(b"a widget", b"a\rpkgname = x"), "x86_64"),  # no end of a line
        (gzip.compress(tar([SIGNED]), mtime=0) + CONTROL + DATA, "x86_64"),
    ],
)
def test_a_package(tmp_path: Path, data: bytes, platform: str | None) -> None:
    found = identify(write(tmp_path, data), EXPECTED)
    assert (found.purl, found.platform, found.registry_name) == (EXPECTED, platform, "acme-widget")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (apk(data=[("usr/x", b""), OTHER]), "a .PKGINFO among its data"),
        (apk(data=[OTHER]), "a .PKGINFO among its data"),
        (apk(data=[("./.pkginfo", b"")]), "a .PKGINFO among its data"),
        (apk(signature=[SIGNED, OTHER]), "more than signatures in their stream"),
        (apk(control=[OTHER]), "stands there twice"),
        (apk(control=[("usr/bin/x", b"")]), "files to install in its control stream"),
        (stream([SIGNED]) + stream([(".install", b"")]) + DATA, "no .PKGINFO in its control stream"),
        (stream([SIGNED]) + DATA, "not whole gzip data: it ends too early"),
        (stream([SIGNED]) + CONTROL, "not whole gzip data: it ends too early"),
        (CONTROL, "not whole gzip data: it ends too early"),
        (CONTROL + CONTROL, "it ends too early"),
        (stream([SIGNED]) + CONTROL + DATA + DATA, "something follows its data"),
        (stream([SIGNED]) + stream([SIGNED]) + CONTROL + DATA, "not a whole tar archive"),
        (apk() + b"\0", "something follows its data"),
        (apk()[:-1], "not whole gzip data: it ends too early"),
        (apk(signature=())[:-1], "not whole gzip data: it ends too early"),
        (CONTROL + gzip.compress(cut_tar([("x", b"")])[:-100], mtime=0), "not a whole tar archive"),
        (CONTROL + gzip.compress(cut_tar([("x", b"")]), mtime=0), "not a whole tar archive"),
        (CONTROL + gzip.compress(bytes(100 * 2**20), mtime=0), "unpacks to too much"),
        (replaced(b"pkgname = acme-widget\n", b""), "its pkgname is none: ''"),
        (replaced(b"acme-widget", b"acme widget"), "its pkgname is none: 'acme widget'"),
        (replaced(b"1.2.3_rc1-r4", b"1-2-r4"), "its pkgver is none"),
        (replaced(b"x86_64", b"x86-64"), "its arch is none"),
        (replaced(b"pkgdesc", b"pkgname"), "pkgname stands there twice"),
        (replaced(b"pkgdesc = a", b"pkgdesc=a"), "a line that is no field"),
        (replaced(b"a widget", b"\xff"), "it is not UTF-8"),
        (b"ADB.\0\0\0\0" + bytes(100), "an Alpine package of version 3: only those of version 2 are read"),
        (b"ADBd" + bytes(100), "an Alpine package of version 3"),
        (tgz([(".PKGINFO", PKGINFO)]), "it ends too early"),
    ],
)
def test_what_is_refused(tmp_path: Path, data: bytes, why: str) -> None:
    with pytest.raises(PackageError) as caught:
        identify(write(tmp_path, data), EXPECTED)
    assert why in str(caught.value)


def test_another_tarball_is_no_alpine_package(tmp_path: Path) -> None:
    found = identify(write(tmp_path, tgz([("package/package.json", PACKAGE_JSON), OTHER])))
    assert found.purl.type == "npm"


@given(
    name=st.from_regex(r"[a-z0-9][a-z0-9._+-]{0,15}", fullmatch=True),
    numbers=st.lists(st.integers(0, 99), min_size=1, max_size=4),
    suffix=st.sampled_from(["", "a", "_alpha", "_p20240101", "_git20240101", "~0f3a"]),
    release=st.integers(0, 99),
)
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, name: str, numbers: list[int], suffix: str, release: int
) -> None:
    version = ".".join(map(str, numbers)) + f"{suffix}-r{release}"
    expected = Purl.of("apk", ("alpine",), name, version)
    path = tmp_path_factory.mktemp("apk") / f"{name}-{version}.apk"
    path.write_bytes(apk(f"pkgname = {name}\npkgver = {version}\narch = aarch64\n".encode()))
    assert identify(path, expected).purl == expected


def test_its_file_name(tmp_path: Path) -> None:
    read = ecosystem("apk").file_name
    assert read is not None
    assert read("py3-a-1.0_p1-r2.apk") == ("py3-a", "1.0_p1-r2")
    assert [read(name) for name in ("a-1.0.apk", "a-1.0-r1.tgz", "a-b-r1.apk", ".apk")] == [None] * 4
    with pytest.raises(PackageError, match=r"the name says acme-widget 1\.2\.3-r4"):
        identify(write(tmp_path, apk(), "acme-widget-1.2.3-r4.apk"), EXPECTED)
