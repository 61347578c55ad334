"""``require: signature``: somebody named says, of this very package, that it is theirs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from attest.evidence.identity import Signer
from attest.evidence.model import Kind
from attest.policy.codes import Code
from attest.policy.rules.rule import Claim, Refusal, Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureRule(Rule):
    """Only statements made as signatures count: who signs an SBOM has not thereby released the package."""

    KEYS: ClassVar[tuple[str, ...]] = ()
    LATER: ClassVar[tuple[str, ...]] = ()
    kind: ClassVar[Kind] = Kind.SIGNATURE
    missing: ClassVar[Code] = Code.SIGNATURE_MISSING
    short: ClassVar[Code] = Code.SIGNATURE_THRESHOLD
    holds: ClassVar[Code] = Code.SIGNATURE_VERIFIED

    def judge(self, claim: Claim) -> frozenset[Signer] | Refusal:
        """Every signature fits."""
        return claim.signers
