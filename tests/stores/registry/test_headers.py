"""The grammars of headers: challenges, scopes, links, warnings, and what is shown of URLs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest.errors import StoreUnavailable
from attest.stores.registry.challenge import Challenge, Scope, covers, merge, parse_scopes
from attest.stores.registry.messages import Response, clean, is_loopback, join, next_link, origin, shown, warnings

ACTIONS = st.lists(st.sampled_from(["pull", "push", "delete", "*"]), min_size=1, max_size=3)
NAMES = st.from_regex(r"[a-z0-9]{1,5}(:[0-9]{1,4})?(/[a-z0-9]{1,5}){0,2}", fullmatch=True)
SCOPES = st.lists(st.builds(Scope.repository, NAMES, ACTIONS), max_size=5)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('Bearer realm="https://a/t",service="s",scope="repository:a/b:pull"', ("bearer", "https://a/t", "s", 1)),
        ('bearer scope="repository:a/b:pull,push",realm="https://a/t"', ("bearer", "https://a/t", "", 1)),
        ('Basic realm="x", Bearer realm="https://a/t",service="s"', ("bearer", "https://a/t", "s", 0)),
        ('Bearer realm="https://a/t", Basic realm="x"', ("bearer", "https://a/t", "", 0)),
        ("Bearer realm=plain", ("bearer", "plain", "", 0)),
        ('Bearer realm="a\\"b"', ("bearer", 'a"b', "", 0)),
        ("Basic", ("basic", "", "", 0)),
        ('BASIC realm="a, Bearer realm=b"', ("basic", "", "", 0)),
        ('Bearer service="no realm", Basic realm="x"', ("basic", "", "", 0)),
        ('Bearer realm="https://a/t",realm="https://evil/t"', ("bearer", "https://a/t", "", 0)),
    ],
)
def test_challenges(header: str, expected: tuple[str, str, str, int]) -> None:
    challenge = Challenge.parse(header)
    assert challenge is not None
    assert (challenge.scheme, challenge.realm, challenge.service, len(challenge.scopes)) == expected


@pytest.mark.parametrize("header", ["", "Negotiate", "Digest realm=x", 'realm="x"', ",,,", "=", '"', "Bearer"])
def test_challenges_that_cannot_be_met(header: str) -> None:
    assert Challenge.parse(header) is None


@given(st.text(max_size=200))
def test_no_header_breaks_the_parsers(text: str) -> None:
    response = Response(200, {"link": text, "warning": text, "www-authenticate": text}, b"", "http://a/v2/")
    Challenge.parse(text)
    warnings(response)
    try:
        next_link(response)
    except StoreUnavailable:
        assert "[" in text or "]" in text


@given(SCOPES)
def test_scopes_can_be_written_and_read(scopes: list[Scope]) -> None:
    merged = merge(scopes)
    assert parse_scopes(" ".join(map(str, merged))) == merged


@given(SCOPES, SCOPES)
def test_merging_is_a_union(one: list[Scope], two: list[Scope]) -> None:
    both = merge([*one, *two])
    assert both == merge([*two, *one]) == merge(both)
    assert covers(both, merge(one))
    assert covers(both, merge(two))
    assert len({(scope.kind, scope.name) for scope in both}) == len(both)


def test_a_scope_does_not_cover_more_than_it_says() -> None:
    pull, push = (merge([Scope.repository("a/b", actions)]) for actions in (["pull"], ["pull", "push"]))
    assert covers(push, pull)
    assert not covers(pull, push)
    assert not covers(push, merge([Scope.repository("a/c", ["pull"])]))


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('</v2/x?n=2&last=b>; rel="next"', "http://host/v2/x?n=2&last=b"),
        ("<?last=b>; rel=next", "http://host/v2/a/tags/list?last=b"),
        ('<https://other/x>; title="a, b"; rel="prev next"', "https://other/x"),
        ('</a>; rel="prev", </b>; rel="next"', "http://host/b"),
        ('</a>; REL="NEXT"', "http://host/a"),
        ('</a>; rel="prev"', None),
        ("</a>", None),
        ("", None),
    ],
)
def test_links(header: str, expected: str | None) -> None:
    assert next_link(Response(200, {"link": header}, b"", "http://host/v2/a/tags/list")) == expected


def test_what_is_no_url() -> None:
    with pytest.raises(StoreUnavailable):
        join("http://host/", "http://[::1")
    for url in ("", "host", "ftp://host", "http://", "http://host:99999999", "file:///x"):
        with pytest.raises(StoreUnavailable):
            origin(url)


def test_origins() -> None:
    assert origin("https://Host/x") == origin("https://host:443/y?z") == ("https", "host", 443)
    different = {
        origin(url) for url in ("http://a", "https://a", "http://a:81", "http://b", "http://a.b", "http://[::1]")
    }
    assert len(different) == 6


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "::1", "registry.localhost"])
def test_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["localhost.evil.example", "127.0.0.1.example", "0.0.0.0", "10.0.0.1", "127", "::2", ""]
)
def test_not_loopback(host: str) -> None:
    assert not is_loopback(host)


def test_urls_are_shown_without_secrets() -> None:
    assert shown("https://user:s3cr3t@host/p@th?sig=s3cr3t#s3cr3t") == "https://host/p@th"


@given(st.text(), st.integers(1, 50))
def test_foreign_text_is_one_printable_line(text: str, longest: int) -> None:
    line = clean(text, longest)
    assert len(line) <= longest
    assert line == "" or line.isprintable()
