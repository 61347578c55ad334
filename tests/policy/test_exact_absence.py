"""What is said of absence that is not proven, word for word, and the second in which a seal begins."""

from __future__ import annotations

from dataclasses import replace

import pytest

from attest.evidence.model import Check, Rejected
from attest.policy.codes import Code
from attest.policy.evaluate import evaluate
from attest.policy.verdict import Outcome
from tests.evidence_factory import NOW, signed
from tests.policy.conftest import Read
from tests.policy.test_absence import DAY, LISTED, OWN, SEALED, good, judge, of, seal, show


def test_a_seal_holds_from_the_second_in_which_it_is_issued(read: Read) -> None:
    assert of(judge(read(SEALED), good(), seal("security", good(), issued=NOW)), "not-revoked").outcome is (
        Outcome.ADMITTED
    )


def test_a_listing_without_a_problem_is_said_to_be_incomplete(read: Read) -> None:
    policy = read(LISTED)
    finding = of(evaluate(policy, replace(show(policy, good()), whole=False), now=NOW), "not-revoked")
    assert finding.message.endswith("but that proves nothing: not all evidence was listed")


def test_without_a_problem_none_is_told(read: Read) -> None:
    finding = of(judge(read(SEALED), good()), "not-revoked")
    assert finding.message.endswith("no seal of this package by security")


@pytest.mark.parametrize("number", [1, 3, 4])
def test_the_first_three_problems_with_seals_are_told(read: Read, number: int) -> None:
    policy = read(SEALED)
    problems = tuple(f"problem {n}" for n in range(number))
    finding = of(evaluate(policy, replace(show(policy, good()), seal_problems=problems), now=NOW), "not-revoked")
    assert finding.message.endswith(f"no seal of this package by security ({'; '.join(problems[:3])})")


def test_the_latest_end_is_told(read: Read) -> None:
    policy = read(f"{OWN}  - {{id: none, require: no-revocation, by: [security, release], absence: seal}}\n")
    one, two = seal("security", issued=NOW - 3 * DAY, days=1), seal("release", issued=NOW - 3 * DAY, days=2)
    finding = of(judge(policy, one, two), "none")
    assert finding.code is Code.ABSENCE_EXPIRED
    assert finding.message.endswith("the latest seal of this package expired at 2026-11-20T12:00:00Z")


@pytest.mark.parametrize(("number", "more"), [(1, ""), (3, ""), (4, " and 1 more"), (6, " and 3 more")])
def test_three_of_what_is_hidden_are_named(read: Read, number: int, more: str) -> None:
    hidden = [signed("release", note=f"hidden {n}") for n in range(number)]
    finding = of(judge(read(SEALED), good(), seal("security", good(), *hidden)), "not-revoked")
    named = ", ".join(str(digest) for digest in sorted(item.digest for item in hidden)[:3])
    assert finding.message.endswith(f"the store did not show all that was sealed: {named}{more} is missing")


def test_what_is_shown_and_rejected_is_not_hidden(read: Read) -> None:
    """Whoever sealed it may trust more keys than this policy names."""
    foreign = signed("mallory")
    sealed = seal("security", good(), foreign)
    rejected = Rejected(foreign.found, Check.AUTHOR, "no key that the policy names")
    assert of(judge(read(SEALED), good(), sealed), "not-revoked").code is Code.ABSENCE_HIDDEN
    shown = of(judge(read(SEALED), good(), sealed, rejected=[rejected]), "not-revoked")
    assert shown.code is Code.REVOCATION_ABSENT
