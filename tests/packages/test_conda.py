"""Conda packages in both formats."""

from __future__ import annotations

import bz2
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from attest.errors import PackageError
from attest.packages.ecosystem import names_from_file_name
from attest.packages.files import identify
from tests.packages.build import link, tar, write, zipped
from tests.packages.makers import INDEX, PACKERS, conda_1, conda_2

PURL = "pkg:conda/acme-widget@1%212.3.post1"
STEM = "acme-widget-1!2.3.post1-py312h_0"
FORMAT = ("metadata.json", b'{"conda_pkg_format_version": 2}')
INFO = PACKERS[".zst"](tar([("info/index.json", json.dumps(INDEX).encode())]))

BELOW_A_LINK = tar([link("info", "bin"), ("info/index.json", json.dumps(INDEX).encode())])


def index(**changes: object) -> bytes:
    return json.dumps({**INDEX, **changes}).encode()


def without(key: str) -> bytes:
    return json.dumps({name: value for name, value in INDEX.items() if name != key}).encode()


def stored(members: list[tuple[str, bytes]]) -> bytes:
    return zipped(members, zipfile.ZIP_STORED)


@pytest.mark.parametrize("make", [conda_1, conda_2])
@pytest.mark.parametrize(
    ("written", "platform"),
    [(index(), "linux-64"), (index(subdir="noarch"), None), (without("subdir"), None), (index(extra=None), "linux-64")],
)
def test_a_package(tmp_path: Path, make: Callable[[bytes], bytes], written: bytes, platform: str | None) -> None:
    found = identify(write(tmp_path, make(written)))
    assert (str(found.purl), found.platform, found.registry_name) == (PURL, platform, "acme-widget")


@pytest.mark.parametrize("make", [conda_1, conda_2])
@pytest.mark.parametrize(
    ("written", "why"),
    [
        (b"{", "not JSON"),
        (b"[]", "not a JSON object"),
        (without("name"), "info/index.json.name"),
        (without("version"), "info/index.json.version"),
        (without("build"), "info/index.json.build"),
        (index(name=1), "info/index.json.name"),
        (index(name="a b"), "its name is none"),
        (index(name="../a"), "its name is none"),
        (index(version="1-2"), "its version is none"),
        (index(version=""), "its version is none"),
        (index(build="a-b"), "its build is none"),
        (index(subdir="../linux"), "its subdir is none"),
        (index(subdir=1), "info/index.json.subdir"),
        (index()[:-1] + b', "name": "other"}', "stands twice"),
    ],
)
def test_a_bad_index(tmp_path: Path, make: Callable[[bytes], bytes], written: bytes, why: str) -> None:
    with pytest.raises(PackageError) as caught:
        identify(write(tmp_path, make(written)))
    assert why in str(caught.value)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (bz2.compress(tar([("info/index.json", index())] * 2)), "stands there twice"),
        (bz2.compress(tar([("info/Index.json", index())])), "metadata in other letter case"),
        (bz2.compress(tar([("bin/x", b"")])), "looked in tar.bz2 for info/index.json (conda package)"),
        (bz2.compress(b"x" * 512), "not a tar archive"),
        (bz2.compress(bytes(100 * 2**20)), "unpacks to too much"),
        (conda_1()[:-1], "not whole bzip2 data"),
        (conda_1() + conda_1(), "more than one bzip2 stream"),
        (b"BZh9" + bytes(100), "not whole bzip2 data"),
        (conda_2(version=3), "a conda package of an unknown version"),
        (conda_2(version="2"), "metadata.json.conda_pkg_format_version"),
        (conda_2(stem="other-1-0"), f"its content says {STEM}"),
        (stored([(f"info-{STEM}.tar.zst", INFO)]), "not a package of a known kind"),
        (stored([FORMAT]), "not a package of a known kind"),
        (stored([FORMAT, (f"info-{STEM}.tar.zst", INFO), ("info-x.tar.zst", INFO)]), "more than one info-*.tar.zst"),
        (stored([FORMAT, FORMAT, (f"info-{STEM}.tar.zst", INFO)]), "stands there twice"),
        (stored([FORMAT, (f"info-{STEM}.tar.zst", PACKERS[".zst"](tar([])))]), "no info/index.json"),
        (stored([FORMAT, (f"info-{STEM}.tar.zst", INFO[:-1])]), f"info-{STEM}.tar.zst: not whole zstd data"),
        (stored([FORMAT, (f"info-{STEM}.tar.zst", INFO + INFO)]), "more than one zstd stream"),
        (stored([FORMAT, (f"info-{STEM}.tar.zst", PACKERS[".zst"](bytes(100 * 2**20)))]), "unpacks to too much"),
        (
            stored([FORMAT, (f"info-{STEM}.tar.zst", PACKERS[".zst"](tar([("info/index.json", index())] * 2)))]),
            "stands there twice",
        ),
        (conda_2()[:-1], "not a whole zip archive"),
        (bz2.compress(BELOW_A_LINK), "metadata below a link"),
        (
            stored([FORMAT, (f"info-{STEM}.tar.zst", PACKERS[".zst"](BELOW_A_LINK))]),
            f"info-{STEM}.tar.zst: info/index.json: metadata below a link",
        ),
    ],
)
def test_what_is_refused(tmp_path: Path, data: bytes, why: str) -> None:
    with pytest.raises(PackageError) as caught:
        identify(write(tmp_path, data))
    assert why in str(caught.value)


def test_its_file_name(tmp_path: Path) -> None:
    assert [str(purl) for purl in names_from_file_name("conda", f"{STEM}.conda")] == [PURL]
    for name in (f"{STEM}.tar.bz2", "a-1.conda", "-1-0.conda", "a.conda", STEM):
        assert list(names_from_file_name("conda", name)) == []
    with pytest.raises(PackageError, match=r"the name says acme-widget 2, the content acme-widget 1!2"):
        identify(write(tmp_path, conda_2(), "acme-widget-2-py312h_0.conda"))


def test_what_conda_package_handling_builds(tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("cph")
    if not program.exists():
        pytest.skip("conda-package-handling is not installed")
    folder = tmp_path / "package"
    (folder / "info").mkdir(parents=True)
    (folder / "info" / "index.json").write_bytes(index())
    (folder / "info" / "files").write_text("bin/x\n")
    (folder / "bin").mkdir()
    (folder / "bin" / "x").write_text("#!/bin/sh\n")
    for ending in (".tar.bz2", ".conda"):
        command = [str(program), "create", str(folder), f"{STEM}{ending}", "--out-folder", str(tmp_path)]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        found = identify(tmp_path / f"{STEM}{ending}")
        assert (str(found.purl), found.platform) == (PURL, "linux-64")
