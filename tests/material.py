"""Attestations that were really published, read from where they lie: never copied into this repository."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

SIGSTORE_GO = "github.com/sigstore/sigstore-go@v1.2.2"
_SHARED = Path(__file__).resolve().parent.parent.parent / "shared" / "real"


def shared(name: str) -> Path:
    """A file of the project's shared material; the test is skipped where that is not there."""
    path = _SHARED / name
    if not path.exists():
        pytest.skip("the project's shared material is not beside this clone")
    return path


@cache
def _module() -> Path | None:
    if shutil.which("go") is None:
        return None
    command = ["go", "mod", "download", "-json", SIGSTORE_GO]
    done = subprocess.run(command, capture_output=True, check=False, cwd="/", timeout=300)
    return Path(json.loads(done.stdout)["Dir"]) if done.returncode == 0 else None


def sigstore_go(name: str) -> Path:
    """A file of the Go module `SIGSTORE_GO`; with CI=true its absence is a failure."""
    folder = _module()
    if folder is None:
        message = f"{SIGSTORE_GO} cannot be had by `go mod download`"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return folder / name
