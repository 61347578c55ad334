"""Scans: which format a report is in, and the two predicates that wrap one.

in-toto's vulns 0.1 and 0.2 (attestation framework, spec/predicates/vulns_02.md), and cosign's vulnerability scan record
(specs/COSIGN_VULN_ATTESTATION_SPEC.md), whose result is whatever the scanner wrote.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from attest import names
from attest.errors import FormatError
from attest.oci.strict_json import Fields
from attest.statements import grype, osv_scanner, pip_audit, sarif, trivy, vulnerabilities
from attest.statements.findings import Finding, Scan, score, severity
from attest.statements.moments import parse_time


def read_scan(predicate_type: str, predicate: Mapping[str, Any] | None) -> Scan:
    """What a scan found. Raises `FormatError`."""
    if predicate is None:
        raise FormatError("the scan has no content")
    if predicate_type in names.PREDICATES_VULNS:
        return _vulns(Fields(predicate, "scan"))
    if predicate_type in names.PREDICATES_COSIGN_VULN:
        return _cosign(Fields(predicate, "scan"))
    return read_report(predicate)


def read_report(report: Mapping[str, Any]) -> Scan:
    """A scanner's own report, told by its content. Raises `FormatError`."""
    if "runs" in report:
        return sarif.read(report)
    if "SchemaVersion" in report:
        return trivy.read(report)
    if "matches" in report:
        return grype.read(report)
    if vulnerabilities.has_vulnerabilities(report):
        return vulnerabilities.read_scan(report)
    if pip_audit.tells(report):
        return pip_audit.read(report)
    if osv_scanner.tells(report):
        return osv_scanner.read(report)
    raise FormatError(
        "a report in no form that is known",
        why="known: SARIF, Trivy, Grype, pip-audit, OSV-Scanner, CycloneDX vulnerabilities",
    )


def _vulns(fields: Fields) -> Scan:
    scanner = fields.object("scanner")
    if not isinstance(scanner.value.get("result"), list):
        raise FormatError("expected an array", where=f"{scanner.path}.result", why="nothing says what was found")
    findings = tuple(_finding(item) for item in scanner.objects("result"))
    return Scan(scanner.string("uri"), _finished(fields), findings)


def _finding(item: Fields) -> Finding:
    """Version 0.1 says in words that what is found stands in `vulnerability`, and in its example that it does not."""
    fields = item.optional_object("vulnerability") or item
    given = fields.value.get("severity")
    ratings = [fields.object("severity")] if isinstance(given, dict) else fields.objects("severity")
    values = [rating.value.get("score") for rating in ratings]
    words = [word for value in values if (word := severity(value)) is not None]
    scores = [found for value in values if (found := score(value)) is not None]
    return Finding(fields.string("id"), severity=max(words, default=None), score=max(scores, default=None))


def _cosign(fields: Fields) -> Scan:
    scanners = fields.objects("scanners") or [fields.object("scanner")]
    scans = [read_report(scanner.object("result").value) for scanner in scanners]
    times = [time for time in (_finished(fields), *(scan.time for scan in scans)) if time is not None]
    tools = sorted({scan.tool for scan in scans})
    return Scan(", ".join(tools), min(times, default=None), tuple(item for scan in scans for item in scan.findings))


def _finished(fields: Fields) -> datetime | None:
    metadata = fields.optional_object("metadata")
    text = None if metadata is None else metadata.optional_string("scanFinishedOn")
    return parse_time(text, "scan.metadata.scanFinishedOn") if text else None


def is_scan(predicate_type: str, predicate: Mapping[str, Any] | None) -> bool:
    """Whether a statement is made to say what was found; a CycloneDX document may be, beside being an SBOM."""
    if predicate_type in names.PREDICATES_SCAN:
        return True
    if predicate_type not in names.PREDICATES_SBOM:
        return False
    return vulnerabilities.has_vulnerabilities(predicate) and not vulnerabilities.is_only_vex(predicate)
