"""Other engines' patterns: what they become, and the words for what they cannot become."""

from __future__ import annotations

import pytest

from attest.policy.convert import patterns
from attest.policy.convert.model import Ledger, NotCarried
from attest.policy.convert.source import Source
from attest.policy.yaml_nodes import read

HEADS = "https://github.com/acme/app/.github/workflows/release.yml@refs/heads/*"


@pytest.mark.parametrize("glob", ["*", "**", "*/*", "**/*", "*:*", " * "])
def test_every_image(glob: str) -> None:
    assert patterns.images(glob, "x") is None


@pytest.mark.parametrize(
    ("glob", "why"),
    [
        ("registry.example/app@sha256:ab", "a digest cannot stand in a pattern"),
        ("registry.example/app:v1", "a tag cannot stand in a pattern"),
        ("nginx:1.0", "a pattern names no tag and no digest"),
        ("", "see distribution-spec <name>"),
    ],
)
def test_images_that_cannot_be_said(glob: str, why: str) -> None:
    with pytest.raises(NotCarried) as caught:
        patterns.images(glob, "x")
    assert str(caught.value.left) == f"x: images {glob!r}: {why}"


def test_a_glob_that_is_not_written_is_none() -> None:
    ledger = Ledger()
    entries = Source(read(b"images: [{}, {glob: a}, {more: b}]", where="in.yaml"), "spec").mappings("images")
    assert list(patterns.globs(entries, ledger)) == [("", "in.yaml:1"), ("a", "in.yaml:1")]
    assert [item.why for item in ledger.left] == ["images[2]: 'more' cannot be carried over"]


@pytest.mark.parametrize("text", [HEADS, HEADS.replace("heads", "tags")])
def test_a_wildcard_for_the_rest_of_a_ref(text: str) -> None:
    assert patterns.subject(exact=text, regex=None, wildcards=True, where="x") == text


@pytest.mark.parametrize(
    ("exact", "wildcards", "why"),
    [
        ("a?b@acme.example", False, "a '*' in it would be a pattern here"),
        ("a?b@acme.example", True, "a '?' is any character"),
        (HEADS.replace("acme", "*"), True, "write '*' for whole segments, as in …@refs/tags/*"),
        (HEADS.replace("/*", "/**"), True, "write '*' for whole segments, as in …@refs/tags/*"),
        (HEADS.replace("heads", "pull"), True, "write '*' for whole segments, as in …@refs/tags/*"),
    ],
)
def test_subjects_that_cannot_be_said(exact: str, wildcards: bool, why: str) -> None:
    with pytest.raises(NotCarried) as caught:
        patterns.subject(exact=exact, regex=None, wildcards=wildcards, where="x")
    assert str(caught.value.left) == f"x: subject {exact!r}: {why}"


@pytest.mark.parametrize(
    ("regex", "at"),
    [
        ("https://acme.example/x+", "x+"),
        ("https://acme.example/x{2}", "x{2}"),
        ("^acme.*", ".*"),
        (r"acme\$", r"\$"),
        ("ac$me", "$me"),
        ("^^acme", "^acme"),
    ],
)
def test_a_regular_expression_is_told_from_where_it_means_more(regex: str, at: str) -> None:
    with pytest.raises(NotCarried) as caught:
        patterns.subject(exact=None, regex=regex, wildcards=False, where="x")
    assert str(caught.value.left) == f"x: regular expression {regex!r}: at {at!r} it is no pattern here"


@pytest.mark.parametrize("exact", ["https://*.example", "https://a?.example", "https://*?.example"])
def test_an_issuer_is_exact(exact: str) -> None:
    with pytest.raises(NotCarried) as caught:
        patterns.issuer(exact=exact, regex=None, where="x")
    assert str(caught.value.left) == f"x: issuer {exact!r}: an issuer is exact here"
    assert patterns.issuer(exact="https://a.example", regex=None, where="x") == "https://a.example"
