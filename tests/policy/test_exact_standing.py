"""Who takes back a revocation: its own signer and nobody else, whoever else a rule names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from attest.evidence.identity import Identity, Signer
from attest.evidence.model import Candidate
from attest.evidence.patterns import parse_pattern
from attest.policy.standing import Revoking, Standing
from tests.evidence_factory import NOW, SUBJECT, evidence, identity
from tests.policy.test_absence import good, revocation, withdrawal

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


def stands(item: Candidate, *shown: Candidate, by_whom: Sequence[Identity], trusted: Sequence[Identity]) -> set[str]:
    """Whose revocation stands against ``item``, in whatever order, where those ``by_whom`` revoke what others made."""
    verified = evidence(shown, trusted).verified
    (one,) = (found for found in verified if found.digest == item.digest)
    standing = Standing.of(verified, [], SUBJECT, NOW).with_revokers(by_whom)
    found, again = (
        by(replace(standing, revocations=order).against(one))
        for order in (standing.revocations, standing.revocations[::-1])
    )
    assert found == again
    return found


def test_who_has_ended_revokes_evidence_and_no_withdrawal() -> None:
    people = [identity("release"), identity("security"), identity("builder", until=NOW)]
    made = revocation("builder", good())
    assert stands(good(), good(), made, by_whom=people, trusted=people) == {"builder"}
    away = withdrawal("release")
    ended, valid = revocation("builder", away), revocation("security", away)
    assert stands(away, away, ended, valid, by_whom=people, trusted=people) == {"security"}
    assert stands(away, away, ended, by_whom=people, trusted=people) == set()


def test_who_has_ended_takes_nothing_back() -> None:
    """Else whoever has an old key would undo what was revoked with it."""
    ended = [identity("release"), identity("security", until=NOW)]
    made = revocation("security", good())
    back = revocation("security", made)
    assert stands(good(), good(), made, back, by_whom=PEOPLE, trusted=PEOPLE) == set()
    assert stands(good(), good(), made, back, by_whom=ended, trusted=ended) == {"security"}


def test_who_does_not_speak_for_the_package_revokes_nothing_of_others() -> None:
    elsewhere = identity("security", packages=(parse_pattern("pkg:npm/other"),))
    made = revocation("security", good())
    assert stands(good(), good(), made, by_whom=PEOPLE, trusted=PEOPLE) == {"security"}
    for nobody in ([elsewhere], [], [identity("builder")]):
        assert stands(good(), good(), made, by_whom=nobody, trusted=PEOPLE) == set()
    own = revocation("release", good())
    assert stands(good(), good(), own, by_whom=[], trusted=PEOPLE) == {"release"}
