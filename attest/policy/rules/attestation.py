"""``require: attestation`` and ``require: deny``: a statement of any type must be there, or must not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final, Self

from attest.errors import PolicyError
from attest.evidence.model import Kind
from attest.evidence.verify import Verified
from attest.policy.codes import Code
from attest.policy.fields import Fields
from attest.policy.rules import terms
from attest.policy.rules.rule import Claim, Fit, Refusal, Rule, Written
from attest.policy.shapes import Key, Line, Table

_TYPE: Final = Key(Line(), "The predicate type: a URI, exact.", required=True)
_RULES: Final = {
    Kind.REVOCATION: "no-revocation",
    Kind.WITHDRAWAL: "no-withdrawal",
    Kind.SEAL: "absence: seal",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _OfType(Rule[None]):
    """About statements with exactly the predicate type ``type``, whatever they say."""

    kind: ClassVar[Kind] = Kind.ATTESTATION

    type: str

    @property
    def noun(self) -> str:
        """With its type, for there are many."""
        return f"{self.type} attestation"

    def looks_at(self, item: Verified) -> bool:
        """By the whole predicate type."""
        return item.statement.predicate_type == self.type

    def content(self, item: Verified) -> None:
        """Nothing is read of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestationRule(_OfType):
    """One by each of enough signers must be there."""

    KEYS: ClassVar[Table] = {**terms.WANTED, "type": _TYPE}
    missing: ClassVar[Code] = Code.ATTESTATION_MISSING
    short: ClassVar[Code] = Code.ATTESTATION_THRESHOLD
    holds: ClassVar[Code] = Code.ATTESTATION_VERIFIED
    malformed: ClassVar[Code] = Code.ATTESTATION_MISSING

    @classmethod
    def read(cls, written: Written) -> Self:
        """Raises `PolicyError`."""
        return cls(**terms.wanted(written), type=_type(written.fields))

    def judge(self, content: None, claim: Claim) -> Fit | Refusal:  # noqa: ARG002
        """Each fits."""
        return Fit(claim.signers)


@dataclass(frozen=True, slots=True, kw_only=True)
class DenyRule(_OfType):
    """None by one of ``by`` may be there."""

    KEYS: ClassVar[Table] = {**terms.UNWANTED, "type": _TYPE}
    missing: ClassVar[Code] = Code.DENY_FOUND
    short: ClassVar[Code] = Code.DENY_FOUND
    holds: ClassVar[Code] = Code.DENY_ABSENT
    malformed: ClassVar[Code] = Code.DENY_FOUND

    @classmethod
    def read(cls, written: Written) -> Self:
        """Raises `PolicyError`."""
        return cls(**terms.unwanted(written), type=_type(written.fields))

    def judge(self, content: None, claim: Claim) -> Fit | Refusal:  # noqa: ARG002
        """Each stands against the package."""
        names = " and ".join(sorted({signer.name for signer in claim.signers}))
        return Refusal(Code.DENY_FOUND, f"a {self.type} attestation by {names} is there, and must not be")


def _type(fields: Fields) -> str:
    """A predicate type; one that has a rule of its own is not left to this one. Raises `PolicyError`."""
    text = fields.string("type")
    if ":" not in text:
        raise PolicyError(
            f"{fields.what}: not a predicate type: {text[:80]!r}",
            where=fields.line_of("type"),
            why="it is a URI, such as https://in-toto.io/attestation/test-result/v0.1",
        )
    other = _RULES.get(Kind.of(text))
    if other is not None:
        raise PolicyError(f"{fields.what}: {text} is for {other}", where=fields.line_of("type"))
    return text
