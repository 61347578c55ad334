"""What a finding says where there is nothing to say, or more than fits."""

from __future__ import annotations

from dataclasses import replace

import pytest

from attest import names
from attest.evidence.model import Candidate, Check
from attest.policy.codes import Code
from attest.policy.components import Answer, Components, Decided, Part
from attest.policy.evaluate import Hearing, evaluate, evaluate_all
from attest.policy.rules.dependencies import DependenciesRule
from attest.policy.verdict import Outcome
from tests.evidence_factory import CYCLONEDX, NOW, PURL, SUBJECT, damaged, evidence, signed
from tests.policy.conftest import HEAD, Read
from tests.policy.test_absence import LISTED, good, judge, of, other, revocation, show, withdrawal

SIGNED = HEAD + "rules:\n  - {id: signed, require: signature, by: [release]}\n"
ALL = HEAD + "rules:\n  - {id: bom, require: sbom, by: [release], match: all}\n"


def bom_of(package: str) -> Candidate:
    component = {"type": "library", "name": package, "purl": f"pkg:npm/{package}@1"}
    return signed("release", names.PREDICATE_CYCLONEDX, {**CYCLONEDX, "metadata": {"component": component}})


def test_what_is_decided_about(read: Read) -> None:
    policy = read(SIGNED)
    whole = replace(SUBJECT, digest=None)
    assert evaluate(policy, evidence([], [], subject=whole), now=NOW).digest is None
    assert evaluate(policy, evidence([], [], subject=SUBJECT), now=NOW).digest == str(SUBJECT.digest)


def test_a_store_that_does_not_say_why(read: Read) -> None:
    verdict = judge(read(SIGNED), good(), complete=False)
    assert verdict.findings[-1].message == "not all evidence could be listed: the store did not say why"


def test_whose_finding_it_is_that_none_applies(read: Read) -> None:
    one, two = (read(SIGNED.replace("pkg:npm", kind).replace("gate", kind[4:])) for kind in ("pkg:pypi", "pkg:gem"))
    alone = evaluate(one, show(one, good()), now=NOW)
    assert [(item.policy, item.code) for item in alone.findings] == [("pypi", Code.POLICY_NOT_APPLICABLE)]
    assert [item.name for item in alone.policies] == ["pypi"]
    both = evaluate_all([Hearing(one, show(one)), Hearing(two, show(two))], now=NOW)
    assert [(item.policy, item.code) for item in both.findings] == [(None, Code.POLICY_NOT_APPLICABLE)]
    assert [item.name for item in both.policies] == ["pypi", "gem"]


def test_the_first_policys_listing_is_told(read: Read) -> None:
    policy = read(SIGNED)
    part, whole = show(policy, good(), complete=False), show(policy, good())
    assert evaluate_all([Hearing(policy, part), Hearing(policy, whole)], now=NOW).complete is False
    findings = evaluate_all([Hearing(policy, part), Hearing(policy, whole)], now=NOW).findings
    assert [item.code for item in findings].count(Code.LISTING_INCOMPLETE) == 1


def test_a_rule_that_holds_shows_no_waiver(read: Read) -> None:
    waiver = (
        f'waivers:\n  - {{rule: signed, subject: "{PURL}", digest: "{SUBJECT.digest}", reason: r, owner: o, '
        "expires: 2027-01-01}\n"
    )
    assert of(judge(read(SIGNED + waiver), good()), "signed").waived is None
    assert of(judge(read(SIGNED + waiver)), "signed").waived is not None


def test_what_was_considered_is_in_order(read: Read) -> None:
    policy = read(SIGNED)
    rejected = [damaged(Check.READ, "b"), damaged(Check.READ, "a"), damaged(Check.SIGNATURE, "a")]
    candidates = [signed("release", note=str(number)) for number in range(5)]
    for shown in (candidates, candidates[::-1]):
        found = of(judge(policy, *shown, rejected=rejected), "signed").considered
        keys = [(item.digest, item.fate, item.reason) for item in found]
        assert keys == sorted(keys)
        assert len(keys) == 8


@pytest.mark.parametrize(("number", "more"), [(1, ""), (3, ""), (4, "; and 1 more"), (6, "; and 3 more")])
def test_three_reasons_are_told(read: Read, number: int, more: str) -> None:
    finding = of(judge(read(ALL), *(bom_of(f"p{n}") for n in range(number))), "bom")
    told = "; ".join(f"the SBOM describes pkg:npm/p{n}@1" for n in range(min(number, 3)))
    assert finding.message.startswith(f"SBOM that does not fit (all must): {told}{more}; {number} referrer")


def test_a_refusal_settles_it_where_all_must_fit_and_only_there(read: Read) -> None:
    latest = read(ALL.replace("match: all", "match: latest, absence: listing"))
    assert of(judge(read(ALL), bom_of("p"), complete=False), "bom").outcome is Outcome.DENIED
    assert of(judge(read(ALL), complete=False), "bom").outcome is Outcome.INCONCLUSIVE
    assert of(judge(latest, bom_of("p"), complete=False), "bom").outcome is Outcome.INCONCLUSIVE
    assert of(judge(latest, complete=False), "bom").outcome is Outcome.INCONCLUSIVE
    assert of(judge(latest), "bom").outcome is Outcome.DENIED


def test_a_withdrawal_and_a_revocation_are_different_refusals(read: Read) -> None:
    verdict = judge(read(LISTED), good(), other(), revocation("security", good()), withdrawal("security"))
    assert of(verdict, "not-revoked").code is Code.REVOCATION_FOUND
    assert of(verdict, "not-withdrawn").code is Code.WITHDRAWAL_FOUND
    assert of(verdict, "not-withdrawn").remedy is not None


@pytest.mark.parametrize("text", [ALL, ALL.replace("match: all", "match: any")])
def test_the_nearest_refusal_is_told(read: Read, text: str) -> None:
    malformed = signed("release", names.PREDICATE_CYCLONEDX, {"bomFormat": "CycloneDX"})
    for shown in ([malformed, bom_of("p")], [bom_of("p"), malformed]):
        finding = of(judge(read(text), *shown), "bom")
        assert (finding.code, finding.outcome) == (Code.SBOM_OTHER_PACKAGE, Outcome.DENIED)


def test_what_proves_absence_is_told_where_it_is_needed_only(read: Read) -> None:
    bom = signed("release", names.PREDICATE_CYCLONEDX, CYCLONEDX)
    assert of(judge(read(ALL), bom), "bom").message == "SBOM by release (1 of 1 needed; as far as the store lists)"
    assert of(judge(read(SIGNED), good()), "signed").message == "signature by release (1 of 1 needed)"


@pytest.mark.parametrize(
    ("terms", "told"),
    [
        ("match: all", "SBOM that does not fit (all must): the SBOM describes pkg:npm/p@1; 1 referrer found"),
        ("match: latest, absence: listing", "the latest SBOM does not fit: the SBOM describes pkg:npm/p@1; 1 referrer"),
        ("match: any", "SBOM that does not fit: the SBOM describes pkg:npm/p@1; 1 referrer found"),
    ],
)
def test_what_had_to_fit_is_told(read: Read, terms: str, told: str) -> None:
    assert of(judge(read(ALL.replace("match: all", terms)), bom_of("p")), "bom").message.startswith(told)


@pytest.mark.parametrize(
    ("more", "outcome"),
    [("", Outcome.DENIED), ("unresolved: deny\n", Outcome.DENIED), ("unresolved: warn\n", Outcome.ADMITTED)],
)
def test_components_of_which_nobody_says_which_they_are(read: Read, more: str, outcome: Outcome) -> None:
    policy = read(f"{HEAD}rules:\n  - {{id: parts, require: dependencies, by: [release], policy: parts.yaml}}\n{more}")
    (rule,) = policy.rules
    assert isinstance(rule, DependenciesRule)
    bom = signed("release", names.PREDICATE_CYCLONEDX, CYCLONEDX)
    known = Components({(rule.policy, Part("ansi@2.0.0", None)): Decided(Answer.UNRESOLVED, "it has no purl")})
    finding = of(evaluate_all([Hearing(policy, show(policy, bom), known)], now=NOW), "parts")
    assert finding.outcome is outcome
