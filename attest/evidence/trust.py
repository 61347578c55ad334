"""Against what signatures are proven: the keys and certificates of the identities, and a Sigstore trust root."""

from __future__ import annotations

from dataclasses import dataclass

from attest.evidence.identity import Identity, KeyIdentity
from attest.signing.keys import PublicKey


@dataclass(frozen=True, slots=True)
class Trust:
    """Who is trusted. Without a trust root only keys are."""

    identities: tuple[Identity, ...]

    @property
    def keys(self) -> tuple[PublicKey, ...]:
        """Of all identities that are keys."""
        return tuple(item.key for item in self.identities if isinstance(item, KeyIdentity))
