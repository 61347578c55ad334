"""``require: sbom``: a bill of materials of this very package."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from attest.evidence.model import Kind
from attest.evidence.naming import by_sbom
from attest.evidence.verify import Verified
from attest.policy.codes import Code
from attest.policy.rules import terms
from attest.policy.rules.rule import Claim, Fit, Refusal, Rule, Written
from attest.statements.sbom import Sbom, read_sbom


@dataclass(frozen=True, slots=True, kw_only=True)
class SbomRule(Rule[Sbom]):
    """A CycloneDX or SPDX document that does not say that it is another package's."""

    KEYS: ClassVar[tuple[str, ...]] = terms.WANTED
    kind: ClassVar[Kind] = Kind.SBOM
    missing: ClassVar[Code] = Code.SBOM_MISSING
    short: ClassVar[Code] = Code.SBOM_THRESHOLD
    holds: ClassVar[Code] = Code.SBOM_VERIFIED
    malformed: ClassVar[Code] = Code.SBOM_MALFORMED

    @classmethod
    def read(cls, written: Written) -> Self:
        """Raises `PolicyError`."""
        return cls(**terms.wanted(written))

    def content(self, item: Verified) -> Sbom:
        """Its facts."""
        return read_sbom(item.statement.predicate)

    def judge(self, sbom: Sbom, claim: Claim) -> Fit | Refusal:
        """All signers of a document that names no other package of the same ecosystem."""
        purl = claim.scene.subject.purl
        if purl is not None:
            named = set(by_sbom(sbom, purl.type))
            if named and purl not in named:
                others = ", ".join(sorted(str(other) for other in named))
                return Refusal(Code.SBOM_OTHER_PACKAGE, f"the SBOM describes {others}")
        return Fit(claim.signers)
