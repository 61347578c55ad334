"""``require: sbom``: a bill of materials of this very package."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from attest.errors import FormatError
from attest.evidence.identity import Signer
from attest.evidence.model import Kind
from attest.evidence.naming import by_sbom
from attest.policy.codes import Code
from attest.policy.rules.rule import Claim, Refusal, Rule
from attest.statements.sbom import read_sbom


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
            named = set(by_sbom(sbom, purl.type))
            if named and purl not in named:
                others = ", ".join(sorted(str(other) for other in named))
                return Refusal(Code.SBOM_OTHER_PACKAGE, f"the SBOM describes {others}")
        return claim.signers
