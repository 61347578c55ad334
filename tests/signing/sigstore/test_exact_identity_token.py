"""Whose token is taken: one in a file, one that the CI run has, one for somebody who logs in."""

from __future__ import annotations

import threading
import webbrowser
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from attest.errors import StoreUnavailable, UsageError
from attest.signing.sigstore.identity_token import Identity, from_environment, from_file, from_login
from tests.private_sigstore.issuer import Issuer
from tests.signing.sigstore.tuf_repository import served

ALICE = "alice@example.test"
LARGEST = 64 * 1024
CI = ("GITHUB_ACTIONS", "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "GITLAB_CI", "BUILDKITE")


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    issuer = Issuer()
    yield issuer
    issuer.close()


def test_whom_a_token_names(issuer: Issuer) -> None:
    identity = Identity.of(f" {issuer.token(ALICE)}\n", where="test")
    assert str(identity) == f"{ALICE} ({issuer.people})"
    federated = issuer.token(ALICE, federated_claims={"connector_id": "https://accounts.example"})
    assert str(Identity.of(federated, where="test")) == f"{ALICE} (https://accounts.example)"


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"exp": 1}, "Signature has expired"),
        ({"aud": "other"}, "Audience doesn't match"),
        ({"nbf": 1 << 40}, "Identity token is not within its validity period"),
        ({"federated_claims": []}, "unexpected claim type: federated_claims is not a dict"),
    ],
)
def test_tokens_that_cannot_be_used(issuer: Issuer, claims: dict[str, object], why: str) -> None:
    token = issuer.token(ALICE, **claims)
    with pytest.raises(UsageError, match="the identity token cannot be used") as caught:
        Identity.of(token, where="test")
    assert (caught.value.where, caught.value.why) == ("test", why)
    assert caught.value.next_step == "get a new one, for the audience `sigstore`"


def test_a_token_in_a_file(issuer: Issuer, tmp_path: Path) -> None:
    path, token = tmp_path / "token", issuer.token(ALICE)
    for text in (token, f"{token}\n", token.rjust(LARGEST)):
        path.write_text(text)
        assert str(from_file(path)) == f"{ALICE} ({issuer.people})"
    for text in (token.ljust(LARGEST + 1), f"{token}\u00a0", f"\u00e9{token.ljust(LARGEST)}"):
        path.write_text(text)
        with pytest.raises(UsageError, match="not an identity token") as caught:
            from_file(path)
        assert caught.value.where == str(path)
    with pytest.raises(UsageError, match="cannot read the identity token") as caught:
        from_file(tmp_path)
    assert caught.value.why == "Is a directory"


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in CI:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", "")  # CircleCI is told by a program


@pytest.mark.usefixtures("nowhere")
def test_the_token_of_a_run(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    assert from_environment() is None
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    with pytest.raises(UsageError, match="this CI run gives no identity") as caught:
        from_environment()
    assert "id-token: write" in (caught.value.next_step or "")
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", f"{issuer.people}/runner?repository=acme/app")
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", issuer.runner_secret)
    assert str(from_environment()) == f"repo:acme/app:ref:refs/heads/main ({issuer.ci})"


def browse(address: str) -> bool:
    """A browser whose user agrees to everything."""
    threading.Thread(target=requests.get, args=(address,), daemon=True).start()
    return True


def test_somebody_logs_in(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webbrowser, "open", browse)
    assert str(from_login(issuer.people)) == f"{issuer.login} ({issuer.people})"
    monkeypatch.setattr(issuer, "login", "")
    with pytest.raises(StoreUnavailable, match="the login's answer is not one") as caught:
        from_login(issuer.people)
    assert (caught.value.where, caught.value.why) == (issuer.people, "KeyError('access_token')")


def test_nobody_logs_in(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webbrowser, "open", lambda _: False)
    monkeypatch.setattr("builtins.input", lambda _: "a code that nobody was given")
    with pytest.raises(UsageError, match="nobody logged in") as caught:
        from_login(issuer.people)
    assert (caught.value.where, caught.value.why) == (issuer.people, "Token request failed with 400")

    def ends(_: str) -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", ends)
    with pytest.raises(UsageError, match="nobody logged in"):
        from_login(issuer.people)


def test_an_issuer_that_does_not_answer(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="cannot log in") as caught:
        from_login("http://127.0.0.1:9")
    assert "Connection refused" in (caught.value.why or "")
    with served(tmp_path) as url, pytest.raises(StoreUnavailable, match="cannot log in") as caught:
        from_login(url)
    assert "404" in (caught.value.why or "")
