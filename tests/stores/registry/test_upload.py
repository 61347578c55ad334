"""What is cut in the middle goes on where it broke off: uploads by a script, both ways through real registries."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import pytest

from attest.errors import StoreRefused, StoreUnavailable
from attest.oci.descriptor import Descriptor
from attest.stores.registry.options import Clock
from tests.stores.registry import real
from tests.stores.registry.scripted import Answer, Asked, FakeClock, Scripted, error, opened

REPO = "npm/semver"
UPLOADS = f"/v2/{REPO}/blobs/uploads/"
DATA = b"0123456789abcdef" * 10_000
BLOB = Descriptor.of("application/octet-stream", DATA)
HEAD = f"/v2/{REPO}/blobs/{BLOB.digest}"
CHUNK = 70_000
GONE = Answer(gone=True)


class Session:
    """An upload that keeps what arrives, at the place that it was told to go to, and loses what a test wants lost."""

    def __init__(self, registry: Scripted, *, lost: dict[int, int], status: Answer | None = None) -> None:
        self.kept = bytearray()
        self._writes = 0
        self._lost = lost  # by number of the write: how many bytes of it arrive before the connection is gone
        self._status = status
        self._turn = 0
        registry.on("POST", UPLOADS, self._open)
        registry.default = self._answer

    def _open(self, asked: Asked) -> Answer:
        self.kept.clear()
        return self._there(202)

    def _there(self, status: int, **headers: str) -> Answer:
        """Every answer moves the upload to another place, where alone it goes on."""
        self._turn += 1
        return Answer(status, headers={"Location": f"/up?turn={self._turn}", **headers})

    def _answer(self, asked: Asked) -> Answer:
        path, _, query = asked.path.partition("?")
        if path != "/up":
            return error(404, "BLOB_UNKNOWN")
        assert query.partition("&")[0] == f"turn={self._turn}"
        if asked.method == "GET":
            last = max(len(self.kept) - 1, 0)
            return self._status or self._there(204, Range=f"0-{last}")
        self._writes += 1
        if asked.method == "PATCH":
            begin, _, end = asked.headers["content-range"].partition("-")
            assert int(end) - int(begin) + 1 == len(asked.body)
            if int(begin) != len(self.kept):
                return error(416, "RANGE_INVALID")
        arrived = self._lost.get(self._writes)
        self.kept += asked.body if arrived is None else asked.body[:arrived]
        if arrived is not None:
            return GONE
        if asked.method == "PATCH":
            return self._there(202, Range=f"0-{len(self.kept) - 1}")
        return Answer(201) if self.kept == DATA else error(400, "DIGEST_INVALID")


def sent(registry: Scripted) -> list[str]:
    """Method and number of bytes, looking for the blob left out."""
    return [f"{asked.method} {len(asked.body)}" for asked in registry.asked if asked.method != "HEAD"]


def test_chunks_go_on_in_the_middle_of_one(registry: Scripted) -> None:
    session = Session(registry, lost={2: 30_000})
    opened(registry.host, chunk_size=CHUNK).push(REPO, BLOB, DATA)
    assert session.kept == DATA
    assert sent(registry) == ["POST 0", "PATCH 70000", "PATCH 70000", "GET 0", "PATCH 60000", "PUT 0"]


def test_a_single_request_goes_on_in_chunks(registry: Scripted) -> None:
    session = Session(registry, lost={1: 100_000})
    opened(registry.host).push(REPO, BLOB, DATA)
    assert session.kept == DATA
    assert sent(registry) == ["POST 0", "PUT 160000", "GET 0", "PATCH 60000", "PUT 0"]


def test_nothing_has_arrived(registry: Scripted) -> None:
    session = Session(registry, lost={1: 0})
    opened(registry.host).push(REPO, BLOB, DATA)
    assert session.kept == DATA
    assert sent(registry) == ["POST 0", "PUT 160000", "GET 0", "PUT 160000"]


def test_one_byte_that_looks_like_none_is_found_out(registry: Scripted) -> None:
    """0-0 can mean both; the registry then finds a wrong digest, and the upload is begun anew."""
    session = Session(registry, lost={1: 1})
    opened(registry.host).push(REPO, BLOB, DATA)
    assert session.kept == DATA
    assert sent(registry) == ["POST 0", "PUT 160000", "GET 0", "PUT 160000", "POST 0", "PUT 160000"]


def test_only_the_answer_was_lost(registry: Scripted) -> None:
    """What is there is found with HEAD; what has arrived whole needs only its digest."""
    Session(registry, lost={1: 160_000})
    opened(registry.host).push(REPO, BLOB, DATA)
    assert sent(registry) == ["POST 0", "PUT 160000", "GET 0", "PUT 0"]
    registry.asked.clear()
    Session(registry, lost={1: 160_000}, status=error(404, "BLOB_UPLOAD_UNKNOWN"))
    registry.on("HEAD", HEAD, Answer(404), Answer(200))
    opened(registry.host).push(REPO, BLOB, DATA)
    assert sent(registry) == ["POST 0", "PUT 160000", "GET 0"]


@pytest.mark.parametrize(
    "status",
    [
        error(404, "BLOB_UPLOAD_UNKNOWN"),
        error(400, "NAME_INVALID"),
        Answer(204),
        Answer(204, headers={"Range": "0-160000"}),
        Answer(204, headers={"Range": "5-100"}),
        Answer(204, headers={"Range": "0--1"}),
        Answer(204, headers={"Range": "0-9" * 20}),
    ],
    ids=["unknown", "invalid", "no range", "too much", "not from the start", "negative", "garbled"],
)
def test_a_registry_that_cannot_say_gets_all_again(registry: Scripted, status: Answer) -> None:
    session = Session(registry, lost={2: 30_000}, status=status)
    opened(registry.host, chunk_size=CHUNK).push(REPO, BLOB, DATA)
    assert session.kept == DATA
    again = ["POST 0", "PATCH 70000", "PATCH 70000", "PATCH 20000", "PUT 0"]
    assert sent(registry) == ["POST 0", "PATCH 70000", "PATCH 70000", "GET 0", *again]


def test_a_registry_that_says_something_wrong_gets_all_again(registry: Scripted) -> None:
    """It refuses what does not follow on what it has."""

    def wrong(asked: Asked) -> Answer:
        return Answer(204, headers={"Range": "0-80000"})

    session = Session(registry, lost={1: 30_000})
    registry.on("GET", "/up", wrong)
    opened(registry.host).push(REPO, BLOB, DATA)
    assert session.kept == DATA
    assert sent(registry) == ["POST 0", "PUT 160000", "GET 0", "PATCH 79999", "POST 0", "PUT 160000"]


def test_what_is_always_cut_ends(registry: Scripted) -> None:
    clock = FakeClock()
    Session(registry, lost=dict.fromkeys(range(1, 20), 100))
    with pytest.raises(StoreUnavailable, match="no answer"):
        opened(registry.host, clock).push(REPO, BLOB, DATA)
    assert len(clock.slept) == 3
    assert len([line for line in sent(registry) if not line.startswith("GET")]) == 5


def test_a_refusal_at_once_is_not_tried_again(registry: Scripted) -> None:
    registry.on("POST", UPLOADS, Answer(202, headers={"Location": "/up"}))
    registry.on("PUT", "/up", error(400, "DIGEST_INVALID"))
    with pytest.raises(StoreRefused, match="DIGEST_INVALID"):
        opened(registry.host).push(REPO, BLOB, DATA)
    assert sent(registry) == ["POST 0", "PUT 160000"]


# --- real registries behind a proxy that cuts connections ---

LARGE = bytes(range(256)) * 20_000
CUT_AT = 2_000_000


class Unhurried(Clock):
    """A registry needs a moment to notice that a connection is gone, and to say what of it has arrived."""

    def sleep(self, seconds: float) -> None:
        super().sleep(max(seconds, 0.5))


class Cutting:
    """A proxy; the first connection on which more than `CUT_AT` bytes go up, or down, is cut there, once."""

    def __init__(self, target: str) -> None:
        self._target = target
        self.cuts = 0
        self.passed = 0

    @contextmanager
    def running(self) -> Iterator[str]:
        with socket.create_server(("127.0.0.1", 0)) as server:
            thread = threading.Thread(target=self._accept, args=(server,), daemon=True)
            thread.start()
            try:
                yield f"127.0.0.1:{server.getsockname()[1]}"
            finally:
                server.shutdown(socket.SHUT_RDWR)
                thread.join()

    def _accept(self, server: socket.socket) -> None:
        host, _, port = self._target.partition(":")
        with suppress(OSError):
            while True:
                client, _ = server.accept()
                registry = socket.create_connection((host, int(port)))
                for ends in ((client, registry), (registry, client)):
                    threading.Thread(target=self._carry, args=ends, daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        passed = 0
        with suppress(OSError):
            while piece := source.recv(65_536):
                sink.sendall(piece)
                passed += len(piece)
                self.passed += len(piece)
                if passed > CUT_AT and not self.cuts:
                    self.cuts += 1
                    break
        for end in (sink, source):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


REGISTRIES = (real.olareg, real.distribution, real.docker_registry, real.crane)
SAYS_WHAT_ARRIVED = (real.olareg, real.distribution)
KNOWS_RANGES = (real.olareg, real.distribution, real.docker_registry)

every_registry = pytest.mark.parametrize("serving", REGISTRIES, ids=lambda serving: serving.__name__)
Serving = Callable[[Path], AbstractContextManager[str]]


@pytest.mark.parametrize("chunk", [1_500_000, len(LARGE)], ids=["chunks", "at once"])
@every_registry
def test_an_upload_that_is_cut(serving: Serving, chunk: int, tmp_path: Path) -> None:
    blob = Descriptor.of("application/octet-stream", LARGE)
    with serving(tmp_path) as host:
        proxy = Cutting(host)
        with proxy.running() as address:
            store = opened(address, Unhurried(), chunk_size=chunk)
            store.push(REPO, blob, LARGE)
            store.close()
        assert opened(host).fetch(REPO, blob) == LARGE
    assert proxy.cuts == 1
    # resumed, only what was on its way is sent twice; begun anew, all that had arrived is
    assert (proxy.passed < len(LARGE) + 1_000_000) is (serving in SAYS_WHAT_ARRIVED)


@every_registry
def test_a_download_that_is_cut(serving: Serving, tmp_path: Path) -> None:
    blob = Descriptor.of("application/octet-stream", LARGE)
    with serving(tmp_path) as host:
        opened(host).push(REPO, blob, LARGE)
        proxy = Cutting(host)
        with proxy.running() as address:
            store = opened(address)
            assert store.fetch(REPO, blob) == LARGE
            store.close()
    assert proxy.cuts == 1
    assert (proxy.passed < len(LARGE) + 1_000_000) is (serving in KNOWS_RANGES)
