"""A lockfile of more than 800 packages that nobody prepared, made by npm: three commands, no network for the last."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from tests.cli.conftest import Workplace
from tests.cli.test_lock import NPM_POLICY, verify

pytestmark = pytest.mark.slow


def npm_lock(attest: Workplace) -> None:
    """npm resolves what an application needs that nobody here wrote."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed")
    project = {"name": "many", "version": "1.0.0", "private": True, "dependencies": {"react-scripts": "5.0.1"}}
    attest.write("package.json", json.dumps(project))
    options = ["--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(
        [npm, "install", *options], cwd=attest.directory, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr


def test_anchored_packed_and_verified(attest: Workplace) -> None:
    npm_lock(attest)
    attest.write("gate.yaml", NPM_POLICY)
    anchored = attest.ok("anchor", "--lock", "package-lock.json").out.splitlines()
    assert len(anchored) == len(set(anchored)) > 800
    attest.ok("pack", "--lock", "package-lock.json", "--output", "evidence.tar")
    offline = ["--offline", "--store", "oci-archive:evidence.tar"]
    answer = verify(attest, *offline)
    assert answer["counts"] == {"admitted": 0, "denied": len(anchored), "inconclusive": 0, "withoutDigest": 0}
    assert answer["reasons"] == [{"outcome": "denied", "code": "signature-missing", "count": len(anchored)}]

    (attest.directory / "evidence.tar").unlink()
    attest.ok("sign", "--lock", "package-lock.json", "--key", "release.key")
    attest.ok("pack", "--lock", "package-lock.json", "--output", "evidence.tar")
    answer = verify(attest, *offline)
    assert (answer["outcome"], answer["counts"]["admitted"]) == ("admitted", len(anchored))
    (locked,) = answer["lockfiles"]
    entries = json.loads((attest.directory / "package-lock.json").read_text())["packages"]
    assert locked["entries"] == len(entries)
    assert locked["entries"] == locked["artifacts"] + len(locked["repeated"]) + len(locked["covered"])
