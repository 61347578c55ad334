"""Revocations and withdrawals that stand against a package, those that do not, and what else cannot."""

from __future__ import annotations

from datetime import timedelta

import pytest

from attest.errors import FormatError
from attest.evidence.model import Candidate
from attest.evidence.verify import Verified
from attest.policy.codes import Code
from attest.policy.rules.lifecycle import NoRevocationRule, NoWithdrawalRule
from attest.policy.verdict import Finding
from attest.statements.lifecycle import Revocation, Why, Withdrawal
from tests.evidence_factory import NOW, evidence, identity, signed
from tests.policy.conftest import HEAD, Read
from tests.policy.test_absence import judge, revocation, said, withdrawal

DAY = timedelta(days=1)
GOOD = signed("release")
OTHER = signed("builder", predicate={"says": "something else"})
REVOKED = revocation("builder", GOOD)


def found(read: Read, rule: str, *candidates: Candidate) -> Finding:
    signature = "  - {id: signed, require: signature, by: [release]}\n"
    policy = read(f"{HEAD}rules:\n{signature}  - {{id: it, by: [security], absence: listing, {rule}}}\n")
    _, finding = judge(policy, *candidates).findings
    return finding


@pytest.mark.parametrize(
    ("candidates", "told"),
    [
        ((), None),
        ((OTHER, revocation("builder", OTHER)), None),
        ((OTHER, revocation("security", GOOD)), None),
        ((REVOKED, revocation("security", REVOKED)), None),
        ((GOOD, OTHER, revocation("security", GOOD)), [GOOD]),
        ((GOOD, OTHER, revocation("security", GOOD, statement=False)), [GOOD]),
        ((GOOD, OTHER, revocation("security", GOOD, OTHER)), [GOOD, OTHER]),
    ],
)
def test_what_was_revoked(read: Read, candidates: tuple[Candidate, ...], told: list[Candidate] | None) -> None:
    finding = found(read, "require: no-revocation", *candidates)
    if told is None:
        assert finding.code is Code.REVOCATION_ABSENT
    else:
        named = ", ".join(sorted(f"signature {item.digest}" for item in told))
        assert finding.code is Code.REVOCATION_FOUND
        assert f"{named} was revoked: the key leaked" in finding.message


@pytest.mark.parametrize(
    ("reasons", "made", "told"),
    [
        ("", withdrawal("security"), "malicious: steals tokens"),
        ("", said("security", Withdrawal(NOW - DAY, Why.YANKED, None)), "yanked"),
        ("", withdrawal("security", Why.SUPERSEDED), "superseded: steals tokens"),
        ("", withdrawal("release"), None),
        (", reasons: [yanked]", withdrawal("security"), None),
        (", reasons: [yanked]", withdrawal("security", Why.YANKED), "yanked: steals tokens"),
        (", reasons: [malicious, yanked]", withdrawal("security", Why.YANKED), "yanked: steals tokens"),
    ],
)
def test_what_was_withdrawn(read: Read, reasons: str, made: Candidate, told: str | None) -> None:
    finding = found(read, f"require: no-withdrawal{reasons}", made)
    if told is None:
        assert finding.code is Code.WITHDRAWAL_ABSENT
    else:
        assert finding.code is Code.WITHDRAWAL_FOUND
        assert f"the package was withdrawn as {told};" in f"{finding.message};"
        assert told.count(":") == finding.message.partition("withdrawn as ")[2].partition(";")[0].count(":")


def verified(candidate: Candidate) -> Verified:
    (item,) = evidence([candidate], [identity("security")]).verified
    return item


def test_nothing_else_is_read_as_one() -> None:
    revoked, withdrawn, plain = map(
        verified, (revocation("security", GOOD), withdrawal("security"), signed("security"))
    )
    revocations, withdrawals = NoRevocationRule(id="a", by=("security",)), NoWithdrawalRule(id="b", by=("security",))
    assert isinstance(revocations.content(revoked), Revocation)
    assert isinstance(withdrawals.content(withdrawn), Withdrawal)
    for item in (withdrawn, plain):
        with pytest.raises(FormatError, match="not a revocation"):
            revocations.content(item)
    for item in (revoked, plain):
        with pytest.raises(FormatError, match="not a withdrawal"):
            withdrawals.content(item)
