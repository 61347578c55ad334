"""Discovery: what is attached to 200 anchors in a far registry, against 200 calls of ``oras discover``."""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
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
from bench.servers import far_away, olareg, program

ROUND_TRIP = 50  # milliseconds
ANCHORS = 200
REFERRERS = 5
TARGET = 1 / 20
REFERENCE = f"{ANCHORS} × oras discover"
_ROUNDS = 3
_ORAS_CALLS = 7
"""Calls of ``oras discover`` a round; their median times 200 is what 200 of them take."""
_REPOSITORY = "bench/discovery"


def measure(tick: Callable[[], None]) -> Table:
    """Both sides through one proxy, in turns. The registry is olareg, which has the referrers API."""
    attest = Path(sys.executable).with_name("attest")
    taken: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="attest-bench-") as scratch, ExitStack() as running:
        folder = Path(scratch)
        near = running.enter_context(olareg(folder / "registry"))
        anchors = _fill(f"127.0.0.1:{near}", folder)
        far = running.enter_context(far_away(near, ROUND_TRIP))
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
            oras = [program("oras"), "discover", "--plain-http", "--format", "json"]
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
