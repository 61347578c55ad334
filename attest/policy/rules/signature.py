"""``require: signature``: somebody named says, of this very package, that it is theirs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from attest.evidence.model import Kind
from attest.evidence.verify import Verified
from attest.policy.codes import Code
from attest.policy.rules import terms
from attest.policy.rules.rule import Claim, Fit, Refusal, Rule, Written
from attest.policy.shapes import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureRule(Rule[None]):
    """Only statements made as signatures count: who signs an SBOM has not thereby released the package."""

    KEYS: ClassVar[Table] = terms.WANTED
    kind: ClassVar[Kind] = Kind.SIGNATURE
    missing: ClassVar[Code] = Code.SIGNATURE_MISSING
    short: ClassVar[Code] = Code.SIGNATURE_THRESHOLD
    holds: ClassVar[Code] = Code.SIGNATURE_VERIFIED
    malformed: ClassVar[Code] = Code.SIGNATURE_MISSING

    @classmethod
    def read(cls, written: Written) -> Self:
        """It has no terms of its own. Raises `PolicyError`."""
        return cls(**terms.wanted(written))

    def content(self, item: Verified) -> None:
        """A signature says nothing more."""

    def judge(self, content: None, claim: Claim) -> Fit | Refusal:  # noqa: ARG002
        """Every signature fits."""
        return Fit(claim.signers)
