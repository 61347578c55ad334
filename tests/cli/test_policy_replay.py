"""``attest policy replay``, as a user runs it."""

from __future__ import annotations

import jsonschema
import pytest

from attest.report.schemas import schema
from tests.cli.conftest import POLICY, Workplace

WHEEL = "dist/acme-1.0-py3-none-any.whl"
BOTH = ("policy", "replay", "--old", "policy.yaml", "--new", "new.yaml")
SCHEMA = jsonschema.Draft202012Validator(schema("replay"))


@pytest.fixture
def signed(attest: Workplace) -> Workplace:
    """One wheel by one key, another by two, and a policy that wants both."""
    other = attest.wheel(version="1.1")
    attest.ok("key", "generate", "other")
    for wheel, key in ((WHEEL, "release"), (other, "release"), (other, "other")):
        attest.ok("sign", wheel, "--key", f"{key}.key")
    both = POLICY.replace("rules:", "  other: {key: other.pub}\nrules:").replace("name: gate", "name: stricter")
    attest.write("new.yaml", both.replace("by: [release]", "by: [release, other], threshold: 2"))
    return attest


def test_nothing_changes(signed: Workplace) -> None:
    same = ("policy", "replay", "--old", "policy.yaml", "--new", "policy.yaml")
    assert signed.ok(*same, WHEEL).out == "1 subject: 0 changed\n"


def test_who_changes_and_why(signed: Workplace) -> None:
    result = signed(*BOTH, WHEEL, "dist/acme-1.1-py3-none-any.whl")
    assert (result.code, result.err) == (1, "")
    head, before, after, total = result.out.splitlines()
    assert head.startswith("pkg:pypi/acme@1.0 sha256:")
    assert head.endswith(": admitted -> denied")
    assert before == "  before: signed: signature-verified: signature by release (1 of 1 needed)"
    assert after.startswith("  after: signed: signature-threshold: signature by release only (1 of 2 needed")
    assert total == "2 subjects: 1 changed"


def test_as_json(signed: Workplace) -> None:
    result = signed(*BOTH, WHEEL, "--json")
    SCHEMA.validate(result.json)
    (item,) = result.json["changed"]
    assert (item["old"]["outcome"], item["new"]["outcome"]) == ("admitted", "denied")
    assert [reason["code"] for reason in item["new"]["reasons"]] == ["signature-threshold"]
    assert item["new"]["policies"][0]["name"] == "stricter"


def test_everything_in_a_pack(signed: Workplace) -> None:
    signed.ok("pack", WHEEL, "dist/acme-1.1-py3-none-any.whl", "--output", "evidence.pack")
    result = signed(*BOTH, "--store", "oci-archive:evidence.pack")
    assert (result.code, result.out.splitlines()[-1]) == (1, "2 subjects: 1 changed")
    assert "nothing named" in signed.refused(*BOTH)


def test_what_cannot_be_read_is_no_answer(signed: Workplace) -> None:
    result = signed(*BOTH, WHEEL, "--store", "oci-archive:none.tar")
    assert (result.code, result.out) == (3, "1 subject: 0 changed\n")


def test_a_policy_that_cannot_be_read(signed: Workplace) -> None:
    assert "cannot read the policy" in signed.refused(
        "policy", "replay", "--old", "none.yaml", "--new", "new.yaml", WHEEL
    )
