"""Discovery: what is attached to 200 anchors in a far registry, against 200 calls of ``oras discover``."""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from attest.evidence.attach import attach_document, push_anchor
from attest.oci.digest import Digest
from attest.packages.digest import ArtifactDigest
from attest.packages.purl import Purl
from attest.stores.parallel import in_parallel
from attest.stores.registry import RegistryStore
from attest.stores.registry.credentials import UserCredentials
from bench.harness import Row, Table, once

ROUND_TRIP = 50  # milliseconds
ANCHORS = 200
REFERRERS = 5
TARGET = 1 / 20
REFERENCE = f"{ANCHORS} × oras discover"
_ROUNDS = 3
_ORAS_CALLS = 7
"""Calls of ``oras discover`` a round; their median times 200 is what 200 of them take."""
_REPOSITORY = "bench/discovery"
_READY_SECONDS = 20.0


def measure(tick: Callable[[], None]) -> Table:
    """Both sides through one proxy, in turns. The registry is olareg, which has the referrers API."""
    attest = Path(sys.executable).with_name("attest")
    taken: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="attest-bench-") as scratch, ExitStack() as running:
        folder = Path(scratch)
        near, far = _free_port(), _free_port()
        olareg = [_peer("olareg"), "serve", "--addr", "127.0.0.1", "--port", str(near), "--dir", f"{folder}/registry"]
        running.enter_context(_serving(olareg, near))
        anchors = _fill(f"127.0.0.1:{near}", folder)
        proxy = [sys.executable, "-m", "bench.latency", str(far), str(near), str(ROUND_TRIP)]
        running.enter_context(_serving(proxy, far))
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("ATTEST_", "XDG_"))}
        env = {**clean, "HOME": scratch}
        names = [f"127.0.0.1:{far}/{_REPOSITORY}@{digest}" for digest in anchors]
        commands = {
            "attest list, nothing cached": {**env, "ATTEST_CACHE": "off"},
            "attest list, content cached": env,
        }
        for turn in range(_ROUNDS + 1):
            for name, environment in commands.items():
                seconds = once([str(attest), "list", "--json", *names], environment, folder)
                if turn:  # the first fills the caches
                    taken.setdefault(name, []).append(seconds)
            oras = [_peer("oras"), "discover", "--plain-http", "--format", "json"]
            for name in names[turn :: ANCHORS // _ORAS_CALLS][:_ORAS_CALLS]:
                seconds = once([*oras, name], env, folder)
                if turn:
                    taken.setdefault(REFERENCE, []).append(seconds * ANCHORS)
            tick()
    base = statistics.median(taken[REFERENCE])
    rows = []
    for name, times in taken.items():
        median = statistics.median(times)
        rows.append(Row(name, median, min(times), median / base, None if name == REFERENCE else TARGET))
    return Table(
        f"discovery, {REFERRERS} referrers each, {ROUND_TRIP} ms of round trip", REFERENCE, tuple(rows), _ROUNDS
    )


def _fill(host: str, folder: Path) -> list[Digest]:
    """Anchors with documents attached to each; the anchors' digests."""
    store = RegistryStore(host, name=host, credentials=UserCredentials({}, folder))

    def anchored(number: int) -> Digest:
        purl = Purl.parse(f"pkg:npm/bench@1.0.{number}")
        digest = ArtifactDigest.parse(f"sha512:{number:0128x}")
        anchor = push_anchor(store, _REPOSITORY, f"v{number}", purl, digest)
        for document in range(REFERRERS):
            data = b'{"anchor": %d, "document": %d}' % (number, document)
            attach_document(
                store,
                _REPOSITORY,
                anchor,
                data,
                media_type="application/vnd.cyclonedx+json",
                title=f"{document}.json",
                created=datetime(2026, 1, 1, tzinfo=UTC),
            )
        return anchor.digest

    digests = list(in_parallel(anchored, range(ANCHORS)))
    store.close()
    return digests


@contextmanager
def _serving(argv: Sequence[str], port: int) -> Iterator[None]:
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


def _peer(name: str) -> str:
    program = Path(os.environ.get("ATTEST_PEERS") or Path.home() / ".cache" / "attest-peers") / name
    if not os.access(program, os.X_OK):
        raise SystemExit(f"bench: {program} is missing: run `make peers`")
    return str(program)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
