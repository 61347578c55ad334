"""The one law of evidence (design.md §3.5), over every rule that there is and every way to combine evidence.

A rule that needs no absence is monotone: more evidence never makes it worse. One that needs absence gains nothing by
what is hidden: a sealed piece that is missing, or a listing that is not complete, never lets it hold.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest import names
from attest.evidence.model import Candidate
from attest.policy.components import NO_COMPONENTS, Answer, Components, Decided, parts_of
from attest.policy.document import Policy, parse
from attest.policy.evaluate import Hearing, evaluate_all
from attest.policy.rules import RULES
from attest.policy.rules.rule import Absence, Match
from attest.policy.verdict import Finding, Outcome, Verdict
from attest.statements.lifecycle import Why
from attest.statements.sbom import read_sbom
from tests.evidence_factory import CYCLONEDX, NOW, PURL, SUBJECT, evidence, identity, signed, slsa_v1
from tests.policy import test_sbom_rule
from tests.policy.conftest import HEAD
from tests.policy.test_absence import good, revocation, seal, withdrawal
from tests.policy.test_other_rules import TEST, vsa
from tests.statements.scans import cyclonedx, grype, openvex, sarif, trivy

BY = "by: [release, security]"
WRITTEN: dict[str, list[str]] = {
    "signature": ["", ", threshold: 2"],
    "provenance": [", builders: [ci], slsa: 2, source: 'https://github.com/acme/app'", ", max_age: 7d"],
    "sbom": ["", ", minimum: ntia", ", max_age: 7d", ", threshold: 2", ", min_components: 1"],
    "dependencies": [],
    "scan": ["", ", max_age: 30d"],
    "vex": [],
    "vsa": [", verifier: 'https://acme.example/v', levels: [SLSA_BUILD_LEVEL_2]"],
    "attestation": [f", type: '{TEST}'"],
    "no-downgrade": [],
    "no-revocation": [],
    "no-withdrawal": [],
    "deny": [],
}
"""Every rule that wants evidence, as it is written without absence."""
FORBIDDING = {
    "scan": [
        ", deny: [critical, high]",
        ", max_score: 5, max_age: 7d",
        ", deny: [critical, high], vex: {by: [builder]}",
    ],
    "sbom": [", licenses: {deny: [ISC]}", ", licenses: {allow: [MIT]}"],
    "deny": [f", type: '{TEST}'"],
    "dependencies": [", policy: parts.yaml", ", policy: parts.yaml, threshold: 2"],
    "vex": ["", ", match: any", ", match: latest"],
    "no-downgrade": ["", ", same: [builder]", ", same: [source, signer]"],
    "no-revocation": [""],
    "no-withdrawal": [""],
}
"""What looks at all evidence by itself."""
MONOTONE = [f"require: {name}, {BY}{terms}" for name, many in WRITTEN.items() for terms in many]
MONOTONE += ["require: signature, by: publisher", "require: sbom, by: [publisher, release], threshold: 2"]
NEEDING = [f"require: {name}, {BY}{terms}" for name, many in FORBIDDING.items() for terms in many]
NEEDING += [f"{text}, match: {match}" for text in MONOTONE for match in ("all", "latest")]
NEEDING += [f"{text}, match: latest" for text in NEEDING if "deny: [" in text]
NEEDING += ["require: no-withdrawal, by: publisher"]
MONOTONE += [f"require: no-downgrade, {BY}, match: any", f"require: dependencies, {BY}, policy: parts.yaml, match: any"]


ASKED = [text for text in NEEDING if "match:" in text]
"""What needs absence, and of which a check may ask something."""
CHECKED = "it.author == bom.author || it.digest != bom.digest"
"""Of a rule and of one that is monotone."""


def test_every_rule_is_here() -> None:
    assert WRITTEN.keys() == RULES.keys()
    for name, kind in RULES.items():
        wants = "threshold" in kind.KEYS and name not in ("dependencies", "vex")
        assert bool(WRITTEN[name]) == wants, "a rule that wants evidence stands here as it is written without absence"
        assert wants or FORBIDDING[name], "a rule that needs absence stands here as it is written"


@cache
def pool() -> tuple[Candidate, ...]:
    bom = test_sbom_rule.cyclonedx()
    bad = test_sbom_rule.cyclonedx(None, test_sbom_rule.PART | {"licenses": [{"license": {"id": "ISC"}}]})
    other = {**CYCLONEDX, "metadata": {"component": {"purl": "pkg:npm/other@1.0.0"}}}
    clean = {**grype(), "matches": []}
    old = {**clean, "descriptor": {"timestamp": "2026-10-01T00:00:00Z"}}
    future = {**clean, "descriptor": {"timestamp": "2026-12-01T00:00:00Z"}}
    affected = openvex("affected", time="2026-11-21T00:00:00Z")
    timed = {**slsa_v1(), "runDetails": {**slsa_v1()["runDetails"], "metadata": {"finishedOn": "2026-11-20T12:00:00Z"}}}
    evidence = [
        *(signed(name) for name in ("release", "security", "builder", "mallory")),
        *(signed(name, names.PREDICATE_CYCLONEDX, bom) for name in ("release", "security")),
        signed("release", names.PREDICATE_CYCLONEDX, bad),
        signed("release", names.PREDICATE_CYCLONEDX, other),
        signed("security", names.PREDICATE_SPDX, test_sbom_rule.spdx2()),
        signed("security", names.PREDICATE_SPDX, {"spdxVersion": "SPDX-9"}),
        *(signed("security", names.PREDICATE_SCAN, report) for report in (trivy(), clean, old, future, sarif())),
        signed("release", names.PREDICATE_SCAN, clean),
        signed("security", names.PREDICATE_CYCLONEDX, cyclonedx("low", 2.0)),
        *(signed("builder", names.PREDICATE_OPENVEX, said) for said in (openvex(), affected, openvex(time="soon"))),
        signed("security", names.PREDICATE_OPENVEX, openvex(product=str(PURL))),
        *(
            signed("security", names.PREDICATE_SLSA_V1, slsa_v1(source=source))
            for source in (None, "https://x.example/a/b")
        ),
        *(signed(name, names.PREDICATE_SLSA_V1, slsa_v1()) for name in ("release", "security")),
        signed("security", names.PREDICATE_SLSA_V1, timed),
        vsa(),
        vsa(verificationResult="FAILED"),
        vsa("release", resourceUri="pkg:npm/other@1"),
        *(signed(name, TEST, {"result": "PASSED"}) for name in ("release", "builder")),
    ]
    against = [
        revocation("release", good()),
        revocation("security", evidence[4], evidence[5]),
        revocation("builder", evidence[17]),
        withdrawal("security"),
        withdrawal("release", Why.SUPERSEDED),
    ]
    return (*evidence, *against)


REVOKING = frozenset(range(31, 34))
mixtures = st.frozensets(st.integers(0, 35))


def test_the_pool_is_what_the_strategies_draw_from() -> None:
    assert len({item.digest for item in pool()}) == 36
    assert {index for index, item in enumerate(pool()) if item.claims == names.PREDICATE_REVOCATION} == REVOKING


@cache
def policy_of(keys: Path, rule: str) -> Policy:
    builders = 'builders:\n  ci: {identity: security, id: "https://ci.example/builder", slsa: 3}\n'
    other = "  - {id: other, require: signature, by: [release]}\n  - {id: bom, require: sbom, by: [release]}\n"
    check = f"  - {{id: checked, check: '{CHECKED}'}}\n" if rule in MONOTONE or "match:" in rule else ""
    return parse((HEAD + builders + f"rules:\n  - {{id: it, {rule}}}\n{other}{check}").encode(), where="p", base=keys)


def verdict_of(policy: Policy, chosen: frozenset[int], *more: Candidate, complete: bool = True) -> Verdict:
    candidates = [*more, *(pool()[index] for index in sorted(chosen))]
    found = evidence(candidates, policy.identities.values(), complete=complete)
    return evaluate_all([Hearing(policy, found, components(next(iter(policy.components), None)))], now=NOW)


@cache
def components(path: Path | None) -> Components:
    """Of all SBOMs in the pool: each is admitted but that of a licence that some rules deny."""
    if path is None:
        return NO_COMPONENTS
    held = evidence(pool(), [identity(name) for name in ("release", "security", "builder")]).verified
    boms = [
        read_sbom(item.statement.predicate)
        for item in held
        if item.digest in (pool()[n].digest for n in (4, 5, 6, 7, 8))
    ]
    parts = {part: part.name == "pkg:npm/ansi@2" for bom in boms for part in parts_of(bom, SUBJECT)}
    return Components({(path, part): Decided(Answer.DENIED if bad else Answer.ADMITTED) for part, bad in parts.items()})


def judge(policy: Policy, chosen: frozenset[int], *more: Candidate, complete: bool = True) -> Finding:
    return verdict_of(policy, chosen, *more, complete=complete).findings[0]


def check(policy: Policy, chosen: frozenset[int], *more: Candidate, complete: bool = True) -> Finding:
    """Of the check that names the rule."""
    findings = verdict_of(policy, chosen, *more, complete=complete).findings
    return next(item for item in findings if item.rule == "checked")


@pytest.mark.parametrize("rule", MONOTONE)
def test_a_rule_that_needs_no_absence_says_so(keys: Path, rule: str) -> None:
    assert policy_of(keys, rule).rules[0].absence is None
    assert policy_of(keys, rule).rules[0].match is Match.ANY


@pytest.mark.parametrize("rule", NEEDING)
def test_a_rule_that_needs_absence_says_what_proves_it(keys: Path, rule: str) -> None:
    assert policy_of(keys, f"{rule}, absence: seal").rules[0].absence is Absence.SEAL
    assert policy_of(keys, f"{rule}, absence: listing").rules[0].absence is Absence.LISTING


@given(rule=st.sampled_from(MONOTONE), some=mixtures, more=mixtures, complete=st.booleans())
def test_more_evidence_never_makes_a_monotone_rule_worse(
    keys: Path, rule: str, some: frozenset[int], more: frozenset[int], complete: bool
) -> None:
    policy = policy_of(keys, rule)
    before = judge(policy, some, complete=complete)
    after = judge(policy, some | (more - REVOKING), complete=complete)
    assert before.outcome is not Outcome.ADMITTED or after.outcome is Outcome.ADMITTED
    assert not complete or Outcome.INCONCLUSIVE not in (before.outcome, after.outcome)


@given(
    rule=st.sampled_from(NEEDING), there=mixtures, late=mixtures, hidden=st.frozensets(st.integers(0, 35), min_size=1)
)
def test_hiding_what_is_sealed_never_lets_a_rule_hold(
    keys: Path, rule: str, there: frozenset[int], late: frozenset[int], hidden: frozenset[int]
) -> None:
    policy = policy_of(keys, f"{rule}, absence: seal")
    there |= hidden
    sealed = seal("security", *(pool()[index] for index in sorted(there)))
    part = judge(policy, (there | late) - hidden, sealed)
    assert part.outcome is not Outcome.ADMITTED
    assert judge(policy, there | late).outcome is not Outcome.ADMITTED  # unsealed


@given(rule=st.sampled_from(NEEDING), there=mixtures)
def test_an_incomplete_listing_never_lets_a_rule_hold(keys: Path, rule: str, there: frozenset[int]) -> None:
    policy = policy_of(keys, f"{rule}, absence: listing")
    whole, part = judge(policy, there), judge(policy, there, complete=False)
    assert part.outcome is not Outcome.ADMITTED
    assert whole.outcome is not Outcome.INCONCLUSIVE
    assert part.outcome is not Outcome.DENIED or whole.outcome is Outcome.DENIED


@given(rule=st.sampled_from(NEEDING), there=mixtures)
def test_a_seal_of_everything_is_as_good_as_a_whole_listing(keys: Path, rule: str, there: frozenset[int]) -> None:
    sealed = seal("security", *(pool()[index] for index in sorted(there)))
    by_seal = judge(policy_of(keys, f"{rule}, absence: seal"), there, sealed, complete=False)
    by_listing = judge(policy_of(keys, f"{rule}, absence: listing"), there)
    assert (by_seal.outcome is Outcome.ADMITTED) == (by_listing.outcome is Outcome.ADMITTED)


@given(rule=st.sampled_from(MONOTONE), some=mixtures, more=mixtures, complete=st.booleans())
def test_more_evidence_never_makes_a_check_of_monotone_rules_worse(
    keys: Path, rule: str, some: frozenset[int], more: frozenset[int], complete: bool
) -> None:
    policy = policy_of(keys, rule)
    before = check(policy, some, complete=complete)
    after = check(policy, some | (more - REVOKING), complete=complete)
    assert before.outcome is not Outcome.ADMITTED or after.outcome is Outcome.ADMITTED
    assert complete or Outcome.DENIED not in (before.outcome, after.outcome)


@given(rule=st.sampled_from(ASKED), there=mixtures, late=mixtures, hidden=st.frozensets(st.integers(0, 35), min_size=1))
def test_hiding_what_is_sealed_never_lets_a_check_hold(
    keys: Path, rule: str, there: frozenset[int], late: frozenset[int], hidden: frozenset[int]
) -> None:
    policy = policy_of(keys, f"{rule}, absence: seal")
    there |= hidden
    sealed = seal("security", *(pool()[index] for index in sorted(there)))
    assert check(policy, (there | late) - hidden, sealed).outcome is not Outcome.ADMITTED
    assert check(policy, there | late).outcome is not Outcome.ADMITTED  # unsealed


@given(rule=st.sampled_from(ASKED), there=mixtures)
def test_an_incomplete_listing_never_lets_a_check_of_what_needs_absence_hold(
    keys: Path, rule: str, there: frozenset[int]
) -> None:
    policy = policy_of(keys, f"{rule}, absence: listing")
    assert check(policy, there, complete=False).outcome is not Outcome.ADMITTED


@pytest.mark.parametrize("rule", MONOTONE + [f"{rule}, absence: listing" for rule in ASKED])
def test_every_check_can_hold(keys: Path, rule: str) -> None:
    chances = (frozenset({4, 5, index, other}) for index in range(36) for other in range(36))
    policy = policy_of(keys, rule)
    assert any(check(policy, chance).outcome is Outcome.ADMITTED for chance in chances)


@pytest.mark.parametrize("rule", MONOTONE + [f"{rule}, absence: listing" for rule in NEEDING])
def test_nothing_is_no_evidence(keys: Path, rule: str) -> None:
    policy = policy_of(keys, rule)
    wants = policy.rules[0].threshold > 0
    assert judge(policy, frozenset()).outcome is (Outcome.DENIED if wants else Outcome.ADMITTED)


def test_every_rule_can_hold(keys: Path) -> None:
    """Else the laws would say nothing of it."""
    chances = [frozenset({index, other}) for index in range(36) for other in range(36)]
    for rule in MONOTONE + [f"{rule}, absence: listing" for rule in NEEDING]:
        assert any(judge(policy_of(keys, rule), chance).outcome is Outcome.ADMITTED for chance in chances), rule
