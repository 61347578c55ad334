"""References by the distribution-spec's grammar."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest.errors import UsageError
from attest.oci.digest import Digest
from attest.oci.reference import Reference, is_repository, is_tag

NAME = re.compile(r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*")
TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}")
REPOSITORIES = st.from_regex(NAME, fullmatch=True).filter(lambda text: len(text) <= 200)
TAGS = st.from_regex(TAG, fullmatch=True)
HOSTS = st.sampled_from(
    ["localhost", "localhost:5000", "registry.example", "127.0.0.1:80", "[::1]:5000", "UPPER.example", "host:1"]
)
DIGESTS = st.binary(min_size=32, max_size=32).map(lambda data: Digest("sha256", data.hex()))
REFERENCES = st.builds(Reference, REPOSITORIES, st.none() | TAGS, st.none() | DIGESTS, HOSTS)


@given(REPOSITORIES | st.text("ab1._-/A:\n", max_size=12) | st.text(max_size=8))
def test_repositories_are_those_of_the_specification(text: str) -> None:
    assert is_repository(text) == (NAME.fullmatch(text) is not None)


@given(TAGS | st.text("aB1._-/:\n", max_size=12) | st.text("a", min_size=120, max_size=135) | st.text(max_size=8))
def test_tags_are_those_of_the_specification(text: str) -> None:
    assert is_tag(text) == (TAG.fullmatch(text) is not None)


@pytest.mark.parametrize("text", ["a" * 255, "a/" * 127 + "a"])
def test_the_longest_repository(text: str) -> None:
    assert is_repository(text)
    assert not is_repository(text + "a")


@given(REFERENCES)
def test_writing_and_reading_is_identity(reference: Reference) -> None:
    assert Reference.parse(str(reference)) == reference


@given(st.text(max_size=30) | st.text("ab./:@-_[]1", max_size=30).map(lambda text: f"localhost:5000/{text}"))
def test_any_text_is_a_reference_or_an_error(text: str) -> None:
    try:
        reference = Reference.parse(text)
    except UsageError:
        return
    assert str(reference) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "repo",
        "repo:tag",
        "library/repo",
        "localhost",
        "localhost/",
        "localhost/Repo",
        "localhost/repo:",
        "localhost/repo:a:b",
        "localhost/repo:" + "a" * 129,
        "localhost/a//b",
        "localhost/a/",
        "localhost//a",
        "localhost/../a",
        "host.example:/a",
        "host.example:123456/a",
        "user@host.example/a",
        "https://host.example/a",
        "-host.example/a",
        "host_.example/a",
        "host.example/a\n",
        "host.example/" + "a" * 243,
    ],
)
def test_what_is_no_reference(text: str) -> None:
    with pytest.raises(UsageError):
        Reference.parse(text)


@pytest.mark.parametrize("text", ["localhost/a@", "localhost/a@sha256:abc", "localhost/a:b@c@d", "localhost/a@sha256"])
def test_a_digest_must_be_one(text: str) -> None:
    with pytest.raises(UsageError, match="not a") as refused:
        Reference.parse(text)
    assert refused.value.where == text
