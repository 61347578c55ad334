"""OSV-Scanner's own JSON report (google.github.io/osv-scanner, "Output"), whose vulnerabilities are OSV records.

A record rates by CVSS vectors only; the score is that which the scanner computed for records of one vulnerability, the
severity the word that GitHub's advisories add (ossf.github.io/osv-schema, `database_specific`). A record alone is no
scan: it says what there is, and not what somebody looked into.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from attest.errors import FormatError
from attest.oci.strict_json import Fields
from attest.statements.findings import Finding, Scan, component, score, severity

_TYPES: Final = {
    "PyPI": "pypi",
    "npm": "npm",
    "crates.io": "cargo",
    "RubyGems": "gem",
    "NuGet": "nuget",
    "Hex": "hex",
    "Pub": "pub",
    "Maven": "maven",
    "Go": "golang",
}
"""Ecosystems of OSV whose names and versions are those of purls, but for what `_component` knows."""


def tells(document: Mapping[str, Any]) -> bool:
    """Whether it is one by what stands in it."""
    results = document.get("results")
    if not isinstance(results, list):
        return False
    return "experimental_config" in document or any(isinstance(item, dict) and "packages" in item for item in results)


def read(document: Mapping[str, Any]) -> Scan:
    """Raises `FormatError`, also where it names no package at all: nothing says then that one was looked at."""
    packages = [item for source in Fields(document, "scan").objects("results") for item in source.objects("packages")]
    if not packages:
        raise FormatError(
            "a report without packages",
            where="scan.results",
            why="nothing says what was scanned",
            next_step="let osv-scanner name what it found nothing in, too: --all-packages",
        )
    return Scan("OSV-Scanner", None, tuple(finding for item in packages for finding in _findings(item)))


def _findings(item: Fields) -> Iterator[Finding]:
    scores = _scores(item)
    for record in item.objects("vulnerabilities"):
        name, added = record.string("id"), record.optional_object("database_specific")
        yield Finding(
            id=name,
            aliases=tuple(record.texts("aliases")),
            severity=None if added is None else severity(added.value.get("severity")),
            score=scores.get(name),
            component=_component(item.object("package")),
            fixed=tuple(dict.fromkeys(_fixed(record))),
        )


def _scores(item: Fields) -> dict[str, float]:
    """The highest of each record."""
    found: dict[str, float] = {}
    for group in item.objects("groups"):
        given = score(group.value.get("max_severity"))
        if given is not None:
            found |= {name: max(given, found.get(name, given)) for name in group.texts("ids")}
    return found


def _component(package: Fields) -> str:
    name, version = package.string("name"), package.optional_string("version") or ""
    kind = _TYPES.get(package.optional_string("ecosystem") or "")
    if kind == "maven":
        name = name.replace(":", "/")
    if kind == "golang":
        version = f"v{version.removeprefix('v')}"
    return component(kind, name, version)


def _fixed(record: Fields) -> Iterator[str]:
    for affected in record.objects("affected"):
        for span in affected.objects("ranges"):
            if span.value.get("type") != "GIT":
                yield from (version for event in span.objects("events") if (version := event.optional_string("fixed")))
