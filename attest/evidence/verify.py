"""Turn candidates into verified or rejected evidence. The only code that can make a `Verified`.

A candidate is checked in the order of `Check`, what it says only after who says it; the first check that fails decides.
What holds is not yet good: whether verified evidence satisfies a rule is for the policy.
"""

from __future__ import annotations

from dataclasses import InitVar, dataclass
from datetime import datetime
from typing import Final

from attest.errors import FormatError, VerificationError
from attest.evidence.binding import Binding, bind
from attest.evidence.identity import Signer, principal
from attest.evidence.model import Candidate, Check, Collection, Kind, Rejected, Subject
from attest.evidence.trust import Context, Trust
from attest.oci.digest import Digest
from attest.signing.proof import Proof
from attest.statements.statement import Statement
from attest.stores.protocol import Found

_CHECKED: Final = object()
_DIFFERENCES: Final = 3


@dataclass(frozen=True, slots=True)
class Verified:
    """A statement whose signature, identity and binding hold. ``signers`` are all names that its author answers to."""

    found: Found
    statement: Statement
    kind: Kind
    signers: tuple[Signer, ...]
    binding: Binding
    proof: Proof
    made: InitVar[object]

    def __post_init__(self, made: object) -> None:
        if made is not _CHECKED:
            raise TypeError("Verified is made by attest.evidence.verify alone")

    @property
    def digest(self) -> Digest:
        return self.found.descriptor.digest


@dataclass(frozen=True, slots=True)
class EvidenceSet:
    """Everything that a policy may look at about one subject.

    ``complete`` and ``whole`` as in `Collection`; ``root`` is the digest of the trust root, None where keys alone were
    trusted or nothing was verified.
    """

    subject: Subject
    verified: tuple[Verified, ...]
    rejected: tuple[Rejected, ...]
    complete: bool
    problems: tuple[str, ...]
    listed_at: datetime | None
    whole: bool
    root: Digest | None


def verify(collection: Collection, trust: Trust, *, now: datetime) -> EvidenceSet:
    """Check every candidate. Pure: the same collection, trust and ``now`` give the same set."""
    verified: list[Verified] = []
    rejected = list(collection.rejected)
    for candidate in collection.candidates:
        outcome = _check(candidate, collection.subject, trust, now)
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
        listed_at=collection.listed_at,
        whole=collection.whole,
        root=trust.root,
    )


def nothing_found(subject: Subject, problem: str) -> EvidenceSet:
    """The set for a subject whose store could not be asked: empty, and incomplete for the reason given."""
    return EvidenceSet(subject, (), (), False, (problem,), listed_at=None, whole=False, root=None)


def _check(candidate: Candidate, subject: Subject, trust: Trust, now: datetime) -> Verified | Rejected:
    signed = candidate.signed

    def rejected(check: Check, reason: str) -> Rejected:
        return Rejected(candidate.found, check, reason, candidate.claims)

    if signed is None:
        return rejected(Check.SIGNED, "carries no signature")
    try:
        proof = signed.prove(Context(trust, subject.manifest, now))
    except VerificationError as error:
        return rejected(Check.SIGNATURE, str(error))
    except FormatError as error:
        return rejected(Check.FORM, str(error))
    if proof is None:
        return rejected(Check.AUTHOR, "by no key that the policy names")
    differences = {identity: identity.differs(proof.author) for identity in trust.identities}
    named = [identity for identity, difference in differences.items() if difference is None]
    if not named:
        return rejected(Check.AUTHOR, _stranger(proof, [why for why in differences.values() if why is not None]))
    refusals = {identity: identity.refuses(subject, proof, now) for identity in named}
    allowed = [identity for identity, refusal in refusals.items() if refusal is None]
    if not allowed:
        return rejected(Check.IDENTITY, "; ".join(why for why in refusals.values() if why))
    try:
        statement = signed.statement()
    except FormatError as error:
        return rejected(Check.STATEMENT, str(error))
    binding = bind(statement, subject)
    if not isinstance(binding, Binding):
        return Rejected(candidate.found, Check.BINDING, binding, statement.predicate_type)
    who = principal(proof.author)
    signers = tuple(sorted(Signer(identity.name, who) for identity in allowed))
    return Verified(
        candidate.found, statement, Kind.of(statement.predicate_type), signers, binding, proof, made=_CHECKED
    )


def _stranger(proof: Proof, differences: list[str]) -> str:
    """What is said of somebody whom the policy does not name, with what would have made the first of them fit."""
    shown = differences[:_DIFFERENCES]
    more = len(differences) - len(shown)
    listed = "; ".join([*shown, *([f"and {more} more"] if more else [])])
    return f"by {proof.author}, whom the policy does not name ({listed or 'it names nobody'})"
