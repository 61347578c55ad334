"""Copying: a graph from one far registry to another, against ``oras cp -r`` of the same graph."""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path

from attest.evidence.attach import attach_document, push_anchor
from attest.oci.descriptor import Descriptor
from attest.packages.digest import ArtifactDigest
from attest.packages.purl import Purl
from attest.stores.parallel import in_parallel
from attest.stores.registry import RegistryStore
from attest.stores.registry.credentials import UserCredentials
from bench.harness import Row, Table, once
from bench.servers import far_away, olareg, program

ROUND_TRIP = 50  # milliseconds
REFERRERS = 25
REFERENCE = "oras cp -r"
_ROUNDS = 5
_REPOSITORY = "bench/copying"
_TAG = "graph"


def measure(tick: Callable[[], None]) -> Table:
    """From olareg to olareg, each behind a proxy, into an empty repository every time."""
    attest = str(Path(sys.executable).with_name("attest"))
    oras = [program("oras"), "cp", "-r", "--from-plain-http", "--to-plain-http"]
    taken: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="attest-bench-") as scratch, ExitStack() as running:
        folder = Path(scratch)
        near = [running.enter_context(olareg(folder / name)) for name in ("source", "destination")]
        _fill(f"127.0.0.1:{near[0]}", folder)
        source, destination = (f"127.0.0.1:{running.enter_context(far_away(port, ROUND_TRIP))}" for port in near)
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("ATTEST_", "XDG_"))}
        env = {**clean, "HOME": scratch}
        graph = f"{source}/{_REPOSITORY}:{_TAG}"
        for turn in range(_ROUNDS + 1):
            commands = {
                "attest copy": [attest, "copy", graph, f"{destination}/attest/turn-{turn}"],
                "attest copy, all there": [attest, "copy", graph, f"{destination}/attest/turn-{turn}"],
                REFERENCE: [*oras, graph, f"{destination}/oras/turn-{turn}:{_TAG}"],
            }
            for name, argv in commands.items():
                seconds = once(argv, env, folder)
                if turn:
                    taken.setdefault(name, []).append(seconds)
            tick()
    base = statistics.median(taken[REFERENCE])
    rows = (
        Row(name, median := statistics.median(times), min(times), median / base, None) for name, times in taken.items()
    )
    title = f"copying {REFERRERS} referrers, each with one of its own, {ROUND_TRIP} ms of round trip"
    return Table(title, REFERENCE, tuple(rows), _ROUNDS)


def _fill(host: str, folder: Path) -> None:
    """An anchor, documents attached to it, and another attached to each of these."""
    with closing(RegistryStore(host, name=host, credentials=UserCredentials({}, folder))) as store:
        anchor = push_anchor(
            store, _REPOSITORY, _TAG, Purl.parse("pkg:npm/bench@1.0.0"), ArtifactDigest.parse(f"sha512:{1:0128x}")
        )

        def attach(subject: Descriptor, label: str) -> Descriptor:
            return attach_document(
                store,
                _REPOSITORY,
                subject,
                f'{{"label": "{label}"}}'.encode(),
                media_type="application/vnd.cyclonedx+json",
                title=f"{label}.json",
                created=datetime(2026, 1, 1, tzinfo=UTC),
            ).descriptor()

        documents = [attach(anchor, f"document {number}") for number in range(REFERRERS)]
        list(in_parallel(lambda item: attach(item, f"about {item.digest}"), documents))
