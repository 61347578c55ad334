"""Tests in policy files: what they say is what verification says, whether evidence is made up or real."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from attest import names
from attest.errors import PolicyError
from attest.oci.descriptor import EMPTY
from attest.policy.cases import Described
from attest.policy.codes import Code
from attest.policy.document import Policy
from attest.policy.trial import Tried, run
from attest.report.style import Style
from attest.report.tried import junit, text
from tests.evidence_factory import CYCLONEDX, DIGEST, NOW, PURL, slsa_v1
from tests.policy.conftest import HEAD, Read

RULES = """\
rules:
  - {id: signed, require: signature, by: [release]}
"""
BUILT = """\
builders:
  hosted: {identity: builder, id: "https://ci.example/builder", slsa: 2}
rules:
  - {id: built, require: provenance, by: [builder], builders: [hosted], slsa: 2, source: "https://github.com/acme/app"}
"""
SLSA = "https://slsa.dev/provenance/v1"
ADMITTED = "expect: {admitted: true}"
DENIED = "expect: {admitted: false}"
SIGNED = "evidence: [{by: release, type: signature}]"


def case(*terms: str, name: str = "one", subject: str = str(PURL), digest: str = str(DIGEST)) -> str:
    return f'  - {{name: "{name}", subject: "{subject}", digest: "{digest}", {", ".join(terms)}}}\n'


def tried(policy: Policy) -> list[str | None]:
    return [item.wrong for item in run(policy, offline=True, now=NOW)]


def one(read: Read, *terms: str, policy: str = HEAD + RULES, **more: str) -> str | None:
    (wrong,) = tried(read(f"{policy}tests:\n{case(*terms, **more)}"))
    return wrong


def test_what_is_read(read: Read, keys: Path) -> None:
    written = case(
        f'evidence: [{{by: builder, type: "{SLSA}", predicate: p.json, time: 2026-11-20}}]',
        "now: 2026-11-21",
        "expect: {admitted: false, codes: [signature-missing]}",
    )
    (found,) = read(f"{HEAD}{RULES}tests:\n{written}").cases
    assert (found.name, found.subject, found.digest) == ("one", str(PURL), str(DIGEST))
    assert found.evidence == (Described("builder", SLSA, keys / "p.json", datetime(2026, 11, 20, tzinfo=UTC)),)
    assert found.now == datetime(2026, 11, 21, tzinfo=UTC)
    assert (found.admitted, found.codes) == (False, frozenset({Code.SIGNATURE_MISSING}))
    assert found.where == "gate.yaml:12"


def test_as_expected_and_not(read: Read) -> None:
    assert one(read, SIGNED, ADMITTED) is None
    assert one(read, DENIED) is None
    assert one(read, "expect: {admitted: false, codes: [signature-missing]}") is None
    assert one(read, SIGNED, DENIED) == "expected not admitted, found admitted"
    assert one(read, ADMITTED) == (
        "expected admitted, found denied: signed: signature-missing: no verified signature by release; "
        "nothing is attached"
    )
    assert one(read, "expect: {admitted: false, codes: [signature-threshold]}") == (
        "expected not admitted for signature-threshold, found denied: signed: signature-missing: "
        "no verified signature by release; nothing is attached"
    )


def test_codes_are_all_of_them(read: Read) -> None:
    two = HEAD + RULES + "  - {id: sbom, require: sbom, by: [release]}\n"
    both = "expect: {admitted: false, codes: [signature-missing, sbom-missing]}"
    assert one(read, both, policy=two) is None
    assert one(read, "expect: {admitted: false, codes: [signature-missing]}", policy=two) is not None


def test_what_is_made_up_is_judged_as_any_other(read: Read, keys: Path) -> None:
    (keys / "good.json").write_text(json.dumps(slsa_v1()))
    (keys / "other.json").write_text(json.dumps(slsa_v1(source="https://github.com/mallory/app")))
    built = "evidence: [{{by: {by}, type: '" + SLSA + "', predicate: {file}}}]"
    policy = HEAD + BUILT
    assert one(read, built.format(by="builder", file="good.json"), ADMITTED, policy=policy) is None
    wrong_source = "expect: {admitted: false, codes: [provenance-source]}"
    assert one(read, built.format(by="builder", file="other.json"), wrong_source, policy=policy) is None
    nobody = "expect: {admitted: false, codes: [provenance-missing]}"
    assert one(read, built.format(by="security", file="good.json"), nobody, policy=policy) is None


def test_an_identity_that_has_ended_or_is_for_others_does_not_speak_here_either(read: Read) -> None:
    ended = HEAD.replace("key: release.pub", "key: release.pub, until: 2026-11-01") + RULES
    assert one(read, SIGNED, ADMITTED, policy=ended) is not None
    assert one(read, SIGNED, "now: 2026-10-31", ADMITTED, policy=ended) is None
    earlier = "evidence: [{by: release, type: signature, time: 2026-10-31}]"
    assert one(read, earlier, ADMITTED, policy=ended) is None
    others = HEAD.replace("key: release.pub", "key: release.pub, for: ['pkg:npm/x']") + RULES
    assert one(read, SIGNED, DENIED, policy=others) is None


def test_certificates_are_made_up_too(read: Read) -> None:
    keyless = HEAD.replace("keys_only: true", "root: public-good").replace(
        "identities:\n",
        "identities:\n  ci: {issuer: 'https://ci.example', subject: 'https://git.example/acme/*@refs/tags/*',"
        " claims: {source_repository: 'https://git.example/acme/*'}}\n",
    ) + RULES.replace("[release]", "[ci]")
    assert one(read, "evidence: [{by: ci, type: signature}]", ADMITTED, policy=keyless) is None
    assert one(read, SIGNED, DENIED, policy=keyless) is None


def test_images(read: Read) -> None:
    image = "registry.example/acme/app"
    policy = HEAD.replace('"pkg:npm/*"', f'"{image}"') + RULES
    assert one(read, SIGNED, ADMITTED, policy=policy, subject=image, digest=str(EMPTY.digest)) is None
    assert one(read, DENIED, policy=policy, subject=image, digest=str(EMPTY.digest)) is None


def test_waivers_are_tried_as_they_will_be(read: Read) -> None:
    waived = (
        HEAD + RULES + f'waivers:\n  - {{rule: signed, subject: "{PURL}", digest: "{DIGEST}", reason: late, owner: al,'
        " expires: 2026-12-01}\n"
    )
    assert one(read, "now: 2026-11-30", ADMITTED, policy=waived) is None
    gone = "expect: {admitted: false, codes: [signature-missing]}"
    assert one(read, "now: 2026-12-01", gone, policy=waived) is None
    left = waived.replace("waivers:", "  - {id: sbom, require: sbom, by: [release]}\nwaivers:")
    assert one(read, "expect: {admitted: false, codes: [sbom-missing]}", policy=left) is None


@pytest.mark.parametrize("expected", [ADMITTED, DENIED])
def test_what_cannot_be_tried_is_never_as_expected(read: Read, keys: Path, expected: str) -> None:
    (keys / "no.json").write_text("[]")
    for file in ("none.json", "no.json", "."):
        wrong = one(read, f"evidence: [{{by: release, type: '{SLSA}', predicate: {file}}}]", expected)
        assert wrong is not None
        assert wrong.startswith("it cannot be tried: ")


REFUSED = {
    "unknown key": (case(ADMITTED, "evidense: x"), "unknown key 'evidense': nearest: evidence"),
    "no expectation": (case("now: 2026-11-21"), "test 1: 'expect' is missing"),
    "nothing expected": (case("expect: {codes: [signature-missing]}"), "'admitted' is missing"),
    "no code": (case("expect: {admitted: false, codes: [signature-mising]}"), "nearest: signature-missing"),
    "codes of nothing": (case("expect: {admitted: true, codes: [signature-missing]}"), "'codes' goes with admitted"),
    "a pattern": (case(ADMITTED, subject="pkg:npm/*"), "test 1: 'subject': not a subject"),
    "by nobody": (case(ADMITTED, "evidence: [{by: mallory, type: signature}]"), "no identity 'mallory'"),
    "no type": (case(ADMITTED, "evidence: [{by: release, type: sbom}]"), "'sbom' cannot be made up"),
    "revocation": (
        case(ADMITTED, f"evidence: [{{by: release, type: '{names.PREDICATE_REVOCATION}', predicate: x}}]"),
        "cannot be made up",
    ),
    "no predicate": (case(ADMITTED, f"evidence: [{{by: release, type: '{SLSA}'}}]"), "'predicate' is missing"),
    "a signature's": (
        case(ADMITTED, "evidence: [{by: release, type: signature, predicate: x}]"),
        "'predicate' is for other types",
    ),
    "twice": (case(ADMITTED) + case(DENIED), "test 2: the name 'one' stands twice"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(read: Read, name: str) -> None:
    written, expected = REFUSED[name]
    with pytest.raises(PolicyError) as caught:
        read(f"{HEAD}{RULES}tests:\n{written}")
    assert expected in str(caught.value)
    assert "gate.yaml:1" in str(caught.value)


def test_for_people_and_test_runners(read: Read) -> None:
    (good,) = run(read(f"{HEAD}{RULES}tests:\n{case(SIGNED, ADMITTED)}"), offline=True, now=NOW)
    bad = Tried(replace(good.case, name="two \x1b[2J"), "expected <admitted>, found denied")
    files = [("gate.yaml", [good, bad])]
    assert text(files, Style()) == (
        "✓ gate.yaml: one\n✗ gate.yaml: two \\x1b[2J\n    gate.yaml:12: expected <admitted>, found denied\n"
        "2 tests: 1 as expected, 1 not\n"
    )
    suite = ElementTree.fromstring(junit(files, NOW)).find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    first, second = suite.findall("testcase")
    assert (first.get("classname"), first.get("name"), len(first)) == ("gate.yaml", "one", 0)
    assert [item.get("message") for item in second] == ["expected <admitted>, found denied"]


def test_sboms_by_their_predicate_type(read: Read, keys: Path) -> None:
    (keys / "sbom.json").write_text(json.dumps(CYCLONEDX))
    policy = HEAD + "rules:\n  - {id: sbom, require: sbom, by: [release]}\n"
    sbom = "evidence: [{by: release, type: 'https://cyclonedx.org/bom', predicate: sbom.json}]"
    assert one(read, sbom, ADMITTED, policy=policy) is None


@pytest.mark.parametrize("path", ["nosuch", "nosuch.tar", "policy.txt"])
def test_evidence_that_is_not_there_is_never_as_expected(read: Read, keys: Path, path: str) -> None:
    """A case about what is refused would else go on to be met once its path is wrong."""
    (keys / "policy.txt").write_text("x")
    for expected in (DENIED, "expect: {admitted: false, codes: [signature-missing]}"):
        wrong = one(read, f"evidence: {path}", expected)
        assert wrong is not None
        assert wrong.startswith("it cannot be tried: "), wrong
