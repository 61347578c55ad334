"""Rules that need absence: that there is no revocation, that the package was not withdrawn (design.md §3.5).

What stands against a package denies. If nothing does, that is only worth something where absence is proven: by the
store, if the policy takes its listing for complete, or by a seal.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Final, Self, TypedDict

from attest.errors import PolicyError, UsageError
from attest.evidence.identity import Identity, principal
from attest.evidence.model import Check, Kind
from attest.evidence.verify import EvidenceSet, Verified
from attest.oci.digest import Digest
from attest.policy.codes import Code
from attest.policy.rules.rule import Mode, Refusal, Written
from attest.policy.standing import Standing
from attest.statements.lifecycle import Seal, Why, Withdrawal

_SHOWN: Final = 3


class Absence(StrEnum):
    """What proves that nothing is missing."""

    LISTING = "listing"
    """The store is trusted to list everything."""
    SEAL = "seal"
    """A valid seal by one of the rule's identities: all that it lists was shown."""


@dataclass(frozen=True, slots=True)
class Against:
    """What stands against the package: the statement that does, and why, in words."""

    item: Verified
    why: str


@dataclass(frozen=True, slots=True)
class Proof:
    """Absence is proven, by these seals; or by the listing, without any."""

    seals: tuple[Digest, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsenceRule(ABC):
    """Nothing of ``kind`` by one of ``by`` stands against the package, and ``absence`` proves it."""

    KEYS: ClassVar[tuple[str, ...]] = ("absence",)
    LATER: ClassVar[tuple[str, ...]] = ("max_age",)
    kind: ClassVar[Kind]
    found: ClassVar[Code]
    absent: ClassVar[Code]

    id: str
    by: tuple[str, ...]
    absence: Absence
    mode: Mode = Mode.ENFORCE

    @classmethod
    def read(cls, written: Written) -> Self:
        """The rule as written; it has no terms of its own unless its class says otherwise. Raises `PolicyError`."""
        return cls(**_common(written))

    @abstractmethod
    def against(self, evidence: EvidenceSet, standing: Standing, identities: tuple[Identity, ...]) -> Iterator[Against]:
        """What stands against the package, said by one of ``identities``, which are those in ``by``."""

    def proof(self, evidence: EvidenceSet, standing: Standing, identities: tuple[Identity, ...]) -> Proof | Refusal:
        """Whether what was shown is all that there is, as far as anybody can know."""
        if self.absence is Absence.SEAL:
            return _sealed(evidence, standing, identities, " or ".join(self.by))
        if evidence.complete and evidence.whole:
            return Proof()
        return Refusal(Code.ABSENCE_LISTING, "; ".join(evidence.problems) or "not all evidence was listed")


@dataclass(frozen=True, slots=True, kw_only=True)
class NoRevocationRule(AbsenceRule):
    """None of the evidence that would count was revoked by one of ``by``."""

    kind: ClassVar[Kind] = Kind.REVOCATION
    found: ClassVar[Code] = Code.REVOCATION_FOUND
    absent: ClassVar[Code] = Code.REVOCATION_ABSENT

    def against(self, evidence: EvidenceSet, standing: Standing, identities: tuple[Identity, ...]) -> Iterator[Against]:
        """Every revocation of evidence that is there."""
        for revoking in standing.revocations:
            revoked = [item for item in evidence.verified if not item.kind.is_lifecycle and revoking.names(item)]
            if revoked and standing.speaks(identities, revoking.item):
                digests = ", ".join(sorted({f"{item.kind} {item.digest}" for item in revoked}))
                yield Against(revoking.item, f"{digests} was revoked: {revoking.content.reason}")


@dataclass(frozen=True, slots=True, kw_only=True)
class NoWithdrawalRule(AbsenceRule):
    """Nobody of ``by`` has withdrawn the package for one of ``reasons``."""

    KEYS: ClassVar[tuple[str, ...]] = ("absence", "reasons")
    kind: ClassVar[Kind] = Kind.WITHDRAWAL
    found: ClassVar[Code] = Code.WITHDRAWAL_FOUND
    absent: ClassVar[Code] = Code.WITHDRAWAL_ABSENT

    reasons: tuple[Why, ...] = tuple(Why)

    @classmethod
    def read(cls, written: Written) -> Self:
        """``reasons`` says which withdrawals deny; without it all do. Raises `PolicyError`."""
        fields = written.fields
        reasons = fields.each("reasons", _why) if fields.has("reasons") else tuple(Why)
        return cls(**_common(written), reasons=reasons)

    def against(self, evidence: EvidenceSet, standing: Standing, identities: tuple[Identity, ...]) -> Iterator[Against]:
        """Every withdrawal that was not revoked."""
        for item in evidence.verified:
            content = item.content
            if (
                isinstance(content, Withdrawal)
                and content.why in self.reasons
                and standing.against(item) is None
                and standing.speaks(identities, item)
            ):
                more = f": {content.explanation}" if content.explanation else ""
                yield Against(item, f"the package was withdrawn as {content.why}{more}")


class _Common(TypedDict):
    """The terms that all rules of absence share, as keywords."""

    id: str
    by: tuple[str, ...]
    absence: Absence
    mode: Mode


def _common(written: Written) -> _Common:
    fields, terms = written.fields, written.terms
    if fields.has("threshold"):
        raise PolicyError(
            f"{fields.what}: 'threshold' does not go with this rule",
            where=fields.line_of("threshold"),
            why="one statement against the package is enough",
        )
    if not fields.has("absence"):
        raise PolicyError(
            f"{fields.what}: 'absence' is missing",
            where=fields.where,
            why="a store can hide what stands against a package",
            next_step="write absence: seal, or absence: listing if the store is trusted to list everything",
        )
    absence = fields.choice("absence", Absence, Absence.SEAL)
    return _Common(id=terms["id"], by=terms["by"], absence=absence, mode=terms["mode"])


def _why(text: str) -> Why:
    try:
        return Why(text)
    except ValueError:
        raise UsageError(f"not a reason: {text[:80]!r}", why=f"known: {', '.join(Why)}") from None


def _sealed(evidence: EvidenceSet, standing: Standing, identities: tuple[Identity, ...], names: str) -> Proof | Refusal:
    """By the latest seal of each signer that has not expired; all that any of them lists must have been shown."""
    issued: dict[str, list[tuple[Verified, Seal]]] = {}
    for item in evidence.verified:
        seal = item.content
        if (
            isinstance(seal, Seal)
            and seal.issued <= standing.now
            and standing.against(item) is None
            and standing.speaks(identities, item)
        ):
            issued.setdefault(principal(item.proof.author), []).append((item, seal))
    if not issued:
        problems = f" ({'; '.join(evidence.seal_problems[:_SHOWN])})" if evidence.seal_problems else ""
        return Refusal(Code.ABSENCE_UNSEALED, f"no seal of this package by {names}{problems}")
    latest = [pair for pairs in issued.values() for pair in _latest(pairs)]
    valid = [(item, seal) for item, seal in latest if seal.holds(standing.now)]
    if not valid:
        ended = max(seal.expires for _, seal in latest)
        return Refusal(Code.ABSENCE_EXPIRED, f"the latest seal of this package expired at {ended:%Y-%m-%dT%H:%M:%SZ}")
    hidden = _hidden(evidence, (seal for _, seal in valid))
    if hidden:
        more = f" and {len(hidden) - _SHOWN} more" if len(hidden) > _SHOWN else ""
        shown = ", ".join(map(str, hidden[:_SHOWN]))
        return Refusal(Code.ABSENCE_HIDDEN, f"the store did not show all that was sealed: {shown}{more} is missing")
    return Proof(tuple(sorted(item.digest for item, _ in valid)))


def _latest(pairs: Iterable[tuple[Verified, Seal]]) -> list[tuple[Verified, Seal]]:
    """Those with the highest sequence number: several, where two sealed at once."""
    by_sequence: dict[int, list[tuple[Verified, Seal]]] = {}
    for pair in pairs:
        by_sequence.setdefault(pair[1].sequence, []).append(pair)
    return by_sequence[max(by_sequence)]


def _hidden(evidence: EvidenceSet, seals: Iterable[Seal]) -> list[Digest]:
    """What is sealed and was not shown. What was listed and could not be read was not shown."""
    shown = {item.digest for item in evidence.verified}
    shown |= {item.digest for item in evidence.rejected if item.check is not Check.READ}
    anchor = evidence.subject.manifest.digest
    sealed: set[Digest] = set()
    for seal in seals:
        sealed |= seal.evidence[anchor]
    return sorted(sealed - shown)
