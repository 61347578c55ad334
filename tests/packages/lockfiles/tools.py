"""The real tools that write lockfiles, at pinned versions, beside the other real programs.

They are installed once by the ordinary clients (npm, pip) into ``$ATTEST_PEERS``; CI does so itself. On a machine
without such a client the test is skipped.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

NODE = ("yarn@1.22.22", "@yarnpkg/cli-dist@4.12.0", "pnpm@9.15.9", "npm@10.9.2")
PYTHON = ("uv==0.9.7", "poetry==2.2.1", "pipenv==2025.0.4", "pip-tools==7.5.2", "cyclonedx-bom==7.2.1")
SECONDS = 600
REAL_HOME = Path(pwd.getpwuid(os.getuid()).pw_dir)


def program(name: str) -> str:
    """A program of this machine. Where it is missing the test is skipped; with CI=true it fails."""
    found = shutil.which(name)
    if found is None:
        message = f"{name} is not on the PATH: it is needed to make a real lockfile"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return found


def run(command: Sequence[str | Path], where: Path, env: Mapping[str, str] | None = None) -> str:
    """Its standard output; else the test fails with what the program said.

    Where the registries are, only the clients' own configuration knows, so they see the user's home.
    """
    done = subprocess.run(
        [str(part) for part in command],
        cwd=where,
        env={**os.environ, "HOME": str(REAL_HOME), **(env or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if done.returncode != 0:
        pytest.fail(f"{' '.join(map(str, command))} exited {done.returncode}: {(done.stderr + done.stdout)[-2000:]}")
    return done.stdout


def _installed(name: str, pins: Sequence[str], *steps: Callable[[Path], Sequence[str | Path]]) -> Path:
    """The directory in which ``steps`` have installed ``pins``, once for all tests, workers and clones."""
    peers = Path(os.environ.get("ATTEST_PEERS") or REAL_HOME / ".cache" / "attest-peers")
    of = hashlib.sha256("\n".join([*pins, sys.version]).encode()).hexdigest()[:12]
    folder = peers / f"lock-tools-{name}-{of}"
    done = folder / ".complete"
    folder.mkdir(parents=True, exist_ok=True)
    with (peers / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            for step in steps:
                run(step(folder), peers)
            done.touch()
    return folder


def node(name: str) -> list[str | Path]:
    """How to call yarn, berry, pnpm or npm of `NODE`."""
    npm = program("npm")
    folder = _installed(
        "node", NODE, lambda folder: [npm, "install", "--ignore-scripts", "--silent", "--prefix", folder, *_aliases()]
    )
    scripts = {"yarn": "yarn/bin/yarn.js", "berry": "berry/bin/yarn.js", "pnpm": "pnpm/bin/pnpm.cjs"}
    return [program("node"), folder / "node_modules" / scripts.get(name, "npm/bin/npm-cli.js")]


def python(name: str) -> Path:
    """A program of `PYTHON`."""
    folder = _installed("python", PYTHON, lambda folder: [sys.executable, "-m", "venv", folder], _pip)
    return folder / "bin" / name


def _aliases() -> list[str]:
    return [f"berry@npm:{item}" if item.startswith("@yarnpkg/") else item for item in NODE]


def _pip(folder: Path) -> list[str | Path]:
    return [folder / "bin" / "pip", "install", "--quiet", *PYTHON]
