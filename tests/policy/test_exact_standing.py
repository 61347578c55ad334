"""Who takes back a revocation: its own signer and nobody else, whoever else a rule names."""

from __future__ import annotations

from attest.evidence.identity import Signer
from attest.evidence.model import Candidate
from attest.policy.standing import Revoking, Standing
from tests.evidence_factory import NOW, SUBJECT, evidence, identity
from tests.policy.test_absence import good, revocation

PEOPLE = [identity(name) for name in ("release", "security", "builder")]


def against(item: Candidate, *shown: Candidate) -> Revoking | None:
    verified = evidence(shown, PEOPLE).verified
    (one,) = (found for found in verified if found.digest == item.digest)
    return Standing.of(verified, PEOPLE, SUBJECT, NOW).against(one)


def by(revoking: Revoking | None) -> set[str]:
    return set() if revoking is None else {signer.name for signer in revoking.item.signers}


def test_of_a_revocation() -> None:
    made = revocation("security", good())
    assert against(made, good(), made) is None
    for name in ("release", "builder"):
        back = revocation(name, made)
        assert against(made, good(), made, back) is None
        assert by(against(good(), good(), made, back)) == {"security"}
    back = revocation("security", made)
    assert by(against(made, good(), made, back)) == {"security"}
    assert against(good(), good(), made, back) is None
    again = revocation("security", back, at=NOW)
    assert by(against(back, good(), made, back, again)) == {"security"}
    assert against(good(), good(), made, back, again) is None


def test_of_other_evidence_anybody_who_is_named() -> None:
    for name in ("release", "security", "builder"):
        made = revocation(name, good())
        found = against(good(), good(), made)
        assert found is not None
        assert by(found) == {name}
        assert found.words == f"revoked by {name}: the key leaked"
        assert all(isinstance(signer, Signer) for signer in found.item.signers)
