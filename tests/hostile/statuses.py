"""VEX by itself: whose word it is, whether anything stands open, and who took it back."""

from __future__ import annotations

from attest import names
from attest.evidence.model import Subject
from tests.hostile.case import NOW, Case, admitted, denied
from tests.hostile.documents import vex
from tests.hostile.making import Json, Piece, Referrer, by
from tests.hostile.scans import explained


def _empty(**changes: Json | list[Json]) -> Piece:
    return lambda subject: by("security", names.PREDICATE_OPENVEX, vex(str(subject)) | changes)(subject)


def _exploitable(subject: Subject) -> Referrer:
    """CycloneDX, a day after what `explained` says."""
    document: Json = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "metadata": {"timestamp": "2026-03-01T06:00:00Z"},
        "vulnerabilities": [{"id": "CVE-2026-0001", "analysis": {"state": "exploitable"}}],
    }
    return by("security", names.PREDICATE_CYCLONEDX, document)(subject)


def cases() -> list[Case]:
    def good(name: str, *pieces: Piece, trick: str, policy: str = "answered") -> Case:
        return admitted(name, policy, *pieces, findings={"answered": "vex-verified"}, now=NOW, trick=trick)

    def refused(name: str, code: str, *pieces: Piece, trick: str, naive: str, policy: str = "answered") -> Case:
        found = {"answered": f"vex-{code}"}
        return denied(name, policy, *pieces, findings=found, now=NOW, trick=trick, naive=naive)

    affected = explained(status="affected", justification=None, time="2026-02-27T12:00:00Z")
    return [
        good("answered", explained(), trick="none: not affected, and why"),
        good("repaired", affected, explained(status="fixed", justification=None), trick="none: repaired since"),
        good(
            "answered-by-two",
            explained(),
            explained("release"),
            policy="answered-two",
            trick="none: two say so, as is asked",
        ),
        refused(
            "answered-by-a-stranger",
            "missing",
            explained("mallory"),
            trick="a stranger says that it is not affected",
            naive="reads VEX wherever it is attached",
        ),
        refused(
            "answered-affected",
            "affected",
            affected,
            trick="it is affected, and security says so",
            naive="asks whether there is VEX",
        ),
        refused(
            "answered-without-why",
            "affected",
            explained(justification=None),
            trick="not affected, and no justification",
            naive="believes a status without a reason",
        ),
        refused(
            "answered-later",
            "affected",
            explained(status="under_investigation", justification=None),
            trick="somebody is looking into it",
            naive="counts every VEX statement as all-clear",
        ),
        refused(
            "answer-taken-back-in-another-format",
            "affected",
            explained(),
            _exploitable,
            trick="not affected in OpenVEX, and a day later in CycloneDX: exploitable",
            naive="reads one format, or takes CycloneDX for a list of components whatever stands in it",
        ),
        refused(
            "answer-from-the-future",
            "affected",
            affected,
            explained(time="2027-01-01T00:00:00Z"),
            trick="affected, and not affected as of next year",
            naive="takes the latest time, whatever it is",
        ),
        refused(
            "strangers-all-clear",
            "affected",
            affected,
            explained("mallory"),
            trick="affected, and a stranger says later that it is not",
            naive="takes the latest, whose ever it is",
        ),
        refused(
            "releasers-all-clear",
            "affected",
            affected,
            explained("release"),
            trick="affected, and whoever releases the package says later that it is not, and is not asked",
            naive="hears everybody whom the policy knows",
        ),
        refused(
            "says-nothing",
            "malformed",
            _empty(statements=[]),
            trick="VEX without a statement",
            naive="finds nothing open",
        ),
        refused(
            "statements-as-an-object",
            "malformed",
            _empty(statements={"0": {"status": "affected"}}),
            trick="the statements are an object instead of a list",
            naive="iterates over it and finds nothing open",
        ),
        refused(
            "answered-by-one",
            "threshold",
            explained(),
            explained(time="2026-02-28T14:00:00Z"),
            policy="answered-two",
            trick="security says it twice, where two are asked",
            naive="counts documents",
        ),
    ]
