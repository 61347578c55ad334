"""What kind of document a file is, told from its content, and what is wrong with it.

A document that is given for an attestation is read by the same code that reads it again for a rule, so that what could
never count is refused before it is signed. Errors name the place in the document.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from attest import limits, names
from attest.errors import FormatError, UsageError
from attest.oci import strict_json
from attest.statements import osv_scanner, pip_audit, provenance, sbom, scan, vex, vsa, vulnerabilities
from attest.statements.statement import Statement

JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Document:
    """A document and what it is attached as: ``media_type`` as it is, ``value`` as a predicate of ``predicate_type``.

    ``statement`` is the in-toto statement that it was taken from, if it was one: it names what it is about.
    """

    raw: bytes
    media_type: str
    predicate_type: str
    value: Mapping[str, Any] = field(hash=False)
    statement: Statement | None = None


@dataclass(frozen=True, slots=True)
class _Form:
    """A kind of document: what tells it from others, and what reads it. The first predicate type is the usual one."""

    name: str
    predicate_types: tuple[str, ...]
    tells: Callable[[Mapping[str, Any]], bool]
    check: Callable[[str, Mapping[str, Any]], object]
    media_type: str = JSON


def _object(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def _is_context(value: Mapping[str, Any], prefix: str) -> bool:
    """Whether a JSON-LD context begins so."""
    found = value.get("@context")
    return any(
        isinstance(item, str) and item.startswith(prefix) for item in (found if isinstance(found, list) else [found])
    )


def _check_cyclonedx(_: str, value: Mapping[str, Any]) -> None:
    sbom.read_sbom(value)
    if vulnerabilities.has_vulnerabilities(value):
        (vulnerabilities.read_vex if vulnerabilities.is_only_vex(value) else vulnerabilities.read_scan)(value)


_CYCLONEDX: Final = tuple(item for item in names.PREDICATES_SBOM if item.startswith(names.PREDICATE_CYCLONEDX))
_SPDX: Final = tuple(item for item in names.PREDICATES_SBOM if item.startswith(names.PREDICATE_SPDX))
_OPENVEX: Final = tuple(item for item in names.PREDICATES_VEX if item.startswith(names.PREDICATE_OPENVEX))
_REPORTS: Final = (
    names.PREDICATE_SCAN,
    *(item for item in names.PREDICATES_SCAN if item not in (*names.PREDICATES_COSIGN_VULN, *names.PREDICATES_VULNS)),
)

_FORMS: Final = (
    _Form(
        "CycloneDX",
        _CYCLONEDX,
        lambda value: value.get("bomFormat") == "CycloneDX",
        _check_cyclonedx,
        names.CYCLONEDX_JSON,
    ),
    _Form(
        "SPDX",
        _SPDX,
        lambda value: "spdxVersion" in value or _is_context(value, "https://spdx.org/"),
        lambda _, value: sbom.read_sbom(value),
        names.SPDX_JSON,
    ),
    _Form(
        "OpenVEX",
        _OPENVEX,
        lambda value: _is_context(value, names.PREDICATE_OPENVEX),
        lambda _, value: vex.read_vex(value),
    ),
    _Form(
        "CSAF",
        (names.PREDICATE_CSAF,),
        lambda value: "csaf_version" in _object(value, "document"),
        lambda _, value: vex.read_vex(value),
    ),
    _Form(
        "SLSA v1 provenance",
        (names.PREDICATE_SLSA_V1,),
        lambda value: "buildDefinition" in value and "runDetails" in value,
        provenance.validate,
    ),
    _Form(
        "SLSA v0.2 provenance",
        (names.PREDICATE_SLSA_V02,),
        lambda value: "builder" in value and "buildType" in value,
        provenance.validate,
    ),
    _Form(
        "verification summary",
        (names.PREDICATE_VSA,),
        lambda value: "verifier" in value and "verificationResult" in value,
        lambda _, value: vsa.read_summary(value),
    ),
    _Form(
        "in-toto vulns",
        (names.PREDICATES_VULNS[-1], *names.PREDICATES_VULNS[:-1]),
        lambda value: isinstance(_object(value, "scanner").get("result"), list),
        scan.read_scan,
    ),
    _Form(
        "cosign vulnerability record",
        names.PREDICATES_COSIGN_VULN,
        lambda value: isinstance(_object(value, "scanner").get("result"), dict) or "scanners" in value,
        scan.read_scan,
    ),
    _Form(
        "SARIF",
        _REPORTS,
        lambda value: "runs" in value and ("sarif" in str(value.get("$schema")) or "version" in value),
        scan.read_scan,
        names.SARIF_JSON,
    ),
    _Form(
        "Trivy report",
        _REPORTS,
        lambda value: "SchemaVersion" in value and ("Results" in value or "ArtifactName" in value),
        scan.read_scan,
    ),
    _Form("Grype report", _REPORTS, lambda value: "matches" in value and "descriptor" in value, scan.read_scan),
    _Form("pip-audit report", _REPORTS, pip_audit.tells, scan.read_scan),
    _Form("OSV-Scanner report", _REPORTS, osv_scanner.tells, scan.read_scan),
)
"""In this order: the first that tells is what it is."""

ALIASES: Final[Mapping[str, tuple[str, ...]]] = {
    "cyclonedx": (names.PREDICATE_CYCLONEDX,),
    "spdx": (names.PREDICATE_SPDX,),
    "spdxjson": (names.PREDICATE_SPDX,),
    "slsaprovenance": (names.PREDICATE_SLSA_V1, names.PREDICATE_SLSA_V02),
    "slsaprovenance02": (names.PREDICATE_SLSA_V02,),
    "slsaprovenance1": (names.PREDICATE_SLSA_V1,),
    "vuln": (names.PREDICATE_COSIGN_VULN,),
    "openvex": (names.PREDICATE_OPENVEX,),
    "link": (names.PREDICATE_LINK,),
    "custom": (names.PREDICATE_COSIGN_CUSTOM,),
}
"""cosign's short names for ``--type``; `slsaprovenance`, there version 0.2, is here whichever version it is."""


def recognise(data: bytes, *, where: str) -> Document:
    """What a document says it is; whether it is well-formed is for its reader to say.

    Raises `FormatError`, also where nothing tells what it is.
    """
    value = strict_json.read_object(data, where=where, limit=limits.EVIDENCE_BLOB)
    form = _told(value)
    if form is None:
        raise FormatError("cannot tell what kind of document this is", where=where)
    return Document(data, form.media_type, form.predicate_types[0], value)


def read(data: bytes, *, where: str, kind: str | None = None, now: datetime | None = None) -> Document:
    """A document to be attached, well-formed. ``kind``, an alias or a predicate type, says what it is whatever it looks
    like; ``now`` is what cosign's `custom` wants.

    Raises `FormatError` where the content is not what it, or ``kind``, says; `UsageError` where that must be said, and
    for what is signed already.
    """
    if kind == "custom":
        return _custom(data, where, now)
    if data.lstrip()[:1] == b"<":
        raise FormatError("not JSON", where=where, why="it looks like XML", next_step="convert it to its format's JSON")
    value = strict_json.read_object(data, where=where, limit=limits.EVIDENCE_BLOB)
    _refuse_signed(value, where)
    statement = Statement.parse(data) if value.get("_type") in (names.STATEMENT_V1, names.STATEMENT_V01) else None
    content = value if statement is None else statement.predicate or {}
    said = kind if kind is not None or statement is None else statement.predicate_type
    predicate_type, form = _kind(said, content, where)
    if form is not None:
        try:
            form.check(predicate_type, content)
        except FormatError as error:
            raise FormatError(f"not a well-formed {form.name} document", where=where, why=str(error)) from None
    told = _told(value)
    return Document(data, JSON if told is None else told.media_type, predicate_type, content, statement)


def _kind(said: str | None, content: Mapping[str, Any], where: str) -> tuple[str, _Form | None]:
    """The predicate type, and the form that has it; None for one of which nothing is known here."""
    told = _told(content)
    if said is None:
        if told is None:
            known = ", ".join(form.name for form in _FORMS)
            raise UsageError(
                "cannot tell what kind of document this is",
                where=where,
                why=f"it is none of {known}",
                next_step="say it with --type: a predicate type URI",
            )
        return told.predicate_types[0], told
    if ":" not in said and said not in ALIASES:
        known = ", ".join(sorted(ALIASES))
        raise UsageError(f"unknown document type {said!r}", why=f"known are {known}, or any predicate type URI")
    wanted = ALIASES.get(said, (said,))
    forms = [form for form in _FORMS if not set(wanted).isdisjoint(form.predicate_types)]
    if not forms:
        return wanted[0], None
    if told is not None and told not in forms and wanted[0] not in _REPORTS:
        raise FormatError(f"not a {said} document", where=where, why=f"its content is that of a {told.name} document")
    form = told if told in forms else forms[0]
    return next(item for item in wanted if item in form.predicate_types), form


def _told(value: Mapping[str, Any]) -> _Form | None:
    return next((form for form in _FORMS if form.tells(value)), None)


def _refuse_signed(value: Mapping[str, Any], where: str) -> None:
    bundle = str(value.get("mediaType")).startswith(names.BUNDLE_PREFIX)
    if bundle or ("payload" in value and "signatures" in value):
        raise UsageError(
            "it is signed already",
            where=where,
            why="a signature over a signed document would be another's word for it",
            next_step="bring it in with attest import",
        )


def _custom(data: bytes, where: str, now: datetime | None) -> Document:
    """Any text, as cosign wraps it (pkg/cosign/attestation/attestation.go)."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FormatError("not UTF-8", where=where, why=f"byte {error.start}") from None
    stamp = "" if now is None else now.strftime("%Y-%m-%dT%H:%M:%SZ")
    return Document(data, "text/plain", names.PREDICATE_COSIGN_CUSTOM, {"Data": text, "Timestamp": stamp})
