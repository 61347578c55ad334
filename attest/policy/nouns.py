"""What the kinds of statements are called, for people."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from attest.evidence.model import Kind

NOUNS: Final[Mapping[Kind, str]] = MappingProxyType(
    {
        Kind.SIGNATURE: "signature",
        Kind.PROVENANCE: "provenance",
        Kind.SBOM: "SBOM",
        Kind.SCAN: "scan",
        Kind.VEX: "VEX document",
        Kind.VSA: "verification summary",
        Kind.RELEASE: "release statement",
        Kind.ATTESTATION: "attestation",
        Kind.REVOCATION: "revocation",
        Kind.WITHDRAWAL: "withdrawal",
        Kind.SEAL: "seal",
    }
)
