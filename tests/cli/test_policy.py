"""``attest policy test``, as a user runs it, with evidence that was really signed."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from attest.packages.files import identify
from tests.cli.conftest import POLICY, Workplace


@pytest.fixture
def tested(attest: Workplace) -> str:
    """The policy with tests over a directory, and over an archive of it."""
    wheel = attest.wheel()
    attest.ok("--store", "oci:evidence", "sign", wheel, "--key", "release.key")
    attest.ok("--store", "oci:evidence", "pack", wheel, "--output", "evidence.pack")
    package = identify(wheel)
    where = f'subject: "{package.purl}", digest: "{package.digest}"'
    return POLICY + "".join(
        f"{line}\n"
        for line in (
            "tests:",
            f"  - {{name: signed, {where}, evidence: evidence, expect: {{admitted: true}}}}",
            f"  - {{name: packed, {where}, evidence: evidence.pack, expect: {{admitted: true}}}}",
            f"  - {{name: bare, {where}, expect: {{admitted: false, codes: [signature-missing]}}}}",
        )
    )


def test_all_as_expected(attest: Workplace, tested: str) -> None:
    attest.write("gate.yaml", tested)
    assert attest.ok("policy", "test", "gate.yaml").out == (
        "✓ gate.yaml: signed\n✓ gate.yaml: packed\n✓ gate.yaml: bare\n3 tests: 3 as expected, 0 not\n"
    )


def test_one_is_not(attest: Workplace, tested: str) -> None:
    attest.write("gate.yaml", tested.replace("evidence: evidence.pack", "evidence: none.pack"))
    result = attest("policy", "test", "gate.yaml")
    assert (result.code, result.err) == (1, "")
    assert result.out.splitlines()[-1] == "3 tests: 2 as expected, 1 not"
    root = ElementTree.fromstring(attest("policy", "test", "gate.yaml", "--format", "junit").out)
    assert [(case.get("name"), len(case)) for case in root.iter("testcase")] == [
        ("signed", 0),
        ("packed", 1),
        ("bare", 0),
    ]


def test_without_tests_nothing_is_as_expected(attest: Workplace) -> None:
    attest.write("gate.yaml", POLICY)
    assert "the policy has no tests" in attest.refused("policy", "test", "gate.yaml")
    assert "cannot read the policy" in attest.refused("policy", "test", "none.yaml")


def test_lint(attest: Workplace) -> None:
    attest.write("gate.yaml", POLICY)
    assert attest.ok("policy", "lint", "gate.yaml").out == ""
    attest.write("other.yaml", POLICY.replace("rules:", "  spare: {key: release.pub}\nrules:"))
    result = attest("policy", "lint", "gate.yaml", "other.yaml")
    assert (result.code, result.out) == (1, "other.yaml:7:3: identity 'spare' is used by nothing\n")
    attest.write("broken.yaml", POLICY.replace("by:", "bye:"))
    assert attest("policy", "lint", "broken.yaml").out.startswith("broken.yaml:8:38: rule 'signed': unknown key 'bye'")
    assert attest.refused("policy", "lint", "none.yaml") == (
        "attest: none.yaml: cannot read the policy: No such file or directory "
        "(next: check the name; policies/ has some to begin with)"
    )


def test_schema(attest: Workplace) -> None:
    schema = attest.ok("policy", "schema").json
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["required"] == ["version", "name"]
