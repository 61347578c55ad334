"""Start-up: a command that needs no Sigstore must start in well under half the time of importing Sigstore."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.harness import Command, Table, compare

TARGET = 0.5
REFERENCE = "import sigstore.verify"

_POLICY = """\
version: 1
name: bench
applies_to: ["pkg:npm/**"]
trust: {keys_only: true}
identities:
  bench: {key: bench.pub}
rules:
  - {id: signed, require: signature, by: [bench]}
"""


def measure(tick: Callable[[], None]) -> Table:
    """Command lines against ``import sigstore.verify`` of the same interpreter, in the same run."""
    attest = Path(sys.executable).with_name("attest")
    with tempfile.TemporaryDirectory(prefix="attest-bench-") as scratch:
        folder = Path(scratch)
        env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("ATTEST_")},
            "HOME": scratch,
            "ATTEST_PASSWORD": "bench",
        }
        package = write_package(folder)
        (folder / "policy.yaml").write_text(_POLICY, encoding="utf-8")
        for arguments in (["key", "generate", "bench"], ["sign", package, "--key", "bench.key"]):
            prepare([str(attest), *arguments], env, folder)
        return compare(
            "start-up",
            [
                Command("python -c pass", [sys.executable, "-c", "pass"]),
                Command("attest --help", [attest, "--help"], TARGET),
                Command("attest list", [attest, "list", package], TARGET),
                Command("attest verify, public key", [attest, "verify", package, "--policy", "policy.yaml"], TARGET),
                Command(REFERENCE, [sys.executable, "-c", "import sigstore.verify"]),
            ],
            reference=REFERENCE,
            env=env,
            cwd=folder,
            tick=tick,
        )


def prepare(argv: list[str], env: dict[str, str], folder: Path) -> None:
    done = subprocess.run(
        argv, env=env, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"bench: {' '.join(argv)} exited {done.returncode}: {done.stderr.strip()}")


def write_package(folder: Path) -> str:
    """A small npm tarball; its name within the folder."""
    content = json.dumps({"name": "bench", "version": "1.0.0"}).encode()
    with gzip.open(folder / "bench-1.0.0.tgz", "wb") as stream, tarfile.open(fileobj=stream, mode="w") as archive:
        member = tarfile.TarInfo("package/package.json")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return "bench-1.0.0.tgz"
