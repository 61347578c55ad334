"""Verification summaries, and statements of any other type that must be there or must not."""

from __future__ import annotations

from typing import Any

from attest import names
from attest.evidence.model import Subject
from tests.hostile.case import Case, admitted, denied
from tests.hostile.documents import summary
from tests.hostile.making import Piece, Referrer, by

TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"
QUARANTINE = "https://acme.example/quarantine/v1"


def verified(result: str = "PASSED", who: str = "verifier", **changes: Any) -> Piece:
    """A summary about the package itself, unless ``changes`` say otherwise."""

    def make(subject: Subject) -> Referrer:
        return by(who, names.PREDICATE_VSA, summary(result, **{"resourceUri": str(subject), **changes}))(subject)

    return make


def cases() -> list[Case]:
    def refused(name: str, code: str, piece: Piece, trick: str, naive: str) -> Case:
        return denied(name, "verified", piece, findings={"verified": f"vsa-{code}"}, trick=trick, naive=naive)

    tested = by("release", TEST_RESULT, {"result": "PASSED"})
    free = {"tested": "attestation-verified", "free": "deny-absent"}
    return [
        admitted("verified", "verified", verified(), findings={"verified": "vsa-verified"}, trick="none: it passed"),
        refused(
            "summary-by-a-stranger",
            "missing",
            verified(who="mallory"),
            "the right content, by somebody else",
            "believes the predicate's verifier id",
        ),
        refused(
            "summary-without-result",
            "malformed",
            verified("passed"),
            "a result that is none of the two",
            "admits whatever does not say FAILED",
        ),
        refused(
            "another-verifier",
            "verifier",
            verified(verifier={"id": "https://verifier.example.evil.example"}),
            "signed by the verifier's key for another verifier that uses it too",
            "compares beginnings, or the key only",
        ),
        refused(
            "summary-of-another",
            "resource",
            verified(resourceUri="pkg:npm/%40acme/another@1.0.0"),
            "the summary names another resource than its subject",
            "compares digests only",
        ),
        refused(
            "summary-that-failed",
            "failed",
            verified("FAILED"),
            "the verification failed, with all levels in the list",
            "reads the levels and not the result",
        ),
        refused(
            "failed-among-levels",
            "failed",
            verified(verifiedLevels=["FAILED", "SLSA_BUILD_LEVEL_3"]),
            "PASSED, with FAILED among the levels, as the specification has it for a track",
            "reads the result and not the levels",
        ),
        refused(
            "another-policy",
            "policy",
            verified(policy={"uri": "https://verifier.example/policy", "digest": {"sha256": "00" * 32}}),
            "verified against a policy of the same address and another digest",
            "compares addresses",
        ),
        refused(
            "lower-level",
            "level",
            verified(verifiedLevels=["SLSA_BUILD_LEVEL_2", "SLSA_SOURCE_LEVEL_3"]),
            "build level 2, and level 3 of another track",
            "looks for LEVEL_3",
        ),
        admitted("tested", "tested", tested, findings=free, trick="none: a test result, and no quarantine"),
        denied(
            "longer-type",
            "tested",
            by("release", f"{TEST_RESULT}0", {"result": "PASSED"}),
            findings=free | {"tested": "attestation-missing"},
            trick="a predicate type that begins as the wanted one does",
            naive="compares beginnings",
        ),
        denied(
            "under-quarantine",
            "tested",
            tested,
            by("security", QUARANTINE, {"since": "2026-02-01"}),
            findings=free | {"free": "deny-found"},
            trick="security has put it under quarantine",
            naive="only asks for what must be there",
        ),
        admitted(
            "quarantine-by-a-stranger",
            "tested",
            tested,
            by("mallory", QUARANTINE, {"since": "2026-02-01"}),
            findings=free,
            trick="a stranger says that it is under quarantine",
            naive="lets anybody who may push take packages away",
        ),
    ]
