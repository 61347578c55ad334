"""Dart packages: the pubspec at the root, read so that no other reader of YAML finds another name."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest import limits
from attest.errors import FormatError, PackageError
from attest.packages import pub
from attest.packages.archives import Archive, Entry, Kind
from attest.packages.files import identify
from tests.packages.build import link, tgz, write, zipped
from tests.packages.samples import PUBSPEC

PURL = "pkg:pub/acme_widget@1.0.0%2B1"


def package(pubspec: bytes) -> bytes:
    return tgz([("LICENSE", b""), ("pubspec.yaml", pubspec), ("example/pubspec.yaml", b"name: x\nversion: 2.0.0\n")])


def replaced(old: bytes, new: bytes) -> bytes:
    assert old in PUBSPEC
    return package(PUBSPEC.replace(old, new))


@pytest.mark.parametrize(
    ("data", "purl"),
    [
        (package(PUBSPEC), PURL),
        (package(PUBSPEC.replace(b"\n", b"\r\n")), PURL),
        (package(b"\xef\xbb\xbf# a\n" + PUBSPEC), PURL),
        (replaced(b"acme_widget", b"'acme_widget'"), PURL),
        (replaced(b"1.0.0+1", b'"1.0.0+1" # now'), PURL),
        (replaced(b"1.0.0+1", b"1.0.0-dev.1"), "pkg:pub/acme_widget@1.0.0-dev.1"),
        (replaced(b"acme_widget", b"_Acme2"), "pkg:pub/_Acme2@1.0.0%2B1"),
        (tgz([("./pubspec.yaml", PUBSPEC)]), PURL),
    ],
)
def test_a_package(tmp_path: Path, data: bytes, purl: str) -> None:
    found = identify(write(tmp_path, data))
    assert (str(found.purl), found.digest.hex) == (purl, hashlib.sha256(data).hexdigest())


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (replaced(b"name: acme_widget\n", b""), "it has no name"),
        (replaced(b"version: 1.0.0+1\n", b""), "it has no version"),
        (replaced(b"acme_widget", b"acme-widget"), "pubspec.yaml:1: not the pubspec of a package: its name is none"),
        (replaced(b"acme_widget", b"true"), "its name is no text"),
        (replaced(b"acme_widget", b"[a]"), "its name is no text"),
        (replaced(b"acme_widget", b"!!str acme_widget"), "tags are not read"),
        (replaced(b"acme_widget", b"&a acme_widget"), "anchors are not read"),
        (replaced(b"1.0.0+1", b"1.0"), "pubspec.yaml:3: not the pubspec of a package: its version is none: '1.0'"),
        (replaced(b"1.0.0+1", b"v1.0.0"), "its version is none"),
        (replaced(b"1.0.0+1", b"^1.0.0"), "its version is none"),
        (replaced(b"version", b"name: other\nversion"), "the key 'name' stands twice"),
        (replaced(b"1.0.0+1\n", b"1.0.0+1\n---\nname: other\n"), "a second document"),
        (package(b"- name: a\n"), "it is no mapping"),
        (package(b"name: [\n"), "not YAML"),
        (package(b"\xff\xfe"), "not UTF-8"),
        (package(PUBSPEC + b"#" * limits.PUBSPEC), "more than the limit"),
        (tgz([("pubspec.yaml", PUBSPEC), ("./pubspec.yaml", PUBSPEC)]), "stands there twice"),
        (tgz([("pubspec.yaml", PUBSPEC), ("Pubspec.yaml", PUBSPEC)]), "stands there twice"),
        (tgz([("Pubspec.yaml", PUBSPEC)]), "metadata in other letter case"),
        (tgz([link("pubspec.yaml", "other.yaml")]), "metadata that is no file"),
        (tgz([("acme_widget/pubspec.yaml", PUBSPEC)]), "not a package of a known kind"),
        (zipped([("pubspec.yaml", PUBSPEC)]), "not a package of a known kind"),
    ],
)
def test_what_is_no_package(tmp_path: Path, data: bytes, said: str) -> None:
    with pytest.raises(PackageError) as caught:
        identify(write(tmp_path, data))
    assert said in str(caught.value)


@given(st.binary(max_size=100) | st.text(alphabet="name: version1.0-\n'\"[]{}&*!#|>", max_size=80).map(str.encode))
def test_any_pubspec_is_read_or_refused(pubspec: bytes) -> None:
    (reader,) = pub.ROW.readers
    archive = Archive(reader.members)
    entry = Entry("pubspec.yaml", Kind.FILE, len(pubspec))
    assert archive.wants(entry)
    archive.keep(entry, pubspec)
    try:
        identity = reader.read(archive)
    except FormatError:
        return
    assert identity is not None
    assert f"{identity.version}".encode() in pubspec
