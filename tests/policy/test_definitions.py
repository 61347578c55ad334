"""Names, rules and waivers are those of the file that defines them: what it extends is left as it is."""

from __future__ import annotations

import pytest

from attest.policy.codes import Code
from attest.policy.document import load
from attest.policy.evaluate import evaluate
from attest.policy.rules.rule import Mode
from attest.policy.verdict import Outcome
from tests.evidence_factory import DIGEST, NOW, PURL, evidence, signed
from tests.policy.test_absence import judge, of, revocation, seal, withdrawal
from tests.policy.test_extends import BASE, CHILD, OWN, Write, refused, write

__all__ = ["write"]

WAIVER = (
    f'waivers:\n  - {{rule: signed, subject: "{PURL}", digest: "{DIGEST}", reason: r, owner: o, expires: 2027-01-01}}\n'
)


@pytest.mark.parametrize(
    ("more", "line", "says"),
    [
        (WAIVER, 5, "waiver 1: no rule 'signed' in this file"),
        ("rules:\n  - {id: signed, require: signature, by: [release]}\n", 5, "the rule id 'signed' stands twice"),
        (
            "identities:\n  release: {key: keys/security.pub}\n",
            5,
            "the identity 'release' stands in a file that this one extends, or in another one",
        ),
        (
            "identities:\n  security: {key: keys/security.pub}\nbuilders:\n  ci: {identity: security, id: ci}\n",
            7,
            "the builder 'ci' stands in a file that this one extends, or in another one",
        ),
        ("undigested: warn\n", 4, "policy: 'undigested' is softer than what it extends"),
        ("unresolved: warn\n", 4, "policy: 'unresolved' is softer than what it extends"),
        ("trust: {root: public-good}\n", 4, "'trust' is another than that of base.yaml"),
    ],
)
def test_nothing_of_a_parent_is_changed(write: Write, more: str, line: int, says: str) -> None:
    error = refused(write(base=BASE, child=CHILD + more))
    assert error.what == says
    assert str(error.where).endswith(f"child.yaml:{line}")


def test_a_parent_waives_its_own(write: Write) -> None:
    policy = load(write(base=BASE + WAIVER, child=OWN.replace("../keys", "keys")))
    verdict = evaluate(policy, evidence([], policy.identities.values()), now=NOW)
    assert [(item.code, item.waived is not None) for item in verdict.findings] == [
        (Code.SIGNATURE_MISSING, True),
        (Code.SIGNATURE_MISSING, False),
    ]
    assert verdict.outcome is Outcome.DENIED


# --- who revokes

LISTED = ", absence: listing}\n"
GUARDED = BASE.replace("rules:", "  security: {key: keys/security.pub}\nrules:").replace(
    "builders:\n  ci: {identity: release, id: ci}\n", ""
) + (f"  - {{id: not-withdrawn, require: no-withdrawal, by: [security]{LISTED}")
REVOKES = "{id: not-revoked, require: no-revocation, by: [team]"
TEAM = "identities:\n  team: {key: keys/team.pub}\n"


def test_a_child_takes_no_withdrawal_away_from_its_parent(write: Write) -> None:
    policy = load(write(base=GUARDED, child=f"{CHILD}{TEAM}rules:\n  - {REVOKES}{LISTED}"))
    made = withdrawal("security")
    verdict = judge(policy, signed("release"), made, revocation("team", made))
    assert of(verdict, "not-withdrawn").code is Code.WITHDRAWAL_FOUND
    assert judge(policy, signed("release"), made, revocation("security", made)).outcome is Outcome.ADMITTED


def test_a_child_takes_no_seal_away_from_its_parent(write: Write) -> None:
    """The latest seal says what is hidden; without it an older one of somebody else would do."""
    base = GUARDED.replace("[security], absence: listing", "[release, security], absence: seal")
    policy = load(write(base=base, child=f"{CHILD}{TEAM}rules:\n  - {REVOKES}{LISTED}"))
    good, hidden = signed("release"), signed("security")
    strict, lenient = seal("security", good, hidden), seal("release", good)
    verdict = judge(policy, good, strict, lenient, revocation("team", strict))
    assert of(verdict, "not-withdrawn").code is Code.ABSENCE_HIDDEN


def test_revokers_are_honoured_by_the_file_that_names_them_and_those_that_extend_it(write: Write) -> None:
    rule = "  - {id: %s, require: signature, by: [release]}\n"
    middle = f"version: 1\nname: middle\nextends: base.yaml\n{TEAM}rules:\n{rule % 'middle'}  - {REVOKES}{LISTED}"
    child = f"version: 1\nname: child\nextends: [middle.yaml, beside.yaml]\nrules:\n{rule % 'child'}"
    beside = f"version: 1\nname: beside\nextends: base.yaml\nrules:\n{rule % 'beside'}"
    policy = load(write(base=GUARDED, middle=middle, beside=beside, child=child))
    good = signed("release")
    verdict = judge(policy, good, revocation("team", good))
    admitted = {item.rule for item in verdict.findings if item.outcome is Outcome.ADMITTED}
    assert admitted == {"signed", "not-withdrawn", "beside"}
    assert of(verdict, "not-revoked").code is Code.REVOCATION_FOUND
    assert {item.rule for item in judge(policy, good).findings if item.outcome is not Outcome.ADMITTED} == set()


@pytest.mark.parametrize("mode", Mode)
def test_a_rule_that_decides_nothing_names_nobody_who_revokes(write: Write, mode: Mode) -> None:
    base = GUARDED.replace("rules:", f"  team: {{key: keys/team.pub}}\nrules:\n  - {REVOKES}, mode: {mode}{LISTED}")
    policy = load(write(base=base))
    made = withdrawal("security")
    outcome = judge(policy, signed("release"), made, revocation("team", made)).outcome
    assert outcome is (Outcome.ADMITTED if mode is Mode.ENFORCE else Outcome.DENIED)
