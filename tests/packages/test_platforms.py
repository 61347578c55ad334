from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest.packages.platforms import DISTRIBUTIONS, Platform, platforms


@pytest.mark.parametrize(
    ("type", "written", "expected"),
    [
        ("pypi", "py3-none-any", ""),
        ("pypi", "cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64", "linux/amd64"),
        ("pypi", "cp311-cp311-manylinux1_i686", "linux/386"),
        ("pypi", "cp311-cp311-musllinux_1_2_aarch64", "linux/arm64"),
        ("pypi", "cp311-cp311-linux_armv6l", "linux/arm/v6"),
        ("pypi", "cp311-cp311-manylinux_2_31_armv7l", "linux/arm/v7"),
        ("pypi", "cp311-cp311-manylinux_2_17_ppc64le", "linux/ppc64le"),
        ("pypi", "cp311-cp311-manylinux_2_17_s390x", "linux/s390x"),
        ("pypi", "cp313-cp313-manylinux_2_39_riscv64", "linux/riscv64"),
        ("pypi", "cp311-cp311-macosx_11_0_arm64", "darwin/arm64"),
        ("pypi", "cp311-cp311-macosx_10_9_universal2", "darwin/amd64 darwin/arm64"),
        ("pypi", "cp27-cp27m-macosx_10_6_intel", "darwin/386 darwin/amd64"),
        ("pypi", "cp311-cp311-win_amd64", "windows/amd64"),
        ("pypi", "cp311-cp311-win32", "windows/386"),
        ("pypi", "cp311-cp311-win_arm64", "windows/arm64"),
        ("pypi", "py3-none-any.win_amd64", ""),
        ("pypi", "cp311-cp311-manylinux_2_17_vax", ""),
        ("pypi", "cp311-cp311-linux", ""),
        ("gem", "x86_64-linux", "linux/amd64"),
        ("gem", "x86_64-linux-musl", "linux/amd64"),
        ("gem", "aarch64-linux-gnu", "linux/arm64"),
        ("gem", "arm-linux-gnu", "linux/arm"),
        ("gem", "arm64-darwin-23", "darwin/arm64"),
        ("gem", "x86_64-darwin19", "darwin/amd64"),
        ("gem", "universal-darwin", "darwin/amd64 darwin/arm64"),
        ("gem", "x64-mingw-ucrt", "windows/amd64"),
        ("gem", "x86-mingw32", "windows/386"),
        ("gem", "java", ""),
        ("brew", "arm64_sonoma", "darwin/arm64"),
        ("brew", "arm64_big_sur", "darwin/arm64"),
        ("brew", "sonoma", "darwin/amd64"),
        ("brew", "high_sierra", "darwin/amd64"),
        ("brew", "x86_64_linux", "linux/amd64"),
        ("brew", "arm64_linux", "linux/arm64"),
        ("brew", "all", ""),
        ("conda", "linux-64", "linux/amd64"),
        ("conda", "linux-32", "linux/386"),
        ("conda", "linux-aarch64", "linux/arm64"),
        ("conda", "linux-armv7l", "linux/arm/v7"),
        ("conda", "osx-arm64", "darwin/arm64"),
        ("conda", "osx-64", "darwin/amd64"),
        ("conda", "win-64", "windows/amd64"),
        ("conda", "noarch", ""),
        ("conda", "emscripten-wasm32", ""),
        ("deb", "amd64", "linux/amd64"),
        ("deb", "armhf", "linux/arm/v7"),
        ("deb", "armel", "linux/arm/v5"),
        ("deb", "all", ""),
        ("deb", "hurd-i386", ""),
        ("rpm", "x86_64", "linux/amd64"),
        ("rpm", "x86_64_v2", "linux/amd64/v2"),
        ("rpm", "noarch", ""),
        ("apk", "armhf", "linux/arm/v6"),
        ("apk", "x86", "linux/386"),
        ("npm", "linux-x64", ""),
    ],
)
def test_what_the_ecosystems_write(type: str, written: str, expected: str) -> None:
    assert " ".join(map(str, platforms(type, written))) == expected


def test_nothing_is_said() -> None:
    assert platforms("pypi", None) == ()


@pytest.mark.parametrize("type", DISTRIBUTIONS)
def test_a_distributions_names_mean_one_platform_each(type: str) -> None:
    found = [platforms(type, name) for name in DISTRIBUTIONS[type]]
    assert all(len(item) == 1 for item in found)
    assert len(set(found)) == len(found)


@given(st.sampled_from(["pypi", "gem", "brew", "conda", "deb", "rpm", "apk", "npm"]), st.text(max_size=60))
def test_any_text_is_answered_sorted_and_once(type: str, written: str) -> None:
    found = platforms(type, written)
    assert list(found) == sorted(set(found))


def test_as_a_descriptor_writes_it() -> None:
    assert Platform("linux", "arm", "v7").json() == {"os": "linux", "architecture": "arm", "variant": "v7"}
    assert Platform("linux", "amd64").json() == {"os": "linux", "architecture": "amd64"}
