"""What was found, in words: singular and plural, what comes first, what is cut off, and each check's own words."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import permutations

import pytest

from attest import names
from attest.evidence.model import Check, Rejected
from attest.oci.digest import Digest
from attest.policy.found import noun, summary
from attest.policy.verdict import Considered, Fate
from tests.evidence_factory import damaged, evidence

SBOM = names.PREDICATE_CYCLONEDX


def found(*rejected: Rejected, considered: Iterable[Considered] = (), complete: bool = True) -> str:
    return summary(evidence([], [], rejected=rejected, complete=complete), considered)


def weighed(fate: Fate, *signers: str, claims: str = SBOM) -> Considered:
    return Considered(Digest("sha256", "0" * 64), (), claims, signers, None, fate, "")


@pytest.mark.parametrize(
    ("check", "words"),
    [
        (Check.READ, "1 unreadable SBOM (why)"),
        (Check.FORM, "1 malformed SBOM (why)"),
        (Check.SIGNED, "1 unsigned SBOM"),
        (Check.SIGNATURE, "1 SBOM that does not hold (why)"),
        (Check.AUTHOR, "1 SBOM why"),
        (Check.STATEMENT, "1 malformed SBOM (why)"),
        (Check.IDENTITY, "1 SBOM by an identity that may not speak here (why)"),
        (Check.BINDING, "1 SBOM that does not belong to this package (why)"),
    ],
)
def test_each_check_has_its_words(check: Check, words: str) -> None:
    assert found(damaged(check, "why", SBOM)) == f"1 referrer found: {words}"


@pytest.mark.parametrize(
    ("fate", "words"),
    [
        (Fate.COUNTED, "1 verified SBOM by a and b"),
        (Fate.OTHER, "1 verified SBOM by a and b"),
        (Fate.UNFIT, "1 verified SBOM by a and b that does not fit"),
        (Fate.AGAINST, "1 verified SBOM by a and b that does not fit"),
        (Fate.REVOKED, "1 verified SBOM by a and b that was revoked"),
    ],
)
def test_each_fate_has_its_words(fate: Fate, words: str) -> None:
    assert found(considered=[weighed(fate, "a", "b")]) == f"1 referrer found: {words}"


def test_what_was_rejected_is_counted_once() -> None:
    assert found(damaged(Check.SIGNED, "", SBOM), considered=[weighed(Fate.REJECTED)]) == (
        "1 referrer found: 1 unsigned SBOM"
    )


def test_nothing() -> None:
    assert (found(), found(complete=False)) == ("nothing is attached", "nothing could be found")


def test_the_same_are_counted_and_the_most_come_first() -> None:
    unsigned, unread = damaged(Check.SIGNED, "x", SBOM), damaged(Check.READ, "x", names.PREDICATE_SLSA_V1)
    assert found(unread, unsigned, unsigned) == ("3 referrers found: 2 unsigned SBOMs, 1 unreadable provenance (x)")
    assert found(unread, unread, unsigned) == ("3 referrers found: 2 unreadable provenance (x), 1 unsigned SBOM")


def test_of_as_many_the_words_decide() -> None:
    every = [damaged(Check.SIGNED, "", SBOM), damaged(Check.READ, "b", SBOM), damaged(Check.READ, "a", SBOM)]
    for shown in permutations(every):
        assert found(*shown) == "3 referrers found: 1 unreadable SBOM (a), 1 unreadable SBOM (b), 1 unsigned SBOM"


@pytest.mark.parametrize(("number", "more"), [(5, ""), (6, ""), (7, ", and 1 more kinds"), (9, ", and 3 more kinds")])
def test_six_kinds_are_told(number: int, more: str) -> None:
    told = ", ".join(f"1 unreadable SBOM (reason {n})" for n in range(min(number, 6)))
    rejected = [damaged(Check.READ, f"reason {n}", SBOM) for n in range(number)]
    assert found(*rejected) == f"{number} referrers found: {told}{more}"


@pytest.mark.parametrize(
    ("claims", "word"),
    [
        (None, "document"),
        (names.CYCLONEDX_JSON, "SBOM"),
        (names.SPDX_JSON, "SBOM"),
        (names.SARIF_JSON, "SARIF report"),
        (names.SIMPLE_SIGNING, "signature"),
        (names.NOTATION_SIGNATURE, "signature"),
        (names.DSSE_ENVELOPE, "attestation"),
        (names.BUNDLE_V03, "bundle"),
        (names.PREDICATE_SLSA_V1, "provenance"),
        ("text/x", "text/x document"),
        ("x" * 160, "x" * 160 + " document"),
        ("x" * 161, "x" * 160 + "… document"),
    ],
)
def test_a_word_for_what_it_claims_to_be(claims: str | None, word: str) -> None:
    assert noun(claims) == word


@pytest.mark.parametrize("check", [Check.READ, Check.AUTHOR])
def test_long_reasons_are_cut(check: Check) -> None:
    assert "y" * 480 in found(damaged(check, "y" * 480, SBOM))
    assert "…" not in found(damaged(check, "y" * 480, SBOM))
    cut = found(damaged(check, "y" * 481, SBOM))
    assert "y" * 480 + "…" in cut
    assert "y" * 481 not in cut
