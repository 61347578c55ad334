"""SARIF 2.1.0 (OASIS, sarif-v2.1.0): what tools that read code found.

What a tool, or a comment in the code, suppresses is still a finding: only a VEX document by somebody whom the policy
names takes one away.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from attest.errors import FormatError
from attest.oci.strict_json import Fields
from attest.statements.findings import Finding, Scan, Severity, score
from attest.statements.moments import parse_time

_LEVELS: Final = {
    "none": Severity.NONE,
    "note": Severity.LOW,
    "warning": Severity.MEDIUM,
    "error": Severity.HIGH,
}
_SCORE: Final = "security-severity"
"""A CVSS score as text, in the properties of a rule; GitHub's convention."""


def read(document: Mapping[str, Any]) -> Scan:
    """Raises `FormatError`, also for a tool that did not get to its end."""
    fields = Fields(document, "scan")
    if fields.string("version") != "2.1.0":
        raise FormatError("not SARIF 2.1.0", why=f"version is {fields.string('version')[:40]!r}")
    runs = fields.objects("runs")
    if not runs:
        raise FormatError("a report without runs", where="scan.runs", why="nothing was scanned")
    times = []
    for run in runs:
        for invocation in run.objects("invocations"):
            if invocation.value.get("executionSuccessful") is not True:
                raise FormatError("the scan did not get to its end", where=invocation.path)
            ended = invocation.optional_string("endTimeUtc")
            times += [] if ended is None else [parse_time(ended, f"{invocation.path}.endTimeUtc")]
    tools = sorted({run.object("tool").object("driver").string("name") for run in runs})
    return Scan(", ".join(tools), min(times, default=None), tuple(item for run in runs for item in _findings(run)))


def _findings(run: Fields) -> Iterator[Finding]:
    driver = run.object("tool").object("driver")
    rules = driver.objects("rules")
    by_id = {rule.string("id"): rule for rule in rules}
    if not isinstance(run.value.get("results"), list):
        raise FormatError("expected an array", where=f"{run.path}.results", why="without it nothing was scanned")
    for result in run.objects("results"):
        if result.value.get("kind", "fail") != "fail" or result.value.get("baselineState") == "absent":
            continue
        inner = result.optional_object("rule")
        name = result.optional_string("ruleId") or (inner.optional_string("id") if inner else None)
        index = result.value.get("ruleIndex", inner.value.get("index") if inner else None)
        rule = by_id.get(name) if name is not None else None
        if rule is None and type(index) is int and 0 <= index < len(rules):
            rule = rules[index]
        configured = rule.optional_object("defaultConfiguration") if rule else None
        level = result.optional_string("level") or (configured.optional_string("level") if configured else None)
        yield Finding(
            id=name or (rule.string("id") if rule else "a finding without a rule"),
            severity=_LEVELS.get(level or "warning"),
            score=max(_scores(result, rule), default=None),
        )


def _scores(*places: Fields | None) -> Iterator[float]:
    for place in places:
        properties = place.optional_object("properties") if place else None
        found = None if properties is None else score(properties.value.get(_SCORE))
        if found is not None:
            yield found
