"""Verify Sigstore bundles: who signed, what, and when at the latest (client-spec.md §4)."""

from __future__ import annotations

from dataclasses import dataclass

from attest.errors import UsageError
from attest.signing.bundle import Bundle
from attest.signing.keys import PublicKey
from attest.signing.proof import Proof
from attest.signing.sigstore.artifact import Artifact
from attest.signing.sigstore.trusted_root import TrustedRoot


@dataclass(frozen=True, slots=True)
class Requirements:
    """How many distinct transparency logs must hold the signature, and how many distinct authorities or logs must
    prove a time for it."""

    log: int = 1
    timestamp: int = 1


def verify(
    bundle: Bundle, root: TrustedRoot, requirements: Requirements | None = None, *, artifact: Artifact | None = None
) -> Proof:
    """Verify a bundle with a certificate. ``artifact`` is what a message signature is over; a DSSE envelope needs none.

    Raises `VerificationError`, and `FormatError` where the bundle's material is malformed.
    """
    raise UsageError("bundles with certificates cannot be verified yet")


def verify_with_key(
    bundle: Bundle,
    key: PublicKey,
    *,
    root: TrustedRoot | None,
    requirements: Requirements,
    artifact: Artifact | None = None,
) -> Proof:
    """Verify a bundle signed with a key of one's own.

    Raises `VerificationError`, and `FormatError` where the bundle's material is malformed.
    """
    raise UsageError("bundles with keys cannot be verified yet")
