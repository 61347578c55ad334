"""Signed content as it was found: what it says, and how it is proven. Nothing of it has been verified yet.

One class a way to sign. What signs a manifest by its digest and says nothing more is read as the in-toto statement that
says the same, so that everything after this module knows statements only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from attest import names
from attest.errors import EnvelopeError
from attest.oci.digest import Digest
from attest.signing.bundle import Bundle, verify_envelope
from attest.signing.proof import Format, KeyAuthor, Proof
from attest.statements.statement import Statement, Subject

if TYPE_CHECKING:
    from attest.evidence.trust import Trust


class Signed(Protocol):
    """One signature over one piece of content."""

    @property
    def claimed_signer(self) -> str:
        """Who is said to have signed: for people, and believed by nobody."""

    def prove(self, trust: Trust) -> Proof | None:
        """Who signed, in which format, and when; None where a key made it that ``trust`` does not know.

        Raises `VerificationError` for a signature that does not hold, and `FormatError`.
        """

    def statement(self) -> Statement:
        """What it says. Called once it is proven. Raises `FormatError`."""


@dataclass(frozen=True, slots=True)
class SignedBundle:
    """A Sigstore bundle with a statement in a DSSE envelope; ``format`` says where it was found."""

    bundle: Bundle
    format: Format = Format.BUNDLE

    @property
    def claimed_signer(self) -> str:
        """By the key's hint."""
        return f"key {self.bundle.key_hint}" if self.bundle.key_hint else "a key without a hint"

    def prove(self, trust: Trust) -> Proof | None:
        """As `Signed.prove`."""
        key = verify_envelope(self.bundle.envelope, trust.keys, hint=self.bundle.key_hint)
        return None if key is None else Proof(KeyAuthor(key), self.format)

    def statement(self) -> Statement:
        """Another payload type is another protocol, and never read as a statement (design.md §3.9)."""
        envelope = self.bundle.envelope
        if envelope.payload_type != names.IN_TOTO_PAYLOAD:
            raise EnvelopeError("not an in-toto statement", why=f"the payload type is {envelope.payload_type[:160]}")
        return Statement.parse(envelope.payload)


def signature_statement(raw: bytes, manifest: Digest) -> Statement:
    """What ``raw``, which signs a manifest by its digest, says: the same as cosign's predicate about that manifest."""
    subject = Subject(None, {manifest.algorithm: manifest.encoded})
    return Statement(raw, names.STATEMENT_V1, names.PREDICATE_COSIGN_SIGN, (subject,), None)
