"""Verify a signature (trust-store-trust-policy.md "Signature Verification", steps 3 to 7).

Each check has its own result with the action that the policy gives it. *Inconclusive* means that something needed for
the answer could not be had; where the check is enforced, that refuses the signature as a failure does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from attest import names
from attest.errors import EnvelopeError, TrustError, VerificationError
from attest.oci.descriptor import Descriptor
from attest.signing.notation import revocation, timestamp
from attest.signing.notation.algorithms import algorithm_of, describe, verify
from attest.signing.notation.certificates import (
    Chain,
    Purpose,
    check_chain,
    check_validity,
    key_fingerprint,
    load_chain,
    thumbprint,
)
from attest.signing.notation.distinguished_name import subject_attributes
from attest.signing.notation.envelope import Envelope, Scheme
from attest.signing.notation.revocation import Fetch, Status
from attest.signing.notation.trust_policy import Action, Check, Statement, TimestampUse
from attest.signing.notation.trust_store import StoreKind
from attest.signing.proof import Format, Proof, X509Author


class Outcome(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Result:
    """One check. ``expected`` and ``found`` are empty where it passed."""

    check: Check
    action: Action
    outcome: Outcome
    expected: str = ""
    found: str = ""


@dataclass(frozen=True, slots=True)
class Verification:
    """A signature that the policy accepts. ``results`` are all checks, in their order.

    ``proof`` is None where authenticity was not proven, because the policy only logs that or skips all: such a
    signature is accepted by the policy, and yet says nothing about who made it.
    """

    results: tuple[Result, ...]
    proof: Proof | None


@dataclass(frozen=True, slots=True)
class _Finding:
    """What a check found; ``time`` is a moment that it proved."""

    outcome: Outcome
    expected: str = ""
    found: str = ""
    time: datetime | None = None


_PASSED = _Finding(Outcome.PASSED)


def verify_signature(
    raw: bytes,
    media_type: str,
    target: Descriptor,
    statement: Statement,
    *,
    now: datetime,
    fetch: Fetch | None = None,
) -> Verification:
    """Verify that ``raw`` is a signature over ``target`` and that ``statement`` accepts it at ``now``.

    Raises `VerificationError` at the first enforced check that does not pass, `EnvelopeError` for what is malformed.
    Where the statement skips verification, nothing is read.
    """
    if statement.skips:
        return Verification(tuple(Result(check, Action.SKIP, Outcome.SKIPPED) for check in Check), None)
    envelope = Envelope.parse(raw, media_type)
    return _verify(envelope, check_integrity(envelope, target), statement, now, fetch)


def prove(envelope: Envelope, target: Descriptor, statements: Iterable[Statement], *, now: datetime) -> Proof:
    """What an envelope proves about ``target``, and under which of ``statements``; nothing is fetched.

    A time counts only if each of them proves it. Raises `VerificationError` where none accepts
    the signature with its author, and `EnvelopeError`.
    """
    chain = check_integrity(envelope, target)
    accepted: list[tuple[str, Proof]] = []
    refusals: list[VerificationError] = []
    for statement in statements:
        try:
            proof = _verify(envelope, chain, statement, now, None).proof
        except VerificationError as refusal:
            refusals.append(refusal)
        else:
            accepted += [(statement.name, proof)] if proof is not None else []
    if not accepted:
        nobody = VerificationError(Check.AUTHENTICITY.value, expected="an author whom CAs vouch for", found="none")
        raise refusals[0] if refusals else nobody
    (_, proof), *_ = accepted  # the others have the same author, and the same time or none
    assert isinstance(proof.author, X509Author)
    author = replace(proof.author, trusted_by=frozenset(name for name, _ in accepted))
    return Proof(author, Format.NOTATION, proof.time if all(other.time for _, other in accepted) else None)


def check_integrity(envelope: Envelope, target: Descriptor) -> Chain:
    """Check what needs no trust: that the certificates are as they must be, that the first one's key made the
    signature, and that it is over ``target``. Returns the chain. Raises `VerificationError` and `EnvelopeError`."""
    if envelope.attributes.content_type != names.NOTATION_PAYLOAD:
        raise VerificationError(
            "content type", expected=names.NOTATION_PAYLOAD, found=envelope.attributes.content_type[:160]
        )
    chain = load_chain(envelope.chain)
    key = chain[0].public_key()
    algorithm = algorithm_of(key)
    if algorithm != envelope.algorithm:
        expected = f"{algorithm} for {describe(key)}" if algorithm else "a key that may sign"
        raise VerificationError("signature algorithm", expected=expected, found=str(envelope.algorithm))
    if not verify(envelope.algorithm, key, envelope.signature, envelope.message):
        raise VerificationError(
            "signature", expected=f"one by {chain[0].subject.rfc4514_string()[:160]}", found="one that is not"
        )
    check_chain(chain, Purpose.CODE)
    if envelope.attributes.unknown:
        label = str(envelope.attributes.unknown[0])[:80]
        raise VerificationError("critical attributes", expected="only such that are known here", found=label)
    signed = envelope.target()
    if (signed.media_type, signed.digest, signed.size) != (target.media_type, target.digest, target.size):
        raise VerificationError("signed target", expected=_words(target), found=_words(signed))
    return chain


def _verify(envelope: Envelope, chain: Chain, statement: Statement, now: datetime, fetch: Fetch | None) -> Verification:
    """The checks after integrity."""
    findings: list[Result] = [Result(Check.INTEGRITY, Action.ENFORCE, Outcome.PASSED)]
    author, authentic = _authenticity(envelope, chain, statement)
    findings.append(_judge(Check.AUTHENTICITY, authentic, statement))
    findings.append(_judge(Check.EXPIRY, _expiry(envelope, now), statement))
    stamped = _authentic_time(envelope, chain, statement, now, fetch)
    findings.append(_judge(Check.AUTHENTIC_TIMESTAMP, stamped, statement))
    if statement.actions[Check.REVOCATION] is Action.SKIP:
        findings.append(Result(Check.REVOCATION, Action.SKIP, Outcome.SKIPPED))
    else:
        found = _revocation(chain, fetch, now, stamped.time)
        findings.append(_judge(Check.REVOCATION, found, statement))
    proven = authentic.outcome is Outcome.PASSED
    return Verification(tuple(findings), Proof(author, Format.NOTATION, stamped.time) if proven else None)


def _authenticity(envelope: Envelope, chain: Chain, statement: Statement) -> tuple[X509Author, _Finding]:
    """The chain has a trusted certificate in it, and the policy names the leaf's subject."""
    leaf = chain[0]
    subject = leaf.subject.rfc4514_string()
    attributes = subject_attributes(leaf.subject)
    kind = StoreKind.CA if envelope.attributes.scheme is Scheme.X509 else StoreKind.SIGNING_AUTHORITY
    author = X509Author(subject, attributes, thumbprint(chain[-1]), key_fingerprint(leaf), frozenset({statement.name}))
    try:
        trusted = statement.anchors.certificates(kind)
    except TrustError as error:
        return author, _Finding(Outcome.INCONCLUSIVE, f"trusted certificates of kind {kind}", str(error))
    if not trusted:
        return author, _Finding(Outcome.INCONCLUSIVE, f"trusted certificates of kind {kind}", "none")
    if not any(item in trusted for item in chain):
        root = f"{chain[-1].subject.rfc4514_string()[:160]} (sha256:{thumbprint(chain[-1])})"
        return author, _Finding(Outcome.FAILED, f"a chain with a trusted certificate of kind {kind}", root)
    if statement.identities and not any(identity.matches(attributes) for identity in statement.identities):
        expected = " or ".join(str(identity) for identity in statement.identities)
        return author, _Finding(Outcome.FAILED, expected[:320], subject[:160])
    return author, _PASSED


def _expiry(envelope: Envelope, now: datetime) -> _Finding:
    expiry = envelope.attributes.expiry
    if expiry is not None and now >= expiry:
        return _Finding(Outcome.FAILED, "a signature that has not expired", f"one that expired at {expiry.isoformat()}")
    return _PASSED


def _authentic_time(
    envelope: Envelope, chain: Chain, statement: Statement, now: datetime, fetch: Fetch | None
) -> _Finding:
    """The signature was made while every certificate was valid: by the signing authority's word, by a timestamp, or
    because they are valid now."""
    if envelope.attributes.scheme is Scheme.SIGNING_AUTHORITY:
        moment = envelope.attributes.signing_time
        return _within(chain, moment, moment, time=moment)
    if not _wants_timestamp(chain, statement, now):
        return _within(chain, now, now, time=None)
    if envelope.timestamp is None:
        return _Finding(Outcome.FAILED, "a timestamp", "none")
    try:
        roots = statement.anchors.certificates(StoreKind.TSA)
    except TrustError as error:
        return _Finding(Outcome.INCONCLUSIVE, "trusted certificates of kind tsa", str(error))
    try:
        stamp = timestamp.verify(envelope.timestamp, envelope.signature, roots)
    except VerificationError as error:
        return _Finding(Outcome.FAILED, error.expected, error.found)
    except EnvelopeError as error:
        return _Finding(Outcome.FAILED, "a timestamp that can be read", str(error))
    within = _within(chain, stamp.earliest, stamp.latest, time=stamp.latest)
    if within.outcome is not Outcome.PASSED:
        return within
    revoked = _revocation(stamp.chain, fetch, now, None)
    return within if revoked.outcome is Outcome.PASSED else revoked


def _wants_timestamp(chain: Chain, statement: Statement, now: datetime) -> bool:
    if not statement.anchors.has(StoreKind.TSA):
        return False
    expired = any(now > certificate.not_valid_after_utc for certificate in chain)
    return statement.timestamps is TimestampUse.ALWAYS or expired


def _within(chain: Chain, earliest: datetime, latest: datetime, *, time: datetime | None) -> _Finding:
    why = check_validity(chain, earliest, latest)
    if why is None:
        return _Finding(Outcome.PASSED, time=time)
    return _Finding(Outcome.FAILED, f"certificates that are valid at {latest.isoformat()}", why)


def _revocation(chain: Chain, fetch: Fetch | None, now: datetime, signed_at: datetime | None) -> _Finding:
    answer = revocation.check(chain, fetch, now=now, signed_at=signed_at)
    match answer.status:
        case Status.GOOD:
            return _PASSED
        case Status.REVOKED:
            return _Finding(Outcome.FAILED, "certificates that are not revoked", answer.reason)
        case Status.UNKNOWN:
            return _Finding(Outcome.INCONCLUSIVE, "certificates that are known not to be revoked", answer.reason)


def _judge(check: Check, finding: _Finding, statement: Statement) -> Result:
    action = statement.actions[check]
    if action is Action.ENFORCE and finding.outcome is not Outcome.PASSED:
        raise VerificationError(check.value, expected=finding.expected, found=finding.found)
    return Result(check, action, finding.outcome, finding.expected, finding.found)


def _words(descriptor: Descriptor) -> str:
    return f"{descriptor.digest} ({descriptor.media_type[:80]}, {descriptor.size} bytes)"
