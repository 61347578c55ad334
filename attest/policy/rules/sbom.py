"""``require: sbom``: a bill of materials of this very package."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from attest.errors import FormatError, UsageError
from attest.evidence.identity import Signer
from attest.evidence.model import Kind
from attest.packages.purl import Purl
from attest.policy.codes import Code
from attest.policy.rules.rule import Claim, Refusal, Rule
from attest.statements.sbom import Described, read_sbom


@dataclass(frozen=True, slots=True, kw_only=True)
class SbomRule(Rule):
    """A CycloneDX or SPDX document that does not say that it is another package's."""

    KEYS: ClassVar[tuple[str, ...]] = ()
    LATER: ClassVar[tuple[str, ...]] = ("minimum", "licenses", "match", "max_age")
    kind: ClassVar[Kind] = Kind.SBOM
    missing: ClassVar[Code] = Code.SBOM_MISSING
    short: ClassVar[Code] = Code.SBOM_THRESHOLD
    holds: ClassVar[Code] = Code.SBOM_VERIFIED

    def judge(self, claim: Claim) -> frozenset[Signer] | Refusal:
        """All signers of a document that can be read and names no other package of the same ecosystem."""
        try:
            sbom = read_sbom(claim.item.statement.predicate)
        except FormatError as error:
            return Refusal(Code.SBOM_MALFORMED, str(error))
        purl = claim.subject.purl
        if purl is not None:
            named = {other for described in sbom.described for other in _packages(described, purl)}
            if named and purl not in named:
                others = ", ".join(sorted(str(other) for other in named))
                return Refusal(Code.SBOM_OTHER_PACKAGE, f"the SBOM describes {others}")
        return claim.signers


def _packages(described: Described, subject: Purl) -> Iterator[Purl]:
    """The package of the subject's ecosystem that ``described`` names, if it names one.

    One of another ecosystem is a part of the subject (a wheel carries the SBOM of the crate that is compiled into it,
    PEP 770) and says nothing about the subject's own name.
    """
    if described.purl is not None:
        written = described.purl.partition("#")[0].partition("?")[0]
    elif described.name is not None and described.version is not None:
        written = f"pkg:{subject.type}/{described.name}@{described.version}"
    else:
        return
    try:
        purl = Purl.parse(written)
    except UsageError:
        return
    if purl.type == subject.type:
        yield purl
