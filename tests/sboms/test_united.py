"""Several packages in one document, and requirements that a lockfile or a neighbour meets."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from attest.packages.lockfiles.table import is_lock, read_lock
from attest.packages.purl import Purl
from attest.sboms.make import Form, of_directory, of_lock, of_package
from attest.statements.sbom import read_sbom
from tests.packages.build import write
from tests.packages.metadata import told
from tests.packages.metadata.told import packed
from tests.sboms.official import complaints

MADE = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
FORMS = pytest.mark.parametrize("form", list(Form))
LOCK = {
    "name": "app",
    "lockfileVersion": 3,
    "packages": {
        "": {"name": "app", "version": "1.0.0"},
        "node_modules/semver": {"version": "7.6.3", "integrity": f"sha512-{'A' * 85}Q=="},
        "node_modules/@acme/lib": {"version": "1.2.3", "integrity": f"sha512-{'A' * 85}g=="},
        "node_modules/yallist": {"version": "4.0.0", "resolved": "https://example.org/y.tgz"},
        "node_modules/a/node_modules/two": {"version": "1.0.0", "integrity": f"sha512-{'A' * 85}w=="},
        "node_modules/two": {"version": "2.0.0", "integrity": f"sha512-{'B' * 85}w=="},
    },
}


def lockfile(folder: Path) -> Path:
    return write(folder, json.dumps(LOCK).encode(), "package-lock.json")


def loaded(document: bytes, form: Form = Form.CYCLONEDX) -> Any:
    assert complaints(document, form) == []
    return json.loads(document)


def by_ref(document: Any) -> dict[str, Any]:
    return {item["bom-ref"]: item for item in document["components"]}


def needs(document: Any) -> dict[str, list[str]]:
    return {item["ref"].partition("#")[0]: item.get("dependsOn", []) for item in document["dependencies"]}


def notes(component: Any) -> list[str]:
    return [f"{item['name']}={item['value']}" for item in component.get("properties", ())]


def test_a_lockfile(tmp_path: Path) -> None:
    lock = read_lock(lockfile(tmp_path))
    document = loaded(of_lock(lock, Form.CYCLONEDX, made=MADE))
    main = document["metadata"]["component"]
    assert (main["type"], main["name"]) == ("application", "package-lock.json")
    parts = by_ref(document)
    assert set(parts) == {
        "pkg:npm/semver@7.6.3",
        "pkg:npm/%40acme/lib@1.2.3",
        "pkg:npm/yallist@4.0.0",
        "pkg:npm/two@1.0.0",
        "pkg:npm/two@2.0.0",
    }
    assert parts["pkg:npm/semver@7.6.3"]["hashes"] == [{"alg": "SHA-512", "content": f"{'0' * 127}1"}]
    assert notes(parts["pkg:npm/yallist@4.0.0"]) == ["attest:lock=no digest"]
    assert needs(document) == {"lockfile:package-lock.json": sorted(parts)}


@FORMS
def test_the_artifacts_of_a_lockfile_are_those_of_its_sbom(tmp_path: Path, form: Form) -> None:
    """What `--lock` reads out of the document is what it reads out of the lockfile."""
    lock = read_lock(lockfile(tmp_path))
    document = of_lock(lock, form, made=MADE, purl=Purl.parse("pkg:npm/app@1.0.0"))
    loaded(document, form)
    again = read_lock(write(tmp_path, document, f"bom.{'cdx' if form is Form.CYCLONEDX else 'spdx'}.json"))
    assert sorted(again.artifacts()) == sorted(lock.artifacts())
    assert sum(entry.gap is not None for entry in again.entries) >= 1


def test_an_entry_of_several_files(tmp_path: Path) -> None:
    """No digest is that of all: each is a note."""
    hashes = " ".join(f"--hash=sha256:{digit * 64}" for digit in "ab")
    lock = read_lock(write(tmp_path, f"idna==3.7 {hashes}\n".encode(), "requirements.txt"))
    (part,) = loaded(of_lock(lock, Form.CYCLONEDX, made=MADE))["components"]
    assert "hashes" not in part
    assert notes(part) == [f"attest:digest=sha256:{digit * 64}" for digit in "ab"]


def test_for_whom_it_was_locked(tmp_path: Path) -> None:
    document = of_lock(read_lock(lockfile(tmp_path)), Form.CYCLONEDX, made=MADE, purl=Purl.parse("pkg:npm/app@1.0.0"))
    (described,) = read_sbom(loaded(document)).described
    assert (described.name, described.version, described.purl) == ("app", "1.0.0", "pkg:npm/app@1.0.0")


def test_a_package_that_is_locked_itself(tmp_path: Path) -> None:
    lock = read_lock(lockfile(tmp_path))
    document = loaded(of_lock(lock, Form.CYCLONEDX, made=MADE, purl=Purl.parse("pkg:npm/two@1.0.0")))
    assert "pkg:npm/two@1.0.0" not in by_ref(document)
    assert len(document["components"]) == 4


def test_a_package_and_what_was_locked_for_it(tmp_path: Path) -> None:
    """A requirement becomes the one version that was locked; of two nobody knows which one it got."""
    requirements = {"semver": "^7.0.0", "two": "*", "elsewhere": "1"}
    package = packed(tmp_path, told.npm(dependencies=requirements))
    document = loaded(of_package(package, made=MADE, lock=read_lock(lockfile(tmp_path))))
    parts = by_ref(document)
    semver = parts["pkg:npm/semver@7.6.3"]
    assert (semver["version"], semver["scope"], notes(semver)) == (
        "7.6.3",
        "required",
        ["attest:requirement:runtime=^7.0.0"],
    )
    assert "pkg:npm/semver" not in parts
    assert {"pkg:npm/two", "pkg:npm/two@1.0.0", "pkg:npm/two@2.0.0", "pkg:npm/elsewhere"} <= set(parts)
    (needed,) = needs(document).values()
    assert needed == ["pkg:npm/elsewhere", "pkg:npm/semver@7.6.3", "pkg:npm/two"]


@FORMS
def test_a_directory_of_one_version(tmp_path: Path, form: Form) -> None:
    """A wheel and its sdist: one package, whose digest is neither's."""
    headers = "License-Expression: MIT\nAuthor: A\nRequires-Dist: idna>=3"
    wheel = packed(tmp_path, told.wheel(headers), name="foo_bar-1.0-py3-none-any.whl")
    sdist = packed(tmp_path, told.sdist(headers), name="foo_bar-1.0.tar.gz")
    document = of_directory("dist", [wheel, sdist], form, made=MADE)
    found = read_sbom(loaded(document, form))
    (described,) = found.described
    assert (described.purl, dict(described.digests)) == ("pkg:pypi/foo-bar@1.0", {})
    assert [item.purl for item in found.components] == ["pkg:pypi/idna"]
    for package in (wheel, sdist):
        assert f"sha256:{package.sha256}" in document.decode()
        assert package.path.name in document.decode()


def test_a_directory_of_several_packages(tmp_path: Path) -> None:
    one = packed(tmp_path, told.npm(dependencies={"foo": "1", "other": "1"}), name="a.tgz")
    two = packed(tmp_path, told.tgz_of("foo", "1.0.0"), name="b.tgz")
    document = loaded(of_directory("dist", [one, two], Form.CYCLONEDX, made=MADE))
    assert document["metadata"]["component"] == {"type": "application", "bom-ref": "directory:dist", "name": "dist"}
    assert needs(document) == {
        "directory:dist": ["pkg:npm/%40acme/app@1.0.0", "pkg:npm/foo@1.0.0"],
        "pkg:npm/%40acme/app@1.0.0": ["pkg:npm/foo@1.0.0", "pkg:npm/other"],
        "pkg:npm/foo@1.0.0": [],
    }
    parts = by_ref(document)
    assert parts["pkg:npm/foo@1.0.0"]["hashes"][0] == {"alg": "SHA-256", "content": two.sha256}
    assert parts["pkg:npm/foo@1.0.0"]["scope"] == "required"
    assert set(parts) == {"pkg:npm/%40acme/app@1.0.0", "pkg:npm/foo@1.0.0", "pkg:npm/other"}
    assert loaded(of_directory("dist", [one, two], Form.SPDX, made=MADE), Form.SPDX)["name"] == "dist"


def test_what_one_file_of_a_version_does_not_say_is_unsaid(tmp_path: Path) -> None:
    wheel = packed(tmp_path, told.wheel(""), name="foo_bar-1.0-py3-none-any.whl")
    sdist = packed(tmp_path, told.sdist("", "2.1"), name="foo_bar-1.0.tar.gz")
    document = loaded(of_directory("dist", [wheel, sdist], Form.CYCLONEDX, made=MADE))
    assert "dependencies" not in document
    assert "attest:requirements=unknown" in notes(document["metadata"]["component"])


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("package-lock.json", b"{}", True),
        ("a.cdx.json", b'{"bomFormat": "CycloneDX"}', True),
        ("bombay.podspec.json", b'{"name": "bombay"}', False),
        ("yarn.lock", b"nothing", False),
        ("dist.tgz", b"", False),
    ],
)
def test_what_is_a_lockfile(tmp_path: Path, name: str, data: bytes, expected: bool) -> None:
    assert is_lock(write(tmp_path, data, name)) is expected
