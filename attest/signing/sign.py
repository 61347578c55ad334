"""Sign a statement with a key."""

from __future__ import annotations

from attest import names
from attest.errors import EnvelopeError
from attest.signing.bundle import write_key_bundle
from attest.signing.dsse import PAE_PREFIX, Envelope, Signature, pae
from attest.signing.keys import PrivateKey


def sign_statement(statement: bytes, key: PrivateKey) -> bytes:
    """A Sigstore bundle v0.3 over an in-toto statement, as bytes.

    Raises `EnvelopeError` for what is itself a message of DSSE: a signature over it would be one over another statement
    (design.md §3.9).
    """
    if statement.startswith(PAE_PREFIX):
        raise EnvelopeError("not a statement", why="it begins as the signed form of another envelope does")
    signature = Signature(key.sign(pae(names.IN_TOTO_PAYLOAD, statement)))
    return write_key_bundle(Envelope(names.IN_TOTO_PAYLOAD, statement, (signature,)), key.public)
