"""Which way referrers are asked for, what is believed of the answers, and what is remembered."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from attest import limits, names
from attest.errors import StoreRefused, StoreUnavailable
from attest.oci.descriptor import EMPTY, Descriptor
from attest.oci.manifest import Manifest, write_image, write_index
from attest.stores.layout_referrers import fallback_tag
from attest.stores.protocol import Place, Referrers, Where
from attest.stores.registry.fallback import announcement, is_bookkeeping
from tests.stores.graphs import NOTE_TYPE, SBOM_TYPE, referrer, subject
from tests.stores.registry.scripted import (
    INDEX,
    Answer,
    Asked,
    FakeClock,
    Scripted,
    error,
    index_answer,
    manifest_answer,
    opened,
)

REPO = "npm/semver"
OF = subject().descriptor()
ONE, TWO = referrer(OF, "one"), referrer(OF, "two", NOTE_TYPE)
API = f"/v2/{REPO}/referrers/{OF.digest}"
TAG = f"/v2/{REPO}/manifests/{fallback_tag(OF.digest)}"
API_PLACE, TAG_PLACE = Place("store", Where.API), Place("store", Where.FALLBACK_TAG)
HTML = Answer(200, b"<html>sign in</html>", {"Content-Type": "text/html; charset=utf-8"})


def at(manifest: Manifest) -> str:
    return f"/v2/{REPO}/manifests/{manifest.digest}"


def ask(registry: Scripted, artifact_type: str | None = None) -> Referrers:
    return opened(registry.host).referrers(REPO, OF.digest, artifact_type=artifact_type)


def found(listing: Referrers) -> dict[Descriptor, tuple[Place, ...]]:
    return {item.descriptor: item.places for item in listing.items}


# --- reading ---


def test_both_ways_are_united(registry: Scripted) -> None:
    registry.on("GET", API, index_answer(ONE.listing_descriptor()))
    registry.on("GET", TAG, index_answer(ONE.listing_descriptor(), TWO.listing_descriptor()))
    listing = ask(registry)
    assert listing.complete
    assert found(listing) == {
        ONE.listing_descriptor(): (API_PLACE, TAG_PLACE),
        TWO.listing_descriptor(): (TAG_PLACE,),
    }


def test_who_is_satisfied_does_not_pay_for_the_second_request(registry: Scripted) -> None:
    registry.on("GET", API, index_answer(ONE.listing_descriptor()))
    listings = opened(registry.host).listings(REPO, OF.digest)
    assert found(next(listings)) == {ONE.listing_descriptor(): (API_PLACE,)}
    assert registry.requests() == [f"GET {API}"]
    assert found(next(listings)) == {}
    assert registry.requests() == [f"GET {API}", f"GET {TAG}"]
    assert list(listings) == []


def test_a_filtered_page_may_be_empty_and_have_a_next_one(registry: Scripted) -> None:
    query = f"{API}?artifactType=application%2Fvnd.cyclonedx%2Bjson"
    registry.on("GET", query, index_answer(Link=f'<{API}?page=2>; rel="next"'))
    registry.on("GET", f"{API}?page=2", index_answer(TWO.listing_descriptor(), Link=f"<{API}?page=3>; rel=next"))
    registry.on("GET", f"{API}?page=3", index_answer(ONE.listing_descriptor()))
    listing = ask(registry, SBOM_TYPE)
    assert listing.complete
    assert list(found(listing)) == [ONE.listing_descriptor()]


def test_a_page_that_links_to_itself(registry: Scripted) -> None:
    registry.on("GET", API, index_answer(ONE.listing_descriptor(), Link=f'<{API}>; rel="next"'))
    listing = ask(registry)
    assert not listing.complete
    assert "a page links to one that was read" in listing.problems[0]
    assert list(found(listing)) == [ONE.listing_descriptor()]
    assert len(registry.asked) == 2


def test_pages_without_end(registry: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LISTING_PAGES", 20)

    def page(asked: Asked) -> Answer:
        return index_answer(Link=f'<{API}?page={len(registry.asked)}>; rel="next"')

    registry.on("GET", API, page)
    listing = ask(registry)
    assert not listing.complete
    assert "more than 20 pages" in listing.problems[0]
    assert len(registry.asked) == 21


def test_pages_that_are_too_large_together(registry: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    first = index_answer(ONE.listing_descriptor(), Link=f'<{API}?page=2>; rel="next"')
    registry.on("GET", API, first)
    registry.on("GET", f"{API}?page=2", index_answer(TWO.listing_descriptor()))
    monkeypatch.setattr(limits, "LISTING_BYTES", len(first.body) + 1)
    assert ask(registry).complete
    monkeypatch.setattr(limits, "LISTING_BYTES", len(first.body))
    listing = ask(registry)
    assert not listing.complete
    assert f"more than {len(first.body)} bytes of pages" in listing.problems[0]
    assert list(found(listing)) == [ONE.listing_descriptor()]


def test_pages_that_come_too_slowly_together(registry: Scripted) -> None:
    """Each in time for itself."""
    clock = FakeClock()

    def page(asked: Asked) -> Answer:
        clock.ahead += limits.LISTING_SECONDS / 6
        return index_answer(Link=f'<{API}?page={len(registry.asked)}>; rel="next"')

    registry.on("GET", API, page)
    listing = opened(registry.host, clock=clock).referrers(REPO, OF.digest)
    assert not listing.complete
    assert "its pages take longer than 300 seconds" in listing.problems[0]
    assert len(registry.asked) == 7


def test_more_referrers_than_are_read(registry: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "REFERRERS", 2)
    entries = [referrer(OF, str(number)).listing_descriptor() for number in range(3)]
    registry.on("GET", API, index_answer(*entries))
    listing = ask(registry)
    assert not listing.complete
    assert len(listing.items) == 2


def test_a_next_page_on_another_host_is_not_asked_for(registry: Scripted, elsewhere: Scripted) -> None:
    registry.on("GET", API, index_answer(Link=f'<http://{elsewhere.host}/x>; rel="next"'))
    assert not ask(registry).complete
    assert elsewhere.asked == []


def test_a_later_page_that_fails_makes_the_listing_incomplete(registry: Scripted) -> None:
    registry.on("GET", API, index_answer(ONE.listing_descriptor(), Link=f'<{API}?page=2>; rel="next"'))
    for answer in (error(500, "UNKNOWN"), error(404, "NAME_UNKNOWN"), HTML, Answer(303, headers={"Location": "/"})):
        registry.on("GET", f"{API}?page=2", answer)
        listing = ask(registry)
        assert not listing.complete
        assert list(found(listing)) == [ONE.listing_descriptor()]


def test_one_malformed_entry_costs_only_itself(registry: Scripted) -> None:
    entries = [7, {"mediaType": "x"}, {**ONE.listing_descriptor().json(), "size": -1}, TWO.listing_descriptor().json()]
    body = json.dumps({"schemaVersion": 2, "manifests": entries}).encode()
    registry.on("GET", API, Answer(200, body, {"Content-Type": INDEX}))
    listing = ask(registry)
    assert not listing.complete
    assert len(listing.problems) == 3
    assert list(found(listing)) == [TWO.listing_descriptor()]


# --- capability ---

NO = {
    "404": Answer(404, b"404 page not found\n", {"Content-Type": "text/plain"}),
    "303 to a web page": Answer(303, headers={"Location": "/web"}),
    "302 to elsewhere": Answer(302, headers={"Location": "https://github.example/"}),
    "HTML": HTML,
    "other JSON": Answer(200, b"{}", {"Content-Type": "application/json"}),
    "405": error(405, "UNSUPPORTED"),
}
PROVES_NOTHING = {
    "missing repository": error(404, "NAME_UNKNOWN"),
    "missing subject": error(404, "MANIFEST_UNKNOWN"),
    "malformed digest": error(400, "DIGEST_INVALID"),
    "500": error(500, "UNKNOWN"),
    "429": error(429, "TOOMANYREQUESTS"),
    "403": error(403, "DENIED"),
    "401": error(401, "UNAUTHORIZED"),
}


@pytest.mark.parametrize("answer", NO.values(), ids=NO.keys())
def test_a_proven_no_is_remembered_for_a_while(registry: Scripted, answer: Answer) -> None:
    registry.on("GET", API, answer)
    registry.on("GET", "/web", HTML)
    registry.on("GET", TAG, index_answer(ONE.listing_descriptor()))
    clock = FakeClock()
    store = opened(registry.host, clock)
    for _ in range(3):
        listing = store.referrers(REPO, OF.digest)
        assert listing.complete
        assert found(listing) == {ONE.listing_descriptor(): (TAG_PLACE,)}
    assert registry.requests() == [f"GET {API}", *[f"GET {TAG}"] * 3]
    clock.ahead += 601
    store.referrers(REPO, OF.digest)
    assert registry.requests().count(f"GET {API}") == 2


@pytest.mark.parametrize("answer", PROVES_NOTHING.values(), ids=PROVES_NOTHING.keys())
def test_what_proves_nothing_is_not_remembered(registry: Scripted, answer: Answer) -> None:
    registry.on("GET", API, answer)
    registry.on("GET", TAG, index_answer(ONE.listing_descriptor()))
    store = opened(registry.host)
    listing = store.referrers(REPO, OF.digest)
    assert listing.complete is (answer.status in (400, 404))
    assert list(found(listing)) == [ONE.listing_descriptor()]
    registry.on("GET", API, index_answer(TWO.listing_descriptor()))
    assert set(found(store.referrers(REPO, OF.digest))) == {ONE.listing_descriptor(), TWO.listing_descriptor()}


@pytest.mark.parametrize("status", [307, 308])
def test_a_registry_behind_the_registry_is_asked(registry: Scripted, elsewhere: Scripted, status: int) -> None:
    """registry.k8s.io sends everything on to where it is stored; what leads to a web page proves the contrary."""
    registry.on("GET", API, Answer(status, headers={"Location": f"http://{elsewhere.host}/behind"}))
    elsewhere.on("GET", "/behind", index_answer(ONE.listing_descriptor()))
    assert found(ask(registry)) == {ONE.listing_descriptor(): (API_PLACE,)}
    elsewhere.on("GET", "/behind", HTML)
    registry.on("GET", TAG, index_answer(TWO.listing_descriptor()))
    listing = ask(registry)
    assert listing.complete
    assert found(listing) == {TWO.listing_descriptor(): (TAG_PLACE,)}


def test_one_repository_says_nothing_about_another(registry: Scripted) -> None:
    store = opened(registry.host)
    store.referrers(REPO, OF.digest)
    store.referrers("pypi/idna", OF.digest)
    assert f"GET /v2/pypi/idna/referrers/{OF.digest}" in registry.requests()


def test_no_way_at_all_is_an_error(registry: Scripted) -> None:
    registry.default = lambda asked: error(500, "UNKNOWN")
    with pytest.raises(StoreUnavailable):
        ask(registry)


def test_one_way_that_fails_makes_the_listing_incomplete(registry: Scripted) -> None:
    registry.on("GET", API, index_answer(ONE.listing_descriptor()))
    registry.on("GET", TAG, error(500, "UNKNOWN"))
    listing = ask(registry)
    assert not listing.complete
    assert list(found(listing)) == [ONE.listing_descriptor()]


# --- poor entries ---


@pytest.mark.parametrize(
    "poor", [ONE.descriptor(), Descriptor(ONE.media_type, ONE.digest, len(ONE.raw), {}, names.OCI_EMPTY)]
)
def test_a_poor_entry_is_read_from_its_manifest(registry: Scripted, poor: Descriptor) -> None:
    registry.on("GET", TAG, index_answer(poor))
    registry.on("GET", at(ONE), manifest_answer(ONE))
    assert list(found(ask(registry))) == [ONE.listing_descriptor()]
    assert list(found(ask(registry, SBOM_TYPE))) == [ONE.listing_descriptor()]
    assert list(found(ask(registry, NOTE_TYPE))) == []


def test_a_poor_entry_that_refers_to_something_else_is_none(registry: Scripted) -> None:
    stranger = referrer(subject("other").descriptor())
    registry.on("GET", TAG, index_answer(stranger.descriptor()))
    registry.on("GET", at(stranger), manifest_answer(stranger))
    assert found(ask(registry)) == {}


def test_a_poor_entry_that_cannot_be_read_makes_the_listing_incomplete(registry: Scripted) -> None:
    registry.on("GET", TAG, index_answer(ONE.descriptor(), TWO.listing_descriptor()))
    registry.on("GET", at(ONE), error(500, "UNKNOWN"))
    listing = ask(registry)
    assert not listing.complete
    assert list(found(listing)) == [TWO.listing_descriptor()]


def test_something_else_under_the_fallback_tag_counts_as_nothing_to_readers(registry: Scripted) -> None:
    registry.on("GET", TAG, manifest_answer(ONE))
    listing = ask(registry)
    assert (listing.items, listing.complete) == ((), True)


# --- writing ---


class Tags:
    """A registry without the API, in memory: tags and manifests; ``conditional`` honours If-Match."""

    def __init__(self, registry: Scripted, *, conditional: bool = False) -> None:
        self.registry = registry
        self.stored: dict[str, tuple[str, bytes]] = {}
        self.conditional = conditional
        self.before_put: Callable[[], object] = lambda: None
        registry.default = self.answer

    def etag(self, target: str) -> str:
        from attest.oci.digest import Digest

        return f'"{Digest.of(self.stored[target][1])}"'

    def answer(self, asked: Asked) -> Answer:
        path = asked.path.partition("?")[0]
        if path.endswith("/tags/list"):
            return Answer(200, json.dumps({"tags": sorted(tag for tag in self.stored if ":" not in tag)}).encode())
        if "/manifests/" not in path:
            return Answer(404)
        target = path.rpartition("/")[2]
        if asked.method == "PUT":
            if target == fallback_tag(OF.digest):
                self.before_put()
            if self.conditional and not self.holds(asked, target):
                return Answer(412)
            self.stored[target] = (asked.headers["content-type"], asked.body)
            return Answer(201)
        if target not in self.stored:
            return error(404, "MANIFEST_UNKNOWN")
        media_type, raw = self.stored[target]
        return Answer(200, raw, {"Content-Type": media_type, "ETag": self.etag(target)})

    def holds(self, asked: Asked, target: str) -> bool:
        if asked.headers.get("if-none-match") == "*":
            return target not in self.stored
        return "if-match" not in asked.headers or asked.headers["if-match"] == self.etag(target)

    def index(self) -> Manifest:
        return Manifest.parse(self.stored[fallback_tag(OF.digest)][1])


def test_the_registry_says_that_it_did_it(registry: Scripted) -> None:
    registry.on("PUT", at(ONE), Answer(201, headers={"OCI-Subject": str(OF.digest)}))
    opened(registry.host).push(REPO, ONE.descriptor(), ONE.raw)
    assert registry.requests() == [f"PUT {at(ONE)}"]


@pytest.mark.parametrize("said", [None, "sha256:" + "0" * 64])
def test_the_registry_did_it_without_saying_so(registry: Scripted, said: str | None) -> None:
    """quay did not send the header (opencontainers/distribution-spec#563)."""
    registry.on("PUT", at(ONE), Answer(201, headers={} if said is None else {"OCI-Subject": said}))
    registry.on("GET", API, index_answer(ONE.listing_descriptor()))
    opened(registry.host).push(REPO, ONE.descriptor(), ONE.raw)
    assert registry.requests() == [f"PUT {at(ONE)}", f"GET {API}"]


@pytest.mark.parametrize("answer", [Answer(404), index_answer(), error(500, "UNKNOWN"), HTML])
def test_else_the_fallback_tag_is_written_and_looked_at(registry: Scripted, answer: Answer) -> None:
    tags = Tags(registry)
    registry.on("GET", API, answer)
    opened(registry.host).push(REPO, ONE.descriptor(), ONE.raw)
    assert tags.index().manifests == (ONE.listing_descriptor(),)
    assert tags.stored[announcement(OF.digest, ONE.digest)][1] == ONE.raw
    last_put = max(n for n, asked in enumerate(registry.asked) if asked.method == "PUT")
    assert f"GET {TAG}" in registry.requests()[last_put:]


def test_entries_of_others_are_kept_and_repaired(registry: Scripted) -> None:
    tags = Tags(registry)
    gone = Descriptor(names.OCI_MANIFEST, subject("gone").digest, 9, {}, None)
    old = write_index([TWO.descriptor(), gone], annotations={"by": "another"})
    tags.stored[fallback_tag(OF.digest)] = (INDEX, old.raw)
    tags.stored[str(TWO.digest)] = (TWO.media_type, TWO.raw)
    opened(registry.host).push(REPO, ONE.descriptor(), ONE.raw)
    expected = sorted([ONE.listing_descriptor(), TWO.listing_descriptor(), gone], key=lambda item: item.digest)
    assert list(tags.index().manifests) == expected
    assert tags.index().annotations == {"by": "another"}
    assert registry.requests("DELETE") == []


def test_an_entry_that_another_one_overwrites_meanwhile_is_written_again(registry: Scripted) -> None:
    tags = Tags(registry)
    overwritten: list[int] = []

    def interfere() -> None:
        if len(overwritten) < 3:
            overwritten.append(1)
            tags.registry.on("GET", TAG, index_answer(), tags.answer)  # what the next look shows

    tags.before_put = interfere
    opened(registry.host).push(REPO, ONE.descriptor(), ONE.raw)
    assert len(overwritten) == 3
    assert tags.index().manifests == (ONE.listing_descriptor(),)


def test_a_conditional_write_that_fails_reads_again(registry: Scripted) -> None:
    tags = Tags(registry, conditional=True)
    tags.stored[fallback_tag(OF.digest)] = (INDEX, write_index(()).raw)
    done: list[int] = []

    def interfere() -> None:
        if not done:
            done.append(1)
            tags.stored[fallback_tag(OF.digest)] = (INDEX, write_index([TWO.listing_descriptor()]).raw)

    tags.before_put = interfere
    opened(registry.host).push(REPO, ONE.descriptor(), ONE.raw)
    assert {item.digest for item in tags.index().manifests} == {ONE.digest, TWO.digest}
    puts = [asked for asked in registry.asked if asked.method == "PUT" and asked.path == TAG]
    assert [("if-match" in asked.headers) for asked in puts] == [True, True]


def test_something_else_under_the_fallback_tag_is_not_overwritten(registry: Scripted) -> None:
    tags = Tags(registry)
    tags.stored[fallback_tag(OF.digest)] = (TWO.media_type, TWO.raw)
    with pytest.raises(StoreRefused, match="names no index"):
        opened(registry.host).push(REPO, ONE.descriptor(), ONE.raw)
    assert tags.stored[fallback_tag(OF.digest)] == (TWO.media_type, TWO.raw)


def test_writers_that_never_stop_are_given_up_on(registry: Scripted) -> None:
    Tags(registry)
    registry.on("GET", TAG, index_answer())
    with pytest.raises(StoreUnavailable, match="others write all the time"):
        opened(registry.host).push(REPO, ONE.descriptor(), ONE.raw)


def test_tags_in_the_order_of_their_making(registry: Scripted) -> None:
    """Nothing is concluded from a listing that does not come sorted."""
    tags = Tags(registry)
    answer = tags.answer

    def unsorted(asked: Asked) -> Answer:
        if asked.path.partition("?")[0].endswith("/tags/list"):
            made = [tag for tag in tags.stored if ":" not in tag]
            last = asked.path.rpartition("last=")[2] if "last=" in asked.path else None
            return Answer(200, json.dumps({"tags": made[made.index(last) + 1 :] if last in made else made}).encode())
        return answer(asked)

    registry.default = unsorted
    store = opened(registry.host)
    store.push(REPO, ONE.descriptor(), ONE.raw)
    tags.stored[fallback_tag(OF.digest)] = (INDEX, write_index(()).raw)
    store.push(REPO, TWO.descriptor(), TWO.raw)
    assert {item.digest for item in tags.index().manifests} == {ONE.digest, TWO.digest}


def test_tags_that_are_not_for_people() -> None:
    tag = fallback_tag(OF.digest)
    for bookkeeping in (tag, announcement(OF.digest, ONE.digest)):
        assert is_bookkeeping(bookkeeping)
    for other in ("v1", f"{tag}.sig", f"{tag}.ref-1", "v1.ref-" + "0" * 32, f"{tag}.ref-{'0' * 32}0"):
        assert not is_bookkeeping(other)


def test_an_index_that_would_become_too_large(registry: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    Tags(registry)
    one, two = (
        write_image(artifact_type=SBOM_TYPE, config=EMPTY, layers=[], subject=OF, annotations={"a": letter * 3000})
        for letter in "xy"
    )
    monkeypatch.setattr(limits, "MANIFEST", len(one.raw) + 50)
    store = opened(registry.host)
    store.push(REPO, one.descriptor(), one.raw)
    with pytest.raises(StoreRefused, match="too large"):
        store.push(REPO, two.descriptor(), two.raw)
