"""Notation signatures as evidence: a signature by X.509 certificate over the subject's manifest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from attest.errors import EnvelopeError
from attest.evidence.signed import signature_statement
from attest.signing.proof import Proof
from attest.statements.statement import Statement

if TYPE_CHECKING:
    from attest.evidence.trust import Context
    from attest.signing.notation.envelope import Envelope


@dataclass(frozen=True, slots=True)
class SignedNotation:
    """One envelope, JWS or COSE."""

    envelope: Envelope

    @classmethod
    def parse(cls, raw: bytes, media_type: str) -> SignedNotation:
        """Raises `FormatError`."""
        from attest.signing.notation.envelope import Envelope

        return cls(Envelope.parse(raw, media_type))

    @property
    def claimed_signer(self) -> str:
        """By the subject of its first certificate."""
        from attest.signing.notation.certificates import load

        try:
            return load(self.envelope.chain[0], where="certificate").subject.rfc4514_string()
        except EnvelopeError:
            return "a certificate that cannot be read"

    def prove(self, context: Context) -> Proof | None:
        """As `Signed.prove`: under the CAs of each identity that has any; media type, digest and size of the manifest
        must be what is signed."""
        from attest.signing.notation.verify import prove

        return prove(self.envelope, context.manifest, context.trust.statements, now=context.now)

    def statement(self) -> Statement:
        """That the manifest it names is signed."""
        return signature_statement(self.envelope.payload, self.envelope.target().digest)
