"""Patterns over packages are normalised as purls are, and never match beyond what is written."""

from __future__ import annotations

import pytest

from attest.errors import UsageError
from attest.packages.patterns import PurlPattern
from attest.packages.purl import Purl


@pytest.mark.parametrize(
    ("pattern", "purl", "matches"),
    [
        ("pkg:npm/@acme/*", "pkg:npm/@acme/app@1", True),
        ("pkg:npm/@acme/*", "pkg:npm/@acme-evil/app@1", False),
        ("pkg:npm/*", "pkg:npm/app@1", True),
        ("pkg:npm/*", "pkg:npm/@acme/app@1", False),
        ("pkg:npm/**", "pkg:npm/@acme/app@1", True),
        ("pkg:NPM/%40acme/app", "pkg:npm/@acme/app@1", True),
        ("pkg:pypi/Foo_Bar", "pkg:pypi/foo.bar@1", True),
        ("pkg:pypi/foo@1.0.0-rc1", "pkg:pypi/foo@1.0.0rc1", True),
        ("pkg:pypi/foo@1.0.0-rc1", "pkg:pypi/foo@1.0.0", False),
        ("pkg:brew/wget", "pkg:brew/homebrew/core/wget@1", True),
        ("pkg:brew/wget", "pkg:brew/acme/tap/wget@1", False),
        ("pkg:brew/*", "pkg:brew/wget@1", True),
        ("pkg:swift/GitHub.com/**", "pkg:swift/github.com/apple/swift-nio@1", True),
        ("pkg:swift/*/apple/swift-nio", "pkg:swift/github.com/apple/swift-nio@1", True),
        ("pkg:deb/*/curl", "pkg:deb/debian/curl@1", True),
        ("pkg:deb/**", "pkg:deb/debian/curl@1", True),
        ("pkg:rpm/fedora/*@*", "pkg:rpm/fedora/curl@1-1", True),
        ("pkg:golang/github.com/acme/**", "pkg:golang/github.com/acme/a/b@v1", True),
        ("pkg:golang/github.com/acme/**", "pkg:golang/github.com/acme@v1", False),
        ("pkg:golang/github.com/acme/**", "pkg:golang/github.com/acme-evil/a@v1", False),
    ],
)
def test_what_matches(pattern: str, purl: str, matches: bool) -> None:
    assert PurlPattern.parse(pattern).matches(Purl.parse(purl)) is matches


@pytest.mark.parametrize(
    "pattern",
    ["", "pkg:npm", "pkg:npm/", "npm/x", "pkg:*/x", "pkg:npm/acme*", "pkg:npm/**/x", "pkg:npm/@acme//x", "pkg:npm/**@1",
     "pkg:npm/x@1.*", "pkg:npm/x@", "pkg:pypi/a/b", "pkg:deb/curl", "pkg:npm/acme/x", "pkg:pypi/x@nonsense"],
)  # fmt: skip
def test_what_is_refused(pattern: str) -> None:
    with pytest.raises(UsageError, match="not a package pattern"):
        PurlPattern.parse(pattern)
