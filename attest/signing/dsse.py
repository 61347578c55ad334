"""DSSE envelopes (secure-systems-lab/dsse, protocol.md and envelope.md): bytes, their type, signatures over both."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any, Final

from attest.errors import EnvelopeError
from attest.oci.strict_json import Fields

PAE_PREFIX: Final = b"DSSEv1 "
"""What every signed message of this protocol begins with."""


def pae(payload_type: str, payload: bytes) -> bytes:
    """The message that is signed: type and payload, each with its length in bytes.

    >>> pae("application/é", b"hello")
    b'DSSEv1 14 application/\\xc3\\xa9 5 hello'
    """
    kind = payload_type.encode()
    return b"%s%d %s %d %s" % (PAE_PREFIX, len(kind), kind, len(payload), payload)


@dataclass(frozen=True, slots=True)
class Signature:
    """Signature bytes. ``keyid`` is not signed: it may help to find the key and proves nothing."""

    sig: bytes
    keyid: str | None = None


@dataclass(frozen=True, slots=True)
class Envelope:
    """A payload, decoded, and at least one signature over it."""

    payload_type: str
    payload: bytes
    signatures: tuple[Signature, ...]

    @classmethod
    def parse(cls, fields: Fields) -> Envelope:
        """Read the JSON form; members that the specification does not name are ignored.

        Raises `FormatError`.
        """
        signatures = tuple(
            Signature(decode_base64(item.string("sig"), where=f"{item.path}.sig"), item.optional_string("keyid"))
            for item in fields.objects("signatures")
        )
        if not signatures:
            raise EnvelopeError("no signature", where=f"{fields.path}.signatures")
        payload = decode_base64(fields.string("payload"), where=f"{fields.path}.payload")
        return cls(fields.string("payloadType"), payload, signatures)

    def json(self) -> dict[str, Any]:
        """The JSON form, in standard base64."""
        return {
            "payload": base64.b64encode(self.payload).decode(),
            "payloadType": self.payload_type,
            "signatures": [
                {"sig": base64.b64encode(item.sig).decode()} | ({} if item.keyid is None else {"keyid": item.keyid})
                for item in self.signatures
            ],
        }

    @property
    def message(self) -> bytes:
        """What the signatures are over."""
        return pae(self.payload_type, self.payload)


def decode_base64(text: str, *, where: str) -> bytes:
    """Decode standard or URL-safe base64 (RFC 4648 §4, §5), padded or not.

    Anything else between, such as a line break, and bits left over are refused: one text, one meaning.
    Raises `EnvelopeError`.
    """
    standard = text.replace("-", "+").replace("_", "/")  # many times quicker than `translate`
    if "=" not in standard:
        standard += "=" * (-len(standard) % 4)
    try:
        data = binascii.a2b_base64(standard, strict_mode=True)
    except ValueError as error:
        raise EnvelopeError("not base64", where=where, why=str(error)) from None
    if binascii.b2a_base64(data, newline=False).decode() != standard:
        raise EnvelopeError("not base64", where=where, why="bits are left over at the end")
    return data
