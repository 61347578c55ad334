"""Findings and verdicts: plain values about one subject, ready to be printed or recorded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from attest.evidence.binding import Binding
from attest.evidence.model import Subject
from attest.oci.digest import Digest
from attest.policy.codes import Code
from attest.policy.components import Decided, Part
from attest.policy.rules.rule import Mode
from attest.policy.waivers import Waived
from attest.signing.proof import Proof
from attest.stores.protocol import Place


class Outcome(StrEnum):
    """Of a finding and of a verdict."""

    ADMITTED = "admitted"
    DENIED = "denied"
    INCONCLUSIVE = "inconclusive"

    @classmethod
    def of(cls, outcomes: Iterable[Outcome]) -> Outcome:
        """All together: one denial denies, one doubt leaves doubt, and nothing at all is never admitted."""
        found = set(outcomes)
        if cls.DENIED in found or not found:
            return cls.DENIED
        return cls.INCONCLUSIVE if cls.INCONCLUSIVE in found else cls.ADMITTED


class Fate(StrEnum):
    """What became of one piece of evidence under one rule."""

    COUNTED = "counted"
    """Verified, and it counts."""
    UNFIT = "unfit"
    """Verified, of the rule's kind and by one of its identities, but it does not say what the rule needs."""
    AGAINST = "against"
    """As `UNFIT`, and under this rule it stands against the package."""
    OTHER = "other"
    """Verified, but of another kind, or by somebody else than the rule names."""
    REVOKED = "revoked"
    """Verified, and a revocation that is honoured stands against it."""
    REJECTED = "rejected"
    """Not verified: no rule may look at its content."""


class Step(StrEnum):
    """What is asked of verified evidence before a rule looks into it."""

    KIND = "kind"
    """It is of the kind that the rule is about."""
    SIGNER = "signer"
    """Somebody made it whom the rule names."""
    REVOCATION = "revocation"
    """No revocation stands against it."""
    LATEST = "latest"
    """There is no later one, where only the latest counts."""


@dataclass(frozen=True, slots=True)
class Considered:
    """One piece of evidence under one rule. ``claims`` is its predicate or artifact type, ``reason`` why this fate.

    ``proof`` is None for what was rejected. ``failed`` is the first check that it does not pass: a `Check`, a `Step`,
    or the `Code` of what it does not say; None where it counts.
    """

    digest: Digest
    places: tuple[Place, ...]
    claims: str | None
    signers: tuple[str, ...]
    binding: Binding | None
    fate: Fate
    reason: str
    proof: Proof | None = None
    failed: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule's outcome. ``rule`` is None for what concerns the whole policy, ``policy`` (its name) for what concerns
    all; ``evidence`` is what counted; ``waived`` is the waiver that is about what does not hold, also one that has
    expired; ``components`` are those that the rule is about, with what came of each."""

    policy: str | None
    rule: str | None
    code: Code
    outcome: Outcome
    mode: Mode
    message: str
    evidence: tuple[Digest, ...] = ()
    considered: tuple[Considered, ...] = ()
    remedy: str | None = None
    waived: Waived | None = None
    components: tuple[tuple[Part, Decided], ...] = ()

    @property
    def effect(self) -> Outcome:
        """What it counts as in the verdict: what a waiver covers does not stand in the way."""
        return Outcome.ADMITTED if self.waived is not None and self.waived.holds else self.outcome


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """A file that a policy is made of; ``name`` as the policy names it."""

    name: str
    digest: Digest


@dataclass(frozen=True, slots=True)
class Applied:
    """A policy that had a say; ``digest`` is that of its file, ``files`` are all others that it is made of.

    ``root`` is the digest of its trust root, None where it trusts keys alone. By what it trusts, ``verified`` and
    ``rejected`` pieces of evidence there were. ``seal_problems`` says why seals of the whole store may be missing.
    """

    name: str
    digest: Digest
    files: tuple[PolicyFile, ...]
    root: Digest | None
    verified: int
    rejected: int
    seal_problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unread:
    """Evidence that was listed and could not be read; ``claims`` is what the listing says that it is."""

    digest: Digest
    claims: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """All findings and the answer about one subject, which ``about`` is in full.

    ``policies`` are those that apply to it, all of which must admit it; where none does, all that were asked.
    ``evidence`` are the digests of everything that was looked at, ``unread`` those of it that could not be, and
    ``over`` those of what signs attached documents; ``complete`` and ``problems`` are the listing's,
    ``listed_at`` its age (None where nothing could be listed), and ``whole`` is False where the first answer of the
    stores was enough to admit.
    """

    subject: str
    purl: str | None
    digest: str | None
    outcome: Outcome
    findings: tuple[Finding, ...]
    policies: tuple[Applied, ...]
    evidence: tuple[Digest, ...]
    unread: tuple[Unread, ...]
    over: tuple[Digest, ...]
    complete: bool
    problems: tuple[str, ...]
    listed_at: datetime | None
    whole: bool
    now: datetime
    about: Subject
