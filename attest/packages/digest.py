"""Digests of package artifacts, named as in-toto's digest_set.md names them."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Final

from attest.errors import UsageError

SHA256: Final = "sha256"
SHA512: Final = "sha512"
NUGET_CONTENT_HASH: Final = "nugetContentHash"
DIR_HASH_1: Final = "dirHash1"
GIT_COMMIT: Final = "gitCommit"

_HEX_LENGTHS: Final = {
    SHA256: (64,),
    SHA512: (128,),
    NUGET_CONTENT_HASH: (128,),
    DIR_HASH_1: (64,),
    GIT_COMMIT: (40, 64),
}
_BROKEN: Final = frozenset({"md5", "sha1", "sha-1"})
_LOWER_HEX: Final = re.compile(r"[0-9a-f]+")
_EXPECTED: Final = "expected ALGORITHM:HEX, or sha512-BASE64 as lockfiles write it"


@dataclass(frozen=True, slots=True, order=True)
class ArtifactDigest:
    """``algorithm:hex``, the hex in lower case and of the algorithm's length."""

    algorithm: str
    hex: str

    @classmethod
    def parse(cls, text: str) -> ArtifactDigest:
        """Read ``ALGORITHM:HEX``, an SRI hash ``sha512-BASE64`` or go.sum's ``h1:BASE64``. Raises `UsageError`."""
        algorithm, colon, encoded = text.partition(":")
        if colon and algorithm == "h1":
            return cls._of_hex(DIR_HASH_1, _hex(encoded, text), text)
        if colon:
            return cls._of_hex(algorithm, encoded, text)
        algorithm, dash, encoded = text.partition("-")
        if not dash:
            raise _refused(text, _EXPECTED)
        if algorithm.lower() in _BROKEN:
            raise _broken(text, algorithm)
        if algorithm not in (SHA256, SHA512):
            raise _refused(text, _EXPECTED)
        return cls._of_hex(algorithm, _hex(encoded, text), text)

    @classmethod
    def _of_hex(cls, algorithm: str, encoded: str, text: str) -> ArtifactDigest:
        if algorithm.lower() in _BROKEN:
            raise _broken(text, algorithm)
        lengths = _HEX_LENGTHS.get(algorithm)
        if lengths is None:
            raise _refused(text, f"unknown algorithm {algorithm[:40]!r}; known are {', '.join(_HEX_LENGTHS)}")
        if len(encoded) not in lengths or _LOWER_HEX.fullmatch(encoded) is None:
            wanted = " or ".join(str(length) for length in lengths)
            raise _refused(
                text, f"{algorithm} takes {wanted} lower-case hex digits, here are {len(encoded)} characters"
            )
        return cls(algorithm, encoded)

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.hex}"


def _hex(encoded: str, text: str) -> str:
    try:
        data = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _refused(text, f"not base64: {error}") from None
    if base64.b64encode(data).decode("ascii") != encoded:  # spare bits would give one digest many spellings
        raise _refused(text, "not canonical base64")
    return data.hex()


def _refused(text: str, why: str) -> UsageError:
    return UsageError(f"not a package digest: {text[:160]!r}", why=why)


def _broken(text: str, algorithm: str) -> UsageError:
    return UsageError(
        f"not a usable digest: {text[:160]!r}",
        why=f"two files with the same {algorithm} can be made",
        next_step="give sha256 or sha512, computed from the file itself",
    )
