"""What is said of strangers, which seals of a store are about a package, and what an ended identity took away."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from attest.errors import EnvelopeError
from attest.evidence.binding import Binding
from attest.evidence.identity import KeyIdentity
from attest.evidence.model import Check, Collection, Kind
from attest.evidence.seal import whole_store
from attest.evidence.trust import Context, Trust
from attest.evidence.verify import StoreSeals, nothing_found, prove_seals, verify
from attest.oci.digest import Digest
from attest.signing.proof import Format, KeyAuthor, Proof
from attest.statements.lifecycle import Seal
from tests.evidence_factory import (
    LISTED,
    NOW,
    SUBJECT,
    Given,
    damaged,
    evidence,
    identity,
    key,
    proven,
    signed,
    workflow,
)
from tests.policy.test_absence import ANCHOR, DAY, revocation, said, withdrawal

OTHER = Digest("sha256", "1a" * 32)
TRUST = Trust((identity("security"),))


def of_a_store(name: str, *anchors: Digest) -> StoreSeals:
    """What `prove_seals` makes of one seal over ``anchors``, of a withdrawal by the same, and of a stranger's seal."""
    candidates = (
        said(name, Seal(1, NOW - DAY, NOW + DAY, dict.fromkeys(anchors, frozenset())), anchors=anchors),
        withdrawal(name),
        said("mallory", Seal(2, NOW - DAY, NOW + DAY, {OTHER: frozenset()}), anchors=[OTHER]),
    )
    collection = Collection(whole_store(), candidates, (), False, ("page 2 failed",), LISTED, whole=True)
    return prove_seals(collection, TRUST, now=NOW)


def test_of_a_stores_seals_only_those_by_somebody_named_are_kept_and_the_rest_is_told() -> None:
    seals = of_a_store("security", ANCHOR)
    assert [type(item.content) for item in seals.proven] == [Seal]
    first, second = seals.problems
    assert first == "page 2 failed"
    assert second.endswith(": by no key that the policy names")


@pytest.mark.parametrize(
    ("anchors", "bindings"), [((ANCHOR,), [Binding.ANCHOR]), ((OTHER,), []), ((OTHER, ANCHOR), [Binding.ANCHOR])]
)
def test_a_stores_seal_counts_for_the_packages_in_it(anchors: tuple[Digest, ...], bindings: list[Binding]) -> None:
    seals = of_a_store("security", *anchors)
    found = verify(Collection(SUBJECT, (), (), True, (), LISTED, whole=True), TRUST, now=NOW, seals=seals)
    assert [(item.kind, item.binding) for item in found.verified] == [(Kind.SEAL, binding) for binding in bindings]
    assert (found.rejected, found.seal_problems) == ((), seals.problems)


def test_a_seal_of_others_that_hangs_on_a_package_is_not_about_it() -> None:
    about = said("security", Seal(1, NOW - DAY, NOW + DAY, {OTHER: frozenset()}), anchors=[OTHER])
    found = evidence([about], [identity("security")])
    assert [(item.check, item.reason) for item in found.rejected] == [
        (Check.BINDING, f"no subject has the digest {ANCHOR} or {SUBJECT.digest}")
    ]


def test_a_store_that_could_not_be_asked() -> None:
    found = nothing_found(SUBJECT, "down")
    assert (found.subject, found.verified, found.rejected, found.problems) == (SUBJECT, (), (), ("down",))
    assert (found.complete, found.whole, found.listed_at, found.root, found.over) == (
        False,
        False,
        None,
        None,
        frozenset(),
    )


def test_the_set_is_as_whole_as_what_was_collected() -> None:
    candidates, gone = tuple(signed("release", note=str(number)) for number in range(3)), damaged(Check.READ, "gone")
    collection = Collection(SUBJECT, candidates, (gone,), False, ("a",), LISTED, whole=False, over=frozenset({OTHER}))
    found = verify(collection, Trust((identity("release"),)), now=NOW)
    assert (found.complete, found.problems, found.listed_at, found.whole, found.over, found.root) == (
        False,
        ("a",),
        LISTED,
        False,
        frozenset({OTHER}),
        None,
    )
    digests = [item.digest for item in found.verified]
    assert digests == sorted(item.digest for item in candidates)
    assert found.rejected == (gone,)
    strangers = verify(replace(collection, rejected=()), Trust((identity("security"),)), now=NOW)
    assert [item.digest for item in strangers.rejected] == digests


@dataclass(frozen=True)
class Unreadable(Given):
    """What cannot be read as what it claims to be, which shows only when it is proven."""

    def prove(self, context: Context) -> Proof | None:
        raise EnvelopeError("no envelope")


def test_a_form_that_fails_late_is_one_rejected_candidate() -> None:
    good = signed("release")
    bad = replace(
        signed("release", note="bad"), signed=Unreadable(Proof(workflow(), Format.BUNDLE), b""), claims="text/x"
    )
    found = evidence([bad, good], [identity("release")])
    assert [item.digest for item in found.verified] == [good.digest]
    assert [(item.check, item.reason, item.claims) for item in found.rejected] == [
        (Check.FORM, "no envelope", "text/x")
    ]


@pytest.mark.parametrize(("number", "more"), [(0, ""), (1, ""), (3, ""), (4, "; and 1 more"), (6, "; and 3 more")])
def test_a_stranger_is_told_whom_the_policy_names_but_not_all_of_them(number: int, more: str) -> None:
    identities = [identity(f"n{position}") for position in range(number)]
    (rejected,) = evidence([proven(signed("x"), workflow())], identities).rejected
    shown = [f"{item.name} is key sha256:{item.key.fingerprint}" for item in identities[:3]]
    told = "; ".join(shown) + more if shown else "it names nobody"
    assert rejected.check is Check.AUTHOR
    assert rejected.reason == f"by {workflow()}, whom the policy does not name ({told})"


YESTERDAY = NOW - DAY


@pytest.mark.parametrize(
    ("identities", "ended"),
    [
        ([identity("security")], False),
        ([identity("security", until=YESTERDAY)], True),
        ([identity("security", until=YESTERDAY), identity("other", "security")], False),
        ([identity("security", until=NOW)], True),
        ([identity("security", until=NOW + timedelta(seconds=1))], False),
    ],
)
def test_what_an_ended_identity_took_away_stays_away(identities: list[KeyIdentity], ended: bool) -> None:
    for item in (revocation("security", signed("release")), withdrawal("security")):
        (found,) = evidence([item], identities).verified
        assert found.ended is ended
        assert [signer.name for signer in found.signers] == sorted(identity.name for identity in identities)


@pytest.mark.parametrize("time", [None, YESTERDAY, NOW])
def test_what_an_ended_identity_grants_must_be_older_than_the_end(time: datetime | None) -> None:
    given = proven(signed("x"), KeyAuthor(key("release").public), time=time)
    found = evidence([given], [identity("release", until=NOW)])
    assert len(found.verified) == (time == YESTERDAY)
    assert [item.reason for item in found.rejected] == ["release ended on 2026-11-21"] * (time != YESTERDAY)
