"""Against what signatures are proven: the keys and certificates of the identities, and a Sigstore trust root."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from attest.evidence.identity import Identity, KeyIdentity, X509Identity
from attest.evidence.model import Subject
from attest.oci.descriptor import Descriptor
from attest.oci.digest import Digest
from attest.signing.keys import PublicKey

if TYPE_CHECKING:
    from attest.signing.notation.trust_policy import Statement
    from attest.signing.sigstore.trusted_root import TrustedRoot
    from attest.signing.sigstore.verify import Requirements


@dataclass(frozen=True, slots=True)
class Sigstore:
    """A trust root, and what a signature with a certificate needs under it."""

    root: TrustedRoot
    requirements: Requirements


@dataclass(frozen=True, slots=True)
class Trust:
    """Who is trusted. Without ``sigstore`` no certificate of Fulcio's is, and no log and no timestamp is looked at."""

    identities: tuple[Identity, ...]
    sigstore: Sigstore | None = None

    @property
    def keys(self) -> tuple[PublicKey, ...]:
        """Of all identities that are keys."""
        return tuple(item.key for item in self.identities if isinstance(item, KeyIdentity))

    @property
    def statements(self) -> tuple[Statement, ...]:
        """Of all identities that ordinary CAs vouch for."""
        return tuple(item.trusts for item in self.identities if isinstance(item, X509Identity))

    def about(self, subject: Subject) -> Trust:
        """The same, with each identity as it is where ``subject`` is concerned."""
        identities = tuple([identity.about(subject) for identity in self.identities])
        return self if identities == self.identities else replace(self, identities=identities)

    @property
    def root(self) -> Digest | None:
        """The digest of the trust root's file."""
        return None if self.sigstore is None else Digest("sha256", self.sigstore.root.digest)


@dataclass(frozen=True, slots=True)
class Context:
    """In what a signature is proven: against whom, about which manifest, and when."""

    trust: Trust
    manifest: Descriptor
    now: datetime
