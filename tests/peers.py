"""The real programs that `attest` is tested against, found by name, and servers of them that stop with the test."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

READY_SECONDS = 20.0
STOP_SECONDS = 5.0


def peer(name: str) -> Path:
    """The program. Where it is missing the test is skipped; with CI=true it fails."""
    folder = Path(os.environ.get("ATTEST_PEERS") or Path.home() / ".cache" / "attest-peers")
    program = folder / name
    if os.access(program, os.X_OK):
        return program
    message = f"{name} is not in {folder}: run `make peers`"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


def free_port() -> int:
    """A TCP port of the loopback interface that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert isinstance(port, int)
    return port


@contextmanager
def serve(
    argv: Sequence[str | Path], ready_url: str, *, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the block ends. It is ready once ``ready_url`` answers with any status.

    ``env`` is added to the environment. A server that exits or does not get ready fails the test with its output.
    """
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [str(part) for part in argv],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
            cwd=cwd,
        )
        try:
            if not _is_ready(process, ready_url):
                output.seek(0)
                pytest.fail(f"{argv[0]} is not ready at {ready_url}: {output.read()[-2000:].decode(errors='replace')}")
            yield process
        finally:
            _stop(process)


def _is_ready(process: subprocess.Popen[bytes], url: str) -> bool:
    deadline = time.monotonic() + READY_SECONDS
    with requests.Session() as session:
        session.trust_env = False
        while time.monotonic() < deadline and process.poll() is None:
            try:
                session.get(url, timeout=2, allow_redirects=False, verify=False)
            except requests.RequestException:
                time.sleep(0.02)
            else:
                return process.poll() is None
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
