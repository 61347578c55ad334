"""Thresholds count distinct names with distinct keys: a maximum matching, held against all possibilities."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from attest.evidence.identity import Signer
from attest.policy.matching import distinct

SIGNERS = st.frozensets(st.builds(Signer, st.sampled_from("abcd"), st.sampled_from("1234")), max_size=9)


def by_trying(signers: frozenset[Signer]) -> int:
    return max(
        size
        for size in range(len(signers) + 1)
        for chosen in combinations(sorted(signers), size)
        if len({item.name for item in chosen}) == size == len({item.principal for item in chosen})
    )


@given(SIGNERS)
def test_it_is_the_largest_matching(signers: frozenset[Signer]) -> None:
    assert distinct(signers) == by_trying(signers)


@given(SIGNERS, SIGNERS)
def test_more_signers_never_count_for_less(some: frozenset[Signer], more: frozenset[Signer]) -> None:
    assert distinct(some | more) >= distinct(some)


def test_one_key_under_two_names_is_one() -> None:
    assert distinct([Signer("alice", "1"), Signer("bob", "1")]) == 1


def test_one_name_with_two_keys_is_one() -> None:
    assert distinct([Signer("alice", "1"), Signer("alice", "2")]) == 1


def test_a_greedy_choice_is_taken_back() -> None:
    assert distinct([Signer("a", "1"), Signer("a", "2"), Signer("b", "1")]) == 2
    assert distinct([Signer("a", "1"), Signer("b", "1"), Signer("b", "2"), Signer("c", "2"), Signer("c", "3")]) == 3


def test_nobody_is_none() -> None:
    assert distinct([]) == 0
