"""Scans and VEX: how old, of when, and whose word takes a finding away."""

from __future__ import annotations

from datetime import timedelta

from attest import names
from attest.evidence.model import Subject
from tests.hostile.case import NOW, Case, admitted, denied, doubtful
from tests.hostile.documents import finding, scan, vex
from tests.hostile.formats import keyless
from tests.hostile.lifecycles import seal
from tests.hostile.making import Json, Piece, Referrer, by
from tests.signing.sigstore import forge

VULNS, OPENVEX = names.PREDICATES_VULNS[1], names.PREDICATE_OPENVEX


def scanned(document: Json, who: str = "security") -> Piece:
    return by(who, VULNS, document)


def reported(document: Json) -> Piece:
    """A scanner's own report."""
    return by("security", names.PREDICATE_SCAN, document)


def _sarif(**more: object) -> Json:
    """One error by a rule whose score is 9.8."""
    rule = {"id": "CVE-2026-0001", "properties": {"security-severity": "9.8"}}
    result = {"ruleId": "CVE-2026-0001", "level": "error", "message": {"text": "bad"}, **more}
    run = {
        "tool": {"driver": {"name": "scanner", "rules": [rule]}},
        "invocations": [{"executionSuccessful": True, "endTimeUtc": "2026-02-28T12:00:00Z"}],
        "results": [result],
    }
    return {"version": "2.1.0", "runs": [run]}


_failed_run = _sarif()
_failed_run["runs"][0] |= {
    "results": [],
    "invocations": [{"executionSuccessful": False, "endTimeUtc": "2026-02-28T12:00:00Z"}],
}
_grype: Json = {
    "matches": [],
    "ignoredMatches": [
        {"vulnerability": {"id": "CVE-2026-0001", "severity": "Critical"}, "artifact": {"name": "left"}},
    ],
    "descriptor": {"timestamp": "2026-02-28T12:00:00Z"},
}


def explained(who: str = "security", product: str | None = None, **changes: str | None) -> Piece:
    """VEX about the package itself, or ``product``."""

    def make(subject: Subject) -> Referrer:
        return by(who, OPENVEX, vex(product or str(subject.purl), **changes))(subject)  # type: ignore[arg-type]

    return make


def cases() -> list[Case]:
    def refused(name: str, code: str, *pieces: Piece, trick: str, naive: str) -> Case:
        return denied(name, "scanned", *pieces, findings={"scanned": code}, trick=trick, naive=naive, now=NOW)

    def good(name: str, *pieces: Piece, trick: str) -> Case:
        return admitted(name, "scanned", *pieces, findings={"scanned": "scan-verified"}, trick=trick, now=NOW)

    critical = scanned(scan(finding()))
    clean, bad = scanned(scan(time="2026-02-27T12:00:00Z")), scanned(scan(finding(), time="2026-02-28T12:00:00Z"))
    old, week = forge.NOW - timedelta(days=20), "2026-02-28T12:00:00Z"
    return [
        good("clean-scan", scanned(scan(finding("3.1"))), trick="none: nothing above low"),
        good("explained", critical, explained(), trick="none: security says why the finding is none here"),
        good(
            "later-clean-scan",
            scanned(scan(finding(), time="2026-02-26T12:00:00Z")),
            clean,
            trick="none: repaired since",
        ),
        refused(
            "scan-by-another",
            "scan-missing",
            scanned(scan(), "release"),
            trick="who releases the package has scanned it",
            naive="takes any trusted key for any purpose",
        ),
        refused(
            "failed-scan",
            "scan-malformed",
            scanned(
                {"scanner": {"uri": "https://scanner.example"}, "metadata": {"scanFinishedOn": "2026-02-28T12:00:00Z"}}
            ),
            trick="a scan without results: it was broken off",
            naive="finds no findings",
        ),
        refused(
            "critical",
            "scan-finding",
            critical,
            trick="a signed scan that found something critical",
            naive="asks whether there is a scan",
        ),
        refused(
            "unknown-severity",
            "scan-finding",
            scanned(scan(finding(None))),
            trick="a finding of which nobody says how bad it is",
            naive="counts what is called critical or high",
        ),
        refused(
            "score-in-words",
            "scan-finding",
            scanned(scan(finding("ten"))),
            trick="a score that is no number",
            naive="reads it as 0",
        ),
        refused(
            "suppressed-in-sarif",
            "scan-finding",
            reported(_sarif(suppressions=[{"kind": "external", "status": "accepted"}])),
            trick="SARIF in which the finding is suppressed by whoever ran the scanner",
            naive="counts what the scanner shows, so that a line of its configuration is as good as VEX",
        ),
        refused(
            "ignored-by-grype",
            "scan-finding",
            reported(_grype),
            trick="Grype's report, with the finding among what it was told to ignore",
            naive="counts matches only",
        ),
        refused(
            "failed-run",
            "scan-malformed",
            reported(_failed_run),
            trick="SARIF of a run that failed, and so found nothing",
            naive="counts results",
        ),
        refused(
            "stale-scan",
            "evidence-stale",
            scanned(scan(time="2026-02-01T12:00:00Z")),
            trick="a clean scan of four weeks ago, where seven days are allowed",
            naive="does not look at its age",
        ),
        refused(
            "scan-from-the-future",
            "evidence-future",
            scanned(scan(time="2027-01-01T00:00:00Z")),
            trick="a scan that says it is of next year, and would be fresh for a year",
            naive="finds that its age is below seven days",
        ),
        refused(
            "undated-scan",
            "evidence-undated",
            scanned(scan(time=None)),
            trick="nothing says when the scan was made",
            naive="takes a missing time for now",
        ),
        refused(
            "older-clean-scan",
            "scan-finding",
            clean,
            bad,
            trick="a clean scan, and a later one that found something",
            naive="is content with one that fits",
        ),
        refused(
            "undated-clean-scan",
            "evidence-undated",
            scanned(scan(time=None)),
            bad,
            trick="a clean scan without a time beside one that found something",
            naive="sorts what has no time to the end and takes it for the latest",
        ),
        doubtful(
            "later-scan-hidden",
            "scanned-sealed",
            clean,
            seal("security", [clean, bad]),
            findings={"scanned": "absence-hidden"},
            now=NOW,
            trick="the store shows the older, clean scan and leaves out the later one, which is sealed",
            naive="takes the latest that is shown",
        ),
        admitted(
            "latest-scan-sealed",
            "scanned-sealed",
            clean,
            seal("security", [clean]),
            findings={"scanned": "scan-verified"},
            now=NOW,
            trick="none: all that is sealed is shown",
        ),
        refused(
            "vex-by-a-stranger",
            "scan-finding",
            critical,
            explained("mallory"),
            trick="a stranger explains the finding away",
            naive="reads VEX wherever it is attached",
        ),
        refused(
            "vex-by-the-releaser",
            "scan-finding",
            critical,
            explained("release"),
            trick="who released the package explains the finding away, and is not asked",
            naive="takes any trusted key for any purpose",
        ),
        refused(
            "vex-for-another",
            "scan-finding",
            critical,
            explained(product="pkg:npm/%40acme/another@1.0.0"),
            trick="VEX about another package, attached to this one",
            naive="compares the vulnerability's id only",
        ),
        refused(
            "vex-for-another-version",
            "scan-finding",
            critical,
            explained(product="pkg:npm/%40acme/vex-for-another-version@2.0.0"),
            trick="VEX about the next version, which is repaired",
            naive="compares names without versions",
        ),
        refused(
            "vex-without-why",
            "scan-finding",
            critical,
            explained(justification=None),
            trick="not affected, and no justification",
            naive="believes a status without a reason",
        ),
        refused(
            "vex-with-a-made-up-why",
            "scan-finding",
            critical,
            explained(justification="we_looked_at_it"),
            trick="not affected, with a justification that is none of the format's",
            naive="asks whether a justification stands there",
        ),
        refused(
            "vex-under-investigation",
            "scan-finding",
            critical,
            explained(status="under_investigation"),
            trick="somebody is looking into it",
            naive="counts every VEX statement as all-clear",
        ),
        refused(
            "vex-taken-back",
            "scan-finding",
            critical,
            explained(),
            explained(status="affected", justification=None, time="2026-02-28T18:00:00Z"),
            trick="not affected, and five hours later: affected",
            naive="is content with one statement that clears",
        ),
        refused(
            "vex-from-the-future",
            "scan-finding",
            critical,
            explained(status="affected", justification=None),
            explained(time="2027-01-01T00:00:00Z"),
            trick="affected, and not affected as of next year, which would be the last word for a year",
            naive="takes the latest time, whatever it is",
        ),
        admitted(
            "aged-well",
            "scanned-aged",
            keyless(VULNS, scan(time=week)),
            findings={"scanned": "scan-verified"},
            now="2026-03-02T12:00:00Z",
            trick="none: document and log are of this week",
        ),
        denied(
            "old-document-signed-today",
            "scanned-aged",
            keyless(VULNS, scan(time="2026-02-01T12:00:00Z")),
            findings={"scanned": "evidence-stale"},
            now="2026-03-02T12:00:00Z",
            trick="an old scan, signed anew today",
            naive="counts the age from the signature",
        ),
        denied(
            "fresh-document-signed-long-ago",
            "scanned-aged",
            keyless(VULNS, scan(time=week), began=old),
            findings={"scanned": "evidence-stale"},
            now="2026-03-02T12:00:00Z",
            trick="a scan that says it is of this week, and was logged three weeks ago",
            naive="counts the age from what the document says",
        ),
    ]
