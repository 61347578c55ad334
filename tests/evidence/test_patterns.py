"""Images are matched by HOST/REPO, segment by segment, and never by what only begins alike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest.errors import UsageError
from attest.evidence.model import Subject
from attest.evidence.patterns import ImagePattern, image_name, matches_any, parse_pattern
from attest.oci.descriptor import EMPTY
from attest.oci.reference import Reference
from attest.packages.patterns import PurlPattern
from attest.packages.purl import Purl

segment = st.from_regex(r"[a-z0-9]{1,8}(?:[._-][a-z0-9]{1,4})?", fullmatch=True)
repository = st.lists(segment, min_size=1, max_size=4)
host = st.sampled_from(["registry.example", "registry.example:5000", "localhost", "127.0.0.1:5000", "[::1]:5000"])


def named(text: str) -> str:
    name = image_name(Reference.parse(text))
    assert name is not None
    return name


@pytest.mark.parametrize(
    ("pattern", "image", "matches"),
    [
        ("registry.example/acme/app", "registry.example/acme/app:v1", True),
        ("registry.example/acme/app", "registry.example/acme/app-evil", False),
        ("registry.example/acme/app", "registry.example/acme/app/evil", False),
        ("registry.example/acme/app", "registry.example:5000/acme/app", False),
        ("registry.example/acme/app", "evil.registry.example/acme/app", False),
        ("Registry.Example/acme/app", "registry.example/acme/app", True),
        ("registry.example/acme/*", "registry.example/acme/app", True),
        ("registry.example/acme/*", "registry.example/acme", False),
        ("registry.example/acme/*", "registry.example/acme/app/part", False),
        ("registry.example/*/app", "registry.example/acme/app", True),
        ("registry.example/*/app", "registry.example/acme/other", False),
        ("registry.example/acme/**", "registry.example/acme/app/part", True),
        ("registry.example/acme/**", "registry.example/acme", False),
        ("registry.example/**", "registry.example/acme/app", True),
        ("registry.example/**", "registry.example.evil.test/acme/app", False),
        ("docker.io/alpine", "docker.io/library/alpine", True),
        ("docker.io/library/alpine", "index.docker.io/alpine", True),
        ("registry-1.docker.io/alpine", "docker.io/alpine:3", True),
        ("docker.io/*", "docker.io/alpine", True),
        ("docker.io/*", "docker.io/acme/app", False),
        ("docker.io/**", "docker.io/acme/app", True),
        ("docker.io/**", "docker.io/alpine", True),
        ("docker.io/acme/**", "docker.io/acme/app", True),
    ],
)
def test_matching(pattern: str, image: str, matches: bool) -> None:
    assert ImagePattern.parse(pattern).matches(named(image)) is matches


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("registry.example/acme/app*", "'app*': a '*' stands for a whole segment only"),
        ("registry.example/**/app", "'**' stands only at the end"),
        ("registry.example/acme/***", "'***': a '*' stands for a whole segment only"),
        ("*.example/acme/*", "expected pkg:TYPE/NAME or HOST/REPO"),
        ("*/acme", "expected pkg:TYPE/NAME or HOST/REPO"),
        ("registry.example", "expected pkg:TYPE/NAME or HOST/REPO"),
        ("registry.example/", "see distribution-spec <name>"),
        ("registry.example/acme//app", "see distribution-spec <name>"),
        ("registry.example/Acme", "see distribution-spec <name>"),
        ("registry.example/acme/app:v1", "a pattern names no tag and no digest"),
        (f"registry.example/acme/app@sha256:{'0' * 64}", "a pattern names no tag and no digest"),
        ("registry.example/acme/app@", "a pattern names no tag and no digest"),
        ("acme/app", "expected pkg:TYPE/NAME or HOST/REPO"),
        ("https://registry.example/acme", "expected pkg:TYPE/NAME or HOST/REPO"),
        ("", "expected pkg:TYPE/NAME or HOST/REPO"),
    ],
)
def test_what_is_refused(text: str, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        ImagePattern.parse(text)
    assert caught.value.why is not None
    assert why in caught.value.why


@given(host, repository)
def test_a_name_matches_itself_and_its_parents_wildcards(host: str, parts: list[str]) -> None:
    name = named("/".join((host, *parts)))
    assert ImagePattern.parse(name).matches(name)
    assert ImagePattern.parse(f"{host}/**").matches(name)
    for position in range(len(parts)):
        starred = [*parts[:position], "*", *parts[position + 1 :]]
        assert ImagePattern.parse("/".join((host, *starred))).matches(name)


@given(host, repository, repository)
def test_an_exact_pattern_matches_nothing_else(host: str, parts: list[str], others: list[str]) -> None:
    pattern = ImagePattern.parse("/".join((host, *parts)))
    assert pattern.matches(named("/".join((host, *others)))) is (parts == others)


def test_packages_by_purl_and_images_by_name_never_one_for_the_other() -> None:
    package = Subject(EMPTY, purl=Purl.parse("pkg:npm/semver@7.6.3"))
    image = Subject(EMPTY, name="registry.example/npm/semver:v1", image="registry.example/npm/semver")
    nameless = Subject(EMPTY, name="oci:dir:v1")
    purls, images = parse_pattern("pkg:npm/**"), parse_pattern("registry.example/**")
    assert isinstance(purls, PurlPattern)
    assert isinstance(images, ImagePattern)
    assert [matches_any([purls], subject) for subject in (package, image, nameless)] == [True, False, False]
    assert [matches_any([images], subject) for subject in (package, image, nameless)] == [False, True, False]
    assert matches_any([purls, images], image)
    assert not matches_any([], package)


def test_what_lies_in_no_registry_has_no_name() -> None:
    assert image_name(Reference("", "v1")) is None
    assert image_name(Reference.parse("registry.example/app")) == "registry.example/app"
    assert image_name(Reference.parse("docker.io/app")) == "docker.io/library/app"


def test_what_begins_as_a_purl_is_none_of_a_host_with_a_port() -> None:
    assert isinstance(parse_pattern("pkg:5000/app"), PurlPattern)


def test_another_image_and_another_package_are_not_meant() -> None:
    package = Subject(EMPTY, purl=Purl.parse("pkg:npm/semver@7.6.3"))
    image = Subject(EMPTY, name="x", image="registry.example/npm/semver")
    assert not matches_any([parse_pattern("registry.example/pypi/*")], image)
    assert not matches_any([parse_pattern("pkg:npm/other")], package)
    assert matches_any([parse_pattern("registry.example/pypi/*"), parse_pattern("registry.example/npm/*")], image)
