"""Checkpoints: a log's signature over the size and root of its tree (C2SP tlog-checkpoint, signed-note).

::

    rekor.example - 2605736670972794746      origin
    23083062                                 tree size
    dauhleYK…                                root, base64
                                             a blank line
    — rekor.example wNI9aj…                  name, base64 of 4 bytes of key id and the signature
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from attest.errors import EnvelopeError, VerificationError
from attest.signing.dsse import decode_base64
from attest.signing.sigstore.trusted_root import Log

_SIGNATURE: Final = re.compile("\u2014 ([^ \n]+) ([A-Za-z0-9+/=]+)")
_KEY_ID: Final = 4
_TREE_ID: Final = re.compile(r" - \d+\Z")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """``text`` is what the signatures are over; each of those is the signer's name, a hint of its key, the bytes."""

    origin: str
    size: int
    root: bytes
    text: bytes
    signatures: tuple[tuple[str, bytes, bytes], ...]

    @classmethod
    def parse(cls, note: str) -> Checkpoint:
        """Raises `EnvelopeError`."""
        text, _, block = note.partition("\n\n")
        lines = text.split("\n")
        if not block.endswith("\n") or len(lines) < 3:
            raise _malformed("it wants three lines, a blank one, and signatures")
        origin, size, root = lines[:3]
        if not origin or not (size.isascii() and size.isdigit()) or len(size) > 19 or (size[0] == "0" and size != "0"):
            raise _malformed("the first lines are not an origin and a tree size")
        signatures = []
        for line in block[:-1].split("\n"):
            match = _SIGNATURE.fullmatch(line)
            data = decode_base64(match[2], where="checkpoint") if match else b""
            if match is None or len(data) <= _KEY_ID:
                raise _malformed("a line below the blank one is no signature")
            signatures.append((match[1], data[:_KEY_ID], data[_KEY_ID:]))
        return cls(origin, int(size), decode_base64(root, where="checkpoint"), f"{text}\n".encode(), tuple(signatures))

    def signature_by(self, logs: Iterable[Log]) -> tuple[Log, bytes]:
        """The signature in the name of one of ``logs``, not verified. Those of others, witnesses among them, prove
        nothing here. Raises `VerificationError` if there is none.
        """
        name = _TREE_ID.sub("", self.origin)  # Rekor v1 adds the number of its tree
        for log in logs:
            for signer, hint, signature in self.signatures:
                if signer == name and hint == log.id[:_KEY_ID]:
                    return log, signature
        raise VerificationError(
            "log entry: the checkpoint's signer",
            expected="the log that the entry names",
            found=", ".join(f"{signer} {hint.hex()}" for signer, hint, _ in self.signatures)[:160],
        )


def _malformed(why: str) -> EnvelopeError:
    return EnvelopeError("not a signed checkpoint", where="checkpoint", why=why)
