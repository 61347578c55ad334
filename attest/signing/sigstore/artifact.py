"""What a message signature is over: a file, bytes, or no more than a digest of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from attest import limits
from attest.errors import UsageError
from attest.regular_file import open_regular
from attest.signing.dsse import PAE_PREFIX

ALGORITHMS: Final = ("sha256", "sha384", "sha512")


@dataclass(frozen=True, slots=True)
class Artifact:
    """Bytes that somebody signed. What is not known of them is None.

    ``is_envelope`` says that they begin as the signed form of a DSSE envelope does: never a blob (design.md §3.9).
    """

    digests: dict[str, bytes] = field(hash=False)
    data: bytes | None = field(default=None, repr=False)
    is_envelope: bool = False

    @classmethod
    def of_bytes(cls, data: bytes) -> Artifact:
        digests = {name: hashlib.new(name, data).digest() for name in ALGORITHMS}
        return cls(digests, data, data.startswith(PAE_PREFIX))

    @classmethod
    def of_digest(cls, algorithm: str, hex_digest: str) -> Artifact:
        """Enough for ECDSA and RSA keys whose hash it is; Ed25519 signs the bytes themselves."""
        return cls({algorithm: bytes.fromhex(hex_digest)})

    @classmethod
    def of_file(cls, path: Path) -> Artifact:
        """Read a file once, however large; one that fits in memory is kept for Ed25519. Raises `UsageError`."""
        hashes = {name: hashlib.new(name) for name in ALGORITHMS}
        kept: bytearray | None = bytearray()
        prefix = b""
        try:
            with open_regular(path) as file:
                while chunk := file.read(limits.MIB):
                    for item in hashes.values():
                        item.update(chunk)
                    prefix = prefix or chunk[: len(PAE_PREFIX)]
                    kept = None if kept is None or len(kept) > limits.EVIDENCE_BLOB else kept + chunk
        except OSError as error:
            raise UsageError("cannot read the file", where=str(path), why=error.strerror) from None
        digests = {name: item.digest() for name, item in hashes.items()}
        return cls(digests, None if kept is None else bytes(kept), prefix == PAE_PREFIX)
