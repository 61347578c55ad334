"""How a statement belongs to a subject (design.md §3.2).

Anyone can compute an anchor for any name and digest, so that two packages share bytes proves nothing about their names.
A statement belongs to a subject by its anchor; or by the package's own digest together with a name that the *signed*
content gives it; or by the digest alone where this process read name and version out of those very bytes.
"""

from __future__ import annotations

from enum import StrEnum

from attest.evidence import naming
from attest.evidence.model import Subject
from attest.statements.statement import Statement


class Binding(StrEnum):
    """The strongest way in which a statement belongs to a subject."""

    ANCHOR = "anchor"
    NAME = "name"
    BYTES = "bytes"


def bind(statement: Statement, subject: Subject) -> Binding | str:
    """The binding, or the reason why there is none."""
    anchor = subject.manifest.digest
    if any(item.matches(anchor.algorithm, anchor.encoded) for item in statement.subjects):
        return Binding.ANCHOR
    if subject.purl is None or subject.digest is None:
        return f"no subject has the digest {anchor}"
    digest = subject.digest
    same = [item for item in statement.subjects if item.matches(digest.algorithm, digest.hex)]
    if not same:
        return f"no subject has the digest {anchor} or {digest}"
    kind = subject.purl.type
    claimed = {purl for item in same for purl in naming.by_subject(item.name, kind)}
    if not claimed:
        claimed = set(naming.by_predicate(statement, kind))
    if claimed == {subject.purl}:
        return Binding.NAME
    if claimed:
        others = ", ".join(sorted(str(purl) for purl in claimed - {subject.purl}))
        return f"the signed content names another package: {others}"
    if subject.read_from_file:
        return Binding.BYTES
    return "only the digest agrees and the signed content names no package; verify the file itself"
