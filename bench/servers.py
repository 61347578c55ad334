"""The real programs on loopback, near and far, for as long as a block lasts."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

_READY_SECONDS = 20.0


@contextmanager
def olareg(directory: Path) -> Iterator[int]:
    """A registry with the referrers API; its port."""
    port = free_port()
    argv = [program("olareg"), "serve", "--addr", "127.0.0.1", "--port", str(port), "--dir", str(directory)]
    with serving(argv, port):
        yield port


@contextmanager
def far_away(port: int, round_trip: float) -> Iterator[int]:
    """Another port that leads to ``port``, as many milliseconds away."""
    far = free_port()
    with serving([sys.executable, "-m", "bench.latency", str(far), str(port), str(round_trip)], far):
        yield far


@contextmanager
def serving(argv: Sequence[str], port: int) -> Iterator[None]:
    """A server until the block ends; it is ready when its port takes connections."""
    process = subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        deadline = time.monotonic() + _READY_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.02)
        else:
            raise SystemExit(f"bench: {argv[0]} does not start")
        yield
    finally:
        process.terminate()
        process.wait()


def program(name: str) -> str:
    program = Path(os.environ.get("ATTEST_PEERS") or Path.home() / ".cache" / "attest-peers") / name
    if not os.access(program, os.X_OK):
        raise SystemExit(f"bench: {program} is missing: run `make peers`")
    return str(program)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
