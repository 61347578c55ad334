"""Sign statements: what a signer is, and the one that has a key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from attest import names
from attest.errors import EnvelopeError
from attest.signing.bundle import write_key_bundle
from attest.signing.dsse import PAE_PREFIX, Envelope, Signature, pae
from attest.signing.keys import PublicKey


class SigningKey(Protocol):
    """A private key, wherever it lies: in a file (`keys.PrivateKey`) or behind an interface that never gives it out."""

    @property
    def public(self) -> PublicKey: ...

    def sign(self, data: bytes) -> bytes:
        """A signature over ``data``, in the scheme of its kind (`attest.signing.keys`)."""


class StatementSigner(Protocol):
    """Signs statements in its own way: with a key, or with a certificate made out to an identity."""

    def bundle(self, payload: bytes, payload_type: str) -> bytes:
        """A Sigstore bundle v0.3 with a DSSE envelope over ``payload``, as bytes."""


@dataclass(frozen=True, slots=True)
class KeySigner:
    """Signs with a key of one's own: no log entry, no timestamp."""

    key: SigningKey

    def bundle(self, payload: bytes, payload_type: str) -> bytes:
        """As `StatementSigner.bundle`."""
        signature = Signature(self.key.sign(pae(payload_type, payload)))
        return write_key_bundle(Envelope(payload_type, payload, (signature,)), self.key.public)


def sign_statement(statement: bytes, signer: StatementSigner, *, payload_type: str = names.IN_TOTO_PAYLOAD) -> bytes:
    """A Sigstore bundle v0.3 over an in-toto statement, as bytes.

    Raises `EnvelopeError` for what is itself a message of DSSE: a signature over it would be one over another statement
    (design.md §3.9).
    """
    if statement.startswith(PAE_PREFIX):
        raise EnvelopeError("not a statement", why="it begins as the signed form of another envelope does")
    return signer.bundle(statement, payload_type)
