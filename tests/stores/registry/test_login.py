"""Challenges answered by a scripted registry and token service: who gets which credentials, how often, for what."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from attest.errors import StoreError, StoreRefused, StoreUnavailable
from attest.oci.descriptor import Descriptor
from attest.stores.registry.credentials import Credential
from tests.stores.graphs import subject
from tests.stores.registry.scripted import Answer, Asked, FakeClock, Scripted, error, manifest_answer, opened

REPO = "npm/semver"
MANIFEST = subject()
PATH = f"/v2/{REPO}/manifests/{MANIFEST.digest}"
DATA = b"some bytes"
BLOB = Descriptor.of("application/octet-stream", DATA)
BLOB_PATH = f"/v2/{REPO}/blobs/{BLOB.digest}"
PASSWORD = "correct-horse-battery"
USER = Credential("alice", PASSWORD)


class Guarded:
    """A registry that wants a token of ``realm``; a token is what was asked for, so that the registry can read it."""

    def __init__(self, registry: Scripted, realm: Scripted) -> None:
        self.registry = registry
        self.realm = realm
        self.scope: str | None = None
        self.expires_in: float | None = 300
        self.accepted: Callable[[str], bool] = lambda token: True
        self.issued: list[str] = []
        registry.default = self.guard
        registry.on("GET", "/nothing", Answer(404))
        realm.default = self.issue

    def guard(self, asked: Asked) -> Answer:
        token = asked.headers.get("authorization", "")
        if not token.startswith("Bearer ") or not self.accepted(token.removeprefix("Bearer ")):
            scope = self.scope or f"repository:{REPO}:{'pull' if asked.method in ('GET', 'HEAD') else 'pull,push'}"
            challenge = f'Bearer realm="http://{self.realm.host}/token?a=b",service="registry.example",scope="{scope}"'
            return error(401, "UNAUTHORIZED", "authentication required", WWW_Authenticate=challenge)
        if asked.method == "PUT":
            return Answer(201)
        return manifest_answer(MANIFEST) if asked.path == PATH else Answer(404)

    def issue(self, asked: Asked) -> Answer:
        token = f"token-{len(self.issued)}"
        self.issued.append(token)
        reply: dict[str, object] = {"token": token}
        if self.expires_in is not None:
            reply["expires_in"] = self.expires_in
        return Answer(200, json.dumps(reply).encode(), {"Content-Type": "application/json"})

    def scopes(self) -> list[list[str]]:
        return [parse_qs(urlsplit(asked.path).query).get("scope", []) for asked in self.realm.asked]


@pytest.fixture
def guarded(registry: Scripted, elsewhere: Scripted) -> Guarded:
    return Guarded(registry, elsewhere)


def basic(credential: Credential) -> str:
    return f"Basic {base64.b64encode(f'{credential.username}:{credential.password}'.encode()).decode()}"


# --- bearer ---


def test_anonymous_reading(guarded: Guarded) -> None:
    store = opened(guarded.registry.host)
    for _ in range(3):
        assert store.fetch(REPO, MANIFEST.descriptor()) == MANIFEST.raw
    (asked,) = guarded.realm.asked
    assert asked.path == ("/token?a=b&service=registry.example&scope=repository%3Anpm%2Fsemver%3Apull&client_id=attest")
    assert "authorization" not in asked.headers
    assert len(guarded.registry.asked) == 4


def test_a_password_goes_to_the_token_service_only(guarded: Guarded) -> None:
    opened(guarded.registry.host, credential=USER).fetch(REPO, MANIFEST.descriptor())
    assert [asked.headers.get("authorization") for asked in guarded.realm.asked] == [basic(USER)]
    assert [asked.headers.get("authorization") for asked in guarded.registry.asked] == [None, "Bearer token-0"]


def test_writing_asks_for_push_and_its_token_serves_reading_too(guarded: Guarded) -> None:
    store = opened(guarded.registry.host, credential=USER)
    guarded.registry.on("HEAD", PATH, Answer(404))
    store.push(REPO, MANIFEST.descriptor(), MANIFEST.raw)
    store.fetch(REPO, MANIFEST.descriptor())
    assert guarded.scopes() == [["repository:npm/semver:pull,push"]]


def test_a_placeholder_in_the_challenge_is_not_asked_for(guarded: Guarded) -> None:
    """GHCR's challenge names `repository:user/image:pull`, and denies anonymous users who ask for it."""
    guarded.scope = "repository:user/image:pull"
    opened(guarded.registry.host).fetch(REPO, MANIFEST.descriptor())
    assert guarded.scopes() == [["repository:npm/semver:pull"]]


def test_a_scope_that_is_insisted_on_is_added(guarded: Guarded) -> None:
    """A registry that maps names tells its own ones."""
    guarded.scope = "repository:real/npm/semver:pull registry:catalog:*"
    guarded.accepted = lambda token: token == "token-1"
    opened(guarded.registry.host).fetch(REPO, MANIFEST.descriptor())
    assert guarded.scopes()[1] == [
        "registry:catalog:*",
        "repository:npm/semver:pull",
        "repository:real/npm/semver:pull",
    ]


def test_a_token_is_renewed_before_it_expires(guarded: Guarded) -> None:
    clock = FakeClock()
    store = opened(guarded.registry.host, clock)
    store.fetch(REPO, MANIFEST.descriptor())
    for ahead, issued in ((280, 1), (11, 2), (200, 2)):
        clock.ahead += ahead
        store.fetch(REPO, MANIFEST.descriptor())
        assert len(guarded.issued) == issued
    assert len([asked for asked in guarded.registry.asked if "authorization" not in asked.headers]) == 1


def test_a_token_without_a_lifetime_lives_a_minute(guarded: Guarded) -> None:
    guarded.expires_in = None
    clock = FakeClock()
    store = opened(guarded.registry.host, clock)
    for ahead, issued in ((0, 1), (45, 1), (10, 2)):
        clock.ahead += ahead
        store.fetch(REPO, MANIFEST.descriptor())
        assert len(guarded.issued) == issued


def test_a_token_that_is_refused_early_is_renewed_once(guarded: Guarded) -> None:
    store = opened(guarded.registry.host)
    store.fetch(REPO, MANIFEST.descriptor())
    guarded.accepted = lambda token: token == "token-1"
    store.fetch(REPO, MANIFEST.descriptor())
    assert guarded.issued == ["token-0", "token-1"]


def test_sixty_four_threads_fetch_one_token(guarded: Guarded) -> None:
    store = opened(guarded.registry.host)
    with ThreadPoolExecutor(64) as pool:
        bodies = list(pool.map(lambda _: store.fetch(REPO, MANIFEST.descriptor()), range(256)))
    assert bodies == [MANIFEST.raw] * 256
    assert guarded.issued == ["token-0"]


@pytest.mark.parametrize("early", [False, True], ids=["expired", "refused"])
def test_sixty_four_threads_refresh_it_once(guarded: Guarded, early: bool) -> None:
    clock = FakeClock()
    store = opened(guarded.registry.host, clock)
    store.fetch(REPO, MANIFEST.descriptor())
    if early:
        guarded.accepted = lambda token: token != "token-0"
    else:
        clock.ahead += 400
    with ThreadPoolExecutor(64) as pool:
        bodies = list(pool.map(lambda _: store.fetch(REPO, MANIFEST.descriptor()), range(128)))
    assert bodies == [MANIFEST.raw] * 128
    assert guarded.issued == ["token-0", "token-1"]


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_a_token_service_that_is_busy_is_no_refusal(guarded: Guarded, status: int) -> None:
    guarded.realm.default = lambda asked: Answer(status)
    with pytest.raises(StoreUnavailable, match=f"the token service answered {status}.*try again later"):
        opened(guarded.registry.host, credential=USER).fetch(REPO, MANIFEST.descriptor())
    assert len(guarded.realm.asked) == 4


def test_ghcr(guarded: Guarded) -> None:
    """Its challenge names a placeholder that anybody is denied, and its referrers API is a web page (303)."""
    guarded.scope = "repository:user/image:pull"
    issue = guarded.issue
    guarded.realm.default = lambda asked: Answer(403, b"{}") if "user%2Fimage" in asked.path else issue(asked)
    referrers = f"/v2/{REPO}/referrers/{MANIFEST.digest}"

    def answer(asked: Asked) -> Answer:
        if asked.path == referrers and "authorization" in asked.headers:
            return Answer(303, headers={"Location": "https://github.example/"})
        return guarded.guard(asked)

    guarded.registry.default = answer
    store = opened(guarded.registry.host)
    assert store.fetch(REPO, MANIFEST.descriptor()) == MANIFEST.raw
    listing = store.referrers(REPO, MANIFEST.digest)
    assert (listing.items, listing.complete) == ((), True)
    assert guarded.scopes() == [["repository:npm/semver:pull"]]


def test_a_storm_of_refusals_ends(guarded: Guarded) -> None:
    guarded.accepted = lambda token: False
    store = opened(guarded.registry.host, credential=USER)
    for _ in range(3):
        guarded.registry.asked.clear()
        with pytest.raises(StoreUnavailable, match="401 UNAUTHORIZED"):
            store.fetch(REPO, MANIFEST.descriptor())
        assert len(guarded.registry.asked) == 2
    with ThreadPoolExecutor(32) as pool:
        failed = list(pool.map(lambda _: _error(lambda: store.fetch(REPO, MANIFEST.descriptor())), range(32)))
    assert {type(error) for error in failed} == {StoreUnavailable}
    assert len(guarded.issued) < 3 + 34


def test_a_token_service_that_refuses_is_asked_once_by_all_who_wait(guarded: Guarded) -> None:
    def when_all_have_been_turned_away(asked: Asked) -> Answer:
        until = time.monotonic() + 30
        while len(guarded.registry.asked) < 16 and time.monotonic() < until:
            time.sleep(0.01)
        return Answer(403, b"{}", drip=0.5)

    guarded.realm.default = when_all_have_been_turned_away
    store = opened(guarded.registry.host)
    with ThreadPoolExecutor(16) as pool:
        failed = list(pool.map(lambda _: _error(lambda: store.fetch(REPO, MANIFEST.descriptor())), range(16)))
    assert all("the token service answered 403" in str(error) for error in failed)
    assert len(guarded.realm.asked) == 1


@pytest.mark.parametrize(
    "reply",
    [b"", b"[]", b"{}", b'{"token":7}', b'{"token":""}', b'{"token":"a\\nb"}', b'{"token":"x","token":"y"}', b"\xff"],
)
def test_a_malformed_token_answer(guarded: Guarded, reply: bytes) -> None:
    guarded.realm.default = lambda asked: Answer(200, reply)
    with pytest.raises(StoreUnavailable, match="no access token"):
        opened(guarded.registry.host).fetch(REPO, MANIFEST.descriptor())


def test_access_token_is_the_other_name(guarded: Guarded) -> None:
    guarded.realm.default = lambda asked: Answer(200, b'{"access_token":"other"}')
    opened(guarded.registry.host).fetch(REPO, MANIFEST.descriptor())
    assert guarded.registry.asked[-1].headers["authorization"] == "Bearer other"


def test_a_write_that_is_not_allowed_is_refused(guarded: Guarded) -> None:
    guarded.accepted = lambda token: False
    with pytest.raises(StoreRefused, match="docker login"):
        opened(guarded.registry.host).push(REPO, BLOB, DATA)


# --- tokens of other kinds ---


def test_an_identity_token_is_exchanged_and_its_successor_kept(guarded: Guarded) -> None:
    clock = FakeClock()
    successors = iter(["second", "third"])

    def issue(asked: Asked) -> Answer:
        reply = {"access_token": f"for-{len(guarded.realm.asked)}", "refresh_token": next(successors), "expires_in": 60}
        return Answer(200, json.dumps(reply).encode())

    guarded.realm.default = issue
    store = opened(guarded.registry.host, clock, credential=Credential(identity_token="first"))
    store.fetch(REPO, MANIFEST.descriptor())
    clock.ahead += 60
    store.fetch(REPO, MANIFEST.descriptor())
    forms = [parse_qs(asked.body.decode()) for asked in guarded.realm.asked]
    assert forms[0] == {
        "grant_type": ["refresh_token"],
        "service": ["registry.example"],
        "client_id": ["attest"],
        "scope": ["repository:npm/semver:pull"],
        "refresh_token": ["first"],
    }
    assert forms[1]["refresh_token"] == ["second"]
    assert {asked.method for asked in guarded.realm.asked} == {"POST"}


@pytest.mark.parametrize("status", [404, 405])
def test_a_service_without_oauth_is_asked_with_get(guarded: Guarded, status: int) -> None:
    issue = guarded.issue
    guarded.realm.default = lambda asked: Answer(status) if asked.method == "POST" else issue(asked)
    both = replace(USER, identity_token="identity")
    opened(guarded.registry.host, credential=both).fetch(REPO, MANIFEST.descriptor())
    assert [asked.method for asked in guarded.realm.asked] == ["POST", "GET"]
    assert guarded.realm.asked[1].headers["authorization"] == basic(USER)
    with pytest.raises(StoreUnavailable, match="identity tokens"):
        opened(guarded.registry.host, credential=Credential(identity_token="i")).fetch(REPO, MANIFEST.descriptor())


def test_an_identity_token_is_not_carried_elsewhere_by_a_redirect(guarded: Guarded, registry: Scripted) -> None:
    guarded.realm.default = lambda asked: Answer(307, headers={"Location": f"http://{registry.host}/steal"})
    with pytest.raises(StoreUnavailable):
        opened(registry.host, credential=Credential(identity_token="identity")).fetch(REPO, MANIFEST.descriptor())
    assert all(b"identity" not in asked.body for asked in registry.asked)


def test_a_registry_token_is_sent_as_it_is(guarded: Guarded) -> None:
    opened(guarded.registry.host, credential=Credential(registry_token="ready")).fetch(REPO, MANIFEST.descriptor())
    assert guarded.realm.asked == []
    assert guarded.registry.asked[-1].headers["authorization"] == "Bearer ready"


# --- basic ---


def _basic_only(registry: Scripted) -> None:
    def guard(asked: Asked) -> Answer:
        if asked.headers.get("authorization") != basic(USER):
            return error(401, "UNAUTHORIZED", WWW_Authenticate='Basic realm="registry"')
        return manifest_answer(MANIFEST)

    registry.default = guard


def test_basic(registry: Scripted) -> None:
    _basic_only(registry)
    store = opened(registry.host, credential=USER)
    for _ in range(2):
        store.fetch(REPO, MANIFEST.descriptor())
    assert [asked.headers.get("authorization") for asked in registry.asked] == [None, basic(USER), basic(USER)]


def test_a_wrong_password_is_tried_once(registry: Scripted) -> None:
    _basic_only(registry)
    with pytest.raises(StoreUnavailable, match="401 UNAUTHORIZED"):
        opened(registry.host, credential=replace(USER, password="wrong")).fetch(REPO, MANIFEST.descriptor())
    assert len(registry.asked) == 2


def test_no_password_at_all(registry: Scripted) -> None:
    _basic_only(registry)
    with pytest.raises(StoreUnavailable, match="docker login"):
        opened(registry.host).fetch(REPO, MANIFEST.descriptor())


# --- leaks ---


def _authorizations(scripted: Scripted) -> set[str | None]:
    return {asked.headers.get("authorization") for asked in scripted.asked}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_does_not_take_the_credentials_along(registry: Scripted, elsewhere: Scripted, status: int) -> None:
    def guard(asked: Asked) -> Answer:
        if asked.headers.get("authorization") != basic(USER):
            return error(401, "UNAUTHORIZED", WWW_Authenticate='Basic realm="registry"')
        return Answer(status, headers={"Location": f"http://{elsewhere.host}/storage"})

    registry.default = guard
    elsewhere.on("GET", "/storage", Answer(307, headers={"Location": f"http://{registry.host}/back"}))
    registry.on("GET", "/back", Answer(200, DATA))
    assert opened(registry.host, credential=USER).fetch(REPO, BLOB) == DATA
    assert _authorizations(elsewhere) == {None}
    assert registry.asked[-1].path == "/back"
    assert "authorization" not in registry.asked[-1].headers


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_token_service_that_moved_does_not_pass_the_password_on(guarded: Guarded, status: int) -> None:
    with Scripted().running() as thief:
        thief.default = lambda asked: Answer(200, b'{"token":"stolen"}')
        guarded.realm.default = lambda asked: Answer(status, headers={"Location": f"http://{thief.host}/token"})
        opened(guarded.registry.host, credential=USER).fetch(REPO, MANIFEST.descriptor())
        assert _authorizations(guarded.realm) == {basic(USER)}
        assert _authorizations(thief) == {None}


def test_a_challenge_of_another_host_is_not_answered(registry: Scripted, elsewhere: Scripted) -> None:
    registry.on("GET", BLOB_PATH, Answer(307, headers={"Location": f"http://{elsewhere.host}/storage"}))
    elsewhere.default = lambda asked: error(401, "UNAUTHORIZED", WWW_Authenticate="Basic realm=x")
    with pytest.raises(StoreUnavailable):
        opened(registry.host, credential=USER).fetch(REPO, BLOB)
    assert _authorizations(elsewhere) == {None}
    assert len(elsewhere.asked) == 1


def test_an_upload_elsewhere_gets_no_credentials(registry: Scripted, elsewhere: Scripted) -> None:
    def guard(asked: Asked) -> Answer:
        if asked.headers.get("authorization") != basic(USER):
            return error(401, "UNAUTHORIZED", WWW_Authenticate='Basic realm="registry"')
        return (
            Answer(202, headers={"Location": f"http://{elsewhere.host}/up"}) if asked.method == "POST" else Answer(404)
        )

    registry.default = guard
    elsewhere.default = lambda asked: Answer(201)
    opened(registry.host, credential=USER).push(REPO, BLOB, DATA)
    assert _authorizations(elsewhere) == {None}
    assert elsewhere.asked[0].body == DATA


def test_secrets_are_nowhere_to_be_read(
    guarded: Guarded, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Also when the registry repeats them in its messages and warnings."""
    caplog.set_level(0)
    texts = []

    def echo(asked: Asked) -> Answer:
        said = asked.headers.get("authorization", "")
        if not said:
            return guarded.guard(asked)
        return error(403, "DENIED", f"you sent {said}", Warning=f'299 - "you sent {said}"')

    guarded.registry.default = echo
    store = opened(guarded.registry.host, credential=replace(USER, identity_token="identity-secret"))
    for action in (
        lambda: store.fetch(REPO, MANIFEST.descriptor()),
        lambda: store.push(REPO, BLOB, DATA),
        lambda: list(store.tags(REPO)),
    ):
        caught = _error(action)
        texts += [str(caught), repr(caught), repr(vars(caught))]
    login = store._client._login
    texts += [
        repr(store),
        repr(login),
        repr(vars(login)["_held"]),
        repr(vars(login)["_known"]),
        repr(USER),
        caplog.text,
    ]
    texts += list(capfd.readouterr())
    assert "you sent Bearer ***" in "".join(texts)
    for secret in (PASSWORD, "identity-secret", basic(USER).partition(" ")[2], *guarded.issued):
        assert all(secret not in text for text in texts), secret


def test_half_a_secret_is_not_shown_either(guarded: Guarded) -> None:
    """Messages are cut to a line; what they repeat of ours is taken out before."""
    token = "".join(f"{number:04}" for number in range(1000))
    guarded.realm.default = lambda asked: Answer(200, json.dumps({"token": token}).encode())
    shown: list[str] = []

    def echo(asked: Asked) -> Answer:
        if "authorization" not in asked.headers:
            return guarded.guard(asked)
        return error(403, f"{token}", f"{'x' * 150} {token}", Warning=f'299 - "{"x" * 990} {token}"')

    guarded.registry.default = echo
    with pytest.raises(StoreUnavailable) as caught:
        opened(guarded.registry.host, on_warning=shown.append).fetch(REPO, MANIFEST.descriptor())
    assert "403 ***: x" in str(caught.value)
    assert len(shown) == 1
    assert all(token[:8] not in text for text in (str(caught.value), *shown))


def test_a_token_service_on_plain_http_gets_nothing_from_a_registry_on_https(tmp_path: Path) -> None:
    from attest.stores.registry.client import Client
    from attest.stores.registry.messages import Request
    from attest.stores.registry.options import RegistryOptions
    from tests.stores.registry.scripted import Known

    client = Client("registry.example", RegistryOptions(), Known())
    with pytest.raises(StoreUnavailable, match="not on HTTPS"):
        client._send_for_token(Request("GET", "http://127.0.0.1:1/token"))


def _error(action: Callable[[], object]) -> StoreError:
    with pytest.raises(StoreError) as caught:
        action()
    return caught.value
