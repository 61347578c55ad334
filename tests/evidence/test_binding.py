"""Binding (design.md §3.2): which statements belong to which package, whoever signed them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from attest import names
from attest.evidence.binding import Binding, bind
from attest.evidence.lookup import subject_of
from attest.evidence.model import Subject
from attest.packages.digest import ArtifactDigest
from attest.packages.purl import Purl
from attest.statements.statement import Statement, write_statement
from attest.statements.statement import Subject as StatementSubject

BYTES = "ab" * 64
OTHER_BYTES = "cd" * 64


def npm(purl: str, hex_digest: str = BYTES, *, read_from_file: bool = False) -> Subject:
    return subject_of(Purl.parse(purl), ArtifactDigest("sha512", hex_digest), read_from_file=read_from_file)


LEFT_PAD = npm("pkg:npm/left-pad@1.3.0")


def statement(*subjects: tuple[str | None, Mapping[str, str]], predicate: Mapping[str, Any] | None = None) -> Statement:
    is_bom = predicate is not None and "bomFormat" in predicate
    raw = write_statement(
        [StatementSubject(name, dict(digests)) for name, digests in subjects],
        names.PREDICATE_CYCLONEDX if is_bom else "https://example.com/predicate/v1",
        predicate if predicate is not None else {"x": 1},
    )
    return Statement.parse(raw)


def test_by_anchor_whatever_the_name_says() -> None:
    said = statement(("registry.example/some/repo", {"sha256": LEFT_PAD.manifest.digest.encoded}))
    assert bind(said, LEFT_PAD) is Binding.ANCHOR


def test_by_name_and_digest() -> None:
    assert bind(statement(("pkg:npm/left-pad@1.3.0", {"sha512": BYTES})), LEFT_PAD) is Binding.NAME


def test_the_name_is_compared_after_normalisation() -> None:
    subject = subject_of(Purl.parse("pkg:pypi/typing-extensions@4.1"), ArtifactDigest("sha256", "ab" * 32))
    said = statement(("pkg:pypi/Typing_Extensions@4.1", {"sha256": "ab" * 32}))
    assert bind(said, subject) is Binding.NAME


@pytest.mark.parametrize(
    ("file_name", "expected"),
    [
        ("typing_extensions-4.1-py3-none-any.whl", Binding.NAME),
        ("typing_extensions-4.1.tar.gz", Binding.NAME),
        ("typing_extensions-4.2.tar.gz", "the signed content names another package: pkg:pypi/typing-extensions@4.2"),
    ],
)
def test_a_file_name_names_a_package(file_name: str, expected: Binding | str) -> None:
    subject = subject_of(Purl.parse("pkg:pypi/typing-extensions@4.1"), ArtifactDigest("sha256", "ab" * 32))
    assert bind(statement((file_name, {"sha256": "ab" * 32})), subject) == expected


def bom(**component: str) -> dict[str, Any]:
    return {"bomFormat": "CycloneDX", "specVersion": "1.5", "metadata": {"component": component}}


@pytest.mark.parametrize(
    "predicate",
    [
        {"purl": "pkg:npm/left-pad@1.3.0"},
        {"name": "left-pad", "version": "1.3.0", "registry": "x"},
        bom(type="library", name="left-pad", version="1.3.0"),
        bom(type="file", purl="pkg:npm/left-pad@1.3.0?repository_url=x"),
    ],
)
def test_the_predicate_may_give_the_name(predicate: dict[str, Any]) -> None:
    assert bind(statement((None, {"sha512": BYTES}), predicate=predicate), LEFT_PAD) is Binding.NAME


@pytest.mark.parametrize(
    "predicate",
    [
        bom(type="library", group="@acme", name="left-pad", version="1.3.0"),
        bom(type="library", name="left-pad@1.3.0#", version="9"),
        {"name": "left-pad@1.3.0#y", "version": "9"},
    ],
)
def test_a_name_is_put_together_by_parts(predicate: dict[str, Any]) -> None:
    refusal = bind(statement((None, {"sha512": BYTES}), predicate=predicate), LEFT_PAD)
    assert str(refusal).startswith("the signed content names another package: pkg:npm/")


@pytest.mark.parametrize("kind", ["file", "container", ""])
def test_what_is_no_package_names_none(kind: str) -> None:
    said = statement((None, {"sha512": BYTES}), predicate=bom(type=kind, name="left-pad", version="1.3.0"))
    assert bind(said, LEFT_PAD) == (
        "only the digest agrees and the signed content names no package; verify the file itself"
    )


def test_the_same_bytes_under_another_name_are_refused_even_with_the_file_at_hand() -> None:
    said = statement(("pkg:npm/right-pad@1.3.0", {"sha512": BYTES}))
    for subject in (LEFT_PAD, npm("pkg:npm/left-pad@1.3.0", read_from_file=True)):
        assert bind(said, subject) == "the signed content names another package: pkg:npm/right-pad@1.3.0"


def test_a_subject_that_names_another_package_is_not_healed_by_the_predicate() -> None:
    said = statement(("pkg:npm/right-pad@1.3.0", {"sha512": BYTES}), predicate={"purl": "pkg:npm/left-pad@1.3.0"})
    assert bind(said, LEFT_PAD) == "the signed content names another package: pkg:npm/right-pad@1.3.0"


def test_the_same_name_with_other_bytes_is_refused() -> None:
    said = statement(("pkg:npm/left-pad@1.3.0", {"sha512": OTHER_BYTES}))
    assert bind(said, LEFT_PAD) == f"no subject has the digest {LEFT_PAD.manifest.digest} or sha512:{BYTES}"


def test_digests_that_disagree_within_one_subject_are_no_match() -> None:
    said = statement(("pkg:npm/left-pad@1.3.0", {"sha512": BYTES, "sha256": "00" * 32}))
    assert bind(said, LEFT_PAD) is Binding.NAME  # the package has no sha256 to disagree with
    both = statement((None, {"sha256": LEFT_PAD.manifest.digest.encoded}), ("pkg:npm/x@1", {"sha512": BYTES}))
    assert bind(both, LEFT_PAD) is Binding.ANCHOR


def test_bytes_alone_need_the_file_at_hand() -> None:
    said = statement(("some/path", {"sha512": BYTES}))
    assert bind(said, npm("pkg:npm/left-pad@1.3.0", read_from_file=True)) is Binding.BYTES
    refusal = bind(said, LEFT_PAD)
    assert refusal == "only the digest agrees and the signed content names no package; verify the file itself"


def test_an_image_is_bound_by_its_manifest_only() -> None:
    image = Subject(LEFT_PAD.manifest, name="registry.example/app")
    assert bind(statement((None, {"sha256": image.manifest.digest.encoded})), image) is Binding.ANCHOR
    assert bind(statement((None, {"sha256": "00" * 32})), image) == f"no subject has the digest {image.manifest.digest}"
