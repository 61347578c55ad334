"""Verification summaries, and statements of any other type that must be there or must not."""

from __future__ import annotations

from typing import Any

from attest import names
from attest.evidence.model import Subject
from tests.hostile.case import NOW, Case, admitted, denied
from tests.hostile.documents import summary
from tests.hostile.making import Piece, Referrer, by

TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"
QUARANTINE = "https://acme.example/quarantine/v1"


def verified(
    result: str = "PASSED", who: str = "verifier", *, payload_type: str = names.IN_TOTO_PAYLOAD, **changes: Any
) -> Piece:
    """A summary about the package itself, unless ``changes`` say otherwise."""

    def make(subject: Subject) -> Referrer:
        predicate = summary(result, **{"resourceUri": str(subject), **changes})
        return by(who, names.PREDICATE_VSA, predicate, payload_type=payload_type)(subject)

    return make


def cases() -> list[Case]:
    def refused(name: str, code: str, *pieces: Piece, trick: str, naive: str) -> Case:
        return denied(name, "verified", *pieces, findings={"verified": f"vsa-{code}"}, trick=trick, naive=naive)

    passed_before = verified(timeVerified="2026-02-27T12:00:00Z")
    failed = verified("FAILED", payload_type=names.FAILED_VSA_PAYLOAD, verifiedLevels=["FAILED"])
    tested = by("release", TEST_RESULT, {"result": "PASSED"})
    free = {"tested": "attestation-verified", "free": "deny-absent"}
    return [
        admitted("verified", "verified", verified(), findings={"verified": "vsa-verified"}, trick="none: it passed"),
        refused(
            "summary-by-a-stranger",
            "missing",
            verified(who="mallory"),
            trick="the right content, by somebody else",
            naive="believes the predicate's verifier id",
        ),
        refused(
            "summary-without-result",
            "malformed",
            verified("passed"),
            trick="a result that is none of the two",
            naive="admits whatever does not say FAILED",
        ),
        refused(
            "another-verifier",
            "verifier",
            verified(verifier={"id": "https://verifier.example.evil.example"}),
            trick="signed by the verifier's key for another verifier that uses it too",
            naive="compares beginnings, or the key only",
        ),
        refused(
            "summary-of-another",
            "resource",
            verified(resourceUri="pkg:npm/%40acme/another@1.0.0"),
            trick="the summary names another resource than its subject",
            naive="compares digests only",
        ),
        refused(
            "summary-that-failed",
            "failed",
            verified("FAILED"),
            trick="the verification failed, with all levels in the list",
            naive="reads the levels and not the result",
        ),
        refused(
            "failed-among-levels",
            "failed",
            verified(verifiedLevels=["FAILED", "SLSA_BUILD_LEVEL_3"]),
            trick="PASSED, with FAILED among the levels, as the specification has it for a track",
            naive="reads the result and not the levels",
        ),
        refused(
            "failed-as-attest-says-it",
            "failed",
            failed,
            trick="it failed, in the payload type that `attest verify --vsa` gives to what failed",
            naive="reads no further than the predicate type",
        ),
        refused(
            "failed-beside-passed-levels",
            "failed",
            verified("FAILED", payload_type=names.FAILED_VSA_PAYLOAD),
            trick="it failed, in that payload type, with all levels in the list",
            naive="reads the levels and not the result",
        ),
        denied(
            "failed-since",
            "verified-latest",
            passed_before,
            failed,
            findings={"verified": "vsa-failed"},
            now=NOW,
            trick="it passed, and failed a day later; the policy asks for the latest",
            naive="is content with one that passed",
        ),
        admitted(
            "passed-since",
            "verified-latest",
            verified("FAILED", timeVerified="2026-02-26T12:00:00Z", verifiedLevels=["FAILED"]),
            passed_before,
            findings={"verified": "vsa-verified"},
            now=NOW,
            trick="none: it failed, and passed a day later",
        ),
        refused(
            "passed-where-failed-belongs",
            "missing",
            verified(payload_type=names.FAILED_VSA_PAYLOAD),
            trick="PASSED, in the payload type of what failed",
            naive="reads the predicate whatever it was signed as",
        ),
        refused(
            "another-policy",
            "policy",
            verified(policy={"uri": "https://verifier.example/policy", "digest": {"sha256": "00" * 32}}),
            trick="verified against a policy of the same address and another digest",
            naive="compares addresses",
        ),
        refused(
            "lower-level",
            "level",
            verified(verifiedLevels=["SLSA_BUILD_LEVEL_2", "SLSA_SOURCE_LEVEL_3"]),
            trick="build level 2, and level 3 of another track",
            naive="looks for LEVEL_3",
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
