"""What a message signature is over: a file, bytes, or no more than a digest of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
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
    """Bytes that somebody signed: all of them, or their digests by name of the hash.

    ``is_envelope`` says that they begin as the signed form of a DSSE envelope does: never a blob (design.md §3.9).
    """

    digests: Mapping[str, bytes] = field(hash=False)
    data: bytes | None = field(default=None, repr=False)
    is_envelope: bool = False

    @classmethod
    def of_bytes(cls, data: bytes) -> Artifact:
        return cls({}, data, data.startswith(PAE_PREFIX))

    @classmethod
    def of_digest(cls, algorithm: str, hex_digest: str) -> Artifact:
        """Enough for ECDSA and RSA keys whose hash it is; Ed25519 signs the bytes themselves."""
        return cls({algorithm: bytes.fromhex(hex_digest)})

    @classmethod
    def of_file(cls, path: Path) -> Artifact:
        """Read a file once; of one that is too large for memory only digests are kept. Raises `UsageError`."""
        hashes = {name: hashlib.new(name) for name in ALGORITHMS}
        try:
            with open_regular(path) as file:
                start = file.read(limits.EVIDENCE_BLOB)
                chunk = file.read(limits.MIB)
                if not chunk:
                    return cls.of_bytes(start)
                for item in hashes.values():
                    item.update(start)
                while chunk:
                    for item in hashes.values():
                        item.update(chunk)
                    chunk = file.read(limits.MIB)
        except OSError as error:
            raise UsageError("cannot read the file", where=str(path), why=error.strerror or str(error)) from None
        digests = {name: item.digest() for name, item in hashes.items()}
        return cls(digests, is_envelope=start.startswith(PAE_PREFIX))

    def digest(self, algorithm: str) -> bytes | None:
        """The digest by one of `ALGORITHMS`; None where it is not known, or the hash is another."""
        if self.data is not None and algorithm in ALGORITHMS:
            return hashlib.new(algorithm, self.data).digest()
        return self.digests.get(algorithm)
