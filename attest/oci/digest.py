"""Content digests (OCI image-spec, descriptor.md "Digests")."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final

from attest.errors import DigestMismatch, FormatError

_GRAMMAR: Final = re.compile(r"(?P<algorithm>[a-z0-9]+(?:[+._-][a-z0-9]+)*):(?P<encoded>[a-zA-Z0-9=_-]+)")
_HEX_LENGTH: Final = {"sha256": 64, "sha512": 128}
_COMPUTED: Final = {"sha256": hashlib.sha256, "sha512": hashlib.sha512}
_LOWER_HEX: Final = re.compile(r"[0-9a-f]+")
_USUAL: Final = re.compile("sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """``algorithm:encoded``. Unknown but well-formed algorithms can be carried, never computed."""

    algorithm: str
    encoded: str

    @classmethod
    def parse(cls, text: str) -> Digest:
        """Read the OCI grammar; sha256 and sha512 must be lower-case hex of the right length.

        Raises `FormatError`.
        """
        if _USUAL.fullmatch(text):
            return cls("sha256", text[7:])
        match = _GRAMMAR.fullmatch(text)
        if match is None:
            raise FormatError(f"not a digest: {text[:160]!r}", why="expected ALGORITHM:HEX, such as sha256:…")
        algorithm, encoded = match["algorithm"], match["encoded"]
        length = _HEX_LENGTH.get(algorithm)
        if length is not None and (len(encoded) != length or not _LOWER_HEX.fullmatch(encoded)):
            raise FormatError(
                f"not a {algorithm} digest: {text[:160]!r}", why=f"expected {length} lower-case hex digits"
            )
        return cls(algorithm, encoded)

    @classmethod
    def of(cls, data: bytes, algorithm: str = "sha256") -> Digest:
        """The digest of ``data``. Raises `FormatError` for an algorithm that cannot be computed."""
        return cls(algorithm, _compute(data, algorithm))

    def check(self, data: bytes, *, where: str | None = None) -> None:
        """Raise `DigestMismatch` unless ``data`` has this digest."""
        actual = _compute(data, self.algorithm)
        if actual != self.encoded:
            why = f"is {self.algorithm}:{actual}, not {self}"
            raise DigestMismatch("content does not match its digest", where=where, why=why)

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.encoded}"


def _compute(data: bytes, algorithm: str) -> str:
    compute = _COMPUTED.get(algorithm)
    if compute is None:
        raise FormatError(f"cannot compute a {algorithm} digest", why="only sha256 and sha512 are registered")
    return compute(data).hexdigest()
