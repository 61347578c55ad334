"""Patterns over sources: a `*` is one segment, and nothing that only looks alike ever matches."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from attest.errors import UsageError
from attest.evidence.text_patterns import Pattern

SEGMENT = st.from_regex(r"[A-Za-z0-9._+~-]{1,12}", fullmatch=True).filter(lambda text: text not in (".", ".."))
EXACT = st.text(st.characters(blacklist_characters="*", blacklist_categories=["Cs"]), min_size=1, max_size=40)


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        ("https://github.com/acme/app", "https://github.com/acme/app"),
        ("https://github.com/acme/*", "https://github.com/acme/app"),
        ("https://github.com/acme/*", "https://github.com/acme/app.js"),
        ("https://github.com/*/app", "https://github.com/acme/app"),
        ("https://x/y.yml@refs/tags/*", "https://x/y.yml@refs/tags/v1.0+2"),
        ("https://x/y@*", "https://x/y@main"),
        ("repo:acme/*:ref:*", "repo:acme/app:ref:main"),
    ],
)
def test_what_matches(pattern: str, value: str) -> None:
    assert Pattern.parse(pattern).matches(value)


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        ("https://github.com/acme/app", "https://github.com/acme/app-evil"),
        ("https://github.com/acme/app", "https://github.com/acme/app/"),
        ("https://github.com/acme/app", "https://github.com/acme/app\n"),
        ("https://github.com/acme/app", "\nhttps://github.com/acme/app"),
        ("https://github.com/acme/app", "https://github.com/acme/App"),
        ("https://github.com/acme/app", "https://githubXcom/acme/app"),
        ("https://github.com/acme/app", "https://github.com/аcme/app"),  # a Cyrillic a
        ("https://github.com/acme/*", "https://github.com/acme/"),
        ("https://github.com/acme/*", "https://github.com/acme/a/b"),
        ("https://github.com/acme/*", "https://github.com/acme/.."),
        ("https://github.com/acme/*", "https://github.com/acme/."),
        ("https://github.com/*/app", "https://github.com/../app"),
        ("https://github.com/acme/*", "https://github.com/acme/app\n"),
        ("https://github.com/acme/*", "https://github.com/acme/a b"),
        ("https://github.com/acme/*", "https://github.com/acme/%2e%2e"),
        ("https://github.com/acme/*", "https://github.com/acme/a@main"),
        ("https://github.com/acme/*", "https://github.com/acme/a:b"),
        ("https://github.com/acme/*", "https://github.com/acme/a?b"),
        ("https://github.com/acme/*", "https://github.com/acme/a#b"),
        ("https://github.com/acme/*", "https://github.com/acme/а"),
        ("https://github.com/acme/*", "https://github.com.evil/acme/a"),
        ("https://x/y.yml@refs/tags/*", "https://x/y.yml@refs/tags/a/b"),
        ("https://x/y.yml@refs/tags/*", "https://x/y.yml@refs/heads/a"),
        ("https://github.com/acme/*", None),
    ],
)
def test_what_does_not(pattern: str, value: str | None) -> None:
    assert not Pattern.parse(pattern).matches(value)


@pytest.mark.parametrize(
    "text", ["*", "*/a", "a*", "a/b*", "a/*b", "a/**", "a/*-c", "acme/app*", "a/*\n", "x/*/a*", "a*/x/*"]
)
def test_a_star_stands_only_for_a_whole_segment(text: str) -> None:
    with pytest.raises(UsageError, match="not a pattern"):
        Pattern.parse(text)


@given(EXACT, EXACT)
def test_without_a_star_only_the_same_text_matches(pattern: str, value: str) -> None:
    assert Pattern.parse(pattern).matches(pattern)
    assert Pattern.parse(pattern).matches(value) == (pattern == value)


@given(st.lists(SEGMENT, min_size=1, max_size=5), st.data())
def test_a_star_is_any_one_segment(segments: list[str], data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(segments) - 1))
    pattern = Pattern.parse("x/" + "/".join(["*" if n == position else text for n, text in enumerate(segments)]))
    other = data.draw(SEGMENT)
    assert pattern.matches("x/" + "/".join([*segments[:position], other, *segments[position + 1 :]]))
    assert not pattern.matches("x/" + "/".join([*segments[:position], other, other, *segments[position + 1 :]]))


@given(SEGMENT, st.text(max_size=12))
def test_what_follows_a_segment_is_seen(segment: str, tail: str) -> None:
    assume(not all(character.isascii() and (character.isalnum() or character in "._+~-") for character in tail))
    assert not Pattern.parse("https://github.com/acme/*").matches(f"https://github.com/acme/{segment}{tail}")


@given(EXACT)
def test_two_are_equal_when_they_are_written_alike(text: str) -> None:
    assert Pattern.parse(text) == Pattern.parse(text)
    assert hash(Pattern.parse(text)) == hash(Pattern.parse(text))
    assert str(Pattern.parse(text)) == text


@pytest.mark.parametrize(
    "pattern",
    [
        Pattern.parse("https://github.com/acme/*/x@*"),
        Pattern.exact("https://github.com/acme/*"),
        Pattern.on_any_ref("https://github.com/acme/app/.github/workflows/a.yml"),
    ],
    ids=str,
)
def test_an_example_is_one(pattern: Pattern) -> None:
    assert pattern.matches(pattern.example)


def test_exact_is_exact() -> None:
    assert not Pattern.exact("https://github.com/acme/*").matches("https://github.com/acme/app")


@pytest.mark.parametrize("ref", ["refs/heads/main", "refs/tags/v1.0", "ab" * 20, "ab" * 32])
def test_any_ref(ref: str) -> None:
    assert Pattern.on_any_ref("https://h/a/b.yml").matches(f"https://h/a/b.yml@{ref}")


@pytest.mark.parametrize(
    "tail", ["", "@", "@main", "@refs/", "@refs/a b", "@refs/x\n", "x@refs/heads/main", "@" + "ab" * 21]
)
def test_no_other_ending(tail: str) -> None:
    assert not Pattern.on_any_ref("https://h/a/b.yml").matches(f"https://h/a/b.yml{tail}")


def test_they_are_equal_also_where_they_are_read_otherwise() -> None:
    assert Pattern.parse("x/*") == Pattern.exact("x/*") != Pattern.parse("x/y")
    assert not Pattern.exact("x/*").matches("x/y")
