"""What several outcomes are together, and what a waiver makes of one."""

from __future__ import annotations

from itertools import permutations

import pytest

from attest.policy.codes import Code
from attest.policy.rules.rule import Mode
from attest.policy.verdict import Finding, Outcome
from attest.policy.waivers import Waived, Waiver
from tests.evidence_factory import NOW, PURL

ADMITTED, DENIED, INCONCLUSIVE = Outcome.ADMITTED, Outcome.DENIED, Outcome.INCONCLUSIVE


@pytest.mark.parametrize(
    ("some", "together"),
    [
        ([], DENIED),
        ([ADMITTED], ADMITTED),
        ([DENIED], DENIED),
        ([INCONCLUSIVE], INCONCLUSIVE),
        ([ADMITTED, ADMITTED], ADMITTED),
        ([ADMITTED, DENIED], DENIED),
        ([ADMITTED, INCONCLUSIVE], INCONCLUSIVE),
        ([DENIED, INCONCLUSIVE], DENIED),
        ([ADMITTED, DENIED, INCONCLUSIVE], DENIED),
    ],
)
def test_together(some: list[Outcome], together: Outcome) -> None:
    for order in permutations(some):
        assert Outcome.of(order) is together


WAIVER = Waiver("signed", str(PURL), "sha512:00", "why", "who", NOW)


@pytest.mark.parametrize("outcome", Outcome)
def test_only_a_waiver_that_holds_changes_what_it_counts_as(outcome: Outcome) -> None:
    def effect(waived: Waived | None) -> Outcome:
        return Finding("gate", "signed", Code.SIGNATURE_MISSING, outcome, Mode.ENFORCE, "", waived=waived).effect

    assert effect(None) is effect(Waived(WAIVER, holds=False)) is outcome
    assert effect(Waived(WAIVER, holds=True)) is ADMITTED
