"""What a rule has where its file does not say, and what it may not say."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from attest import names
from attest.errors import PolicyError
from attest.policy.rules.rule import Absence, Match, Mode, Rule
from tests.policy.conftest import HEAD, Read

TEST = "https://in-toto.io/attestation/test-result/v0.1"
SIGNED = "  - {id: signed, require: signature, by: [release]}\n"
BUILDERS = 'builders:\n  ci: {identity: builder, id: "https://ci.example/builder", slsa: 3}\n'


def rule(read: Read, terms: str) -> Rule[object]:
    policy = read(f"{HEAD}{BUILDERS}rules:\n{SIGNED}  - {{id: it, by: [release, security], {terms}}}\n")
    return policy.rules[1]


@pytest.mark.parametrize(
    ("terms", "match", "absence"),
    [
        ("require: signature", Match.ANY, None),
        ("require: provenance", Match.ANY, None),
        ("require: sbom", Match.ANY, None),
        ("require: 'sbom', licenses: {deny: [MIT]}", Match.ALL, Absence.LISTING),
        ("require: 'sbom', licenses: {deny: [MIT]}, match: any", Match.ANY, None),
        ("require: scan, deny: [critical]", Match.ALL, Absence.LISTING),
        ("require: scan, max_score: 7", Match.ALL, Absence.LISTING),
        ("require: dependencies, policy: parts.yaml", Match.ALL, Absence.LISTING),
        ("require: vex", Match.ALL, Absence.LISTING),
        ("require: vex, match: any", Match.ANY, Absence.LISTING),
        ("require: vex, match: any, absence: seal", Match.ANY, Absence.SEAL),
        ("require: sbom, match: all", Match.ALL, Absence.LISTING),
        ("require: sbom, match: all, absence: seal", Match.ALL, Absence.SEAL),
        ("require: sbom, match: latest, absence: seal", Match.LATEST, Absence.SEAL),
    ],
)
def test_how_several_combine(read: Read, terms: str, match: Match, absence: Absence | None) -> None:
    found = rule(read, terms)
    assert (found.match, found.absence, found.threshold) == (match, absence, 1)


@pytest.mark.parametrize(
    "terms",
    [f"require: deny, type: '{TEST}', absence: seal", "require: no-revocation, absence: seal"],
)
def test_what_must_not_be_there_wants_nothing_and_is_looked_at_as_a_whole(read: Read, terms: str) -> None:
    found = rule(read, terms)
    assert (found.threshold, found.match, found.absence, found.max_age) == (0, Match.ALL, Absence.SEAL, None)
    assert rule(read, terms.replace("seal", "listing")).absence is Absence.LISTING


def test_an_age_is_read(read: Read) -> None:
    assert rule(read, "require: sbom").max_age is None
    assert rule(read, "require: sbom, max_age: 30d").max_age == timedelta(days=30)
    assert rule(read, "require: sbom, max_age: 12h").max_age == timedelta(hours=12)


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("terms", ["require: sbom", "require: no-withdrawal, absence: seal"])
def test_its_mode(read: Read, terms: str, mode: Mode) -> None:
    assert rule(read, terms).mode is Mode.ENFORCE
    assert rule(read, f"{terms}, mode: {mode}").mode is mode


def test_its_names(read: Read) -> None:
    assert rule(read, "require: sbom").by == ("release", "security")
    policy = read(f"{HEAD}rules:\n  - {{id: it, require: sbom, by: security}}\n")
    assert (policy.rules[0].id, policy.rules[0].by) == ("it", ("security",))


@pytest.mark.parametrize(
    ("terms", "told", "why"),
    [
        (
            "require: sbom, match: any, absence: listing",
            "rule 'it': 'absence' does not go with match: any",
            "one that fits is enough, whatever is missing",
        ),
        (
            "require: sbom, absence: listing",
            "rule 'it': 'absence' does not go with match: any",
            "one that fits is enough, whatever is missing",
        ),
        ("require: sbom, match: latest", "rule 'it': 'absence' is missing", "a store can hide what is later"),
        (
            "require: no-revocation",
            "rule 'it': 'absence' is missing",
            "a store can hide what stands against a package",
        ),
        (
            "require: sbom, threshold: 3",
            "rule 'it': a threshold of 3 can never be met",
            "'by' has 2 distinct names with distinct keys",
        ),
        (
            "require: sbom, threshold: 0",
            "rule 'it': 'threshold': expected a whole number from 1 to 1000",
            "it is 0",
        ),
    ],
)
def test_what_is_refused(read: Read, terms: str, told: str, why: str) -> None:
    with pytest.raises(PolicyError) as refused:
        rule(read, terms)
    assert (refused.value.what, refused.value.why, refused.value.where) == (told, why, "gate.yaml:13")


def test_a_threshold_that_all_meet(read: Read) -> None:
    assert rule(read, "require: sbom, threshold: 2").threshold == 2


def test_a_name_that_the_policy_does_not_have(read: Read) -> None:
    for head, known in (
        (HEAD, "known: release, security, builder"),
        (HEAD[: HEAD.index("identities")], "known: none"),
    ):
        with pytest.raises(PolicyError, match="rule 'it': no identity 'other'") as refused:
            read(f"{head}rules:\n  - {{id: it, require: sbom, by: [other]}}\n")
        assert refused.value.why == known


@pytest.mark.parametrize(
    ("type_", "told"),
    [
        (names.PREDICATE_REVOCATION, "no-revocation"),
        (names.PREDICATE_WITHDRAWAL, "no-withdrawal"),
        (names.PREDICATE_SEAL, "absence: seal"),
    ],
)
@pytest.mark.parametrize("kind", ["deny, absence: seal", "attestation"])
def test_types_that_have_a_rule_of_their_own(read: Read, kind: str, type_: str, told: str) -> None:
    with pytest.raises(PolicyError, match=f"rule 'it': {re.escape(type_)} is for {told}"):
        rule(read, f"require: {kind}, type: '{type_}'")


def test_a_type_is_a_uri(read: Read) -> None:
    with pytest.raises(PolicyError, match="not a predicate type: 'test-result'"):
        rule(read, "require: attestation, type: test-result")
    assert rule(read, f"require: attestation, type: '{TEST}'").noun == f"{TEST} attestation"
