"""When all evidence is looked at, which policies are asked, and where the evidence of components lies."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from attest import names
from attest.evidence.attach import push_anchor
from attest.evidence.seal import push_whole_store, read_seals
from attest.evidence.verify import NO_SEALS
from attest.policy.codes import Code
from attest.policy.decide import Judge, decide, judges_of, with_seals
from attest.policy.document import Policy
from attest.policy.verdict import Outcome
from attest.stores.memory import MemoryStore
from tests.evidence_factory import DIGEST, NOW, PURL, SUBJECT, bundle_of, signed
from tests.policy.conftest import Read
from tests.policy.test_dependencies import artifact, component, digest, purl
from tests.policy.test_exact_again import REPOSITORY, SEALED, SIGNED, attach, sealing, sign

UNSURE = SIGNED.replace("rules:", "unresolved: warn\nrules:")
ELSEWHERE = {"pkg:npm/*": "pkg:pypi/*", "name: gate": "name: other"}
PARTS = SIGNED + "  - {id: parts, require: dependencies, by: [release], policy: parts.yaml, match: any}\n"


def elsewhere(text: str) -> str:
    for old, new in ELSEWHERE.items():
        text = text.replace(old, new)
    return text


@pytest.fixture
def store() -> MemoryStore:
    """With a signature, and a seal that lists it."""
    store = MemoryStore()
    push_anchor(store, REPOSITORY, "1.3.0", PURL, DIGEST)
    sign(store)
    attach(store, sealing(store))
    return store


def judges(*policies: Policy) -> tuple[Judge, ...]:
    return judges_of(policies, offline=True, now=NOW)


@pytest.mark.parametrize(
    ("policies", "whole"),
    [
        ([SIGNED], False),
        ([SEALED], True),
        ([SIGNED, SEALED], True),
        ([SEALED, SIGNED], True),
        ([SIGNED, elsewhere(SEALED)], False),
        ([elsewhere(SEALED), SIGNED], False),
    ],
)
def test_all_is_looked_at_where_a_policy_for_it_is_about_what_is_not_there(
    read: Read, store: MemoryStore, policies: list[str], whole: bool
) -> None:
    asked = judges(*(read(text.replace("name: gate", f"name: p{number}")) for number, text in enumerate(policies)))
    verdict = decide(store, REPOSITORY, SUBJECT, asked, now=NOW)
    assert (verdict.outcome, verdict.whole) == (Outcome.ADMITTED, whole)
    assert decide(store, REPOSITORY, SUBJECT, asked, now=NOW, everything=True).whole


def test_where_no_policy_is_for_it_all_are_asked(read: Read, store: MemoryStore) -> None:
    verdict = decide(store, REPOSITORY, SUBJECT, judges(read(elsewhere(SIGNED))), now=NOW)
    assert [finding.code for finding in verdict.findings] == [Code.POLICY_NOT_APPLICABLE]
    assert [item.name for item in verdict.policies] == ["other"]


@pytest.mark.parametrize(
    ("text", "outcome", "whole"), [(SIGNED, Outcome.INCONCLUSIVE, True), (UNSURE, Outcome.ADMITTED, False)]
)
def test_what_only_the_store_names_is_looked_for_unless_that_is_enough(
    read: Read, store: MemoryStore, text: str, outcome: Outcome, whole: bool
) -> None:
    verdict = decide(store, REPOSITORY, replace(SUBJECT, looked_up=True), judges(read(text)), now=NOW)
    assert [finding.code for finding in verdict.findings] == [Code.SIGNATURE_VERIFIED, Code.SUBJECT_UNRESOLVED]
    assert (verdict.outcome, verdict.whole) == (outcome, whole)


def test_evidence_of_components_lies_beside_that_of_the_subject(read: Read, store: MemoryStore) -> None:
    push_anchor(store, REPOSITORY, "1.0.0", purl("a"), digest("a"))
    attach(store, bundle_of(signed("release", subject=artifact("a"))).raw, to=artifact("a").manifest)
    listing = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [component("a", digest("a"))]}
    attach(store, bundle_of(signed("release", names.PREDICATE_CYCLONEDX, listing)).raw)
    verdict = decide(store, REPOSITORY, SUBJECT, judges(read(PARTS)), now=NOW)
    assert [finding.code for finding in verdict.findings] == [Code.SIGNATURE_VERIFIED, Code.DEPENDENCIES_VERIFIED]


def test_seals_of_the_whole_store_are_for_those_who_need_them(read: Read, keys: Path, store: MemoryStore) -> None:
    """Policies of components too."""
    attach(store, sealing(store), to=push_whole_store(store, "all").manifest, repository="all")
    (keys / "sealed.yaml").write_text(SEALED, "utf-8")
    plain, sealed = judges(read(SIGNED), read(SEALED))
    (above,) = judges(read(PARTS.replace("parts.yaml", "sealed.yaml")))
    expected = read_seals(store, "all", sealed.trust, now=NOW)
    assert len(expected.proven) == 1
    found = with_seals([plain, sealed, above], store, "all", now=NOW)
    assert [judge.seals for judge in found] == [NO_SEALS, expected, NO_SEALS]
    assert [[item.seals for item in judge.components.values()] for judge in found] == [[], [], [expected]]
    assert [judge.policy for judge in found] == [plain.policy, sealed.policy, above.policy]
