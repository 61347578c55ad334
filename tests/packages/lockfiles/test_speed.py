"""How long large lockfiles take: bounds with room for a slow machine, and that time grows with the size only."""

from __future__ import annotations

import base64
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from attest.packages.lockfiles.table import read_lock

pytestmark = pytest.mark.slow

GOAL = 0.030
"""Seconds for a package-lock.json of 800 packages."""


def package_lock(count: int) -> str:
    packages = {
        f"node_modules/p{number}": {
            "version": f"1.{number}.0",
            "resolved": f"https://r.example/p{number}/-/p{number}-1.{number}.0.tgz",
            "integrity": "sha512-" + base64.b64encode(os.urandom(64)).decode(),
            "license": "MIT",
            "dependencies": {"a": "^1.0.0", "b": "^2.0.0"},
            "engines": {"node": ">=10"},
        }
        for number in range(count)
    }
    return json.dumps({"lockfileVersion": 3, "packages": {"": {"name": "app"}, **packages}}, indent=2)


def pnpm_lock(count: int) -> str:
    blocks = (
        f"  p{number}@1.{number}.0:\n"
        f"    resolution: {{integrity: sha512-{base64.b64encode(os.urandom(64)).decode()}}}\n"
        for number in range(count)
    )
    return "lockfileVersion: '9.0'\npackages:\n" + "".join(blocks)


def requirements(count: int) -> str:
    return "".join(f"p{number}==1.{number} \\\n    --hash=sha256:{os.urandom(32).hex()}\n" for number in range(count))


def mix_lock(count: int) -> str:
    entries = (
        f'  "p{number}": {{:hex, :p{number}, "1.{number}.0", "", [:mix], [], "hexpm", "{os.urandom(32).hex()}"}},\n'
        for number in range(count)
    )
    return "%{\n" + "".join(entries) + "}\n"


def seconds(path: Path) -> float:
    """Of processor time, the best of several: others work on this machine too."""
    taken = []
    for _ in range(5):
        started = time.process_time()
        read_lock(path).artifacts()
        taken.append(time.process_time() - started)
    return min(taken)


def test_800_packages_of_npm(tmp_path: Path) -> None:
    path = tmp_path / "package-lock.json"
    path.write_text(package_lock(800))
    assert seconds(path) <= GOAL


@pytest.mark.parametrize(
    ("file", "make"),
    [
        ("package-lock.json", package_lock),
        ("pnpm-lock.yaml", pnpm_lock),
        ("requirements.txt", requirements),
        ("mix.lock", mix_lock),
    ],
)
def test_ten_times_as_many_packages_take_ten_times_as_long(
    tmp_path: Path, file: str, make: Callable[[int], str]
) -> None:
    taken = []
    for count in (500, 5_000):
        folder = tmp_path / str(count)
        folder.mkdir()
        (folder / file).write_text(make(count))
        taken.append(seconds(folder / file))
    assert taken[1] <= 20 * taken[0]
