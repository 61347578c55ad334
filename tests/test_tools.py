"""The scripts of `tools/` that make the ground to stand on: the environment and the real programs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PEERS = ROOT / "tools" / "peers.py"


def peers(*arguments: str, bin_folder: Path, path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, PEERS, *arguments],
        env={"PATH": str(path), "ATTEST_PEERS": str(bin_folder), "HOME": str(path)},
        capture_output=True,
        text=True,
        check=False,
    )


def pinned(name: str) -> str:
    shown = peers("--list", name, bin_folder=ROOT, path=ROOT).stdout.split()
    return shown[1]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An empty folder as the whole PATH."""
    (tmp_path / "path").mkdir()
    return tmp_path / "path"


def write_go(path: Path, script: str) -> None:
    go = path / "go"
    go.write_text(f"#!/bin/sh\n{script}")
    go.chmod(0o755)


def test_peers_lists_what_is_there(tmp_path: Path, path: Path) -> None:
    (tmp_path / "oras").touch(mode=0o755)
    done = peers("--list", "oras", "cosign", bin_folder=tmp_path, path=path)
    assert [line.split()[:3] for line in done.stdout.splitlines()] == [
        ["oras", pinned("oras"), "there"],
        ["cosign", pinned("cosign"), "missing"],
    ]


def test_peers_names_an_unknown_peer(tmp_path: Path, path: Path) -> None:
    done = peers("cosing", bin_folder=tmp_path, path=path)
    assert (done.returncode, "no peer named cosing" in done.stderr) == (2, True)


def test_peers_needs_no_go_for_what_is_there(tmp_path: Path, path: Path) -> None:
    (tmp_path / "oras").touch(mode=0o755)
    assert peers("oras", bin_folder=tmp_path, path=path).returncode == 0


@pytest.mark.parametrize(
    ("go", "why"),
    [
        (None, "go is not on the PATH; install Go 1.26"),
        ("echo go1.25.9", "go is go1.25.9; these programs need Go 1.26"),
        ("echo devel", "go is devel; these programs need Go 1.26"),
        ("echo broken >&2; exit 1", "`go env GOVERSION` exited 1\n  broken"),
    ],
)
def test_peers_says_what_is_wrong_with_go(tmp_path: Path, path: Path, go: str | None, why: str) -> None:
    if go:
        write_go(path, go)
    done = peers("oras", bin_folder=tmp_path / "bin", path=path)
    assert (done.returncode, why in done.stderr) == (1, True)
    assert not (tmp_path / "bin").exists()


def test_a_peer_that_does_not_build_leaves_nothing_and_the_others_are_built(tmp_path: Path, path: Path) -> None:
    write_go(
        path,
        'case "$1 $*" in env*) echo go1.26.1;; *oras*) echo no such module >&2; exit 1;;\n'
        "build*) echo whole > program;; esac",
    )
    done = peers("oras", "olareg", bin_folder=tmp_path / "bin", path=path)
    assert done.returncode == 1
    version = pinned("oras")
    assert f"oras {version} was not built: `go get oras.land/oras@{version}` exited 1\n  no such module" in done.stderr
    assert [entry.name for entry in (tmp_path / "bin").iterdir()] == ["olareg"]


def test_a_peer_of_another_version_is_built_again(tmp_path: Path, path: Path) -> None:
    write_go(
        path,
        'case "$1" in env) echo go1.26.1;; build) echo new > program;;\n'
        'version) printf "x: go1.26.1\\n\\tmod\\toras.land/oras\\t$(/bin/cat "$3")\\th1:\\n";; esac',
    )
    for version, content in ((pinned("oras"), pinned("oras")), ("v0.0.1", "new\n")):
        (tmp_path / "oras").write_text(version)
        (tmp_path / "oras").chmod(0o755)
        assert peers("oras", bin_folder=tmp_path, path=path).returncode == 0
        assert (tmp_path / "oras").read_text() == content


def test_a_program_of_our_own_is_built_again_when_its_sources_change(tmp_path: Path, path: Path) -> None:
    write_go(
        path,
        'case "$1" in env) echo go1.26.1;; build) echo new > "$6";;\nversion) echo "x: go1.26.1"; /bin/cat "$3";; esac',
    )
    stamp = "build -ldflags=-X main.version={}\n"
    for there, left in ((stamp.format(pinned("tsa")), stamp.format(pinned("tsa"))), (stamp.format("0" * 8), "new\n")):
        (tmp_path / "tsa").write_text(there)
        (tmp_path / "tsa").chmod(0o755)
        assert peers("tsa", bin_folder=tmp_path, path=path).returncode == 0
        assert (tmp_path / "tsa").read_text() == left


def test_without_a_new_enough_python_the_environment_says_so(tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "environment", tmp_path / "tools")
    old = tmp_path / "old"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    done = subprocess.run(
        [tmp_path / "tools" / "environment"],
        env={**os.environ, "PYTHON": str(old)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "no Python 3.11 or newer" in done.stderr) == (1, True)
    assert not (tmp_path / ".venv").exists()
