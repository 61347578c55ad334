"""VEX documents: which format one is in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attest import names
from attest.errors import FormatError
from attest.statements import csaf, openvex, vulnerabilities
from attest.statements.vex_statements import Vex


def read_vex(document: Mapping[str, Any] | None) -> Vex:
    """What it says. Raises `FormatError`."""
    if document is None:
        raise FormatError("the VEX document has no content")
    if "@context" in document:
        return openvex.read(document)
    if vulnerabilities.has_vulnerabilities(document):
        return vulnerabilities.read_vex(document)
    if "document" in document:
        return csaf.read(document)
    raise FormatError("neither OpenVEX nor CycloneDX nor CSAF", why="no @context, vulnerabilities or document")


def is_vex(predicate_type: str, predicate: Mapping[str, Any] | None) -> bool:
    """Whether a statement may say what is thought of a vulnerability; what a scanner only found is a scan."""
    if predicate_type in names.PREDICATES_VEX:
        return True
    return predicate_type in names.PREDICATES_SBOM and vulnerabilities.has_analyses(predicate)
