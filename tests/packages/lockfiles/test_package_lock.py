"""npm's lockfiles, in the three versions that exist."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from attest.errors import LockError
from attest.packages.digest import ArtifactDigest
from attest.packages.lockfiles.lock import Entry
from attest.packages.lockfiles.table import read_lock
from attest.packages.purl import Purl

SRI = "sha512-" + "A" * 86 + "=="
ZEROS = ArtifactDigest("sha512", "0" * 128)
OTHER = "sha512-" + "/" * 85 + "w=="


def entries(folder: Path, document: Any, *, name: str = "package-lock.json") -> tuple[Entry, ...]:
    path = folder / name
    path.write_text(json.dumps(document))
    return read_lock(path).entries


def test_a_package_in_a_folder(tmp_path: Path) -> None:
    document = {
        "lockfileVersion": 3,
        "packages": {
            "": {"name": "app"},
            "node_modules/@acme/x": {"version": "1.0.0", "resolved": "https://r.example/x.tgz", "integrity": SRI},
        },
    }
    root, entry = entries(tmp_path, document)
    assert root == Entry("app", "lockfile.packages.", None, covered="the project itself")
    assert entry == Entry(
        "@acme/x",
        "lockfile.packages.node_modules/@acme/x",
        Purl.parse("pkg:npm/%40acme/x@1.0.0"),
        (ZEROS,),
    )


@pytest.mark.parametrize(
    ("member", "gap"),
    [
        ({"version": "1.0.0"}, "no digest"),
        ({"version": "1.0.0", "integrity": "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk="}, "no digest"),
        (
            {"version": "1.0.0", "integrity": "sha256-" + "A" * 43 + "="},
            "only sha256, and npm artifacts are named by sha512",
        ),
        ({"version": "1.0.0", "resolved": "git+ssh://git@h.example/x.git#abc"}, "a git dependency"),
        ({"version": "1.0.0", "resolved": "file:../x"}, "a local file"),
        ({"resolved": "packages/x", "link": True}, "a link to a local directory"),
    ],
)
def test_an_entry_without_a_usable_digest_says_why(tmp_path: Path, member: dict[str, Any], gap: str) -> None:
    (entry,) = entries(tmp_path, {"lockfileVersion": 3, "packages": {"node_modules/x": member}})
    assert (entry.digests, entry.gap) == ((), gap)


@pytest.mark.parametrize(
    "document",
    [
        {"lockfileVersion": 3, "packages": {"node_modules/a/node_modules/x": {"version": "1.0.0", "inBundle": True}}},
        {"lockfileVersion": 1, "dependencies": {"x": {"version": "1.0.0", "bundled": True}}},
    ],
)
def test_that_a_package_is_bundled_is_only_said_by_the_lockfile(tmp_path: Path, document: Any) -> None:
    (entry,) = entries(tmp_path, document)
    assert entry.gap == "no digest: it is said to be bundled in the archive of another package"
    assert str(entry.purl) == "pkg:npm/x@1.0.0"


def test_what_the_project_itself_bundles_is_installed_by_its_digest(tmp_path: Path) -> None:
    member = {"version": "1.0.0", "inBundle": True, "integrity": SRI}
    (entry,) = entries(tmp_path, {"lockfileVersion": 3, "packages": {"node_modules/x": member}})
    assert entry.digests == (ZEROS,)


@pytest.mark.parametrize(
    "origin",
    [
        "GIT+ssh://git@h.example/x.git",
        "git@github.com:acme/x.git",
        "acme/x",
        "https://github.com/acme/x",
        "https://www.gitlab.com/acme/x",
        "https://user@github.com/acme/x",
        "https:///github.com/acme/x",
        "https://h.example\\github.com/acme/x",
        "https://%67ithub.com/acme/x",
        "file:../x",
        "../x",
        "",
    ],
)
def test_an_integrity_that_npm_does_not_look_at_is_worth_nothing(tmp_path: Path, origin: str) -> None:
    member = {"version": "1.0.0", "resolved": origin, "integrity": SRI}
    (entry,) = entries(tmp_path, {"lockfileVersion": 3, "packages": {"node_modules/x": member}})
    assert (entry.digests, entry.gap) == ((), "from where npm checks no integrity")


@pytest.mark.parametrize("origin", ["https://r.example/x/-/x-1.0.0.tgz?a=b", "http://127.0.0.1:4873/x", "file:x.tgz"])
def test_an_integrity_that_npm_looks_at(tmp_path: Path, origin: str) -> None:
    member = {"version": "1.0.0", "resolved": origin, "integrity": SRI}
    (entry,) = entries(tmp_path, {"lockfileVersion": 3, "packages": {"node_modules/x": member}})
    assert entry.digests == (ZEROS,)


def test_version_1_has_no_packages_which_npm_would_install(tmp_path: Path) -> None:
    document = {"lockfileVersion": 1, "dependencies": {}, "packages": {"node_modules/x": {"version": "1.0.0"}}}
    with pytest.raises(LockError, match="version 1 with 'packages'"):
        entries(tmp_path, document)


def test_a_backslash_would_be_a_slash_to_npm(tmp_path: Path) -> None:
    packages = {"node_modules\\x": {"version": "1.0.0", "integrity": SRI}}
    with pytest.raises(LockError, match="backslash"):
        entries(tmp_path, {"lockfileVersion": 3, "packages": packages})


def test_what_is_fetched_outside_node_modules_is_not_covered(tmp_path: Path) -> None:
    packages = {"NODE_MODULES/x": {"version": "1.0.0", "integrity": SRI}}
    (entry,) = entries(tmp_path, {"lockfileVersion": 3, "packages": packages})
    assert entry.gap == "an archive outside node_modules"


def test_an_alias_is_the_package_that_it_means(tmp_path: Path) -> None:
    new = {"name": "semver", "version": "7.6.3", "integrity": SRI}
    old = {"version": "npm:semver@7.6.3", "integrity": SRI}
    (first,) = entries(tmp_path, {"lockfileVersion": 3, "packages": {"node_modules/x": new}})
    (second,) = entries(tmp_path, {"lockfileVersion": 1, "dependencies": {"x": old}})
    assert str(first.purl) == str(second.purl) == "pkg:npm/semver@7.6.3"


def test_version_1_nests(tmp_path: Path) -> None:
    inner = {"version": "2.0.0", "integrity": SRI}
    document = {
        "lockfileVersion": 1,
        "dependencies": {"a": {"version": "1.0.0", "integrity": SRI, "dependencies": {"b": inner}}},
    }
    assert [str(entry.purl) for entry in entries(tmp_path, document)] == ["pkg:npm/a@1.0.0", "pkg:npm/b@2.0.0"]


def test_what_is_for_some_platforms_says_so(tmp_path: Path) -> None:
    member = {"version": "1.0.0", "integrity": SRI, "optional": True, "os": ["darwin"], "cpu": ["arm64", "x64"]}
    (entry,) = entries(tmp_path, {"lockfileVersion": 3, "packages": {"node_modules/x": member}})
    assert entry.condition == "optional; os darwin; cpu arm64, x64"


def test_an_artifact_that_stands_twice_is_one(tmp_path: Path) -> None:
    member = {"version": "1.0.0", "integrity": SRI}
    path = tmp_path / "npm-shrinkwrap.json"
    packages = {"node_modules/x": member, "node_modules/y/node_modules/x": member}
    path.write_text(json.dumps({"lockfileVersion": 2, "packages": packages}))
    lock = read_lock(path)
    assert len(lock.entries) == 2
    assert lock.artifacts() == [(Purl.parse("pkg:npm/x@1.0.0"), ZEROS)]


def test_two_digests_of_one_version_are_refused_with_both_places(tmp_path: Path) -> None:
    path = tmp_path / "package-lock.json"
    one, two = ({"version": "1.0.0", "integrity": text} for text in (SRI, OTHER))
    packages = {"node_modules/x": one, "node_modules/y/node_modules/x": two}
    path.write_text(json.dumps({"lockfileVersion": 3, "packages": packages}))
    with pytest.raises(LockError) as caught:
        read_lock(path).artifacts()
    assert caught.value.what == "two different digests of pkg:npm/x@1.0.0"
    assert "lockfile.packages.node_modules/x" in (caught.value.why or "")


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("{", "not JSON"),
        ("[]", "not a JSON object"),
        ({"packages": {}}, "expected a number"),
        ({"lockfileVersion": 4, "packages": {}}, "not a lockfile of a known version"),
        ({"lockfileVersion": 3}, "expected an object"),
        ({"lockfileVersion": 3, "packages": {"node_modules/x": []}}, "expected an object"),
        ({"lockfileVersion": 3, "packages": {"node_modules/x": {"version": ""}}}, "not a package of npm"),
        (
            {"lockfileVersion": 3, "packages": {"node_modules/x": {"version": "1", "integrity": "sha512-x"}}},
            "not an integrity value",
        ),
    ],
)
def test_what_is_malformed_names_the_file(tmp_path: Path, document: Any, message: str) -> None:
    path = tmp_path / "package-lock.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    with pytest.raises(LockError) as caught:
        read_lock(path)
    assert message in caught.value.what
    assert str(caught.value).startswith(str(path))


def test_a_file_of_another_name_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("{}")
    with pytest.raises(LockError, match="not a lockfile of a known kind"):
        read_lock(path)
