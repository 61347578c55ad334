"""Laws of the verdict, over any mixture of really signed evidence (design.md §3.5 and §3.8)."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from attest import names
from attest.evidence.model import Candidate
from attest.policy.document import Policy, parse
from attest.policy.evaluate import evaluate
from attest.policy.verdict import Outcome, Verdict
from tests.evidence_factory import CYCLONEDX, NOW, evidence, signed, slsa_v1, unsigned
from tests.policy.conftest import HEAD

POLICY = f"""\
{HEAD}
  again: {{key: release.pub}}
builders:
  ci: {{identity: builder, id: "https://ci.example/builder", slsa: 3}}
rules:
"""
RULES = [
    "  - {id: one, require: signature, by: [release]}\n",
    "  - {id: two, require: signature, by: [release, again, security, builder], threshold: 2}\n",
    "  - {id: three, require: signature, by: [release, again, security, builder], threshold: 3}\n",
    "  - {id: bom, require: sbom, by: [release, security]}\n",
    "  - {id: boms, require: sbom, by: [release, security], threshold: 2}\n",
    "  - {id: built, require: provenance, by: [builder], builders: [ci], source: 'https://github.com/acme/app'}\n",
    "  - {id: shown, require: sbom, by: [security], mode: warn}\n",
]
BETTER = {Outcome.DENIED: 0, Outcome.INCONCLUSIVE: 0, Outcome.ADMITTED: 1}

mixtures = st.frozensets(st.integers(0, 19), max_size=10)
rule_sets = st.lists(st.sampled_from(RULES[:6]), min_size=1, max_size=3, unique=True)


@cache
def pool() -> tuple[Candidate, ...]:
    other = {**CYCLONEDX, "metadata": {"component": {"purl": "pkg:npm/other@1.0.0"}}}
    signers = ("release", "security", "builder", "mallory")
    return (
        *(signed(name, note=str(n)) for name in signers for n in range(2)),
        *(signed(name, names.PREDICATE_CYCLONEDX, CYCLONEDX) for name in signers[:3]),
        *(signed(name, names.PREDICATE_CYCLONEDX, other) for name in signers[:2]),
        *(signed("builder", names.PREDICATE_SLSA_V1, slsa_v1(source=s)) for s in ("https://github.com/acme/app", None)),
        signed("builder", names.PREDICATE_SLSA_V1, slsa_v1(builder=None)),
        signed("security", names.PREDICATE_SLSA_V1, slsa_v1()),
        signed("release", "https://example.com/anything"),
        unsigned(names.CYCLONEDX_JSON, CYCLONEDX),
        unsigned(names.SARIF_JSON, {}),
    )


def policy_of(keys: Path, rules: list[str]) -> Policy:
    return parse((POLICY + "".join([*rules, RULES[6]])).encode(), where="p", base=keys)


def judge(policy: Policy, chosen: frozenset[int], *, complete: bool = True) -> Verdict:
    candidates = [pool()[index] for index in sorted(chosen)]
    return evaluate(policy, evidence(candidates, policy.identities.values(), complete=complete), now=NOW)


def test_the_pool_is_what_the_strategies_draw_from() -> None:
    assert len(pool()) == len({item.digest for item in pool()}) == 20


@given(rule_sets, mixtures, mixtures, st.booleans())
def test_more_evidence_never_worsens_a_verdict(
    keys: Path, rules: list[str], some: frozenset[int], more: frozenset[int], complete: bool
) -> None:
    policy = policy_of(keys, rules)
    before, after = (judge(policy, chosen, complete=complete) for chosen in (some, some | more))
    assert BETTER[after.outcome] >= BETTER[before.outcome]
    for old, new in zip(before.findings, after.findings, strict=True):
        assert BETTER[new.outcome] >= BETTER[old.outcome]


@given(rule_sets, mixtures, st.randoms(use_true_random=False))
def test_the_order_of_evidence_changes_nothing(
    keys: Path, rules: list[str], chosen: frozenset[int], shuffle: random.Random
) -> None:
    policy = policy_of(keys, rules)
    candidates = [pool()[index] for index in chosen]
    expected = evaluate(policy, evidence(candidates, policy.identities.values()), now=NOW)
    shuffle.shuffle(candidates)
    found = evidence(candidates, policy.identities.values())
    verified, rejected = list(found.verified), list(found.rejected)
    shuffle.shuffle(verified)
    shuffle.shuffle(rejected)
    mixed = replace(found, verified=tuple(verified), rejected=tuple(rejected))
    assert evaluate(policy, mixed, now=NOW) == expected


@given(rule_sets, mixtures)
def test_an_incomplete_listing_turns_denials_into_doubts_and_nothing_else(
    keys: Path, rules: list[str], chosen: frozenset[int]
) -> None:
    policy = policy_of(keys, rules)
    whole, part = judge(policy, chosen), judge(policy, chosen, complete=False)
    assert (whole.outcome is Outcome.ADMITTED) == (part.outcome is Outcome.ADMITTED)
    assert part.outcome is not Outcome.DENIED
    assert whole.outcome is not Outcome.INCONCLUSIVE


@given(rule_sets, mixtures)
def test_without_verified_evidence_nothing_is_admitted(keys: Path, rules: list[str], chosen: frozenset[int]) -> None:
    policy = policy_of(keys, rules)
    nobody = evidence([pool()[index] for index in chosen], [])
    assert nobody.verified == ()
    assert evaluate(policy, nobody, now=NOW).outcome is Outcome.DENIED
    assert judge(policy, frozenset()).outcome is Outcome.DENIED


@given(rule_sets, mixtures)
def test_the_same_again_is_the_same_verdict(keys: Path, rules: list[str], chosen: frozenset[int]) -> None:
    policy = policy_of(keys, rules)
    assert judge(policy, chosen) == judge(policy, chosen)


@given(rule_sets, mixtures)
def test_every_threshold_is_of_distinct_keys(keys: Path, rules: list[str], chosen: frozenset[int]) -> None:
    """Counted another way: a signature rule holds iff enough different keys in `by` have made a signature."""
    policy = policy_of(keys, rules)
    verdict = judge(policy, chosen)
    signers = {index // 2 for index in chosen if index < 6}  # release, security, builder: two signatures each
    for rule, finding in zip(policy.rules, verdict.findings, strict=True):
        if rule.id == "one":
            assert (finding.outcome is Outcome.ADMITTED) == (0 in signers)
        elif rule.id in ("two", "three"):
            assert (finding.outcome is Outcome.ADMITTED) == (len(signers) >= rule.threshold)
