"""Identity out of a file's own content."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from attest.errors import PackageError, UsageError
from attest.packages import files
from attest.packages.anchors import anchor
from attest.packages.digest import ArtifactDigest
from attest.packages.files import identify, wheel_sboms
from attest.packages.purl import Purl
from tests.packages.build import CARGO_TOML, PACKAGE_JSON, PKG_INFO, WHEEL, tgz, wheel_members, write, zipped
from tests.packages.vectors import SEMVER

CRATE = [("foo-1.0.0/Cargo.toml", CARGO_TOML), ("foo-1.0.0/Cargo.toml.orig", CARGO_TOML), ("foo-1.0.0/src/lib.rs", b"")]
SDIST = [("foo_bar-1.0/PKG-INFO", PKG_INFO), ("foo_bar-1.0/foo_bar.egg-info/PKG-INFO", PKG_INFO)]
WIDGET = json.dumps({"name": "@acme/Widget", "version": "1.0.0-rc.1"}).encode()


@pytest.mark.parametrize("name", ["file", "semver-7.6.3.tgz", "other-1.0.tar.gz", "x.whl"])
def test_an_npm_package(tmp_path: Path, name: str) -> None:
    data = tgz([("package/index.js", b""), ("package/package.json", PACKAGE_JSON)])
    path = write(tmp_path, data, name)
    found = identify(path)
    assert found.path == path
    assert str(found.purl) == "pkg:npm/semver@7.6.3"
    assert found.digest == ArtifactDigest("sha512", hashlib.sha512(data).hexdigest())
    assert (found.size, found.sha256) == (len(data), hashlib.sha256(data).hexdigest())


@pytest.mark.parametrize(
    ("data", "purl"),
    [
        (tgz([("node/package.json", WIDGET)]), "pkg:npm/%40acme/Widget@1.0.0-rc.1"),
        (tgz([("./package/package.json", b"\xef\xbb\xbf" + PACKAGE_JSON)]), "pkg:npm/semver@7.6.3"),
        (tgz([("package/package.json", PACKAGE_JSON), ("package/Cargo.toml", CARGO_TOML)]), "pkg:npm/semver@7.6.3"),
        (tgz(SDIST), "pkg:pypi/foo-bar@1.0"),
        (tgz([*SDIST, ("foo_bar-1.0/package.json", PACKAGE_JSON)]), "pkg:pypi/foo-bar@1.0"),
        (tgz([*SDIST, ("foo_bar-1.0/Cargo.toml", CARGO_TOML)]), "pkg:pypi/foo-bar@1.0"),
        (tgz([("Foo-Bar-1.0/PKG-INFO", PKG_INFO)]), "pkg:pypi/foo-bar@1.0"),
        (tgz(CRATE), "pkg:cargo/foo@1.0.0"),
        (tgz([*CRATE, ("foo-1.0.0/package.json", PACKAGE_JSON)]), "pkg:cargo/foo@1.0.0"),
        (zipped(wheel_members()), "pkg:pypi/foo-bar@1.0"),
        (zipped([*wheel_members(), ("foo_bar/_vendor/a-1.dist-info/METADATA", b"")]), "pkg:pypi/foo-bar@1.0"),
    ],
)
def test_real_shapes(tmp_path: Path, data: bytes, purl: str) -> None:
    found = identify(write(tmp_path, data))
    assert str(found.purl) == purl
    assert found.digest == ArtifactDigest(found.digest.algorithm, hashlib.new(found.digest.algorithm, data).hexdigest())


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "it is none of JSON, apk, ar, rpm, tar, tar.bz2, tar.gz, zip"),
        (b"just text", "not a package of a known kind"),
        (tgz([]), "not a package of a known kind"),
        (tgz([("package.json", PACKAGE_JSON)]), "not a package of a known kind"),
        (tgz([("a/b/package.json", PACKAGE_JSON)]), "not a package of a known kind"),
        (zipped([("package/package.json", PACKAGE_JSON)]), "not a package of a known kind"),
        (zipped(wheel_members()[:2]), "not a package of a known kind"),
        (tgz([("package/PKG-INFO", PKG_INFO)]), "not a package of a known kind"),
        (tgz([("foo-1.0.0/Cargo.toml", b"[workspace]\n")]), "not a package of a known kind"),
        (tgz([("package/package.json", b"{")]), "package/package.json: not JSON"),
        (tgz([("package/package.json", b"[]")]), "not a JSON object"),
        (tgz([("package/package.json", b'{"name": "a", "name": "b", "version": "1"}')]), "stands twice"),
        (tgz([("package/package.json", b'{"name": "a"}')]), "package/package.json.version"),
        (tgz([("package/package.json", b'{"name": "a/b", "version": "1"}')]), "the scope of an npm package begins"),
        (tgz([("package/package.json", b'{"name": "@a/b/c", "version": "1"}')]), "not an npm name"),
        (tgz([("package/package.json", b'{"name": "a\\u0000", "version": "1"}')]), "control character"),
        (tgz([("package/package.json", b'{"name": "..", "version": "1"}')]), "no segment"),
        (tgz([("foo_bar-1.0/PKG-INFO", b"Name: foo-bar\n")]), "Name or Version is missing"),
        (tgz([("foo_bar-1.0/PKG-INFO", PKG_INFO.replace(b"Version: 1.0", b"Version: 1.0\nName: x"))]), "there twice"),
        (tgz([("foo_bar-1.1/PKG-INFO", PKG_INFO)]), "the directory 'foo_bar-1.1' is not that of foo-bar 1.0"),
        (tgz([("bar-1.0/PKG-INFO", PKG_INFO)]), "contradicts itself"),
        (tgz([*CRATE, ("foo-1.0.0/PKG-INFO", PKG_INFO)]), "both an sdist and a crate"),
        (tgz([("foo-1.0.1/Cargo.toml", CARGO_TOML)]), "a crate that contradicts itself"),
        (tgz([("foo-1.0.0/Cargo.toml", b"[package")]), "not TOML"),
        (tgz([("foo-1.0.0/Cargo.toml", b"a = " + b"[" * 5000)]), "not TOML"),
        (tgz([("foo-1.0.0/Cargo.toml", b"[package]\nname = 'foo'\nversion.workspace = true\n")]), "without name"),
        (zipped(wheel_members(version="1.1")), "contradicts itself"),
        (zipped(wheel_members(metadata=b"")), "Name or Version is missing"),
        (zipped([*wheel_members(), ("x-1.dist-info/METADATA", PKG_INFO)]), "more than one"),
        (
            zipped([("foo_bar-1.0.dist-info/METADATA", PKG_INFO), ("x-1.dist-info/WHEEL", WHEEL)]),
            "two .dist-info directories",
        ),
    ],
)
def test_what_is_no_package(tmp_path: Path, data: bytes, message: str) -> None:
    path = write(tmp_path, data)
    with pytest.raises(PackageError) as caught:
        identify(path)
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("foo_bar-1.1-py3-none-any.whl", zipped(wheel_members()), "the name says foo-bar 1.1, the content foo-bar 1.0"),
        ("baz-1.0-py3-none-any.whl", zipped(wheel_members()), "the name says baz 1.0"),
        ("foo_bar-2.0.tar.gz", tgz(SDIST), "the name says foo-bar 2.0"),
        ("foo-1.0.1.crate", tgz(CRATE), "the name says foo 1.0.1"),
    ],
)
def test_a_name_that_contradicts_the_content(tmp_path: Path, name: str, data: bytes, says: str) -> None:
    with pytest.raises(PackageError, match=says):
        identify(write(tmp_path, data, name))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("Foo_Bar-1.0.0-py3-none-any.whl", None),
        ("Foo.Bar-1.0-py3-none-any.whl", zipped(wheel_members())),
        ("foo_bar-1.0.tar.gz", tgz(SDIST)),
        ("download", tgz(SDIST)),
        ("foo-1.0.0.crate", tgz(CRATE)),
    ],
)
def test_names_that_agree_or_say_nothing(tmp_path: Path, name: str, data: bytes | None) -> None:
    if data is None:
        data = zipped(wheel_members(version="1.0.0", metadata=PKG_INFO.replace(b"1.0", b"1.0.0")))
    assert identify(write(tmp_path, data, name)).purl.type in ("pypi", "cargo")


def test_what_cannot_be_read(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (tmp_path, tmp_path / "missing", pipe):
        with pytest.raises(UsageError, match=str(path)):
            identify(path)


def test_a_wheel_gives_its_sboms(tmp_path: Path) -> None:
    folder = "foo_bar-1.0.dist-info/sboms"
    sboms = [(f"{folder}/a.cdx.json", b"{}"), (f"{folder}/deep/b.spdx.json", b"[]")]
    data = zipped([*wheel_members(), ("foo_bar/sboms/c.json", b"no"), *sboms])
    assert wheel_sboms(write(tmp_path, data)) == sboms
    assert wheel_sboms(write(tmp_path, zipped(wheel_members()))) == []
    with pytest.raises(PackageError, match="not a wheel"):
        wheel_sboms(write(tmp_path, tgz(SDIST)))


@pytest.mark.slow
def test_semver_from_its_tarball(tmp_path: Path) -> None:
    """The anchor from the file that npm serves is that from the lockfile's digest."""
    pack(tmp_path, "semver@7.6.3")
    found = identify(tmp_path / "semver-7.6.3.tgz")
    assert str(found.digest) == SEMVER
    expected = anchor(Purl.parse("pkg:npm/semver@7.6.3"), ArtifactDigest.parse(SEMVER))
    assert anchor(found.purl, found.digest).raw == expected.raw


@pytest.mark.slow
def test_npm_pack_writes_what_is_read(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_bytes(WIDGET)
    pack(tmp_path, ".")
    assert str(identify(tmp_path / "acme-Widget-1.0.0-rc.1.tgz").purl) == "pkg:npm/%40acme/Widget@1.0.0-rc.1"


def pack(folder: Path, what: str) -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed")
    subprocess.run([npm, "pack", what, "--silent"], cwd=folder, check=True, timeout=120)


def test_two_kinds_in_one_file(tmp_path: Path) -> None:
    data = tgz([("package/package.json", PACKAGE_JSON), *SDIST])
    with pytest.raises(PackageError, match=r"two kinds of package in one file: npm package and sdist"):
        identify(write(tmp_path, data))


def test_a_file_that_changes_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, tgz(SDIST))
    monkeypatch.setattr(files, "_check_name", lambda *_: path.write_bytes(tgz(CRATE)))  # after name, before digest
    with pytest.raises(PackageError, match="the file changed while it was read"):
        identify(path)
