"""What a rule of verification summaries must name, and what may be asked of a summary."""

from __future__ import annotations

import pytest

from attest.errors import PolicyError
from attest.policy.evaluate import evaluate
from attest.policy.rules.vsa import VsaRule
from attest.policy.verdict import Outcome
from tests.evidence_factory import NOW, PURL, evidence
from tests.policy.conftest import HEAD, Read
from tests.policy.test_other_rules import vsa

RULE = "require: vsa, by: [security]"


def test_the_verifier_must_be_named(read: Read) -> None:
    (rule,) = read(f"{HEAD}rules:\n  - {{id: it, {RULE}, verifier: 'https://acme.example/v'}}\n").rules
    assert rule == VsaRule(id="it", by=("security",), verifier="https://acme.example/v")
    with pytest.raises(PolicyError, match="'verifier' is missing"):
        read(f"{HEAD}rules:\n  - {{id: it, {RULE}}}\n")
    assert [name for name, key in VsaRule.KEYS.items() if key.required] == ["verifier"]


@pytest.mark.parametrize(
    ("asked", "outcome"),
    [
        (f"it.resource == '{PURL}'", Outcome.ADMITTED),
        ("it.resource == 'pkg:npm/x@1'", Outcome.DENIED),
        ("'SLSA_BUILD_LEVEL_3' in it.levels", Outcome.ADMITTED),
        ("'SLSA_BUILD_LEVEL_9' in it.levels", Outcome.DENIED),
    ],
)
def test_what_may_be_asked_of_it(read: Read, asked: str, outcome: Outcome) -> None:
    rules = f"  - {{id: it, {RULE}, verifier: 'https://acme.example/v'}}\n  - {{id: asked, check: \"{asked}\"}}\n"
    policy = read(f"{HEAD}rules:\n{rules}")
    found = evidence([vsa()], policy.identities.values())
    assert evaluate(policy, found, now=NOW).outcome is outcome
