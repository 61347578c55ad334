"""Bounds of an SBOM rule, and how much of what is wrong is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from attest import names
from attest.errors import PolicyError
from attest.policy.codes import Code
from attest.policy.evaluate import evaluate
from attest.policy.rules.sbom import SbomRule, lists_components
from attest.policy.verdict import Outcome
from tests.evidence_factory import DIGEST, NOW, PURL, SUBJECT, evidence, signed
from tests.policy.conftest import HEAD, Read
from tests.policy.test_sbom_rule import MAIN, PART, cyclonedx, judge, without


@pytest.mark.parametrize(
    ("number", "code"), [(1, Code.SBOM_VERIFIED), (2, Code.SBOM_VERIFIED), (3, Code.SBOM_COMPONENTS)]
)
def test_as_many_as_are_needed(read: Read, number: int, code: Code) -> None:
    finding = judge(read, f", min_components: {number}", cyclonedx(None, PART, PART | {"name": "other"}))
    assert finding.code is code


@pytest.mark.parametrize(
    ("number", "told", "more"), [(1, 1, ""), (3, 3, ""), (4, 3, "; and more"), (9, 3, "; and more")]
)
def test_three_objections_are_told(read: Read, number: int, told: int, more: str) -> None:
    mit = [{"license": {"id": "MIT"}}]
    parts = [without(PART, "purl") | {"name": f"p{n}", "licenses": mit} for n in range(number)]
    document = cyclonedx(MAIN | {"licenses": [{"license": {"id": "ISC"}}]}, *parts)
    finding = judge(read, ", licenses: {deny: [MIT]}", document)
    assert finding.code is Code.SBOM_LICENSE
    words = "; ".join(f"p{n}@2.0.0 is MIT, which is denied" for n in range(told))
    assert finding.message.startswith(f"SBOM that does not fit (all must): {words}{more}; 1 referrer found")


@pytest.mark.parametrize(
    ("terms", "purl", "code"),
    [
        ("", str(PURL), Code.SBOM_VERIFIED),
        ("", "pkg:cargo/x@1", Code.SBOM_VERIFIED),
        ("", "pkg:npm/right-pad@1.3.0", Code.SBOM_OTHER_PACKAGE),
        (", includes_package: false", "pkg:cargo/x@1", Code.SBOM_VERIFIED),
        (", includes_package: true", "pkg:cargo/x@1", Code.SBOM_WITHOUT_PACKAGE),
        (", includes_package: true", str(PURL), Code.SBOM_VERIFIED),
        (", minimum: ntia", str(PURL), Code.SBOM_VERIFIED),
    ],
)
def test_whose_it_is(read: Read, terms: str, purl: str, code: Code) -> None:
    assert judge(read, terms, cyclonedx(MAIN | {"purl": purl})).code is code


def test_the_package_may_be_a_component(read: Read) -> None:
    document = cyclonedx(MAIN | {"purl": "pkg:cargo/x@1"}, PART, without(MAIN, "bom-ref"))
    assert judge(read, ", includes_package: true", document).code is Code.SBOM_VERIFIED


@pytest.mark.parametrize(
    ("main", "part", "code"),
    [
        ({"alg": "SHA-512", "content": DIGEST.hex}, {"alg": "SHA-512", "content": "cd" * 64}, Code.SBOM_VERIFIED),
        ({"alg": "SHA-512", "content": DIGEST.hex.upper()}, None, Code.SBOM_VERIFIED),
        ({"alg": "SHA-256", "content": "cd" * 32}, None, Code.SBOM_VERIFIED),
        ({"alg": "SHA-512", "content": "cd" * 64}, None, Code.SBOM_CONTRADICTION),
    ],
)
def test_whose_digest_it_gives(read: Read, main: dict[str, str], part: dict[str, str] | None, code: Code) -> None:
    component = PART | ({} if part is None else {"hashes": [part]})
    finding = judge(read, "", cyclonedx(MAIN | {"hashes": [main]}, component))
    assert finding.code is code
    if code is Code.SBOM_CONTRADICTION:
        told = f"the SBOM is of a file with sha512 {'cd' * 64}, and this one has {DIGEST.hex};"
        assert told in finding.message


def test_what_is_not_written_is_not_wanted(read: Read) -> None:
    policy = read(HEAD + "rules:\n  - {id: bom, require: sbom, by: [release]}\n")
    assert policy.rules == (SbomRule(id="bom", by=("release",)),)
    assert policy.rules == (SbomRule(id="bom", by=("release",), includes_package=False, min_components=0),)


def test_how_many_may_be_asked_for_and_told(read: Read) -> None:
    for number in (1, 1_000_000):
        read(HEAD + f"rules:\n  - {{id: bom, require: sbom, by: [release], min_components: {number}}}\n")
    for number in (0, 1_000_001):
        with pytest.raises(PolicyError, match="min_components"):
            read(HEAD + f"rules:\n  - {{id: bom, require: sbom, by: [release], min_components: {number}}}\n")
    check = "  - {id: it, check: 'bom.components == 2'}\n"
    policy = read(HEAD + "rules:\n  - {id: bom, require: sbom, by: [release]}\n" + check)
    shown = [signed("release", names.PREDICATE_CYCLONEDX, cyclonedx(None, PART, PART | {"name": "other"}))]
    assert evaluate(policy, evidence(shown, policy.identities.values()), now=NOW).outcome is Outcome.ADMITTED


def test_an_image_has_no_package_of_which_an_sbom_could_be(read: Read) -> None:
    image = replace(SUBJECT, purl=None, digest=None, name="registry.example/app:1", image="registry.example/app")
    head = HEAD.replace('"pkg:npm/*"', '"registry.example/**"')
    policy = read(head + "rules:\n  - {id: bom, require: sbom, by: [release], includes_package: true}\n")
    found = evidence(
        [signed("release", names.PREDICATE_CYCLONEDX, cyclonedx(), subject=image)],
        policy.identities.values(),
        subject=image,
    )
    assert evaluate(policy, found, now=NOW).findings[0].code is Code.SBOM_VERIFIED


@pytest.mark.parametrize(
    ("predicate", "lists"),
    [
        (None, True),
        ({}, True),
        ({"bomFormat": "CycloneDX"}, True),
        ({"bomFormat": "CycloneDX", "vulnerabilities": []}, False),
        ({"bomFormat": "CycloneDX", "vulnerabilities": [], "components": []}, True),
        ({"vulnerabilities": []}, True),
    ],
)
def test_a_list_of_vulnerabilities_is_no_sbom(predicate: dict[str, Any] | None, lists: bool) -> None:
    assert lists_components(predicate) is lists


def test_a_whole_version_has_no_digest_that_could_be_contradicted(read: Read) -> None:
    policy = read(HEAD + "rules:\n  - {id: bom, require: sbom, by: [release]}\n")
    document = cyclonedx(MAIN | {"hashes": [{"alg": "SHA-512", "content": "cd" * 64}]})
    for subject, code in ((SUBJECT, Code.SBOM_CONTRADICTION), (replace(SUBJECT, digest=None), Code.SBOM_VERIFIED)):
        found = [signed("release", names.PREDICATE_CYCLONEDX, document)]
        shown = evidence(found, policy.identities.values(), subject=subject)
        assert evaluate(policy, shown, now=NOW).findings[0].code is code
