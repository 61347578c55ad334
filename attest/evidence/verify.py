"""Turn candidates into verified or rejected evidence. The only code that can make a `Verified`.

A candidate is checked in the order of `Check`; the first check that fails decides. What holds is not yet good: whether
verified evidence satisfies a rule is for the policy.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import InitVar, dataclass
from datetime import datetime
from typing import Final

from attest import names
from attest.errors import EnvelopeError, FormatError
from attest.evidence.binding import Binding, bind
from attest.evidence.identity import KeyIdentity, Signer
from attest.evidence.model import Candidate, Check, Collection, Kind, Rejected, Subject
from attest.oci.digest import Digest
from attest.signing.bundle import Bundle, verify_envelope
from attest.statements.statement import Statement
from attest.stores.protocol import Found

_CHECKED: Final = object()


@dataclass(frozen=True, slots=True)
class Verified:
    """A statement whose signature, identity and binding hold. ``signers`` are all names that its key answers to."""

    found: Found
    statement: Statement
    kind: Kind
    signers: tuple[Signer, ...]
    binding: Binding
    proof: InitVar[object]

    def __post_init__(self, proof: object) -> None:
        if proof is not _CHECKED:
            raise TypeError("Verified is made by attest.evidence.verify alone")

    @property
    def digest(self) -> Digest:
        return self.found.descriptor.digest


@dataclass(frozen=True, slots=True)
class EvidenceSet:
    """Everything that a policy may look at about one subject. ``complete`` as in `Collection`."""

    subject: Subject
    verified: tuple[Verified, ...]
    rejected: tuple[Rejected, ...]
    complete: bool
    problems: tuple[str, ...]
    listed_at: datetime | None


def verify(collection: Collection, identities: Iterable[KeyIdentity], *, now: datetime) -> EvidenceSet:
    """Check every candidate. Pure: the same collection, identities and ``now`` give the same set."""
    known = tuple(identities)
    verified: list[Verified] = []
    rejected = list(collection.rejected)
    for candidate in collection.candidates:
        outcome = _check(candidate, collection.subject, known, now)
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
    )


def nothing_found(subject: Subject, problem: str) -> EvidenceSet:
    """The set for a subject whose store could not be asked: empty, and incomplete for the reason given."""
    return EvidenceSet(subject, (), (), False, (problem,), None)


def _check(
    candidate: Candidate, subject: Subject, identities: tuple[KeyIdentity, ...], now: datetime
) -> Verified | Rejected:
    found = candidate.found
    claims = candidate.claims
    if candidate.bundle is None:
        return Rejected(found, Check.SIGNED, "carries no signature", claims)
    try:
        statement = _statement(candidate.bundle)
    except FormatError as error:
        return Rejected(found, Check.FORM, str(error), claims)
    claims = statement.predicate_type
    keys = [identity.key for identity in identities]
    key = verify_envelope(candidate.bundle.envelope, keys, hint=candidate.bundle.key_hint)
    if key is None:
        return Rejected(found, Check.SIGNATURE, "signed by no key that the policy names", claims)
    named = [identity for identity in identities if identity.key.fingerprint == key.fingerprint]
    refusals = {identity.name: identity.refuses(subject, now) for identity in named}
    allowed = [identity for identity in named if refusals[identity.name] is None]
    if not allowed:
        return Rejected(found, Check.IDENTITY, "; ".join(why for why in refusals.values() if why), claims)
    binding = bind(statement, subject)
    if not isinstance(binding, Binding):
        return Rejected(found, Check.BINDING, binding, claims)
    signers = tuple(sorted(Signer(identity.name, identity.principal) for identity in allowed))
    return Verified(found, statement, Kind.of(statement.predicate_type), signers, binding, proof=_CHECKED)


def _statement(bundle: Bundle) -> Statement:
    """The statement in the bundle. Another payload type is another protocol: never read as a statement (§3.9)."""
    envelope = bundle.envelope
    if envelope.payload_type != names.IN_TOTO_PAYLOAD:
        raise EnvelopeError("not an in-toto statement", why=f"the payload type is {envelope.payload_type[:160]}")
    return Statement.parse(envelope.payload)
