from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest import names
from attest.errors import EnvelopeError, FormatError
from attest.packages.anchors import version_anchor
from attest.packages.digest import ArtifactDigest
from attest.packages.purl import Purl
from attest.statements.release import Artifact, Release, read, write
from attest.statements.statement import Statement

PURL = Purl.parse("pkg:pypi/acme@1.0")
A, B = "aa" * 32, "bb" * 32
WHEEL = Artifact(
    "acme-1.0-cp311-cp311-win_amd64.whl",
    {"sha256": A, "sha512": A * 2},
    1234,
    "cp311-cp311-win_amd64",
    "https://files.example/acme.whl",
)
SDIST = Artifact("acme-1.0.tar.gz", {"sha256": B})
RELEASE = Release(PURL, (WHEEL, SDIST), "4711")


def statement(*subjects: dict[str, Any], kind: str = names.PREDICATE_RELEASE, **predicate: Any) -> Statement:
    """As others write it."""
    value = {
        "_type": names.STATEMENT_V1,
        "subject": list(subjects) or [{"name": "acme-1.0.tar.gz", "digest": {"sha256": B}}],
        "predicateType": kind,
        "predicate": {"purl": "pkg:pypi/acme@1.0"} | predicate,
    }
    return Statement.parse(json.dumps(value).encode())


def test_what_is_written_on_the_wire() -> None:
    assert json.loads(write(RELEASE)) == {
        "_type": "https://in-toto.io/Statement/v1",
        "predicateType": "https://in-toto.io/attestation/release/v0.1",
        "predicate": {"purl": "pkg:pypi/acme@1.0", "packageId": "4711"},
        "subject": [
            {"name": "pkg:pypi/acme@1.0", "digest": {"sha256": version_anchor(PURL).digest.encoded}},
            {
                "name": "acme-1.0-cp311-cp311-win_amd64.whl",
                "digest": {"sha256": A, "sha512": A * 2},
                "downloadLocation": "https://files.example/acme.whl",
                "annotations": {"dev.attest.size": 1234, "dev.attest.platform": "cp311-cp311-win_amd64"},
            },
            {"name": "acme-1.0.tar.gz", "digest": {"sha256": B}},
        ],
    }


def test_the_order_of_the_files_changes_nothing() -> None:
    assert write(replace(RELEASE, artifacts=(SDIST, WHEEL))) == write(RELEASE)


HEX = st.text("0123456789abcdef", min_size=64, max_size=64)
FILES = st.text(st.characters(categories=["L", "N", "P", "S"], exclude_characters="/\\"), min_size=1, max_size=40)
ARTIFACTS = st.builds(
    Artifact,
    name=FILES.filter(lambda name: name not in (".", "..")),
    digests=HEX.map(lambda text: {"sha256": text}),
    size=st.none() | st.integers(0, 2**53 - 1),
    platform=st.none() | st.text(st.characters(codec="ascii"), min_size=1),
    download_location=st.none() | st.just("https://files.example/x"),
)


@given(st.lists(ARTIFACTS, min_size=1, max_size=4, unique_by=(lambda a: a.name, lambda a: a.digests["sha256"])))
def test_what_is_written_is_read_again(artifacts: list[Artifact]) -> None:
    ordered = tuple(sorted(artifacts, key=lambda item: item.name))
    assert read(Statement.parse(write(Release(PURL, ordered)))) == Release(PURL, ordered)


@pytest.mark.parametrize("kind", names.PREDICATES_RELEASE)
@pytest.mark.parametrize("member", ["packageId", "releaseId"])
def test_both_versions_are_read_as_others_write_them(kind: str, member: str) -> None:
    found = read(statement(kind=kind, **{member: "4711"}, repository="acme/app", tag="v1.0"))
    assert found == Release(PURL, (SDIST,), "4711")


def test_the_version_anchor_is_no_file() -> None:
    anchor = {"name": "x", "digest": {"sha256": version_anchor(PURL).digest.encoded}}
    assert read(statement({"name": "a.whl", "digest": {"sha256": A}}, anchor)).artifacts == (
        Artifact("a.whl", {"sha256": A}),
    )


def test_a_file_is_named_by_its_ecosystems_digest() -> None:
    npm = Release(Purl.parse("pkg:npm/acme@1.0.0"), (WHEEL,))
    assert npm.digest(WHEEL) == ArtifactDigest("sha512", A * 2)
    assert RELEASE.digest(WHEEL) == ArtifactDigest("sha256", A)
    with pytest.raises(EnvelopeError, match=r"a file without a npm digest"):
        npm.digest(SDIST)


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (statement(kind="https://in-toto.io/attestation/release/v0.3"), "not a release statement"),
        (statement(purl=None), "expected a string"),
        (statement(purl="pkg:pypi/acme"), "it has no version"),
        (statement(purl="pkg:pypi/acme@1.0?arch=x"), "not a"),
        (statement(packageId="1", releaseId="2"), "packageId and releaseId differ"),
        (statement(packageId=1), "expected a string"),
        (statement({"digest": {"sha256": A}}), "not the name of a file"),
        (statement({"name": "dist/a", "digest": {"sha256": A}}), "not the name of a file"),
        (statement({"name": "..", "digest": {"sha256": A}}), "not the name of a file"),
        (statement({"name": "a\nb", "digest": {"sha256": A}}), "not the name of a file"),
        (statement({"name": "a", "digest": {"sha512": A * 2}}), "a file without a pypi digest"),
        (statement({"name": "a", "digest": {"sha256": A}, "annotations": {"dev.attest.size": -1}}), "a negative size"),
        (
            statement({"name": "a", "digest": {"sha256": A}, "annotations": {"dev.attest.size": "1"}}),
            "expected a number",
        ),
        (
            statement({"name": "a", "digest": {"sha256": A}, "annotations": {"dev.attest.platform": 1}}),
            "expected a str",
        ),
        (
            statement({"name": "a", "digest": {"sha256": A}}, {"name": "a", "digest": {"sha256": B}}),
            "it says two things of one file",
        ),
        (
            statement({"name": "a", "digest": {"sha256": A}}, {"name": "b", "digest": {"sha256": A}}),
            "it says two things of one file",
        ),
        (
            statement(
                {"name": "a", "digest": {"sha256": A, "sha512": A * 2}},
                {"name": "b", "digest": {"sha256": B, "sha512": A * 2}},
            ),
            "it says two things of one file",
        ),
        (
            statement({"name": "x", "digest": {"sha256": version_anchor(PURL).digest.encoded}}),
            "a release without files",
        ),
    ],
)
def test_hostile_statements(found: Statement, why: str) -> None:
    with pytest.raises(FormatError, match=why):
        read(found)


@pytest.mark.parametrize(
    "release",
    [
        Release(PURL, ()),
        Release(PURL, (WHEEL, WHEEL)),
        Release(PURL, (replace(WHEEL, name="a/b"),)),
        Release(PURL, (replace(WHEEL, digests={"sha1": "aa" * 20}),)),
    ],
)
def test_what_could_not_be_read_is_not_written(release: Release) -> None:
    with pytest.raises(FormatError):
        write(release)


@pytest.mark.parametrize("wrong", [{"downloadLocation": 1}, {"annotations": []}, {"annotations": "x"}])
def test_members_of_a_descriptor_have_their_types(wrong: dict[str, Any]) -> None:
    with pytest.raises(FormatError):
        statement({"name": "a", "digest": {"sha256": A}} | wrong)
