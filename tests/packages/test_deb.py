"""Debian packages: what dpkg-deb writes is read, and nothing that its readers could read differently."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest.errors import PackageError
from attest.packages.ar import walk
from attest.packages.archives import Archive
from attest.packages.files import identify
from attest.packages.purl import Purl
from tests.packages.build import tar, write
from tests.packages.makers import CONTROL, PACKERS, ar, deb

EXPECTED = Purl.parse("pkg:deb/debian/acme-widget@1:2.3~rc1%2Bdfsg-1")
CONTROL_TAR = tar([("control", CONTROL)])
BEGIN = ("debian-binary", b"2.0\n")


def replaced(old: bytes, new: bytes) -> bytes:
    assert old in CONTROL
    return deb(CONTROL.replace(old, new, 1))


@pytest.mark.parametrize("packing", PACKERS)
def test_a_package(tmp_path: Path, packing: str) -> None:
    found = identify(write(tmp_path, deb(packing=packing)), EXPECTED)
    assert (str(found.purl), found.platform, found.registry_name) == (str(EXPECTED), "amd64", "acme-widget")


@pytest.mark.parametrize(
    ("data", "platform"),
    [
        (replaced(b"amd64", b"all"), None),
        (replaced(b"Architecture:", b"ARCHITECTURE:  "), "amd64"),
        (replaced(b"Package: acme-widget", b"package:acme-widget "), "amd64"),
        (deb(CONTROL + b"\n\n"), "amd64"),
        (deb(version=b"2.1\n"), "amd64"),
        (ar([BEGIN, ("_gpgorigin", b"x"), ("control.tar/", CONTROL_TAR), ("data.tar.xz", b"")]), "amd64"),
        (ar([BEGIN, ("control.tar", CONTROL_TAR), ("data.tar", b"odd")])[:-1], "amd64"),
    ],
)
def test_real_shapes(tmp_path: Path, data: bytes, platform: str | None) -> None:
    found = identify(write(tmp_path, data), EXPECTED)
    assert (found.purl, found.platform) == (EXPECTED, platform)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (deb(version=b"3.0\n"), "a Debian package of an unknown version"),
        (deb(None), "no control"),
        (deb(CONTROL + b"Version: 9\n"), "Version stands there twice"),
        (deb(CONTROL + b"VERSION: 9\n"), "VERSION stands there twice"),
        (deb(CONTROL + b"\nPackage: other\n"), "a line that is no field: ''"),
        (deb(CONTROL + b" \nX: y\n"), "a line that is no field: ' '"),
        (deb(b" x\n" + CONTROL), "a line that is no field: ' x'"),
        (deb(b"#x: y\n" + CONTROL), "a line that is no field"),
        (deb(CONTROL + b"X: \xff\n"), "it is not UTF-8"),
        (deb(b""), "a line that is no field"),
        (replaced(b"acme-widget", b"Acme Widget"), "its Package is none: 'Acme Widget'"),
        (replaced(b"acme-widget", b"../../etc"), "its Package is none"),
        (replaced(b"Package: acme-widget\n", b""), "its Package is none: ''"),
        (replaced(b"1:2.3", b"one:2.3"), "its Version is none"),
        (replaced(b"amd64", b"amd64\r"), "its Architecture is none"),
        (ar([BEGIN, ("control.tar", tar([("control", CONTROL), ("./control", b"")]))]), "stands there twice"),
        (ar([BEGIN, ("control.tar.gz", b""), ("control.tar.xz", b"")]), "more than one control.tar*"),
        (ar([BEGIN, ("control.tar", b""), ("control.tar", b"")]), "a member that stands there twice"),
        (ar([BEGIN, BEGIN, ("control.tar", CONTROL_TAR)]), "a member that stands there twice"),
        (ar([BEGIN, ("control.tar.lz4", CONTROL_TAR)]), "control.tar.lz4: not a tar: nothing is known to end in"),
        (ar([BEGIN, ("control.tar.gz", CONTROL_TAR)]), "control.tar.gz: not whole gzip data"),
        (ar([BEGIN, ("control.tar.zst", PACKERS[".xz"](CONTROL_TAR))]), "control.tar.zst: not whole zstd data"),
        (ar([BEGIN, ("control.tar.xz", PACKERS[".xz"](CONTROL_TAR)[:-9])]), "control.tar.xz: not whole xz data"),
        (ar([BEGIN, ("control.tar.zst", PACKERS[".zst"](bytes(100 * 2**20)))]), "unpacks to too much"),
        (ar([BEGIN, ("data.tar", b"")]), "not a package of a known kind"),
        (ar([]), "not a package of a known kind"),
        (deb()[:-20], "it ends too early"),
        (deb() + b"x", "no header of a member at byte"),
        (deb() + ar([BEGIN]), "no header of a member at byte"),
        (ar([("a/b", b""), BEGIN]), "no header of a member at byte 8"),
        (ar([("#1/20", b"control.tar" + bytes(9))]), "no header of a member at byte 8"),
        (ar([("//", b"control.tar/\n"), BEGIN]), "no header of a member at byte 8"),
        (ar([("x y", b"")]), "no header of a member at byte 8"),
        (ar([("x", b"")]).replace(b"`", b"'"), "no header of a member at byte 8"),
        (ar([("x", b"")]).replace(b"0         `", b"-1        `"), "no header of a member at byte 8"),
        (ar([("x", b"")]).replace(b"0         `", b"9999999999`"), "it ends too early"),
        (ar([("x", b"odd"), BEGIN]).replace(b"odd\n", b"oddx"), "no line end after a member of 3 bytes"),
        (ar((f"x{number}", b"") for number in range(101)), "too many members"),
        (deb(CONTROL + b"X: " + b"x" * 8 * 2**20), "metadata too large"),
    ],
)
def test_what_is_refused(tmp_path: Path, data: bytes, why: str) -> None:
    with pytest.raises(PackageError) as caught:
        identify(write(tmp_path, data), EXPECTED)
    assert why in str(caught.value)
    assert len(str(caught.value)) < 1000


@given(
    members=st.dictionaries(
        st.from_regex(r"[a-z][a-z0-9_.-]{0,14}", fullmatch=True), st.binary(max_size=20), max_size=5
    )
)
def test_every_member_is_shown(tmp_path_factory: pytest.TempPathFactory, members: dict[str, bytes]) -> None:
    path = tmp_path_factory.mktemp("ar") / "file"
    path.write_bytes(ar(members.items()))
    archive = Archive(members)
    with path.open("rb") as file:
        walk(file, path.stat().st_size, archive)
    assert {name: [member.data for member in archive.all(name)] for name in members} == {
        name: [data] for name, data in members.items()
    }


@pytest.mark.parametrize("packing", ["gzip", "xz", "zstd", "none"])
def test_what_dpkg_deb_builds(tmp_path: Path, packing: str) -> None:
    program = shutil.which("dpkg-deb")
    if program is None:
        pytest.skip("dpkg-deb is not installed")
    folder = tmp_path / "widget"
    (folder / "DEBIAN").mkdir(parents=True)
    (folder / "DEBIAN" / "control").write_bytes(CONTROL)
    (folder / "file").write_bytes(b"data")
    command = [
        program,
        f"-Z{packing}",
        "--uniform-compression",
        "--root-owner-group",
        "--build",
        "widget",
        "widget.deb",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=60, check=False)
    if packing == "zstd" and b"unknown compression type" in done.stderr:
        pytest.skip("this dpkg-deb does not write zstd")
    assert done.returncode == 0, done.stderr
    found = identify(tmp_path / "widget.deb", EXPECTED)
    assert (found.purl, found.platform) == (EXPECTED, "amd64")


@pytest.mark.slow
def test_a_package_of_the_distribution(tmp_path: Path) -> None:
    """As ``apt-get download`` fetches it; its index says the same."""
    program = shutil.which("apt-get")
    if program is None:
        pytest.skip("apt-get is not installed")
    tmp_path.chmod(0o777)
    done = subprocess.run([program, "download", "hello"], cwd=tmp_path, capture_output=True, timeout=120, check=False)
    if done.returncode:
        pytest.skip("apt-get cannot fetch a package here")
    shown = subprocess.run(
        ["apt-cache", "show", "--no-all-versions", "hello"], capture_output=True, text=True, check=True, timeout=60
    )
    index = dict(line.split(": ", 1) for line in shown.stdout.splitlines() if ": " in line and line[0] != " ")
    found = identify(next(tmp_path.glob("*.deb")), Purl.of("deb", ("debian",), "hello", index["Version"]))
    assert (found.sha256, found.platform) == (index["SHA256"], index["Architecture"])
