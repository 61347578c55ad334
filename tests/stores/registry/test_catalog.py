"""Which repositories a registry has: page by page, and no guess where it does not say."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from attest import limits
from attest.errors import StoreError, StoreUnavailable
from attest.oci.reference import Reference
from attest.stores.registry import RegistryOptions, RegistryStore
from attest.stores.registry.catalog import catalog
from attest.stores.registry.credentials import UserCredentials
from attest.stores.registry.options import Backoff
from tests.stores import graphs
from tests.stores.registry import real
from tests.stores.registry.scripted import Answer, Scripted, error

PATH = "/v2/_catalog"
JSON = {"Content-Type": "application/json"}


def page(*names: object, link: str | None = None) -> Answer:
    headers = JSON if link is None else {**JSON, "Link": f'<{link}>; rel="next"'}
    return Answer(200, json.dumps({"repositories": names}).encode(), headers)


def ask(registry: Scripted, below: str = "") -> tuple[str, ...] | None:
    options = RegistryOptions(backoff=Backoff(attempts=1))
    return catalog(registry.host, options, UserCredentials({}, Path("nowhere")), below=below)


def test_all_pages_sorted_and_once(registry: Scripted) -> None:
    registry.on("GET", PATH, page("npm/b", "npm/a", link=f"{PATH}?last=b&n=2"), page("a", "npm/b"))
    assert ask(registry) == ("a", "npm/a", "npm/b")
    assert registry.requests() == [f"GET {PATH}?n=100", f"GET {PATH}?last=b&n=2"]


def test_only_what_lies_below(registry: Scripted) -> None:
    registry.on("GET", PATH, page("evidence/npm/a", "evidence", "evidences/npm/b", "other/evidence/npm/c"))
    assert ask(registry, "evidence/") == ("evidence/npm/a",)


def test_what_is_no_name_is_none(registry: Scripted) -> None:
    registry.on("GET", PATH, page("ok", "../etc", "Upper", 5, None, "a//b", ""))
    assert ask(registry) == ("ok",)


@pytest.mark.parametrize("body", [b'{"repositories":null}', b'{"repositories":[]}'])
def test_an_empty_registry(registry: Scripted, body: bytes) -> None:
    registry.on("GET", PATH, Answer(200, body, JSON))
    assert ask(registry) == ()


@pytest.mark.parametrize(
    "answer",
    [
        *(error(status, "UNSUPPORTED") for status in (401, 403, 404, 405, 410, 501)),
        Answer(200, b"<html>sign in</html>", {"Content-Type": "text/html"}),
        Answer(200, b'{"repositories":"all"}', JSON),
        Answer(200, b"{}", JSON),
    ],
    ids=lambda answer: f"{answer.status} {answer.body[:20]!r}",
)
def test_a_registry_that_does_not_say(registry: Scripted, answer: Answer) -> None:
    registry.on("GET", PATH, answer)
    assert ask(registry) is None


@pytest.mark.parametrize(
    ("second", "says"),
    [
        (error(500, "UNKNOWN"), "cannot list the repositories"),
        (error(404, "NAME_UNKNOWN"), "cannot list the repositories"),
        (Answer(200, b"<html></html>"), "no list of repositories"),
        (page("b", link=f"{PATH}?n=100"), "leads back"),
        (page("b", link="http://elsewhere.example/v2/_catalog?n=1"), "another host"),
    ],
    ids=["500", "404", "HTML", "a circle", "another host"],
)
def test_half_a_catalogue_is_none(registry: Scripted, second: Answer, says: str) -> None:
    registry.on("GET", PATH, page("a", link=f"{PATH}?last=a"), second)
    with pytest.raises(StoreError, match=says):
        ask(registry)


def test_a_registry_that_is_busy_is_not_one_without_a_catalogue(registry: Scripted) -> None:
    registry.on("GET", PATH, error(503, "UNAVAILABLE"))
    with pytest.raises(StoreUnavailable):
        ask(registry)


def test_pages_without_end(registry: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LISTING_PAGES", 5)
    for number in range(10):
        registry.on("GET", f"{PATH}?last={number}", page(f"r{number}", link=f"{PATH}?last={number + 1}"))
    registry.on("GET", f"{PATH}?n=100", page("first", link=f"{PATH}?last=0"))
    with pytest.raises(StoreUnavailable, match="more than 5 pages"):
        ask(registry)
    assert len(registry.asked) == 5


@pytest.mark.parametrize("name", ["distribution", "docker_registry", "crane", "olareg"])
def test_real_registries(tmp_path: Path, name: str) -> None:
    """More repositories than one page; olareg has no catalogue."""
    with getattr(real, name)(tmp_path) as host:
        store = RegistryStore(host, name=host, credentials=UserCredentials({}, tmp_path))
        wanted = {f"evidence/npm/p{number}" for number in range(105 if name == "distribution" else 3)}
        with closing(store):
            for repository in sorted(wanted):
                store.tag(Reference(repository, "v1"), graphs.push(store, repository, graphs.subject()))
        options = RegistryOptions()
        found = catalog(host, options, UserCredentials({}, tmp_path), below="evidence/")
        assert found == (None if name == "olareg" else tuple(sorted(wanted)))
