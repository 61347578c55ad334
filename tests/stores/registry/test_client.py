"""What every request has in common: connections, and what may be sent twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from attest.errors import StoreError
from attest.oci.descriptor import EMPTY, EMPTY_BYTES, Descriptor
from attest.oci.reference import Reference
from attest.stores.registry.client import Client
from attest.stores.registry.messages import Repeat, Request
from attest.stores.registry.options import RegistryOptions
from tests.stores.graphs import subject
from tests.stores.registry.scripted import Answer, FakeClock, Known, Scripted, error, manifest_answer, opened

REPO = "npm/semver"
MANIFEST = subject()
MANIFEST_PATH = f"/v2/{REPO}/manifests/{MANIFEST.digest}"


def test_one_connection_serves_requests_of_every_kind(registry: Scripted) -> None:
    registry.on("GET", MANIFEST_PATH, manifest_answer(MANIFEST))
    registry.on("POST", f"/v2/{REPO}/blobs/uploads/", Answer(202, headers={"Location": "/up"}))
    registry.on("PUT", "/up", Answer(201))
    registry.on("GET", f"/v2/{REPO}/blobs/{EMPTY.digest}", Answer(307, b"over there", {"Location": "/there"}))
    registry.on("GET", "/there", Answer(200, EMPTY_BYTES))
    registry.on("PUT", MANIFEST_PATH, Answer(201))
    store = opened(registry.host)
    store.push(REPO, EMPTY, EMPTY_BYTES)
    store.push(REPO, MANIFEST.descriptor(), MANIFEST.raw)
    assert store.fetch(REPO, EMPTY) == EMPTY_BYTES
    assert store.fetch(REPO, MANIFEST.descriptor()) == MANIFEST.raw
    with pytest.raises(StoreError, match="404"):
        store.resolve(Reference(REPO, "absent"))
    assert {asked.method for asked in registry.asked} == {"GET", "HEAD", "POST", "PUT"}
    assert registry.connections == 1


def test_threads_share_connections(registry: Scripted) -> None:
    registry.on("GET", MANIFEST_PATH, manifest_answer(MANIFEST))
    store = opened(registry.host)
    with ThreadPoolExecutor(8) as pool:
        bodies = list(pool.map(lambda _: store.fetch(REPO, MANIFEST.descriptor()), range(200)))
    assert bodies == [MANIFEST.raw] * 200
    assert 1 <= registry.connections <= 8


SURELY_NOT_CARRIED_OUT = (429, 503)
PERHAPS_CARRIED_OUT = (408, 500, 502, 504)


@pytest.mark.parametrize("repeat", Repeat)
@pytest.mark.parametrize("status", [*SURELY_NOT_CARRIED_OUT, *PERHAPS_CARRIED_OUT, "gone", 400, 404, 501])
def test_what_is_sent_a_second_time(registry: Scripted, status: int | str, repeat: Repeat) -> None:
    registry.on("PUT", "/x", Answer(gone=True) if status == "gone" else Answer(int(status)), Answer(201))
    client = Client(registry.host, RegistryOptions(clock=FakeClock()), Known())
    again = status in SURELY_NOT_CARRIED_OUT or (
        repeat is Repeat.SAFE and (status == "gone" or status in PERHAPS_CARRIED_OUT)
    )
    request = Request("PUT", f"http://{registry.host}/x", body=b"x", repeat=repeat)
    if status == "gone" and not again:
        with pytest.raises(StoreError, match="no answer"):
            client.send(request, ())
    else:
        assert client.send(request, ()).status == (201 if again else status)
    assert len(registry.asked) == (2 if again else 1)


def test_what_is_not_safe_to_repeat_says_so(registry: Scripted) -> None:
    """Opening an upload, a mount, a deletion and a conditional write; each is sent once when the answer is lost."""
    gone = Answer(gone=True)
    uploads = f"/v2/{REPO}/blobs/uploads/"
    registry.on("POST", uploads, gone)
    registry.on("DELETE", MANIFEST_PATH, gone)
    registry.on("PUT", f"/v2/{REPO}/manifests/v1", gone)
    registry.on("GET", MANIFEST_PATH, manifest_answer(MANIFEST))
    store = opened(registry.host)
    with pytest.raises(StoreError):
        store.mount(REPO, EMPTY.digest, "pypi/idna")
    assert len(registry.requests("POST")) == 1
    with pytest.raises(StoreError):
        store.delete(REPO, MANIFEST.digest)
    assert len(registry.requests("DELETE")) == 1
    with pytest.raises(StoreError):
        store._manifests.put(REPO, "v1", MANIFEST.media_type, MANIFEST.raw, conditions={"If-Match": '"x"'})
    assert len(registry.requests("PUT")) == 1
    with pytest.raises(StoreError):
        store.tag(Reference(REPO, "v1"), MANIFEST.descriptor())
    assert len(registry.requests("PUT")) == 5


def test_retry_after_holds_for_every_answer_that_is_repeated(registry: Scripted) -> None:
    for status in (*SURELY_NOT_CARRIED_OUT, *PERHAPS_CARRIED_OUT):
        clock = FakeClock()
        registry.on("GET", MANIFEST_PATH, error(status, "X", Retry_After="9"), manifest_answer(MANIFEST))
        assert opened(registry.host, clock).fetch(REPO, MANIFEST.descriptor()) == MANIFEST.raw
        assert clock.slept == [9.125]


def test_a_blob_is_looked_for_before_it_is_uploaded(registry: Scripted) -> None:
    blob = Descriptor.of("application/octet-stream", b"there already")
    registry.on("HEAD", f"/v2/{REPO}/blobs/{blob.digest}", Answer(200))
    store = opened(registry.host)
    for _ in range(2):
        store.push(REPO, blob, b"there already")
    assert registry.requests() == [f"HEAD /v2/{REPO}/blobs/{blob.digest}"]
