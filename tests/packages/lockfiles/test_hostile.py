"""Lockfiles that are cut off, changed, huge or made to hurt: an error with the file and the place, in bounded time."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attest import limits
from attest.cli.main import main
from attest.errors import LockError, UsageError
from attest.packages.lockfiles.lock import Lock
from attest.packages.lockfiles.table import KINDS, read_lock
from tests.packages.lockfiles.samples import BASE64, BY_KIND, SAMPLES, A, B, Sample

DEEP = "(" * 1000 + "os_name=='x'" + ")" * 1000
NAMES = [kind.name for kind in KINDS]
ids: Any = lambda sample: sample.kind  # noqa: E731


def read(folder: Path, kind: str, data: bytes) -> Lock | None:
    """The lockfile, or None where it is refused as it should be."""
    path = folder / "lock"
    path.write_bytes(data)
    try:
        lock = read_lock(path, kind=kind, vendor="acme")
        lock.artifacts()
    except (LockError, UsageError) as error:
        _named(error, path)
        return None
    return lock


def _named(error: Exception, path: Path) -> None:
    assert str(path) in str(error)


def refused(folder: Path, kind: str, data: bytes | str) -> LockError:
    path = folder / BY_KIND[kind].file
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    with pytest.raises(LockError) as caught:
        read_lock(path, kind=kind, vendor="acme").artifacts()
    assert str(caught.value).startswith(str(path))
    assert caught.value.exit_code == 2
    return caught.value


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("locks")


@given(kind=st.sampled_from(NAMES), data=st.binary(max_size=400))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_read_or_refused(folder: Path, kind: str, data: bytes) -> None:
    read(folder, kind, data)


@given(sample=st.sampled_from(SAMPLES), at=st.floats(0, 1), cut=st.integers(0, 30), put=st.binary(max_size=6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=400)
def test_any_change_is_read_or_refused(folder: Path, sample: Sample, at: float, cut: int, put: bytes) -> None:
    data = sample.data
    start = int(at * len(data))
    read(folder, sample.kind, data[:start] + put + data[start + cut :])


@given(
    sample=st.sampled_from(SAMPLES),
    at=st.floats(0, 1),
    text=st.sampled_from(
        ['"', "'", "{", "[", "]", "}", ":", "- ", "null", "1", "[]", "{}", "\n", "  ", "\\", "é", "<", "#"]
    ),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=400)
def test_any_mark_that_slips_in_is_read_or_refused(folder: Path, sample: Sample, at: float, text: str) -> None:
    data = sample.data
    start = int(at * len(data))
    read(folder, sample.kind, data[:start] + text.encode() + data[start:])


@pytest.mark.parametrize("sample", SAMPLES, ids=ids)
def test_a_lockfile_that_is_cut_off_never_says_more(tmp_path: Path, sample: Sample) -> None:
    """Where its format has an end, that is missing; else there are the first entries, the last perhaps not whole."""
    data = sample.data
    whole = read(tmp_path, sample.kind, data)
    assert whole is not None
    for end in range(0, len(data), 7):
        lock = read(tmp_path, sample.kind, data[:end])
        assert lock is None or len(lock.entries) <= len(whole.entries)
        if data.lstrip()[:1] in (b"{", b"<", b"%"):
            assert lock is None or not data[end:].strip()


@pytest.mark.parametrize(
    ("kind", "old", "new", "message", "place"),
    [
        ("package-lock.json", '"lockfileVersion": 2', '"lockfileVersion": 4', "known version", "lockfileVersion"),
        ("pnpm-lock.yaml", "'9.0'", "'10.0'", "known version", "lockfileVersion"),
        ("pylock.toml", 'lock-version = "1.0"', 'lock-version = "2.0"', "not a pylock.toml", ""),
        ("poetry.lock", '"2.1"', '"3.0"', "known version", "lock-version"),
        ("uv.lock", "version = 1\n", "version = 2\n", "known version", "version"),
        ("Pipfile.lock", '"pipfile-spec": 6', '"pipfile-spec": 7', "known version", "pipfile-spec"),
        ("Cargo.lock", "version = 4", "version = 5", "known version", "version"),
        ("packages.lock.json", '"version": 2', '"version": 3', "known version", "version"),
        ("Package.resolved", '"version": 3', '"version": 4', "known version", "version"),
        ("conda-lock.yml", "version: 1\n", "version: 2\n", "known version", "version"),
        ("CycloneDX", '"specVersion": "1.6"', '"specVersion": "2.0"', "known version", "specVersion"),
        ("repodata.json", '"repodata_version": 1', '"repodata_version": 3', "known version", "repodata_version"),
        # What is not of the type that it should be.
        ("Cargo.lock", 'checksum = "{a}"', "checksum = 1979-05-27", "expected a string", "package[1].checksum"),
        ("pnpm-lock.yaml", "resolution: {integrity: {sri}}", "resolution: x", "expected an object", "resolution"),
        ("conda-lock.yml", "- name: x", "- name: [x]", "expected a string", "package[0].name"),
        ("Pipfile.lock", '"hashes": [', '"hashes": [1, ', "an array of strings", "acme-x.hashes"),
        ("pubspec.lock", "source: hosted", "source: teapot", "not a source of pub", "x.source"),
        # Digests that are none.
        ("package-lock.json", "{sri}", "sha512-x", "not an integrity value", "@acme/x"),
        ("Cargo.lock", "{a}", "00", "not a digest", "x 1.0.0"),
        ("go.sum", "/go.mod h1:{h1}\nexample.com/y", "/go.mod h1:x\nexample.com/y", "not a hash of go.sum", "line 2"),
        ("packages.lock.json", "{base64}", "x", "not a content hash", "Acme.X"),
        ("Package.resolved", "{commit}", "x", "not a commit", "revision"),
        # Places in text.
        ("yarn.lock (classic)", "  version", " version", "not a member", ":"),
        ("requirements.txt", "plain==1.0", "-r other.txt", "names another file", "line 6"),
        ("requirements.txt", "plain==1.0", "--frobnicate", "not an option", "line 6"),
        ("requirements.txt", "plain==1.0", f"plain==1.0; {DEEP}", "more than 100 parentheses", "line 6"),
        ("requirements.txt", "plain==1.0", f"plain>{'9' * 5000}", "a number of too many digits", "line 6"),
        ("Pipfile.lock", "os_name == 'nt'", DEEP, "not a marker: more than 100 parentheses", "acme-x"),
        (
            "Pipfile.lock",
            "os_name == 'nt'",
            r"os_name == '\\x22\\x27'",
            "not a marker: a backslash in a string",
            "acme-x",
        ),
        ("requirements.txt", "plain==1.0", r"plain==1.0; os_name == '\x22\x27'", "a backslash in a string", "line 6"),
        ("pylock.toml", "\"sys_platform == 'win32'\"", f'"{DEEP}"', "not a pylock.toml", "packages[0].marker"),
        ("pylock.toml", "'win32'\"", "'\\\\x22\\\\x27'\"", "not a marker: both kinds of quotes", "packages[0] acme-x"),
        ("Gemfile.lock", "    bare (1.0)", "    bare", "not a line of a Gemfile.lock", "line 16"),
        ("Gemfile.lock", "  x (1.0.0) sha", "  bare (1.0)\n  x (1.0.0) sha", "stands twice", "line 33"),
        (
            "conda-lock.yml",
            "manager: conda\n  platform: osx-64",
            "manager: x\n  platform: osx-64",
            "not a manager",
            "[2]",
        ),
        ("packages.lock.json", "{base64}", BASE64.replace("Dw==", "Dx=="), "not a content hash", "Acme.X"),
        ("Gemfile.lock", "PLATFORMS", "<<<<<<< HEAD", "a merge conflict", "line 21"),
        ("Gemfile.lock", "PLATFORMS", "TEAPOTS", "not a section", "line 21"),
        ("Debian Packages", "Version: 1:1", "Version 1:1", "not a field", "line 2"),
        ("Debian Packages", "Architecture: all\n", "", "without Architecture", "line 10"),
        ("Debian Packages", "Version: 1.0\n", "Version: 1.0\nVersion: 2.0\n", "stands twice", "line 12"),
        ("Debian Packages", "Version: 1.0\n", "Version: 1.0\nversion: 2.0\n", "stands twice", "line 12"),
        ("RPM primary.xml", 'packages="2"', 'packages="3"', "not a primary.xml", ":2"),
        ("RPM primary.xml", "<name>weak</name>", "", "without name", ":8"),
        ("rpm -qa", "x-1.0-1.fc40.x86_64", "x", "not a line of rpm -qa", "line 1"),
        ("APKINDEX", "S:1", "S", "not a line of an apk index", "line 5"),
        ("APKINDEX", "V:1.0-r0\n", "", "without name or version", "line 1"),
        ("verification-metadata.xml", ' name="x-1.0.jar"', "", "artifact without name", ":15"),
        ("verification-metadata.xml", "</components>", "", "not XML", ":36"),
        (
            "verification-metadata.xml",
            "<verification-metadata",
            "<!DOCTYPE x>\n<verification-metadata",
            "not read as XML",
            ":2",
        ),
        ("mix.lock", '"old": {', '"x": {', "stands twice", "line 5"),
        ("mix.lock", ':hex, :oldest, "0.1.0"', ":hex, :oldest", "no name or no version", "line 6"),
        ("mix.lock", "[branch:", "[System.halt(1), branch:", "not a mix.lock", "line 7"),
        ("mix.lock", '"0.1.0", "{b}"', '"#{0}", "{b}"', "not a mix.lock", "line 5"),
        ("mix.lock", "\n}\n", "\n}\n%{}\n", "not a mix.lock", "line 9"),
        ("SPDX 3", '"_:h"]', '"_:nothing"]', "not an integrity method", "verifiedUsing[0]"),
    ],
)
def test_what_is_malformed_names_the_place(
    tmp_path: Path, kind: str, old: str, new: str, message: str, place: str
) -> None:
    sample = BY_KIND[kind]
    assert old in sample.text
    changed = Sample(sample.kind, sample.file, sample.text.replace(old, new), ())
    error = refused(tmp_path, kind, changed.data)
    assert message in f"{error.what}: {error.why}"
    assert place in (error.where or "")


@pytest.mark.parametrize(
    ("kind", "data", "message"),
    [
        ("pnpm-lock.yaml", "lockfileVersion: &a '9.0'\npackages: *a\n", "anchors are not read"),
        ("pubspec.lock", "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "anchors are not read"),
        ("yarn.lock (berry)", "__metadata: !!python/object:os.system x\n", "tags are not read"),
        ("conda-lock.yml", "version: 1\n---\nversion: 1\n", "a second document"),
        ("pnpm-lock.yaml", "lockfileVersion: '9.0'\npackages: {x: " + "[" * 100 + "\n", "nested too deeply"),
        ("package-lock.json", '{"lockfileVersion": 3, "packages": ' + '{"x":' * 1000, "not strict JSON"),
        ("package-lock.json", '{"lockfileVersion": 3, "lockfileVersion": 1, "packages": {}}', "not strict JSON"),
        ("Cargo.lock", "x = " + "[" * 100_000, "not TOML"),
        ("Cargo.lock", "a" + ".a" * 10_000 + " = 1\n", "not read as TOML"),
        ("mix.lock", '%{"x": ' + "[" * 100_000, "not a mix.lock"),
        ("mix.lock", '%{"x": {:hex, "' + "\\a" * 100_000, "not a mix.lock"),
        ("verification-metadata.xml", "<a>" * 10_000, "nested too deeply"),
        (
            "verification-metadata.xml",
            '<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><a>&c;</a>',
            "not read as XML",
        ),
        ("CycloneDX", '{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": {"components": []}}', "an array"),
    ],
)
def test_what_is_made_to_hurt_is_refused_at_once(tmp_path: Path, kind: str, data: str, message: str) -> None:
    started = time.process_time()
    error = refused(tmp_path, kind, data)
    assert message in f"{error.what}: {error.why}"
    assert time.process_time() - started < 2


@pytest.mark.parametrize("sample", SAMPLES, ids=ids)
def test_a_lockfile_of_200_megabytes_is_refused_at_once(tmp_path: Path, sample: Sample) -> None:
    path = tmp_path / sample.file
    with path.open("wb") as file:
        file.write(sample.data)
        file.truncate(200 * limits.MIB)
    started = time.process_time()
    with pytest.raises(LockError, match="too large"):
        read_lock(path, kind=sample.kind, vendor="acme")
    assert time.process_time() - started < 2


BOMBS: dict[str, Callable[[], bytes]] = {
    "yarn.lock (classic)": lambda: b'# yarn lockfile v1\n"' + b"a, " * 300_000,
    "requirements.txt": lambda: b"x==1 \\\n" * 100_000,
    "Gemfile.lock": lambda: b"GEM\n  specs:\n    " + b"(" * 1_000_000,
    "Debian Packages": lambda: b"a" * 1_000_000,
    "rpm -qa": lambda: b"-" * 1_000_000,
    "go.sum": lambda: b"a " * 1_000_000,
    "pnpm-lock.yaml": lambda: b"lockfileVersion: '9.0'\npackages:\n  a: {}\n    resolution: {" + b": a:" * 300_000,
    "mix.lock": lambda: b'%{"' + b'#"' * 300_000,
    "SPDX": lambda: b'{"spdxVersion"' + b" " * 1_000_000,
    "Package.resolved": lambda: BY_KIND["Package.resolved"].data.replace(b"git@h.example:acme", b"a:" * 300_000),
    "Cargo.lock": lambda: b"x = '''" + b"'" * 300_000,
}


@pytest.mark.parametrize("kind", BOMBS)
def test_one_long_line_takes_no_longer_than_many(tmp_path: Path, kind: str) -> None:
    path = tmp_path / BY_KIND[kind].file
    path.write_bytes(BOMBS[kind]())
    started = time.process_time()
    with contextlib.suppress(LockError):
        read_lock(path, kind=kind, vendor="acme")
    assert time.process_time() - started < 3


@pytest.mark.parametrize(
    ("kind", "text", "places"),
    [
        (
            "Cargo.lock",
            BY_KIND["Cargo.lock"].text + BY_KIND["Cargo.lock"].text.split("\n", 1)[1].replace("{a}", "{b}"),
            (),
        ),
        ("go.sum", "e.example/x v1.0.0 h1:{h1}\ne.example/x v1.0.0 h1:" + "/" * 42 + "8=\n", ("line 1",)),
    ],
)
def test_two_digests_of_one_version_name_both_places(
    tmp_path: Path, kind: str, text: str, places: tuple[str, ...]
) -> None:
    sample = Sample(kind, BY_KIND[kind].file, text, ())
    error = refused(tmp_path, kind, sample.data)
    assert error.what.startswith("two different digests of pkg:")
    for place in places:
        assert place in (error.why or "")


def test_a_contradiction_is_exit_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "go.sum"
    path.write_text(f"e.example/x v1.0.0 h1:{'/' * 42}8=\ne.example/x v1.0.0 h1:{'A' * 43}=\n")
    assert main(["anchor", "--dry-run", "--lock", str(path)]) == 2
    assert f"{path}: line" in capsys.readouterr().err


def test_several_files_of_a_version_are_no_contradiction(tmp_path: Path) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text(f"x==1.0 --hash=sha256:{A}\nx==1.0 --hash=sha256:{B}\n")
    assert [digest.hex for _, digest in read_lock(path).artifacts()] == [A, B]
