"""From evidence back to what PyPI takes beside an upload (PEP 740, "Upload endpoint changes")."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from attest import names
from attest.errors import FormatError, UsageError
from attest.evidence.binding import Binding, bind
from attest.evidence.imports.pypi import ECOSYSTEM, write_attestation
from attest.evidence.model import Candidate, Subject
from attest.evidence.signed import SignedBundle
from attest.packages.ecosystem import names_from_file_name
from attest.signing.bundle import Bundle
from attest.signing.dsse import Envelope
from attest.statements.statement import Statement

_TAKEN: Final = {names.PREDICATE_PYPI_PUBLISH: "publish", names.PREDICATE_SLSA_V1: "slsa"}
"""The predicate types that PyPI takes, each once a file, and what its attestation files are called."""


@dataclass(frozen=True, slots=True)
class Exported:
    """One attestation object; ``file_name`` is where twine looks for it: beside the distribution."""

    value: dict[str, Any]
    file_name: str


def export(candidates: Iterable[Candidate], subject: Subject) -> tuple[list[Exported], list[str]]:
    """The attestation objects of ``subject``, and why other evidence has none.

    Raises `UsageError` where there are two of one type: PyPI takes one, and which is not for us to say.
    """
    found: dict[str, Exported] = {}
    left = []
    for candidate in candidates:
        bundle = candidate.signed.bundle if isinstance(candidate.signed, SignedBundle) else None
        try:
            exported = _of(bundle, subject)
        except (FormatError, UsageError) as error:
            exported = str(error)
        if isinstance(exported, str):
            left.append(f"{candidate.digest}: {exported}")
        elif exported.file_name in found:
            raise UsageError("two attestations of one type", where=exported.file_name, why="PyPI takes one")
        else:
            found[exported.file_name] = exported
    return [found[name] for name in sorted(found)], left


def _of(bundle: Bundle | None, subject: Subject) -> Exported | str:
    if bundle is None or not isinstance(bundle.content, Envelope):
        return "not a signed statement"
    value = write_attestation(bundle)
    statement = Statement.parse(bundle.envelope.payload)
    kind = _TAKEN.get(statement.predicate_type)
    if kind is None:
        return f"PyPI does not take {statement.predicate_type[:160]}"
    if len(statement.subjects) != 1:
        return f"PyPI takes one subject, it has {len(statement.subjects)}"
    name = statement.subjects[0].name or ""
    if not any(names_from_file_name(ECOSYSTEM, name)) or "/" in name or "\\" in name:
        return f"its subject is not the name of a distribution: {name[:160]!r}"
    bound = bind(statement, subject)
    return Exported(value, f"{name}.{kind}.attestation") if bound is Binding.NAME else f"not about {subject}: {bound}"
