"""Trivy's own JSON report, schema version 2 (trivy.dev, "Reporting"): vulnerabilities, misconfigurations, secrets.

What it was told to leave out is still a finding, as in `attest.statements.sarif`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from attest.errors import FormatError
from attest.oci.strict_json import Fields
from attest.statements.findings import Finding, Scan, score, severity
from attest.statements.moments import parse_time


def read(document: Mapping[str, Any]) -> Scan:
    """Raises `FormatError`, also where it looked at nothing."""
    fields = Fields(document, "scan")
    if fields.integer("SchemaVersion") != 2:
        raise FormatError("not a Trivy report of schema version 2", why=str(fields.value["SchemaVersion"])[:40])
    results = fields.objects("Results")
    if not results:
        raise FormatError("a report without results", where="scan.Results", why="nothing was scanned")
    created = fields.value.get("CreatedAt")
    time = parse_time(created, "scan.CreatedAt") if isinstance(created, str) else None
    return Scan("Trivy", time, tuple(item for result in results for item in _findings(result)))


def _findings(result: Fields) -> Iterator[Finding]:
    for item in result.objects("Vulnerabilities"):
        yield _vulnerability(item)
    for item in result.objects("Misconfigurations"):
        if item.value.get("Status", "FAIL") == "FAIL":
            yield Finding(item.string("ID"), severity=severity(item.value.get("Severity")))
    for item in result.objects("Secrets"):
        yield Finding(item.string("RuleID"), severity=severity(item.value.get("Severity")))
    for item in result.objects("ExperimentalModifiedFindings"):
        if item.value.get("Type") == "vulnerability":
            yield _vulnerability(item.object("Finding"))


def _vulnerability(fields: Fields) -> Finding:
    identifier = fields.optional_object("PkgIdentifier")
    ratings = fields.optional_object("CVSS")
    given = [
        score(rating.value.get(name))
        for source in (ratings.value if ratings else {})
        for rating in (ratings.object(source),)  # type: ignore[union-attr]
        for name in ("V40Score", "V3Score", "V2Score")
    ]
    fixed = fields.optional_string("FixedVersion") or ""
    return Finding(
        id=fields.string("VulnerabilityID"),
        aliases=tuple(fields.texts("VendorIDs")),
        severity=severity(fields.value.get("Severity")),
        score=max((item for item in given if item is not None), default=None),
        component=(identifier.optional_string("PURL") if identifier else None) or fields.optional_string("PkgName"),
        fixed=tuple(part.strip() for part in fixed.split(",") if part.strip()),
    )
