"""Which kind of document somebody hands over, told from its content."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from attest import limits, names
from attest.errors import EnvelopeError, JSONError
from attest.evidence.imports import github, npm, pypi
from attest.evidence.imports.bundles import read_bundle
from attest.evidence.imports.model import Document, Form, Item, Malformed, each
from attest.oci import strict_json

_KNOWN: Final = (
    "Sigstore bundles (one, an array, one a line), PyPI attestation and provenance objects, "
    "npm attestations and version metadata, GitHub attestations"
)


def read(raw: bytes, where: str) -> Document:
    """Recognise ``raw`` and read every attestation in it. Raises `FormatError` where it is no document of any kind, or
    holds more than `limits.ATTESTATIONS`."""
    lines = raw.strip().split(b"\n", limits.ATTESTATIONS + 1)
    if len(lines) > 1 and lines[0].rstrip().endswith(b"}") and lines[1].lstrip().startswith(b"{"):
        return _document(raw, Form.BUNDLES, each(lines, f"{where}: line", _line), where)
    value = strict_json.read(raw, where=where, limit=limits.EVIDENCE_BLOB)
    form = _form(value)
    if form is None:
        raise EnvelopeError("not a document of attestations", where=where, why=f"known are {_KNOWN}")
    return _document(raw, form, _parts(form, value, raw, where), where)


def _document(raw: bytes, form: Form, parts: Iterator[Item | Malformed], where: str) -> Document:
    found = tuple(islice(parts, limits.ATTESTATIONS + 1))
    if len(found) > limits.ATTESTATIONS:
        raise EnvelopeError("too many attestations", where=where, why=f"more than {limits.ATTESTATIONS}")
    return Document(raw, form, found)


def _form(value: Any) -> Form | None:
    if isinstance(value, list):
        return Form.PYPI_ATTESTATION if any(map(pypi.is_attestation, value)) else Form.BUNDLES
    if not isinstance(value, dict):
        return None
    if pypi.is_provenance(value):
        return Form.PYPI_PROVENANCE
    if pypi.is_attestation(value):
        return Form.PYPI_ATTESTATION
    if isinstance(value.get("mediaType"), str) and value["mediaType"].startswith(names.BUNDLE_PREFIX):
        return Form.BUNDLE
    attestations = value.get("attestations")
    if isinstance(attestations, list):
        of_npm = any(isinstance(item, dict) and "predicateType" in item for item in attestations)
        return Form.NPM_ATTESTATIONS if of_npm else Form.GITHUB
    return Form.NPM_SIGNATURES if isinstance(value.get("dist"), dict) else None


def _parts(form: Form, value: Any, raw: bytes, where: str) -> Iterator[Item | Malformed]:
    match form:
        case Form.BUNDLE:
            yield read_bundle(value, where, raw)
        case Form.BUNDLES:
            yield from each(value, where, read_bundle)
        case Form.GITHUB:
            yield from github.read_attestations(value["attestations"], f"{where}: attestations")
        case Form.NPM_ATTESTATIONS:
            yield from npm.read_attestations(value["attestations"], f"{where}: attestations")
        case Form.NPM_SIGNATURES:
            yield from npm.read_signatures(value, f"{where}: version")
        case Form.PYPI_PROVENANCE:
            yield from pypi.read_provenance(value, f"{where}: provenance")
        case Form.PYPI_ATTESTATION if isinstance(value, list):
            yield from each(value, where, pypi.read_attestation)
        case Form.PYPI_ATTESTATION:
            yield pypi.read_attestation(value, where)


def _line(line: bytes, where: str) -> Item:
    if not line.strip():
        raise JSONError("an empty line")
    return read_bundle(strict_json.read(line, where="line", limit=limits.EVIDENCE_BLOB), where)
