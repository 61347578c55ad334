"""Grype's own JSON report (oss.anchore.com, "Working with JSON").

What it was told to ignore is still a finding, as in `attest.statements.sarif`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attest.errors import FormatError
from attest.oci.strict_json import Fields
from attest.statements.findings import Finding, Scan, score, severity
from attest.statements.moments import parse_time


def read(document: Mapping[str, Any]) -> Scan:
    """Raises `FormatError`."""
    fields = Fields(document, "scan")
    if not isinstance(fields.value.get("matches"), list):
        raise FormatError("not a Grype report", where="scan.matches", why="it is no array")
    descriptor = fields.optional_object("descriptor") or Fields({}, "scan.descriptor")
    time = descriptor.optional_string("timestamp")
    matches = [*fields.objects("matches"), *fields.objects("ignoredMatches")]
    return Scan(
        "Grype",
        None if time is None else parse_time(time, f"{descriptor.path}.timestamp"),
        tuple(map(_finding, matches)),
    )


def _finding(match: Fields) -> Finding:
    vulnerability, artifact = match.object("vulnerability"), match.object("artifact")
    fix = vulnerability.optional_object("fix")
    given = [
        score(metrics.value.get("baseScore"))
        for rating in vulnerability.objects("cvss")
        if (metrics := rating.optional_object("metrics"))
    ]
    return Finding(
        id=vulnerability.string("id"),
        aliases=tuple(item.string("id") for item in match.objects("relatedVulnerabilities")),
        severity=severity(vulnerability.value.get("severity")),
        score=max((item for item in given if item is not None), default=None),
        component=artifact.optional_string("purl") or artifact.optional_string("name"),
        fixed=() if fix is None else tuple(fix.texts("versions")),
    )
