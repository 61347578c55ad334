"""``require: no-revocation`` and ``require: no-withdrawal``: nobody named stands against the package."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from attest.errors import EnvelopeError
from attest.evidence.model import Kind
from attest.evidence.verify import Verified
from attest.oci.digest import Digest
from attest.policy.codes import Code
from attest.policy.rules import terms
from attest.policy.rules.rule import Claim, Fit, Refusal, Rule, Written
from attest.policy.shapes import Choice, Key, Several, Table
from attest.statements.lifecycle import Revocation, Why, Withdrawal


@dataclass(frozen=True, slots=True, kw_only=True)
class NoRevocationRule(Rule[Revocation]):
    """None of the evidence that would count was revoked by one of ``by``."""

    KEYS: ClassVar[Table] = terms.UNWANTED
    kind: ClassVar[Kind] = Kind.REVOCATION
    missing: ClassVar[Code] = Code.REVOCATION_FOUND
    short: ClassVar[Code] = Code.REVOCATION_FOUND
    holds: ClassVar[Code] = Code.REVOCATION_ABSENT
    malformed: ClassVar[Code] = Code.REVOCATION_FOUND

    @classmethod
    def read(cls, written: Written) -> Self:
        """It has no terms of its own. Raises `PolicyError`."""
        return cls(**terms.unwanted(written))

    def content(self, item: Verified) -> Revocation:
        """What it revokes."""
        if not isinstance(item.content, Revocation):
            raise EnvelopeError("not a revocation")
        return item.content

    def judge(self, content: Revocation, claim: Claim) -> Fit | Refusal:
        """One of evidence that is not there changes nothing."""
        revoked = [item for item in claim.scene.evidence.verified if _is_revoked(content, item)]
        if not revoked:
            return Fit(claim.signers, ("what it revokes is not here",))
        digests = ", ".join(sorted({f"{item.kind} {item.digest}" for item in revoked}))
        return Refusal(Code.REVOCATION_FOUND, f"{digests} was revoked: {content.reason}")


@dataclass(frozen=True, slots=True, kw_only=True)
class NoWithdrawalRule(Rule[Withdrawal]):
    """Nobody of ``by`` has withdrawn the package for one of ``reasons``."""

    KEYS: ClassVar[Table] = {
        **terms.UNWANTED,
        "reasons": Key(Several(Choice(Why)), "Which withdrawals deny; all if not written."),
    }
    kind: ClassVar[Kind] = Kind.WITHDRAWAL
    missing: ClassVar[Code] = Code.WITHDRAWAL_FOUND
    short: ClassVar[Code] = Code.WITHDRAWAL_FOUND
    holds: ClassVar[Code] = Code.WITHDRAWAL_ABSENT
    malformed: ClassVar[Code] = Code.WITHDRAWAL_FOUND

    reasons: tuple[Why, ...] = tuple(Why)

    @classmethod
    def read(cls, written: Written) -> Self:
        """``reasons`` says which withdrawals deny; without it all do. Raises `PolicyError`."""
        fields = written.fields
        reasons = fields.each("reasons", Why) if fields.has("reasons") else tuple(Why)
        return cls(**terms.unwanted(written), reasons=reasons)

    def content(self, item: Verified) -> Withdrawal:
        """Why it is withdrawn."""
        if not isinstance(item.content, Withdrawal):
            raise EnvelopeError("not a withdrawal")
        return item.content

    def judge(self, content: Withdrawal, claim: Claim) -> Fit | Refusal:
        """One for another reason changes nothing."""
        if content.why not in self.reasons:
            return Fit(claim.signers, (f"it says {content.why}, which the rule does not mind",))
        more = f": {content.explanation}" if content.explanation else ""
        return Refusal(Code.WITHDRAWAL_FOUND, f"the package was withdrawn as {content.why}{more}")


def _is_revoked(content: Revocation, item: Verified) -> bool:
    return not item.kind.is_lifecycle and content.names(item.digest, Digest.of(item.statement.raw))
