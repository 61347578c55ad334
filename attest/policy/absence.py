"""What proves that nothing is missing: the store's listing, if the policy takes it for complete, or a seal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from attest.evidence.identity import principal
from attest.evidence.model import Check
from attest.evidence.verify import EvidenceSet, Verified
from attest.oci.digest import Digest
from attest.policy.codes import Code
from attest.policy.rules.rule import Absence, Refusal, Scene
from attest.statements.lifecycle import Seal

_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class Proof:
    """Nothing is missing, by these ``seals``; or by the listing, without any. ``how`` says so in words."""

    how: str
    seals: tuple[Digest, ...] = ()


def prove(absence: Absence, by: tuple[str, ...], scene: Scene) -> Proof | Refusal:
    """Whether what was shown is all that there is, as far as anybody can know. ``by`` are the names who may seal."""
    if absence is Absence.SEAL:
        return _sealed(by, scene)
    evidence = scene.evidence
    if evidence.complete and evidence.whole:
        return Proof("as far as the store lists")
    return Refusal(Code.ABSENCE_LISTING, "; ".join(evidence.problems) or "not all evidence was listed")


def _sealed(by: tuple[str, ...], scene: Scene) -> Proof | Refusal:
    """By the latest seal of each signer that has not expired; all that any of them lists must have been shown."""
    evidence, standing, names = scene.evidence, scene.standing, " or ".join(by)
    identities = scene.by(by)
    issued: dict[str, list[tuple[Verified, Seal]]] = {}
    for item in evidence.verified:
        seal = item.content
        if isinstance(seal, Seal) and seal.issued <= standing.now and standing.speaks(identities, item):
            issued.setdefault(principal(item.proof.author), []).append((item, seal))
    if not issued:
        problems = f" ({'; '.join(evidence.seal_problems[:_SHOWN])})" if evidence.seal_problems else ""
        return Refusal(Code.ABSENCE_UNSEALED, f"no seal of this package by {names}{problems}")
    latest = [pair for pairs in issued.values() for pair in _latest(pairs)]
    standing_still = [pair for pair in latest if standing.against(pair[0]) is None]
    if not standing_still:  # an older one would know less
        return Refusal(Code.ABSENCE_UNSEALED, f"the latest seal of this package by {names} was revoked")
    valid = [(item, seal) for item, seal in standing_still if seal.holds(standing.now)]
    if not valid:
        ended = max(seal.expires for _, seal in standing_still)
        return Refusal(Code.ABSENCE_EXPIRED, f"the latest seal of this package expired at {ended:%Y-%m-%dT%H:%M:%SZ}")
    hidden = _hidden(evidence, (seal for _, seal in valid))
    if hidden:
        more = f" and {len(hidden) - _SHOWN} more" if len(hidden) > _SHOWN else ""
        shown = ", ".join(map(str, hidden[:_SHOWN]))
        return Refusal(Code.ABSENCE_HIDDEN, f"the store did not show all that was sealed: {shown}{more} is missing")
    return Proof(f"sealed by {names}", tuple(sorted(item.digest for item, _ in valid)))


def _latest(pairs: Iterable[tuple[Verified, Seal]]) -> list[tuple[Verified, Seal]]:
    """Those with the highest sequence number: several, where two sealed at once."""
    by_sequence: dict[int, list[tuple[Verified, Seal]]] = {}
    for pair in pairs:
        by_sequence.setdefault(pair[1].sequence, []).append(pair)
    return by_sequence[max(by_sequence)]


def _hidden(evidence: EvidenceSet, seals: Iterable[Seal]) -> list[Digest]:
    """What is sealed and was not shown. What was listed and could not be read was not shown, and of several signatures
    in one manifest all must be."""
    shown = {item.digest for item in evidence.verified} | {item.digest for item in evidence.rejected} | evidence.over
    shown -= {item.digest for item in evidence.rejected if item.check is Check.READ}
    anchor = evidence.subject.manifest.digest
    sealed: set[Digest] = set()
    for seal in seals:
        sealed |= seal.evidence[anchor]
    return sorted(sealed - shown)
