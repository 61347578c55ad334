"""Turn candidates into verified or rejected evidence. The only code that can make a `Verified`.

A candidate is checked in the order of `Check`, what it says only after who says it; the first check that fails decides.
What holds is not yet good: whether verified evidence satisfies a rule is for the policy.
"""

from __future__ import annotations

from dataclasses import InitVar, dataclass
from datetime import UTC, datetime
from typing import Final

from attest.errors import FormatError, VerificationError
from attest.evidence.binding import Binding, bind
from attest.evidence.identity import Identity, Signer, principal
from attest.evidence.model import Candidate, Check, Collection, Kind, Rejected, Subject
from attest.evidence.trust import Context, Trust
from attest.oci.digest import Digest
from attest.signing.proof import Proof
from attest.statements import lifecycle
from attest.statements.lifecycle import Lifecycle, Seal
from attest.statements.statement import Statement
from attest.stores.protocol import Found

_CHECKED: Final = object()
_DIFFERENCES: Final = 3
_BEGINNING: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Verified:
    """A statement whose signature, identity and binding hold. ``signers`` are all names that its author answers to.
    ``content`` is what a revocation, a withdrawal or a seal says; None for any other statement. ``ended`` says that
    none of them could grant anything by it now: an old revocation counts, but undoes none."""

    found: Found
    statement: Statement
    kind: Kind
    content: Lifecycle | None
    signers: tuple[Signer, ...]
    binding: Binding
    proof: Proof
    ended: bool
    made: InitVar[object]

    def __post_init__(self, made: object) -> None:
        if made is not _CHECKED:
            raise TypeError("Verified is made by attest.evidence.verify alone")

    @property
    def digest(self) -> Digest:
        return self.found.descriptor.digest


@dataclass(frozen=True, slots=True)
class Proven:
    """Signed content that holds, by somebody who is named. What it is worth to which subject is still to be seen."""

    candidate: Candidate
    proof: Proof
    named: tuple[Identity, ...]
    statement: Statement
    content: Lifecycle | None
    made: InitVar[object]

    def __post_init__(self, made: object) -> None:
        if made is not _CHECKED:
            raise TypeError("Proven is made by attest.evidence.verify alone")


@dataclass(frozen=True, slots=True)
class StoreSeals:
    """Seals of a whole store, proven once for all its packages. ``problems`` says why there may be more, or better."""

    proven: tuple[Proven, ...] = ()
    problems: tuple[str, ...] = ()


NO_SEALS: Final = StoreSeals()


@dataclass(frozen=True, slots=True)
class EvidenceSet:
    """Everything that a policy may look at about one subject.

    ``complete``, ``whole`` and ``over`` as in `Collection`; ``root`` is the digest of the trust root, None where keys
    alone were trusted or nothing was verified. ``seal_problems`` says why seals of the whole store may be missing.
    """

    subject: Subject
    verified: tuple[Verified, ...]
    rejected: tuple[Rejected, ...]
    complete: bool
    problems: tuple[str, ...]
    seal_problems: tuple[str, ...]
    listed_at: datetime | None
    whole: bool
    root: Digest | None
    over: frozenset[Digest] = frozenset()


def verify(collection: Collection, trust: Trust, *, now: datetime, seals: StoreSeals = NO_SEALS) -> EvidenceSet:
    """Check every candidate, and which of the store's ``seals`` are about the subject.

    Pure: the same collection, trust, seals and ``now`` give the same set.
    """
    subject = collection.subject
    verified: list[Verified] = []
    rejected = list(collection.rejected)
    context = Context(trust.about(subject), subject.manifest, now)
    proven = [prove(candidate, context) for candidate in collection.candidates]
    for item in (*proven, *(seal for seal in seals.proven if _seals(seal.content, subject))):
        outcome = _accept(item, subject, now) if isinstance(item, Proven) else item
        if isinstance(outcome, Verified):
            verified.append(outcome)
        else:
            rejected.append(outcome)
    return EvidenceSet(
        subject=collection.subject,
        verified=tuple(sorted(verified, key=lambda item: item.digest)),
        rejected=tuple(sorted(rejected, key=lambda item: item.digest)),
        complete=collection.complete,
        problems=collection.problems,
        seal_problems=seals.problems,
        listed_at=collection.listed_at,
        whole=collection.whole,
        root=trust.root,
        over=collection.over,
    )


def nothing_found(subject: Subject, problem: str) -> EvidenceSet:
    """The set for a subject whose store could not be asked: empty, and incomplete for the reason given."""
    return EvidenceSet(subject, (), (), False, (problem,), (), listed_at=None, whole=False, root=None)


def prove_seals(collection: Collection, trust: Trust, *, now: datetime) -> StoreSeals:
    """The seals of a whole store among what is attached to the manifest that stands for it."""
    context = Context(trust, collection.subject.manifest, now)
    outcomes = [prove(candidate, context) for candidate in collection.candidates]
    return StoreSeals(
        tuple(item for item in outcomes if isinstance(item, Proven) and isinstance(item.content, Seal)),
        (*collection.problems, *(f"{item.digest}: {item.reason}" for item in outcomes if isinstance(item, Rejected))),
    )


def prove(candidate: Candidate, context: Context) -> Proven | Rejected:
    """All checks that do not depend on what it is about."""
    signed = candidate.signed

    def rejected(check: Check, reason: str) -> Rejected:
        return Rejected(candidate.found, check, reason, candidate.claims)

    if signed is None:
        return rejected(Check.SIGNED, "carries no signature")
    try:
        proof = signed.prove(context)
    except VerificationError as error:
        return rejected(Check.SIGNATURE, str(error))
    except FormatError as error:
        return rejected(Check.FORM, str(error))
    if proof is None:
        return rejected(Check.AUTHOR, "by no key that the policy names")
    differences = {identity: identity.differs(proof.author) for identity in context.trust.identities}
    named = tuple(identity for identity, difference in differences.items() if difference is None)
    if not named:
        return rejected(Check.AUTHOR, _stranger(proof, [why for why in differences.values() if why is not None]))
    try:
        statement = signed.statement()
        content = lifecycle.read(statement)
    except FormatError as error:
        return rejected(Check.STATEMENT, str(error))
    return Proven(candidate, proof, named, statement, content, made=_CHECKED)


def judged_at(kind: Kind, now: datetime) -> datetime:
    """When an identity must not have ended for a statement without a proven time to count.

    An end takes away what an identity could grant, not what it had taken away: a revocation that may have been made
    before the end still counts.
    """
    return _BEGINNING if kind.takes_away else now


def _accept(proven: Proven, subject: Subject, now: datetime) -> Verified | Rejected:
    """The checks of proven content that depend on what it is about."""
    statement, proof, found = proven.statement, proven.proof, proven.candidate.found
    kind = Kind.of(statement.predicate_type)
    refusals = {identity: identity.refuses(subject, proof, judged_at(kind, now)) for identity in proven.named}
    allowed = [identity for identity, refusal in refusals.items() if refusal is None]
    if not allowed:
        reason = "; ".join(why for why in refusals.values() if why)
        return Rejected(found, Check.IDENTITY, reason, proven.candidate.claims)
    binding = Binding.ANCHOR if _seals(proven.content, subject) else bind(statement, subject)
    if not isinstance(binding, Binding):
        return Rejected(found, Check.BINDING, binding, statement.predicate_type)
    who = principal(proof.author)
    signers = tuple(sorted(Signer(identity.name, who) for identity in allowed))
    ended = all(identity.refuses(subject, proof, now) is not None for identity in allowed)
    return Verified(found, statement, kind, proven.content, signers, binding, proof, ended, made=_CHECKED)


def _seals(content: Lifecycle | None, subject: Subject) -> bool:
    return isinstance(content, Seal) and subject.manifest.digest in content.evidence


def _stranger(proof: Proof, differences: list[str]) -> str:
    """What is said of somebody whom the policy does not name, with what would have made the first of them fit."""
    shown = differences[:_DIFFERENCES]
    more = len(differences) - len(shown)
    listed = "; ".join([*shown, *([f"and {more} more"] if more else [])])
    return f"by {proof.author}, whom the policy does not name ({listed or 'it names nobody'})"
