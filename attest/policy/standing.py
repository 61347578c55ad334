"""Which verified evidence still stands: a revocation that is honoured takes evidence away, whatever rule looks at it.

It is honoured when its signer is the evidence's own, or one that a deciding `no-revocation` rule names in the same file
or in one that this extends: who extends a policy takes nothing away from what stands against a package there. A
revocation can be revoked, by its own signer alone, and that is final; so can a withdrawal, but neither by somebody who
has ended: whoever has an old key could undo what was done about it. Everything here only sees what was shown: that no
revocation is hidden is for `no-revocation` to ask (design.md §3.5).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from attest.evidence.identity import Identity, principal
from attest.evidence.model import Kind, Subject
from attest.evidence.verify import Verified, judged_at
from attest.oci.digest import Digest
from attest.statements.lifecycle import Revocation


@dataclass(frozen=True, slots=True)
class Revoking:
    """A verified revocation, and what it says."""

    item: Verified
    content: Revocation

    @property
    def words(self) -> str:
        """By whom and why, for people."""
        names = ", ".join(sorted({signer.name for signer in self.item.signers}))
        return f"revoked by {names}: {self.content.reason}"

    def names(self, item: Verified) -> bool:
        """Whether it is about ``item``, by its manifest or by what was signed in it."""
        return self.content.names(item.digest, Digest.of(item.statement.raw))

    def takes_back(self, item: Verified) -> bool:
        """Whether it undoes ``item``, a revocation."""
        return self.names(item) and self.is_own(item) and not self.item.ended

    def is_own(self, item: Verified) -> bool:
        """Whether whoever made it made ``item``."""
        return principal(self.item.proof.author) == principal(item.proof.author)


@dataclass(frozen=True, slots=True)
class Standing:
    """``revocations`` are those that stand, ``shown`` all, for they take back one another;
    ``revokers`` are those whose are honoured about evidence of anybody."""

    revocations: tuple[Revoking, ...]
    shown: tuple[Revoking, ...]
    revokers: tuple[Identity, ...]
    subject: Subject
    now: datetime

    @classmethod
    def of(
        cls, verified: Iterable[Verified], revokers: Iterable[Identity], subject: Subject, now: datetime
    ) -> Standing:
        """Sort out which revocations stand."""
        found = [Revoking(item, item.content) for item in verified if isinstance(item.content, Revocation)]
        standing = tuple(revoking for revoking in found if not any(other.takes_back(revoking.item) for other in found))
        return cls(standing, tuple(found), tuple(revokers), subject, now)

    def with_revokers(self, revokers: Iterable[Identity]) -> Standing:
        """The same revocations, for a rule that honours those of others."""
        return replace(self, revokers=tuple(revokers))

    def against(self, item: Verified) -> Revoking | None:
        """The revocation by which ``item`` does not count."""
        if item.kind is Kind.REVOCATION:
            return next((other for other in self.shown if other.takes_back(item)), None)
        for revoking in self.revocations:
            if item.kind.takes_away and revoking.item.ended:
                continue
            if revoking.names(item) and (revoking.is_own(item) or self.speaks(self.revokers, revoking.item)):
                return revoking
        return None

    def speaks(self, identities: Iterable[Identity], item: Verified) -> bool:
        """Whether one of ``identities`` made ``item``, and may say so about the subject."""
        moment = judged_at(item.kind, self.now)
        return any(
            identity.differs(item.proof.author) is None and identity.refuses(self.subject, item.proof, moment) is None
            for identity in identities
        )
