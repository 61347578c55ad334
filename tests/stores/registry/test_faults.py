"""The client against a registry that fails in every way."""

from __future__ import annotations

import gzip
import socket
import ssl
import time
from pathlib import Path

import pytest
import trustme

from attest.errors import DigestMismatch, NotFound, StoreError, StoreRefused, StoreUnavailable
from attest.oci.descriptor import EMPTY, EMPTY_BYTES, Descriptor
from attest.oci.reference import Reference
from attest.stores.registry.messages import Request
from attest.stores.registry.options import RegistryOptions
from attest.stores.registry.transport import Transport
from tests.stores.graphs import subject
from tests.stores.registry.scripted import Answer, Asked, FakeClock, Scripted, error, manifest_answer, opened

REPO = "npm/semver"
MANIFEST = subject()
MANIFEST_PATH = f"/v2/{REPO}/manifests/{MANIFEST.digest}"
DATA = bytes(range(256)) * 40
BLOB = Descriptor.of("application/octet-stream", DATA)
BLOB_PATH = f"/v2/{REPO}/blobs/{BLOB.digest}"
UPLOADS = f"/v2/{REPO}/blobs/uploads/"


# --- retries ---


def test_an_error_of_the_server_is_retried_with_growing_pauses(registry: Scripted) -> None:
    registry.on("GET", MANIFEST_PATH, Answer(500), Answer(502), Answer(503), manifest_answer(MANIFEST))
    clock = FakeClock()
    assert opened(registry.host, clock).fetch(REPO, MANIFEST.descriptor()) == MANIFEST.raw
    assert clock.slept == [0.1875, 0.375, 0.75]


def test_attempts_end(registry: Scripted) -> None:
    registry.on("GET", MANIFEST_PATH, error(500, "UNKNOWN", "disk on fire"))
    with pytest.raises(StoreUnavailable, match="500 UNKNOWN: disk on fire"):
        opened(registry.host).fetch(REPO, MANIFEST.descriptor())
    assert len(registry.asked) == 4


@pytest.mark.parametrize(
    ("header", "slept"),
    [("7", 7.125), ("0", 0.125), ("Sat, 21 Nov 2026 12:00:30 GMT", 30.125), ("Sat, 21 Nov 2026 11:00:00 GMT", 0.125)],
)
def test_retry_after_is_honoured(registry: Scripted, header: str, slept: float) -> None:
    busy = error(429, "TOOMANYREQUESTS", Retry_After=header)
    registry.on("GET", MANIFEST_PATH, busy, manifest_answer(MANIFEST))
    clock = FakeClock()
    opened(registry.host, clock).fetch(REPO, MANIFEST.descriptor())
    assert clock.slept == [slept]


@pytest.mark.parametrize("header", ["3600", "Sun, 22 Nov 2026 12:00:00 GMT"])
def test_who_asks_for_an_hour_is_told_to_the_user(registry: Scripted, header: str) -> None:
    registry.on("GET", MANIFEST_PATH, error(429, "TOOMANYREQUESTS", "slow down", Retry_After=header))
    clock = FakeClock()
    with pytest.raises(StoreUnavailable, match="429 TOOMANYREQUESTS: slow down"):
        opened(registry.host, clock).fetch(REPO, MANIFEST.descriptor())
    assert clock.slept == []


@pytest.mark.parametrize("header", ["soon", "-1", "1e9", "99999999999999999999", "Sat, 99 Nov"])
def test_a_garbled_retry_after_is_as_if_there_were_none(registry: Scripted, header: str) -> None:
    registry.on("GET", MANIFEST_PATH, error(503, "X", Retry_After=header), manifest_answer(MANIFEST))
    clock = FakeClock()
    opened(registry.host, clock).fetch(REPO, MANIFEST.descriptor())
    assert clock.slept == [0.1875]


def test_the_start_of_an_upload_is_repeated_only_when_it_was_refused(registry: Scripted) -> None:
    registry.on("POST", UPLOADS, Answer(429), Answer(503), Answer(202, headers={"Location": "/up?_state=a%2Fb"}))
    registry.on("PUT", "/up", Answer(201))
    opened(registry.host).push(REPO, EMPTY, EMPTY_BYTES)
    put = registry.asked[-1]
    assert put.path == f"/up?_state=a%2Fb&digest=sha256%3A{EMPTY.digest.encoded}"
    assert put.body == b"{}"
    assert put.headers["content-type"] == "application/octet-stream"


def test_the_start_of_an_upload_that_failed_is_not_simply_repeated(registry: Scripted) -> None:
    registry.on("POST", UPLOADS, Answer(500))
    with pytest.raises(StoreUnavailable):
        opened(registry.host).push(REPO, EMPTY, EMPTY_BYTES)
    assert [asked.method for asked in registry.asked] == ["HEAD", "POST"] * 4


def test_an_upload_that_broke_is_looked_for_before_it_is_begun_anew(registry: Scripted) -> None:
    location = Answer(202, headers={"Location": "/up"})
    registry.on("POST", UPLOADS, location)
    registry.on("PUT", "/up", Answer(500), Answer(201))
    opened(registry.host).push(REPO, EMPTY, EMPTY_BYTES)
    assert [asked.method for asked in registry.asked] == ["HEAD", "POST", "PUT", "HEAD", "POST", "PUT"]
    registry.asked.clear()
    registry.on("HEAD", f"/v2/{REPO}/blobs/{EMPTY.digest}", Answer(404), Answer(200))
    registry.on("PUT", "/up", Answer(500))
    opened(registry.host).push(REPO, EMPTY, EMPTY_BYTES)
    assert [asked.method for asked in registry.asked] == ["HEAD", "POST", "PUT", "HEAD"]


def test_a_delete_is_not_repeated_but_looked_after(registry: Scripted) -> None:
    """zot answered 500 to deletions that were carried out (project-zot/zot#4286)."""
    registry.on("GET", MANIFEST_PATH, manifest_answer(MANIFEST))
    registry.on("GET", f"/v2/{REPO}/tags/list", Answer(200, b'{"name":"x","tags":null}'))
    registry.on("DELETE", MANIFEST_PATH, Answer(500))
    opened(registry.host).delete(REPO, MANIFEST.digest)
    assert len(registry.requests("DELETE")) == 1
    registry.on("HEAD", MANIFEST_PATH, manifest_answer(MANIFEST))
    with pytest.raises(StoreUnavailable):
        opened(registry.host).delete(REPO, MANIFEST.digest)


def test_nobody_listens() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    clock = FakeClock()
    with pytest.raises(StoreUnavailable, match="cannot connect: Connection refused"):
        opened(f"127.0.0.1:{port}", clock).fetch(REPO, MANIFEST.descriptor())
    assert len(clock.slept) == 3


# --- bodies ---


def test_a_cut_blob_is_resumed_where_it_broke(registry: Scripted) -> None:
    def rest(asked: Asked) -> Answer:
        assert asked.headers["range"] == "bytes=1000-"
        headers = {"Content-Range": f"bytes 1000-{len(DATA) - 1}/{len(DATA)}"}
        return Answer(206, DATA[1000:], headers)

    registry.on("GET", BLOB_PATH, Answer(200, DATA, cut=1000), rest)
    assert opened(registry.host).fetch(REPO, BLOB) == DATA


def test_a_registry_that_does_not_know_range_sends_everything_again(registry: Scripted) -> None:
    registry.on("GET", BLOB_PATH, Answer(200, DATA, cut=1000), Answer(200, DATA))
    assert opened(registry.host).fetch(REPO, BLOB) == DATA


def test_a_wrong_continuation_is_not_glued_on(registry: Scripted) -> None:
    wrong = Answer(206, DATA[999:], {"Content-Range": f"bytes 999-{len(DATA) - 1}/{len(DATA)}"})
    registry.on("GET", BLOB_PATH, Answer(200, DATA, cut=1000), wrong, Answer(200, DATA))
    assert opened(registry.host).fetch(REPO, BLOB) == DATA
    liar = Answer(206, b"x" * (len(DATA) - 1000), {"Content-Range": f"bytes 1000-{len(DATA) - 1}/{len(DATA)}"})
    registry.on("GET", BLOB_PATH, Answer(200, DATA, cut=1000), liar)
    with pytest.raises(DigestMismatch):
        opened(registry.host).fetch(REPO, BLOB)


def test_a_blob_that_is_always_cut_ends(registry: Scripted) -> None:
    registry.on("GET", BLOB_PATH, Answer(200, DATA, cut=10))
    with pytest.raises(StoreUnavailable, match="cut short"):
        opened(registry.host).fetch(REPO, BLOB)
    assert len(registry.asked) == 4


def test_a_cut_manifest_is_asked_for_again(registry: Scripted) -> None:
    whole = manifest_answer(MANIFEST)
    registry.on("GET", MANIFEST_PATH, Answer(200, MANIFEST.raw, whole.headers, cut=20), whole)
    assert opened(registry.host).fetch(REPO, MANIFEST.descriptor()) == MANIFEST.raw


@pytest.mark.parametrize("body", [DATA[:-1], DATA + b"x", b"x" * len(DATA), b""], ids=["less", "more", "other", "none"])
def test_wrong_content_is_never_returned(registry: Scripted, body: bytes) -> None:
    registry.on("GET", BLOB_PATH, Answer(200, body))
    with pytest.raises(DigestMismatch):
        opened(registry.host).fetch(REPO, BLOB)


def test_a_wrong_manifest_is_never_returned(registry: Scripted) -> None:
    other = subject("other")
    lie = {"Content-Type": other.media_type, "Docker-Content-Digest": str(MANIFEST.digest)}
    registry.on("GET", MANIFEST_PATH, Answer(200, other.raw, lie))
    with pytest.raises(DigestMismatch):
        opened(registry.host).fetch(REPO, MANIFEST.descriptor())
    registry.on("HEAD", MANIFEST_PATH, Answer(200, b"", {"Content-Type": other.media_type}))
    with pytest.raises(DigestMismatch):
        opened(registry.host).resolve(Reference(REPO, digest=MANIFEST.digest))


def test_a_length_that_is_not_kept(registry: Scripted) -> None:
    registry.on("GET", MANIFEST_PATH, Answer(200, MANIFEST.raw, length=len(MANIFEST.raw) + 5))
    with pytest.raises(StoreUnavailable, match="cut short"):
        opened(registry.host).fetch(REPO, MANIFEST.descriptor())


def test_a_compressed_answer_is_not_unpacked(registry: Scripted) -> None:
    bomb = gzip.compress(b"\0" * 10_000_000)
    registry.on("GET", MANIFEST_PATH, Answer(200, bomb, {"Content-Encoding": "gzip"}))
    with pytest.raises(StoreUnavailable, match="compressed"):
        opened(registry.host).fetch(REPO, MANIFEST.descriptor())
    assert registry.asked[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("chunked", [False, True])
def test_a_flood_is_not_read_to_its_end(registry: Scripted, chunked: bool) -> None:
    flood = b"x" * (5 * 1024 * 1024)
    if chunked:
        flood = b"".join(b"10000\r\n" + b"x" * 0x10000 + b"\r\n" for _ in range(80)) + b"0\r\n\r\n"
    headers = {"Transfer-Encoding": "chunked"} if chunked else {}
    registry.on("GET", MANIFEST_PATH, Answer(200, flood, headers))
    with pytest.raises(StoreUnavailable, match="too large"):
        opened(registry.host).fetch(REPO, MANIFEST.descriptor())
    assert len(registry.asked) == 1


def test_a_chunked_body_is_read(registry: Scripted) -> None:
    raw = MANIFEST.raw
    body = b"%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n" % (9, raw[:9], len(raw) - 9, raw[9:])
    registry.on("GET", MANIFEST_PATH, Answer(200, body, {"Transfer-Encoding": "chunked"}))
    assert opened(registry.host).fetch(REPO, MANIFEST.descriptor()) == raw


def test_a_dripping_body_meets_the_deadline(registry: Scripted) -> None:
    registry.on("GET", MANIFEST_PATH, Answer(200, MANIFEST.raw, drip=0.05))
    started = time.monotonic()
    with pytest.raises(StoreUnavailable, match="too slow"):
        opened(registry.host, deadline=0.3).fetch(REPO, MANIFEST.descriptor())
    assert time.monotonic() - started < 2
    assert len(registry.asked) == 1


def test_the_body_of_a_redirect_is_not_read_without_end(registry: Scripted) -> None:
    registry.on("GET", BLOB_PATH, Answer(307, b"x" * 50, {"Location": "/storage"}, drip=0.05))
    with pytest.raises(StoreUnavailable, match="too slow"):
        opened(registry.host, deadline=0.3).fetch(REPO, BLOB)
    registry.on("GET", BLOB_PATH, Answer(307, b"x" * 1_000_000, {"Location": "/storage"}))
    with pytest.raises(StoreUnavailable, match="too large"):
        opened(registry.host).fetch(REPO, BLOB)


# --- resolving ---


@pytest.mark.parametrize("missing", ["Docker-Content-Digest", "Content-Type"])
def test_a_head_that_says_too_little_is_followed_by_a_get(registry: Scripted, missing: str) -> None:
    answer = manifest_answer(MANIFEST)
    headers = {name: value for name, value in answer.headers.items() if name != missing}
    for method in ("HEAD", "GET"):
        registry.on(method, f"/v2/{REPO}/manifests/v1", Answer(200, MANIFEST.raw, headers))
    assert opened(registry.host).resolve(Reference(REPO, "v1")) == MANIFEST.descriptor()
    assert [asked.method for asked in registry.asked] == ["HEAD", "GET"]


def test_a_registry_without_head(registry: Scripted) -> None:
    registry.on("HEAD", f"/v2/{REPO}/manifests/v1", Answer(405))
    registry.on("GET", f"/v2/{REPO}/manifests/v1", manifest_answer(MANIFEST))
    assert opened(registry.host).resolve(Reference(REPO, "v1")) == MANIFEST.descriptor()


# --- redirects and schemes ---


def test_a_redirect_to_the_same_origin_is_followed(registry: Scripted) -> None:
    registry.on("GET", BLOB_PATH, Answer(307, headers={"Location": "/storage?signature=s"}))
    registry.on("GET", "/storage", Answer(200, DATA))
    assert opened(registry.host).fetch(REPO, BLOB) == DATA


def test_redirects_end(registry: Scripted) -> None:
    registry.on("GET", BLOB_PATH, Answer(307, headers={"Location": BLOB_PATH}))
    with pytest.raises(StoreUnavailable, match="redirected too often"):
        opened(registry.host).fetch(REPO, BLOB)
    assert len(registry.asked) == 6


@pytest.mark.parametrize(
    "target", ["http://registry.example/x", "ftp://127.0.0.1/x", "file:///etc/passwd", "http://[::1"]
)
def test_a_redirect_to_where_we_do_not_go(registry: Scripted, target: str) -> None:
    registry.on("GET", BLOB_PATH, Answer(307, headers={"Location": target}))
    with pytest.raises(StoreUnavailable):
        opened(registry.host).fetch(REPO, BLOB)


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_write_is_not_turned_into_a_read(registry: Scripted, status: int) -> None:
    registry.on("PUT", MANIFEST_PATH, Answer(status, headers={"Location": "/elsewhere"}))
    with pytest.raises(StoreRefused):
        opened(registry.host).push(REPO, MANIFEST.descriptor(), MANIFEST.raw)
    assert "GET /elsewhere" not in registry.requests()


def test_a_redirect_from_https_to_plain_http_is_not_followed(registry: Scripted, tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    registry.on("GET", "/storage", Answer(200, DATA))
    with Scripted().running(context) as secure:
        store = opened(secure.host, plain_http=False, ca_file=str(tmp_path / "ca.pem"))
        secure.on(
            "GET", BLOB_PATH, Answer(200, DATA), Answer(307, headers={"Location": f"http://{registry.host}/storage"})
        )
        assert store.fetch(REPO, BLOB) == DATA
        with pytest.raises(StoreUnavailable, match="redirected from HTTPS to plain HTTP"):
            store.fetch(REPO, BLOB)
    assert registry.asked == []


def test_plain_http_stays_on_this_machine() -> None:
    with pytest.raises(StoreUnavailable, match="would speak plain HTTP"):
        Transport(RegistryOptions()).exchange(_get("http://registry.example/v2/"))
    with pytest.raises(StoreUnavailable, match="would speak plain HTTP"):
        Transport(RegistryOptions(plain_http=False)).exchange(_get("http://127.0.0.1:9/v2/"))


def test_a_failed_transport_shows_no_query(registry: Scripted) -> None:
    registry.on("GET", BLOB_PATH, Answer(307, headers={"Location": "/storage?signature=s3cr3t"}))
    registry.on("GET", "/storage", Answer(500))
    with pytest.raises(StoreError) as caught:
        opened(registry.host).fetch(REPO, BLOB)
    assert "s3cr3t" not in str(caught.value)


# --- writing ---


@pytest.mark.parametrize(
    ("answer", "kind", "text"),
    [
        (error(400, "MANIFEST_INVALID", "unknown media type"), StoreRefused, "attest doctor"),
        (error(415, "UNSUPPORTED"), StoreRefused, "attest doctor"),
        (error(405, "UNSUPPORTED"), StoreRefused, "attest doctor"),
        (error(404, "NAME_UNKNOWN", "no such repository"), StoreRefused, "create the repository"),
        (error(403, "DENIED", "read only"), StoreRefused, "403 DENIED: read only"),
        (error(413, "SIZE_INVALID"), StoreRefused, "413"),
        (error(500, "UNKNOWN"), StoreUnavailable, "500"),
        (Answer(400, b"<html>\x1b[31m"), StoreRefused, "it answered 400"),
    ],
)
def test_a_write_that_is_not_taken_says_why(registry: Scripted, answer: Answer, kind: type, text: str) -> None:
    registry.on("PUT", MANIFEST_PATH, answer)
    with pytest.raises(kind, match=text):
        opened(registry.host).push(REPO, MANIFEST.descriptor(), MANIFEST.raw)


def test_a_registry_that_stores_something_else(registry: Scripted) -> None:
    said = {"Docker-Content-Digest": str(subject("other").digest)}
    registry.on("PUT", MANIFEST_PATH, Answer(201, headers=said))
    with pytest.raises(DigestMismatch):
        opened(registry.host).push(REPO, MANIFEST.descriptor(), MANIFEST.raw)


def test_an_upload_in_the_chunks_that_the_registry_asks_for(registry: Scripted) -> None:
    data = b"0123456789abcdef" * 10_000
    descriptor = Descriptor.of("application/octet-stream", data)
    headers = {"Location": "/up?n=0", "OCI-Chunk-Min-Length": "70000"}
    registry.on("POST", UPLOADS, Answer(202, headers=headers))
    registry.on("PATCH", "/up?n=0", Answer(202, headers={"Location": "/up?n=1"}))
    registry.on("PATCH", "/up?n=1", Answer(202, headers={"Location": "/up?n=2"}))
    registry.on("PATCH", "/up?n=2", Answer(202, headers={"Location": "/up?n=3"}))
    registry.default = lambda asked: Answer(201 if asked.path.startswith("/up?n=3&digest=") else 404)
    opened(registry.host).push(REPO, descriptor, data)
    patches = [asked for asked in registry.asked if asked.method == "PATCH"]
    assert b"".join(asked.body for asked in patches) == data
    assert [asked.headers["content-range"] for asked in patches] == ["0-69999", "70000-139999", "140000-159999"]
    assert registry.asked[-1].body == b""


def test_a_mount_and_one_that_is_not_offered(registry: Scripted) -> None:
    registry.on("POST", UPLOADS, Answer(201), Answer(202, headers={"Location": "/up"}))
    store = opened(registry.host)
    assert store.mount(REPO, BLOB.digest, "pypi/idna") is True
    assert registry.requests() == [f"POST {UPLOADS}?mount={BLOB.digest}&from=pypi/idna"]
    assert store.mount(REPO, EMPTY.digest, "pypi/idna") is False
    assert registry.requests("DELETE") == ["DELETE /up"]


# --- tags, names, warnings ---


def test_pages_of_tags(registry: Scripted) -> None:
    path = f"/v2/{REPO}/tags/list"
    first = Answer(200, b'{"tags":["b","a"]}', {"Link": f'<{path}?n=2&last=b>; rel="next"'})
    registry.on("GET", f"{path}?n=1000", first)
    registry.on("GET", f"{path}?n=2&last=b", Answer(200, b'{"tags":["c", 7, "not a tag"]}'))
    assert list(opened(registry.host).tags(REPO)) == ["a", "b", "c"]


@pytest.mark.parametrize("endless", [False, True], ids=["to itself", "for ever"])
def test_pages_of_tags_that_never_end(registry: Scripted, endless: bool) -> None:
    def page(asked: Asked) -> Answer:
        number = len(registry.asked) if endless else 0
        return Answer(200, b'{"tags":[]}', {"Link": f'</v2/{REPO}/tags/list?n=1&page={number}>; rel="next"'})

    registry.default = page
    with pytest.raises(StoreUnavailable, match="more than 1000 pages" if endless else "links to itself"):
        list(opened(registry.host).tags(REPO))


def test_a_page_of_tags_elsewhere_is_not_asked_for(registry: Scripted, elsewhere: Scripted) -> None:
    page = Answer(200, b'{"tags":[]}', {"Link": f'<http://{elsewhere.host}/x>; rel="next"'})
    registry.on("GET", f"/v2/{REPO}/tags/list", page)
    with pytest.raises(StoreUnavailable, match="elsewhere"):
        list(opened(registry.host).tags(REPO))
    assert elsewhere.asked == []


def test_a_name_that_is_none_does_not_reach_the_wire(registry: Scripted) -> None:
    for name in ("", "UPPER", "a/../b", "a b", "x?y", "a//b"):
        with pytest.raises(StoreUnavailable, match="not a repository name"):
            opened(registry.host).fetch(name, BLOB)
    assert registry.asked == []


def test_a_warning_is_shown_once(registry: Scripted) -> None:
    shown: list[str] = []
    warning = '299 - "leaving \\"soon\\"\x1b[2J", 299 - "twice"'
    registry.on("GET", MANIFEST_PATH, manifest_answer(MANIFEST, Warning=warning))
    store = opened(registry.host, on_warning=shown.append)
    for _ in range(3):
        store.fetch(REPO, MANIFEST.descriptor())
    assert shown == [f'{registry.host}: leaving "soon" [2J', f"{registry.host}: twice"]


def test_not_found_says_where(registry: Scripted) -> None:
    with pytest.raises(NotFound, match="404 MANIFEST_UNKNOWN"):
        opened(registry.host).fetch(REPO, MANIFEST.descriptor())


def _get(url: str) -> Request:
    return Request("GET", url)
