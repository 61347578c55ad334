"""The mapping into OCI's grammars: legal and injective."""

from __future__ import annotations

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest.oci.reference import is_repository, is_tag
from attest.packages import placement
from attest.packages.purl import Purl

HASH = hashlib.sha256(b"Name").hexdigest()[:32]
NASTY = st.sampled_from(
    [
        "JSONStream",
        "jsonstream",
        "name",
        "Name",
        f"name--{HASH}",
        "blobs",
        "index.json",
        "oci-layout",
        "a--b",
        "a..b",
        "n" * 64,
        "n" * 65,
        "n" * 300,
        "N" * 300,
        "é",
        "e\u0301",
        "@acme",
        "acme",
        "github.com",
        "BurntSushi",
        "x",
        "~",
    ]
)
TEXTS = NASTY | st.text(
    st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="/"), min_size=1, max_size=300
)
SEGMENTS = TEXTS.filter(lambda text: text not in (".", ".."))
VERSIONS = (
    st.sampled_from(
        ["1:2.3~rc1+dfsg", "1.0+x", "1.0-x", "sha256-" + "ab" * 32, "sha256-ab.sig", "SHA256-AB", "1" * 128, "1" * 129]
    )
    | TEXTS
    | st.from_regex(r"sha(256|512)[-:][0-9a-fA-F]{1,70}(\.sig)?", fullmatch=True)
)
PURLS = st.builds(
    Purl.of,
    st.sampled_from(["generic", "golang", "other+type"]),
    st.lists(SEGMENTS, max_size=6).map(tuple),
    SEGMENTS,
    VERSIONS,
).filter(lambda purl: len(str(purl)) < 4000)


def package(purl: Purl) -> tuple[str, tuple[str, ...], str]:
    return purl.type, purl.namespace, purl.name


@given(PURLS)
def test_every_place_is_legal(purl: Purl) -> None:
    path, tag, shared = placement.repository(purl), placement.tag(purl), placement.shared_tag(purl)
    assert is_repository(path)
    assert len(path) <= placement.REPOSITORY_MAX
    assert all(len(component) <= 64 for component in path.split("/"))
    assert not {"blobs", "index.json", "oci-layout"} & set(path.split("/"))
    assert is_tag(tag)
    assert is_tag(shared)
    for text in (tag, shared):
        assert not re.match("sha(256|512)-[0-9a-f]", text.lower())


@given(PURLS, PURLS)
def test_two_packages_never_share_a_repository_and_two_versions_never_a_tag(one: Purl, other: Purl) -> None:
    assert (placement.repository(one) == placement.repository(other)) == (package(one) == package(other))
    assert (placement.tag(one) == placement.tag(other)) == (one.version == other.version)
    assert (placement.shared_tag(one) == placement.shared_tag(other)) == (one == other)


@given(PURLS, st.sampled_from(["hashed", "folded", "other case"]))
def test_no_package_can_take_anothers_place_by_its_name(purl: Purl, way: str) -> None:
    """Names made out of where another package lies: the first thing an attacker would register."""
    path = placement.repository(purl).split("/")
    parts = [purl.type, *purl.namespace, purl.name]
    if way == "folded":
        parts = [purl.type, *(part.casefold() for part in parts[1:])]
    elif way == "other case":
        parts = [purl.type, *(part.swapcase() for part in parts[1:])]
    else:
        parts = [purl.type, *path[1:]]
    other = Purl.of(parts[0], tuple(parts[1:-1]), parts[-1], placement.tag(purl))
    assert (placement.repository(other) == placement.repository(purl)) == (package(other) == package(purl))
    assert (placement.tag(other) == placement.tag(purl)) == (other.version == purl.version)


@given(st.lists(PURLS, min_size=2, max_size=30, unique=True))
def test_a_whole_registry_side_by_side(purls: list[Purl]) -> None:
    assert len({placement.repository(purl) for purl in purls}) == len({package(purl) for purl in purls})
    assert len({(placement.repository(purl), placement.tag(purl)) for purl in purls}) == len(purls)
    assert len({placement.shared_tag(purl) for purl in purls}) == len(purls)


@pytest.mark.parametrize(
    ("purl", "repository", "tag"),
    [
        ("pkg:npm/semver@7.6.3", "npm/semver", "7.6.3"),
        # printf JSONStream | sha256sum
        ("pkg:npm/JSONStream@1.3.5", "npm/jsonstream--e8984fe3553d633446cdadbd07d49ee8", "1.3.5"),
        ("pkg:npm/jsonstream@1.3.5", "npm/jsonstream", "1.3.5"),
        # printf @acme | sha256sum
        ("pkg:npm/@acme/x@1", "npm/acme--505d4cb493e3ac19430facbd64ce10dd/x", "1"),
        ("pkg:maven/org.apache.commons/commons-lang3@3.14.0", "maven/org.apache.commons/commons-lang3", "3.14.0"),
    ],
)
def test_what_stands_in_the_design(purl: str, repository: str, tag: str) -> None:
    assert (placement.repository(Purl.parse(purl)), placement.tag(Purl.parse(purl))) == (repository, tag)


def test_the_longest_path_that_stays() -> None:
    def deep(length: int) -> Purl:
        path = ("a" * 50, "b" * 50, "c" * (length - len("golang///") - 100 - 1 - 1))
        return Purl.of("golang", path, "d", "v1.0.0")

    assert len(placement.repository(deep(160))) == 160
    assert placement.repository(deep(160)).count("/") == 4
    assert placement.repository(deep(161)).startswith("golang/d--")
