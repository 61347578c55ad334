"""Metadata that is malformed, contradicts itself or is too much: an error that names the file, in short time."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attest import limits
from attest.errors import PackageError
from attest.packages.files import identify
from attest.packages.metadata.facts import address, line, people, person
from attest.packages.metadata.table import SOURCES, metadata
from attest.packages.purl import Purl
from attest.packages.table import TABLE
from tests.packages.build import tgz, write
from tests.packages.makers import RPM_TAGS, podspec, rpm
from tests.packages.metadata import told
from tests.packages.metadata.test_declared import APK, CPAN, DEB, GEM, RPM
from tests.packages.samples import SAMPLES, Sample

SECONDS = 5.0
MANY = limits.REQUIREMENTS + 1
DEEP = "(" * 1000 + "os_name=='x'" + ")" * 1000
DEEP_WITH_QUOTES = "(os_name==')' and " * 500 + "os_name=='x'" + ")" * 500


def refused(folder: Path, data: bytes, purl: str | None = None) -> str:
    package = told.packed(folder, data, purl)
    start = time.process_time()
    with pytest.raises(PackageError) as caught:
        metadata(package)
    assert time.process_time() - start < SECONDS
    assert len(str(caught.value)) < 1000
    assert str(caught.value).startswith(str(package.path))
    return str(caught.value)


def test_every_kind_of_package_file_has_a_reader() -> None:
    assert {(row.type, reader.container) for row in TABLE.values() for reader in row.readers} == {
        (type, container) for type, sources in SOURCES.items() for container in sources
    }


@pytest.mark.parametrize(
    ("data", "purl", "why"),
    [
        (told.npm(dependencies="semver"), None, "dependencies: not the metadata of a package"),
        (told.npm(dependencies={"a": 1}), None, "dependencies.a: not a range of versions"),
        (told.npm(dependencies={f"a{n}": "1" for n in range(MANY)}), None, "too many requirements"),
        (told.wheel("Requires-Dist: ;;;"), None, "not a requirement: ';;;'"),
        (told.wheel(f"Requires-Dist: a; {DEEP}"), None, "not a requirement: more than 100 parentheses"),
        (told.wheel(f"Requires-Dist: a; {DEEP_WITH_QUOTES}"), None, "not a requirement: more than 100 parentheses"),
        (told.wheel(f"Requires-Dist: a>{'9' * 5000},<2"), None, "not a requirement: a number of too many digits"),
        (told.wheel(f"Requires-Dist: a{'>=1,' * 5000}>1"), None, "not a requirement: longer than 16384 characters"),
        (told.wheel(f"Requires-Dist: a{'>=1,' * 4000}>1\n" * 33), None, "requirements: more than 524288 characters"),
        (told.wheel(r"Requires-Dist: a; os_name == '\x22\x27'"), None, "not a requirement: a backslash in a string"),
        (told.crate("[dependencies]\na = 1\n"), None, "dependencies.a: not the metadata of a package"),
        (told.crate("dependencies = 1\n[target]\nx = 1\n"), None, "target: not the metadata of a package"),
        (told.gem("dependencies:\n- rack\n"), None, "not a dependency of a gem"),
        (told.gem(GEM.replace("  name: rack\n", "")), None, "not a dependency of a gem"),
        (told.gem("licenses: &a\n- MIT\nauthors: *a\n"), None, "anchors are not read"),
        (told.gem("licenses:\n- &a MIT\n- *a\n"), None, "aliases are not read"),
        (told.gem(GEM.replace("requirement: *id001", "requirement: *id002")), None, "it refers to nothing"),
        (told.pom("<dependencies/><dependencies/>"), None, "dependencies stands there twice"),
        (told.manifest("<dependencies><dependency/></dependencies>"), None, "a dependency without an id"),
        (told.control("Depends: A B\n"), DEB, "depends: not a dependency: 'A B'"),
        (told.control(f"Depends: {', '.join(f'a{n}' for n in range(MANY))}\n"), DEB, "too many requirements"),
        (rpm(more=told.required([("a", 0, "")])[:1]), RPM, "names without versions"),
        (rpm(more=[(1049, 8, 2, b"a\0")]), RPM, "tag 1049 ends too early"),
        (rpm(more=[(1048, 4, 9, bytes(4))]), RPM, "tag 1048 ends too early"),
        (rpm(more=[(1048, 7, 4, bytes(4))]), RPM, "tag 1048 has values of type 7"),
        (told.pkginfo("depend = >=1\n"), APK, "not a dependency: '>=1'"),
        (told.conda(depends="python"), None, "depends: not the metadata of a conda package"),
        (told.conda(depends=[" "]), None, "depends: not the metadata of a conda package"),
        (told.conda([]), None, "info/about.json: not a JSON object"),
        (told.pubspec("dependencies: x\n"), None, "dependencies is no mapping"),
        (told.config('{<<"requirements">>,[[]]}.'), None, "a requirement of nothing"),
        (told.formula("", {"runtime_dependencies": [1]}), "pkg:brew/homebrew/core/widget@1.0_1", "receipt"),
        (told.distribution(prereqs=[1]), CPAN, "prereqs: not the metadata of a package"),
        (podspec(subspecs={}), None, "subspecs: not a podspec"),
        (podspec(subspecs=[1]), None, "subspecs: not the metadata of a package"),
    ],
)
def test_what_is_refused(tmp_path: Path, data: bytes, purl: str | None, why: str) -> None:
    assert why in refused(tmp_path, data, purl)


def test_a_file_that_is_another_by_now(tmp_path: Path) -> None:
    package = told.packed(tmp_path, told.npm(license="MIT"))
    package.path.write_bytes(told.npm(license="ISC"))
    with pytest.raises(PackageError, match="the file is another than before"):
        metadata(package)


@pytest.mark.parametrize(
    "text",
    ["${a}" * 1000, "".join(f"<a{n}>${{a{n + 1}}}${{a{n + 1}}}</a{n}>" for n in range(30))],
)
def test_properties_do_not_grow(tmp_path: Path, text: str) -> None:
    data = told.pom(f"<properties>{text}</properties><description>${{a0}}</description>")
    package = told.packed(tmp_path, data)
    start = time.process_time()
    found = metadata(package)
    assert time.process_time() - start < SECONDS
    assert len(found.description or "") <= 1000


def test_one_text_of_a_package_is_never_long(tmp_path: Path) -> None:
    long = "a" * 100_000
    found = told.read(tmp_path, told.npm(description=long, license=long, author=long, dependencies={long: long}))
    assert len(found.description or "") == len(found.licenses[0]) == len(found.authors[0].name or "") == 1000
    assert [len(item.name) for item in found.requirements or ()] == [1000]


@given(st.text() | st.none() | st.integers() | st.lists(st.text()))
def test_a_line(value: object) -> None:
    found = line(value)
    if found is not None:
        assert found == found.strip()
        assert found.isprintable() or not any(char in found for char in "\n\r\t\0")
        assert found.encode("utf-8")
        assert line(found) == found
    assert address(value) is None or "://" in str(value)


@given(st.text())
def test_a_person(text: str) -> None:
    found = person(text)
    assert found is None or found.name or found.mail
    assert people([text, text]) == (() if found is None else (found,))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
_FIELDS = (
    "author", "bundleDependencies", "contributors", "dependencies", "description", "devDependencies", "homepage",
    "license", "licenses", "optionalDependencies", "peerDependencies", "peerDependenciesMeta", "repository",
    "authors", "default_subspecs", "ios", "source", "subspecs", "summary", "testspecs",
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(st.dictionaries(st.sampled_from(_FIELDS), _JSON, max_size=6))
def test_any_json_is_read_or_refused(tmp_path: Path, fields: dict[str, object]) -> None:
    source = {"source": {}, "summary": "s"}
    for data in (told.npm(**fields), json.dumps({"name": "a", "version": "1", **fields, **source}).encode()):
        package = identify(write(tmp_path, data))
        try:
            found = metadata(package)
        except PackageError as error:
            assert str(tmp_path) in str(error)  # noqa: PT017 - either is right
        else:
            assert all(isinstance(text, str) for text in (*found.licenses, found.description or ""))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.sampled_from(SAMPLES), st.data())
def test_a_damaged_package(tmp_path: Path, sample: Sample, data: st.DataObject) -> None:
    """A byte changed: another package, or an error; never an exception of another kind."""
    at = data.draw(st.integers(0, len(sample.data) - 1))
    damaged = bytearray(sample.data)
    damaged[at] ^= data.draw(st.integers(1, 255))
    try:
        metadata(identify(write(tmp_path, bytes(damaged)), Purl.parse(sample.purl)))
    except PackageError as error:
        assert str(tmp_path) in str(error)  # noqa: PT017


def test_many_lines_of_go_mod(tmp_path: Path) -> None:
    lines = "".join(f"\texample.org/a{n} v1.0.0\n" for n in range(MANY))
    assert "too many requirements" in refused(tmp_path, told.module(f"require (\n{lines})\n"))


def test_a_manifest_of_swift_in_short_time(tmp_path: Path) -> None:
    for text in ('.package(url: "' * 20_000, "/*" * 100_000, '"' * 100_001, ".package(name:" * 20_000):
        start = time.process_time()
        told.read(tmp_path, told.sources(text), "pkg:swift/github.com/acme/widget@1.0.0")
        assert time.process_time() - start < SECONDS


def test_a_podspec_of_many_parts(tmp_path: Path) -> None:
    part: dict[str, object] = {"name": "x"}
    for _ in range(50):
        part = {"name": "x", "subspecs": [part]}
    assert told.read(tmp_path, podspec(subspecs=[part] * 500)).requirements == ()


def test_a_formula_in_short_time(tmp_path: Path) -> None:
    text = "  license any_of: [" + '"a",' * 50_000 + "\n" + '  depends_on "' + "a" * 100_000 + "\n"
    start = time.process_time()
    told.read(tmp_path, told.formula(text), "pkg:brew/homebrew/core/widget@1.0_1")
    assert time.process_time() - start < SECONDS


def test_no_reader_is_given_what_it_did_not_ask_for(tmp_path: Path) -> None:
    """What is not in the patterns of the source is not kept: a package of 64 MiB of other files is read."""
    data = tgz([("package/package.json", b'{"name": "a", "version": "1.0.0"}'), ("package/big", bytes(70 * 2**20))])
    assert told.read(tmp_path, data).requirements == ()


def test_no_text_of_a_header_stays_unread(tmp_path: Path) -> None:
    assert told.read(tmp_path, rpm({**RPM_TAGS, 1014: b"\xff"}), RPM).licenses == ("\ufffd",)
