"""How many signed: one key that is counted twice, in every way in which it could be."""

from __future__ import annotations

from attest import names
from attest.evidence.model import Subject
from tests.hostile.case import Case, admitted, denied
from tests.hostile.documents import bom, provenance, scan, summary
from tests.hostile.formats import APP, keyless, notation, run, simple
from tests.hostile.making import Piece, Referrer, by

SHORT = {"signed": "signature-threshold"}
GOOD = {"signed": "signature-verified"}
TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"


def of_all_kinds(who: str) -> list[Piece]:
    def about(kind: str) -> Piece:
        def make(subject: Subject) -> Referrer:
            said = {
                names.PREDICATE_SLSA_V1: provenance(),
                names.PREDICATE_CYCLONEDX: bom(subject),
                names.PREDICATES_VULNS[1]: scan(),
                names.PREDICATE_VSA: summary(resourceUri=str(subject)),
                TEST_RESULT: {"result": "PASSED"},
            }
            return by(who, kind, said[kind])(subject)

        return make

    kinds = (names.PREDICATE_SLSA_V1, names.PREDICATE_CYCLONEDX, names.PREDICATES_VULNS[1], names.PREDICATE_VSA)
    return [about(kind) for kind in (*kinds, TEST_RESULT)]


def cases() -> list[Case]:
    kinds = ("built", "sbom", "scanned", "verified", "tested")
    codes = ("provenance", "sbom", "scan", "vsa", "attestation")
    second = run(f"{APP}/.github/workflows/release.yml@refs/tags/v2", ref="refs/tags/v2")
    return [
        admitted("two-people", "two-person", by("alice"), by("bob"), findings=GOOD, trick="none: two people signed"),
        admitted(
            "two-people-two-formats",
            "two-person",
            notation("alice"),
            by("bob"),
            findings=GOOD,
            trick="none: one with a certificate, the other with a key",
        ),
        denied(
            "one-person",
            "two-person",
            by("alice"),
            findings=SHORT,
            trick="one of two",
            naive="asks whether any of the keys has signed",
        ),
        denied(
            "one-key-two-names",
            "two-person",
            by("alice"),
            by("alice", note="as alias", payload=lambda honest: honest + b" "),
            findings=SHORT,
            trick="the policy has one key under two names, and it has signed twice",
            naive="counts names",
        ),
        denied(
            "two-copies",
            "two-person",
            by("alice"),
            by("alice", note="a copy"),
            by("alice", note="another copy"),
            findings=SHORT,
            trick="one signature in three manifests",
            naive="counts manifests",
        ),
        denied(
            "key-and-certificate",
            "two-person",
            by("alice"),
            notation("alice"),
            findings=SHORT,
            trick="signed with a key, and again with a certificate for the same key",
            naive="counts identities by what they are called in each format",
        ),
        denied(
            "key-in-two-formats",
            "two-person",
            by("alice"),
            simple("alice"),
            findings=SHORT,
            trick="one key, once in a bundle and once in simple signing",
            naive="counts formats",
        ),
        denied(
            "stranger-for-the-second",
            "two-person",
            by("alice"),
            by("mallory"),
            notation("mallory", ca="mallory-ca"),
            findings=SHORT,
            trick="one person, and a stranger with a key and a certificate by a CA of the same name",
            naive="counts signatures that hold, whoever made them",
        ),
        admitted(
            "workflow-and-person",
            "keyless-two",
            keyless(),
            by("bob"),
            findings=GOOD,
            trick="none: a workflow and a person",
        ),
        denied(
            "one-workflow-two-tags",
            "keyless-two",
            keyless(),
            keyless(identity=second, key="another run"),
            findings=SHORT,
            trick="one workflow at two tags, each an identity of the policy, with two keys and two certificates",
            naive="counts certificates, or their subjects with what follows the @",
        ),
        admitted(
            "two-of-each",
            "two-of-each",
            *of_all_kinds("alice"),
            *of_all_kinds("bob"),
            findings={rule: f"{code}-verified" for rule, code in zip(kinds, codes, strict=True)},
            trick="none: two people for each kind of evidence",
        ),
        denied(
            "one-of-each",
            "two-of-each",
            *of_all_kinds("alice"),
            *of_all_kinds("mallory"),
            findings={rule: f"{code}-threshold" for rule, code in zip(kinds, codes, strict=True)},
            trick="one of two people, and a stranger, for each kind of evidence",
            naive="has thresholds for signatures only",
        ),
    ]
