"""Who a policy trusts: named identities, each with the packages it may speak about and the day it ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from attest.evidence.model import Subject
from attest.evidence.patterns import SubjectPattern, matches_any
from attest.signing.keys import PublicKey


@dataclass(frozen=True, slots=True)
class KeyIdentity:
    """A public key under a name. An empty ``packages`` means any; ``until`` (UTC, exclusive) may be None."""

    name: str
    key: PublicKey
    packages: tuple[SubjectPattern, ...] = ()
    until: datetime | None = None

    @property
    def principal(self) -> str:
        """What makes two identities the same signer, whatever their names: the key."""
        return f"key:sha256:{self.key.fingerprint}"

    def refuses(self, subject: Subject, now: datetime) -> str | None:
        """Why this identity may not speak about ``subject`` at ``now``, or None."""
        if self.packages and not matches_any(self.packages, subject):
            patterns = ", ".join(str(pattern) for pattern in self.packages)
            return f"{self.name} speaks only for {patterns}"
        if self.until is not None and now >= self.until:
            return f"{self.name} ended on {self.until.date()}"
        return None


@dataclass(frozen=True, slots=True, order=True)
class Signer:
    """One name that one verified signature answers to. ``principal`` is the same for all names of one key."""

    name: str
    principal: str
