"""What a check says of the values that it found, how many it tries, and what it says may be asked."""

from __future__ import annotations

import pytest

from attest import limits
from attest.errors import PolicyError
from attest.policy.codes import Code
from tests.policy.conftest import Read
from tests.policy.test_check import RULES, built, checking, judge, sbom

TWO = "rules:\n  - {id: a, require: provenance, by: [release]}\n  - {id: b, require: provenance, by: [release]}\n"


@pytest.mark.parametrize("number", range(1, 6))
def test_three_values_are_told_and_the_others_counted(read: Read, number: int) -> None:
    found = {built(run=str(position)).digest: str(position) for position in range(number)}
    runs = [found[item] for item in sorted(found)]
    finding = judge(checking(read, "built.run == 'x'"), *(built(run=run) for run in found.values()), sbom())
    assert finding.message.startswith("built.run == 'x' does not hold: built.run is ")
    told = finding.message.partition(" is ")[2].split(" or ")
    assert told[3:] == ([f"{number - 3} more"] if number > 3 else [])
    assert len(set(told[:3]) & set(runs)) == min(number, 3)


@pytest.mark.parametrize(("length", "told"), [(159, "a" * 159), (160, "a" * 160), (161, "a" * 160 + "…")])
def test_long_values_are_cut(read: Read, length: int, told: str) -> None:
    finding = judge(checking(read, "built.run == 'x'"), built(run="a" * length), sbom())
    assert finding.message == f"built.run == 'x' does not hold: built.run is {told}"


def test_several_texts_are_told_without_brackets(read: Read) -> None:
    finding = judge(checking(read, "'x' in built.signers"), built(), sbom())
    assert finding.message == "'x' in built.signers does not hold: built.signers is release"


@pytest.mark.parametrize(("tries", "code"), [(3, Code.CHECK_TRIES), (4, Code.CHECK_FALSE), (5, Code.CHECK_FALSE)])
def test_all_is_tried_up_to_the_limit(read: Read, monkeypatch: pytest.MonkeyPatch, tries: int, code: Code) -> None:
    monkeypatch.setattr(limits, "EXPRESSION_TRIES", tries)
    policy = checking(read, "a.run + b.run == 'none'", TWO)
    assert judge(policy, built(run="1"), built(run="2")).code is code


@pytest.mark.parametrize(
    ("more", "text", "told"),
    [
        (
            "  - {id: gone, require: no-withdrawal, by: [release], absence: seal}\n",
            "gone.time == gone.time",
            "none has any",
        ),
        (
            "  - {id: 1st, require: signature, by: [release]}\n  - {id: x-1, require: signature, by: [release]}\n",
            "other.time == other.time",
            "x_1: author, commit, digest, ref, run, signers, source, time, type",
        ),
    ],
)
def test_what_may_be_asked_is_told_of_rules_that_have_a_name_in_expressions(
    read: Read, more: str, text: str, told: str
) -> None:
    rules = f"rules:\n{more}" if "other" in text else RULES + more
    with pytest.raises(PolicyError) as caught:
        checking(read, text, rules)
    assert caught.value.next_step == f"write a name of one of its rules, a dot, and what it may be asked ({told})"
