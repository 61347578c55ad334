"""What checking a signature proves: who made it, in which format, and when at the latest.

Every way to sign ends here: a key of one's own, a Sigstore certificate, an X.509 certificate of Notation. Whether the
author is wanted is for the policy; whether the statement belongs to a package is for `attest.evidence`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from attest.signing.keys import PublicKey


class Format(StrEnum):
    """How a signature is written down; an identity can be limited to some of these."""

    BUNDLE = "bundle"
    """A Sigstore bundle with a DSSE envelope."""
    COSIGN = "cosign"
    """What cosign kept in `.sig` and `.att` tags before there were bundles."""
    NOTATION = "notation"
    """A Notary Project signature, JWS or COSE."""


@dataclass(frozen=True, slots=True)
class KeyAuthor:
    """Whoever has the private half of ``key``."""

    key: PublicKey

    def __str__(self) -> str:
        return f"key sha256:{self.key.fingerprint}"


@dataclass(frozen=True, slots=True)
class CertificateAuthor:
    """Whom a Sigstore certificate names: ``subject`` is its one SAN (e-mail or URI), ``issuer`` the OIDC issuer.

    ``claims`` are Fulcio's other extensions by their name in snake case (wire-formats.md §7), as
    ``{"source_repository": "https://github.com/acme/app", …}``.
    """

    issuer: str
    subject: str
    claims: Mapping[str, str] = field(hash=False)

    def __str__(self) -> str:
        return f"{self.subject} ({self.issuer})"


@dataclass(frozen=True, slots=True)
class X509Author:
    """Whom an X.509 certificate of an ordinary CA names: ``subject`` in RFC 4514 form, as found; ``attributes`` are its
    single attributes, ``root`` the SHA-256 (hex) of the certificate that its chain ends in, ``key`` that of the SPKI of
    the key that it certifies.

    CAs are trusted for some identities and not for others: ``trusted_by`` are the names of those for which all was
    right.
    """

    subject: str
    attributes: tuple[tuple[str, str], ...]
    root: str
    key: str
    trusted_by: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return self.subject


Author = KeyAuthor | CertificateAuthor | X509Author


@dataclass(frozen=True, slots=True)
class Proof:
    """A signature holds. ``time`` (aware, UTC) is the earliest moment at which it is proven to have existed, by a log
    or a timestamp authority that is trusted; None where nothing proves one."""

    author: Author
    format: Format
    time: datetime | None = None
