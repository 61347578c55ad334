"""Vulnerabilities in CycloneDX documents (ECMA-424, `vulnerabilities`): what was found, and what was thought of it.

One shape is two documents: a list of findings (a BOV, or a BOM with vulnerabilities), and a VEX, in which each has an
analysis. A VEX is no scan: it names what its author looked into, and not what there is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from attest.errors import FormatError
from attest.oci.strict_json import Fields
from attest.statements.cyclonedx import VERSIONS
from attest.statements.findings import Finding, Scan, score, severity
from attest.statements.moments import parse_time
from attest.statements.vex_statements import Status, Vex, VexStatement

_STATES: Final = {
    "resolved": Status.FIXED,
    "resolved_with_pedigree": Status.FIXED,
    "exploitable": Status.AFFECTED,
    "in_triage": Status.UNDER_INVESTIGATION,
    "false_positive": Status.NOT_AFFECTED,
    "not_affected": Status.NOT_AFFECTED,
}
_JUSTIFICATIONS: Final = (
    "code_not_present",
    "code_not_reachable",
    "requires_configuration",
    "requires_dependency",
    "requires_environment",
    "protected_by_compiler",
    "protected_at_runtime",
    "protected_at_perimeter",
    "protected_by_mitigating_control",
)


def has_vulnerabilities(document: Mapping[str, Any] | None) -> bool:
    """Whether it is a CycloneDX document that says something of vulnerabilities."""
    return document is not None and document.get("bomFormat") == "CycloneDX" and "vulnerabilities" in document


def has_analyses(document: Mapping[str, Any] | None) -> bool:
    """Whether it says what was thought of any vulnerability, or is not what can be read."""
    items = document.get("vulnerabilities") if document is not None and has_vulnerabilities(document) else []
    if not isinstance(items, list):
        return True
    return any(not isinstance(item, dict) or item.get("analysis") is not None for item in items)


def is_only_vex(document: Mapping[str, Any] | None) -> bool:
    """Whether all that it says of vulnerabilities is what was thought of them."""
    items = document.get("vulnerabilities") if document is not None and has_vulnerabilities(document) else None
    return isinstance(items, list) and bool(items) and all(map(_is_analysed, items))


def _is_analysed(item: Any) -> bool:
    analysis = item.get("analysis") if isinstance(item, dict) else None
    return isinstance(analysis, dict) and isinstance(analysis.get("state"), str)


def read_scan(document: Mapping[str, Any]) -> Scan:
    """Raises `FormatError`, also for a VEX."""
    fields = _document(document)
    items = fields.objects("vulnerabilities")
    if is_only_vex(document):
        raise FormatError("a VEX document is no scan", why="each of its vulnerabilities has an analysis")
    components = _components(fields)
    metadata = fields.optional_object("metadata") or Fields({}, "scan.metadata")
    time = metadata.optional_string("timestamp")
    return Scan(
        "CycloneDX",
        None if time is None else parse_time(time, f"{metadata.path}.timestamp"),
        tuple(finding for item in items for finding in _findings(item, components)),
    )


def read_vex(document: Mapping[str, Any]) -> Vex:
    """Raises `FormatError`. Vulnerabilities without an analysis are left out."""
    fields = _document(document)
    components = _components(fields)
    metadata = fields.optional_object("metadata") or Fields({}, "vex.metadata")
    timestamp = metadata.optional_string("timestamp")
    time = None if timestamp is None else parse_time(timestamp, f"{metadata.path}.timestamp")
    found = []
    for item in fields.objects("vulnerabilities"):
        state, analysis = _state(item), item.optional_object("analysis")
        if state is None or analysis is None:
            continue
        justification = analysis.optional_string("justification")
        refs = [_component(affected.string("ref"), components) for affected in item.objects("affects")]
        found.append(
            VexStatement(
                vulnerabilities=frozenset((item.string("id"), *_aliases(item))),
                products=frozenset(refs),
                status=state,
                justification=justification if justification in _JUSTIFICATIONS else None,
                time=time,
            )
        )
    return Vex(time, tuple(found))


def _document(document: Mapping[str, Any]) -> Fields:
    if document.get("bomFormat") != "CycloneDX" or document.get("specVersion") not in VERSIONS:
        raise FormatError("not CycloneDX 1.x", why=f"specVersion is {document.get('specVersion')!r:.40}")
    return Fields(document, "document")


def _state(item: Fields) -> Status | None:
    analysis = item.optional_object("analysis")
    state = None if analysis is None else analysis.optional_string("state")
    if state is not None and state not in _STATES:
        raise FormatError("not a state of an analysis", where=f"{item.path}.analysis.state", why=state[:80])
    return None if state is None else _STATES[state]


def _findings(item: Fields, components: Mapping[str, str]) -> Iterator[Finding]:
    ratings = item.objects("ratings")
    words = [word for rating in ratings if (word := severity(rating.value.get("severity"))) is not None]
    scores = [
        found
        for rating in ratings
        if str(rating.value.get("method", "CVSS")).startswith("CVSS")
        and (found := score(rating.value.get("score"))) is not None
    ]
    affected: list[str | None] = [_component(one.string("ref"), components) for one in item.objects("affects")]
    for component in affected or [None]:
        yield Finding(
            id=item.string("id"),
            aliases=tuple(_aliases(item)),
            severity=max(words, default=None),
            score=max(scores, default=None),
            component=component,
        )


def _aliases(item: Fields) -> Iterator[str]:
    yield from (reference.string("id") for reference in item.objects("references"))


def _components(fields: Fields) -> dict[str, str]:
    """What each bom-ref stands for: a purl, which the ref itself may be, or else a name with its version."""
    metadata = fields.optional_object("metadata")
    main = metadata.optional_object("component") if metadata else None
    pending, found = [*([main] if main else []), *fields.objects("components")], dict[str, str]()
    while pending:
        item = pending.pop()
        ref, purl = item.optional_string("bom-ref"), item.optional_string("purl")
        if ref is not None and not (purl is None and ref.startswith("pkg:")):
            named = filter(None, (item.optional_string("name"), item.optional_string("version")))
            found[ref] = purl or "@".join(named)
        pending.extend(item.objects("components"))
    return found


def _component(ref: str, components: Mapping[str, str]) -> str:
    """What a reference means: a component of the document, or behind the ``#`` of a BOM-Link, one of another."""
    return components.get(ref) or ref.rpartition("#")[2]
