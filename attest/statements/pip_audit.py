"""pip-audit's own JSON report (its README, "Usage"), which says what was found, and neither how bad it is nor when.

Its report in CycloneDX is read as any other (`attest.statements.vulnerabilities`); without findings it is an SBOM only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from attest.errors import FormatError
from attest.oci.strict_json import Fields
from attest.statements.findings import Finding, Scan, component

_SKIPPED: Final = "not audited"


def tells(document: Mapping[str, Any]) -> bool:
    """Whether it is one by what stands in it."""
    return isinstance(document.get("dependencies"), list) and isinstance(document.get("fixes"), list)


def read(document: Mapping[str, Any]) -> Scan:
    """What it left out is a finding of which nothing is known. Raises `FormatError`, also if it looked at nothing."""
    fields = Fields(document, "scan")
    audited = fields.objects("dependencies")
    if not audited:
        raise FormatError("a report without dependencies", where="scan.dependencies", why="nothing was scanned")
    return Scan("pip-audit", None, tuple(finding for item in audited for finding in _findings(item)))


def _findings(item: Fields) -> Iterator[Finding]:
    if "skip_reason" in item.value:
        yield Finding(_SKIPPED, component=item.string("name"))
        return
    if not isinstance(item.value.get("vulns"), list):
        raise FormatError("expected an array", where=f"{item.path}.vulns", why="without it nothing was scanned")
    for found in item.objects("vulns"):
        yield Finding(
            id=found.string("id"),
            aliases=tuple(found.texts("aliases")),
            component=component("pypi", item.string("name"), item.string("version")),
            fixed=tuple(found.texts("fix_versions")),
        )
