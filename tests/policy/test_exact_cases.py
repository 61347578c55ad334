"""What a test in a policy file has to say, and what is said where it does not."""

from __future__ import annotations

import pytest

from attest.errors import PolicyError
from attest.policy.schema import document
from tests.evidence_factory import DIGEST, PURL
from tests.policy.conftest import HEAD, Read
from tests.policy.test_cases import ADMITTED, RULES, case

DESCRIBED = "evidence: [{by: release, type: signature}, {%s}]"


def refused(read: Read, written: str) -> PolicyError:
    with pytest.raises(PolicyError) as caught:
        read(f"{HEAD}{RULES}tests:\n{written}")
    return caught.value


def test_a_policy_without_tests_has_none(read: Read) -> None:
    assert read(HEAD + RULES).cases == ()


@pytest.mark.parametrize("key", ["name", "subject", "digest", "expect"])
def test_what_a_test_has_to_say(read: Read, key: str) -> None:
    terms = {"name": "one", "subject": f"'{PURL}'", "digest": f"'{DIGEST}'", "expect": "{admitted: true}"}
    written = ", ".join(f"{name}: {value}" for name, value in terms.items() if name != key)
    assert refused(read, f"  - {{{written}}}\n").what == f"test 1: {key!r} is missing"


@pytest.mark.parametrize(
    ("described", "what"),
    [
        ("type: signature", "'by' is missing"),
        ("by: release", "'type' is missing"),
        ("by: mallory, type: signature", "no identity 'mallory'"),
        ("by: release, type: signature, more: x", "unknown key 'more'"),
    ],
)
def test_which_evidence_is_wrong_is_told(read: Read, described: str, what: str) -> None:
    assert refused(read, case(DESCRIBED % described, ADMITTED)).what == f"test 1: evidence 2: {what}"


@pytest.mark.parametrize(
    ("code", "nearest"),
    [
        ("signature-mising", "nearest: signature-missing, signature-verified"),
        ("xxxxxxxxxxxxxxxxxxxx", None),
    ],
)
def test_at_most_two_codes_are_near(read: Read, code: str, nearest: str | None) -> None:
    error = refused(read, case(f"expect: {{admitted: false, codes: [{code}]}}"))
    assert error.what == f"test 1: 'expect': 'codes': no code {code!r}"
    assert error.why == nearest


@pytest.mark.parametrize("evidence", ["store.tar", "[{by: release, type: signature}]"])
def test_the_schema_says_the_same(read: Read, evidence: str) -> None:
    assert read(f"{HEAD}{RULES}tests:\n{case(f'evidence: {evidence}', ADMITTED)}").cases
    shape = document()["properties"]["tests"]["items"]
    assert shape["required"] == ["name", "subject", "digest", "expect"]
    assert shape["properties"]["expect"]["required"] == ["admitted"]
    one, several = shape["properties"]["evidence"]["anyOf"]
    assert (one["type"], several["type"], several["items"]["required"]) == ("string", "array", ["by", "type"])
