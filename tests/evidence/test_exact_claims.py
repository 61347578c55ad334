"""What unverified evidence says of other evidence, in words, and whose revocation names what."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from attest import names
from attest.evidence.claims import content, revoked_by, revokers, words
from attest.evidence.model import Candidate, Check, Rejected
from attest.evidence.signed import SignedBundle
from attest.oci.digest import Digest
from attest.signing.bundle import Bundle
from attest.signing.sign import KeySigner, sign_statement
from attest.statements.lifecycle import Evidence, Revocation, Seal, Why, Withdrawal
from tests.evidence_factory import CYCLONEDX, NOW, bundle_of, damaged, key, packed, signed, unsigned
from tests.policy.test_absence import revocation, said, seal, withdrawal

FIRST, SECOND = Digest("sha256", "1a" * 32), Digest("sha256", "2b" * 32)


@pytest.mark.parametrize(
    ("claim", "told"),
    [
        (None, None),
        (
            Revocation(NOW, (Evidence(FIRST, None), Evidence(SECOND, None)), "the key leaked"),
            "revokes sha256:1a1a1a1a1a1a, sha256:2b2b2b2b2b2b: the key leaked",
        ),
        (Withdrawal(NOW, Why.YANKED, "it breaks"), "withdraws the package as yanked: it breaks"),
        (Withdrawal(NOW, Why.MALICIOUS, ""), "withdraws the package as malicious"),
        (Withdrawal(NOW, Why.MALICIOUS, None), "withdraws the package as malicious"),
        (
            Seal(1, NOW, NOW + timedelta(days=1), {FIRST: frozenset(), SECOND: frozenset()}),
            "seals 2 until 2026-11-22T12:00:00Z",
        ),
    ],
)
def test_in_words(claim: Revocation | Withdrawal | Seal | None, told: str | None) -> None:
    assert words(claim) == told


def test_what_claims_nothing() -> None:
    assert content(signed("release")) is None
    assert content(unsigned(names.CYCLONEDX_JSON, CYCLONEDX)) is None
    assert content(damaged(Check.READ, "gone")) is None


def test_who_revokes_what() -> None:
    good, other = signed("release"), signed("builder")
    again = packed(bundle_of(good).raw, names.PREDICATE_COSIGN_SIGN, note="again")
    by_statement, by_manifest = revocation("security", good), revocation("builder", good, statement=False)
    items = [good, other, by_statement, by_manifest, seal("security", good), withdrawal("security")]
    items_and_more: list[Candidate | Rejected] = [
        *items,
        damaged(Check.READ, "gone"),
        unsigned(names.CYCLONEDX_JSON, CYCLONEDX),
    ]
    found = revokers(items_and_more)
    assert [digest for digest, _ in found] == [by_statement.digest, by_manifest.digest]
    assert revoked_by(good, found) == sorted([by_statement.digest, by_manifest.digest])
    assert revoked_by(again, found) == [by_statement.digest]
    assert revoked_by(unsigned(names.CYCLONEDX_JSON, CYCLONEDX), found) == []
    assert revoked_by(damaged(Check.READ, "gone"), found) == []
    assert revoked_by(other, [found[1]]) == []


def test_what_is_signed_and_no_statement_claims_nothing_and_can_be_revoked() -> None:
    bundle = sign_statement(b"no statement", KeySigner(key("release")))
    item = replace(signed("release"), signed=SignedBundle(Bundle.parse(bundle)))
    assert content(item) is None
    by_manifest = Revocation(NOW, (Evidence(item.digest, None),), "the key leaked")
    by_statement = Revocation(NOW, (Evidence(FIRST, Digest.of(b"no statement")),), "the key leaked")
    assert revoked_by(item, [(FIRST, by_manifest), (SECOND, by_statement)]) == [FIRST]


def test_the_claims_are_read_whole() -> None:
    made = Withdrawal(NOW, Why.YANKED, "it breaks")
    assert content(said("release", made)) == made
