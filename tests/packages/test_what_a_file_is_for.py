"""Platforms and registries' own names out of package files; and which members a pattern means."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest.errors import PackageError
from attest.packages.archives import Archive, Entry, Kind
from attest.packages.files import identify
from attest.packages.purl import Purl
from tests.packages.build import PKG_INFO, tgz, wheel_members, write, zipped
from tests.packages.test_gem import METADATA, gem


def wheel(text: bytes) -> bytes:
    members = [(name, text if name.endswith("/WHEEL") else data) for name, data in wheel_members()]
    return zipped(members)


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        (b"Tag: py3-none-any\n", "py3-none-any"),
        (b"Tag: py2-none-any\nTag: py3-none-any\n", "py2.py3-none-any"),
        (b"Tag: py3-none-any\r\nTag: py2-none-any\r\nTag: py3-none-any\r\n", "py2.py3-none-any"),
        (
            b"Tag: cp311-cp311-manylinux_2_17_x86_64\nTag: cp311-cp311-manylinux2014_x86_64\n",
            "cp311-cp311-manylinux2014_x86_64.manylinux_2_17_x86_64",
        ),
        (b"Wheel-Version: 1.0\n", None),
        (b"Tag: any\n", None),
        (b"Tag: py3-none-any\nTag: cp311-cp311-win32\n", None),
        (b"Wheel-Version: 1.0\n\nTag: py3-none-any\n", None),
        (b"", None),
    ],
)
def test_the_tags_of_a_wheel(tmp_path: Path, text: bytes, tag: str | None) -> None:
    assert identify(write(tmp_path, wheel(text))).platform == tag


@pytest.mark.parametrize(
    ("line", "platform"),
    [
        ("platform: ruby", None),
        ("platform: java", "java"),
        ("platform: x86_64-linux", "x86_64-linux"),
        ("platform: 'arm64-darwin-23'", "arm64-darwin-23"),
        ("platform: !ruby/object:Gem::Platform", None),
        ("summary: none", None),
    ],
)
def test_the_platform_of_a_gem(tmp_path: Path, line: str, platform: str | None) -> None:
    assert identify(write(tmp_path, gem(METADATA.replace("platform: java", line)))).platform == platform


def test_a_gem_for_no_platform(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="its platform is none: 'windows 95'"):
        identify(write(tmp_path, gem(METADATA.replace("platform: java", "platform: windows 95"))))


def test_an_sdist_is_for_no_platform(tmp_path: Path) -> None:
    found = identify(write(tmp_path, tgz([("foo_bar-1.0/PKG-INFO", PKG_INFO)])))
    assert (found.platform, found.registry_name, found.purl.registry_name) == (None, "Foo.Bar", "foo-bar")


@pytest.mark.parametrize(
    ("purl", "name"),
    [
        ("pkg:npm/%40acme/x@1", "@acme/x"),
        ("pkg:maven/org.example/x@1", "org.example:x"),
        ("pkg:golang/example.com/BurntSushi/toml@v1.0.0", "example.com/!burnt!sushi/toml"),
        ("pkg:brew/wget@1", "homebrew/core/wget"),
        ("pkg:nuget/Newtonsoft.Json@13.0.3", "newtonsoft.json"),
        ("pkg:cpan/DROLSKY/DateTime@1.65", "DROLSKY/DateTime"),
    ],
)
def test_what_registries_call_a_package(purl: str, name: str) -> None:
    assert Purl.parse(purl).registry_name == name


SEGMENT = st.text("aB.@v", min_size=1, max_size=5).filter(lambda text: text not in (".", ".."))
WANTED = st.lists(st.sampled_from(["*", "a*", "*a", "*@v*", "a*B*v", "aB", "*.*.*"]), min_size=1, max_size=3)


@given(st.lists(SEGMENT, min_size=1, max_size=4), WANTED, st.sampled_from([("", ""), ("**/", ""), ("", "/**")]))
def test_patterns_mean_what_they_look_like(path: list[str], wanted: list[str], around: tuple[str, str]) -> None:
    pattern = "/".join(wanted).join(around)
    spelled = "/".join(re.escape(part).replace(r"\*", "[^/]*") for part in wanted)
    meant = {("", ""): spelled, ("**/", ""): f"(?:[^/]+/)*{spelled}", ("", "/**"): f"{spelled}/.+"}[around]
    archive = Archive([pattern])
    name = "/".join(path)
    expected = re.fullmatch(meant, name, re.IGNORECASE) is not None
    assert archive.wants(Entry(name, Kind.FILE, 0)) is expected


@given(st.lists(st.text("ab/", min_size=1, max_size=6).filter(lambda name: not name.startswith("/")), min_size=1))
def test_what_all_names_begin_with(names: list[str]) -> None:
    archive = Archive([])
    for name in names:
        archive.wants(Entry(name, Kind.FILE, 0))
    prefix = archive.prefix
    assert all(name.startswith(prefix) for name in names)
    assert len({name[len(prefix) : len(prefix) + 1] for name in names}) > 1 or prefix in names
