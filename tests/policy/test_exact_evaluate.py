"""What a finding says where there is nothing to say, or more than fits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from attest import names
from attest.evidence.lookup import subject_of
from attest.evidence.model import Candidate, Check
from attest.policy.codes import Code
from attest.policy.components import Answer, Components, Decided, Part
from attest.policy.document import parse
from attest.policy.evaluate import Hearing, evaluate, evaluate_all
from attest.policy.rules.dependencies import DependenciesRule
from attest.policy.rules.rule import Mode
from attest.policy.verdict import Outcome, Unread
from attest.signing.proof import Format, X509Author
from tests.evidence_factory import CYCLONEDX, DIGEST, NOW, PURL, SUBJECT, damaged, evidence, key, proven, signed
from tests.policy.conftest import HEAD, Read
from tests.policy.test_absence import LISTED, good, judge, of, other, revocation, seal, show, withdrawal
from tests.signing.notation.pki import pem, root

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
    ("more", "answer", "outcome"),
    [
        ("", Answer.UNRESOLVED, Outcome.DENIED),
        ("unresolved: deny\n", Answer.UNRESOLVED, Outcome.DENIED),
        ("unresolved: warn\n", Answer.UNRESOLVED, Outcome.ADMITTED),
        ("unresolved: warn\n", Answer.INCONCLUSIVE, Outcome.INCONCLUSIVE),
        ("unresolved: warn\n", Answer.DENIED, Outcome.DENIED),
    ],
)
def test_components_of_which_nobody_says_which_they_are(
    read: Read, more: str, answer: Answer, outcome: Outcome
) -> None:
    policy = read(f"{HEAD}rules:\n  - {{id: parts, require: dependencies, by: [release], policy: parts.yaml}}\n{more}")
    (rule,) = policy.rules
    assert isinstance(rule, DependenciesRule)
    bom = signed("release", names.PREDICATE_CYCLONEDX, CYCLONEDX)
    known = Components({(rule.policy, Part("ansi@2.0.0", None)): Decided(answer, "it has no purl")})
    finding = of(evaluate_all([Hearing(policy, show(policy, bom), known)], now=NOW), "parts")
    assert finding.outcome is outcome


@pytest.mark.parametrize(
    ("more", "mode"),
    [
        ("", Mode.ENFORCE),
        ("unresolved: deny\n", Mode.ENFORCE),
        ("unresolved: warn\n", Mode.WARN),
        ("unresolved: warn\nresolve: {by: [release]}\n", Mode.ENFORCE),
    ],
)
def test_what_only_the_store_names_stands_in_the_way_unless_nobody_is_asked(read: Read, more: str, mode: Mode) -> None:
    policy = read(SIGNED + more)
    subject = replace(SUBJECT, looked_up=True)
    verdict = evaluate(policy, evidence([good()], policy.identities.values(), subject=subject), now=NOW)
    finding = verdict.findings[-1]
    assert (finding.code, finding.outcome, finding.mode) == (Code.SUBJECT_UNRESOLVED, Outcome.INCONCLUSIVE, mode)
    assert verdict.outcome is (Outcome.ADMITTED if mode is Mode.WARN else Outcome.INCONCLUSIVE)


def certified(subject: str, own: str) -> Candidate:
    """By a certificate of an ordinary CA for somebody's key."""
    author = X509Author(subject, (), "aa", key(own).public.fingerprint, frozenset(("one", "two")))
    return proven(signed("x", note=f"{subject} {own}"), author, format=Format.NOTATION)


@pytest.mark.parametrize(
    ("shown", "outcome"),
    [
        (["a release", "b security"], Outcome.ADMITTED),
        (["a release", "b release"], Outcome.DENIED),
        (["a release", "a security"], Outcome.DENIED),
        (["release", "a release"], Outcome.DENIED),
        (["release", "a security"], Outcome.ADMITTED),
    ],
)
def test_one_key_and_one_subject_are_one_signer_each(
    keys: Path, tmp_path: Path, shown: list[str], outcome: Outcome
) -> None:
    (tmp_path / "ca.pem").write_bytes(pem([root().certificate]))
    (tmp_path / "release.pub").write_bytes((keys / "release.pub").read_bytes())
    names = "".join(f"  {name}: {{x509: 'C=US, ST=WA, O=Acme', ca: ca.pem}}\n" for name in ("one", "two"))
    head = HEAD.partition("  security:")[0] + names
    rule = "rules:\n  - {id: signed, require: signature, by: [release, one, two], threshold: 2}\n"
    policy = parse((head + rule).encode(), where="gate.yaml", base=tmp_path)
    candidates = [certified(*text.split()) if " " in text else signed(text) for text in shown]
    assert of(judge(policy, *candidates), "signed").outcome is outcome


def test_seals_that_prove_absence_are_evidence_too(read: Read) -> None:
    policy = read(ALL.replace("match: all", "match: all, absence: seal"))
    bom = signed("release", names.PREDICATE_CYCLONEDX, CYCLONEDX)
    whole = seal("release", bom)
    finding = of(judge(policy, bom, whole), "bom")
    assert (finding.outcome, finding.evidence) == (Outcome.ADMITTED, (bom.digest, whole.digest))


def test_what_could_not_be_read_is_told_as_such(read: Read) -> None:
    rejected = [damaged(Check.READ, "no answer", "a/b"), damaged(Check.SIGNATURE, "x")]
    verdict = judge(read(SIGNED), good(), rejected=rejected)
    assert verdict.unread == (Unread(rejected[0].digest, "a/b", "no answer"),)


def test_policies_that_are_not_for_it_have_no_say(read: Read) -> None:
    own, other_kind = read(SIGNED), read(SIGNED.replace("pkg:npm", "pkg:gem").replace("gate", "other"))
    hearings = [Hearing(policy, show(policy, good())) for policy in (other_kind, own)]
    verdict = evaluate_all(hearings, now=NOW)
    assert [item.name for item in verdict.policies] == ["gate"]
    assert verdict.outcome is Outcome.ADMITTED


def test_a_check_goes_by_what_counted_under_its_rule(read: Read) -> None:
    check = "  - {id: it, check: \"'release' in signed.signers && size(signed.signers) == 1\"}\n"
    others = signed("security"), signed("release", names.PREDICATE_CYCLONEDX, CYCLONEDX)
    found = judge(read(SIGNED + check), good(), *others)
    assert of(found, "it").code is Code.CHECK_HOLDS
    assert of(found, "it").evidence == (good().digest,)
    assert of(judge(read(SIGNED + check), signed("security")), "it").code is Code.CHECK_RULE
    wrong = f"  - {{id: it, check: \"signed.type == '{names.PREDICATE_CYCLONEDX}'\"}}\n"
    assert of(judge(read(SIGNED + wrong), good(), *others), "it").code is Code.CHECK_FALSE


@pytest.mark.parametrize(
    ("shown", "code", "outcome"),
    [
        ([], Code.REVOCATION_ABSENT, Outcome.ADMITTED),
        ([revocation("security", good())], Code.REVOCATION_FOUND, Outcome.DENIED),
    ],
)
def test_what_must_not_be_there(read: Read, shown: list[Candidate], code: Code, outcome: Outcome) -> None:
    finding = of(judge(read(LISTED), good(), *shown), "not-revoked")
    assert (finding.code, finding.outcome, finding.evidence) == (code, outcome, tuple(item.digest for item in shown))
    doubtful = of(judge(read(LISTED), good(), complete=False), "not-revoked")
    assert (doubtful.code, doubtful.outcome) == (Code.ABSENCE_LISTING, Outcome.INCONCLUSIVE)


@pytest.mark.parametrize(
    ("shown", "complete", "code", "outcome"),
    [
        (["left-pad"], True, Code.SBOM_VERIFIED, Outcome.ADMITTED),
        (["left-pad"], False, Code.ABSENCE_LISTING, Outcome.INCONCLUSIVE),
        (["left-pad", "p"], True, Code.SBOM_OTHER_PACKAGE, Outcome.DENIED),
        ([], True, Code.SBOM_MISSING, Outcome.DENIED),
        ([], False, Code.SBOM_MISSING, Outcome.INCONCLUSIVE),
    ],
)
def test_all_that_there_is_must_fit(read: Read, shown: list[str], complete: bool, code: Code, outcome: Outcome) -> None:
    found = [
        signed("release", names.PREDICATE_CYCLONEDX, CYCLONEDX) if name == "left-pad" else bom_of(name)
        for name in shown
    ]
    finding = of(judge(read(ALL), *found, complete=complete), "bom")
    assert (finding.code, finding.outcome) == (code, outcome)


def test_a_rule_that_cannot_be_asked_is_not_met(read: Read) -> None:
    """Nobody is pinned for this package, so nobody's word is looked for."""
    policy = read(SIGNED.replace("[release]", "publisher"))
    subject = subject_of(replace(PURL, name="right-pad"), DIGEST)
    shown = evidence([signed("security", subject=subject)], policy.identities.values(), subject=subject)
    finding = of(evaluate(policy, shown, now=NOW), "signed")
    assert (finding.code, finding.outcome, finding.considered) == (Code.PUBLISHER_UNKNOWN, Outcome.DENIED, ())
    assert finding.remedy is not None
    assert of(judge(policy, signed("security")), "signed").outcome is Outcome.ADMITTED
