"""Which patterns over subjects and identities can be written, and how it is said of those that cannot."""

from __future__ import annotations

import pytest

from attest.errors import UsageError
from attest.evidence.patterns import ImagePattern, parse_pattern
from attest.evidence.text_patterns import identity_pattern
from attest.packages.patterns import PurlPattern


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("pkg:npm/*", PurlPattern),
        ("pkg:npm/@acme/*", PurlPattern),
        ("registry.example/acme/*", ImagePattern),
        ("localhost:5000/**", ImagePattern),
    ],
)
def test_what_is_a_pattern(text: str, kind: type) -> None:
    assert isinstance(parse_pattern(text), kind)


@pytest.mark.parametrize("text", ["left-pad", "acme/app", "*", "**", ""])
def test_what_has_no_host_is_said_to_be_no_package(text: str) -> None:
    with pytest.raises(UsageError, match="not a package pattern"):
        parse_pattern(text)


@pytest.mark.parametrize("text", ["repo:acme/app:*", "repo:acme/app:ref:*", "acme/*", "https://github.com/acme/*"])
def test_whose_part_may_vary(text: str) -> None:
    assert identity_pattern(text).text == text


@pytest.mark.parametrize("text", ["repo:*", "dev@*", "https://*", "https://github.com/*", "https://*/acme/app"])
def test_whom_anybody_could_be(text: str) -> None:
    with pytest.raises(UsageError, match="too wide a pattern"):
        identity_pattern(text)
