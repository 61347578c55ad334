"""Statements that take something away, or that say what there is: revocation, withdrawal, seal.

cosign counts every DSSE statement of in-toto's own payload type as a signature (design.md §3.9). So each of these has a
payload type of its own, and payload type and predicate type must agree in both directions. All three are this
project's, and read strictly: a member that is not known is an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from attest import names
from attest.errors import EnvelopeError
from attest.oci.digest import Digest
from attest.oci.strict_json import Fields
from attest.statements.statement import Statement, Subject, write_statement

PAYLOADS: Final[Mapping[str, str]] = MappingProxyType(
    {
        names.PREDICATE_REVOCATION: names.REVOCATION_PAYLOAD,
        names.PREDICATE_WITHDRAWAL: names.WITHDRAWAL_PAYLOAD,
        names.PREDICATE_SEAL: names.SEAL_PAYLOAD,
    }
)
"""The payload type of each predicate type; every other predicate stands in in-toto's own."""

_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_FORMAT: Final = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A piece of evidence: its manifest, and what was signed in it, so that it cannot come back in another manifest.
    ``statement`` is the SHA-256 of the signed payload; None for what carries no signature."""

    manifest: Digest
    statement: Digest | None


@dataclass(frozen=True, slots=True)
class Revocation:
    """Pieces of evidence no longer hold, whoever looks at them."""

    issued: datetime
    evidence: tuple[Evidence, ...]
    reason: str

    def names(self, manifest: Digest, statement: Digest | None) -> bool:
        """Whether it is about the evidence with that manifest, or with that signed payload in whatever manifest."""
        return any(
            item.manifest == manifest or (statement is not None and item.statement == statement)
            for item in self.evidence
        )


class Why(StrEnum):
    """Why a package is withdrawn."""

    YANKED = "yanked"
    """It should not be chosen any more; where it is already chosen it may stay."""
    MALICIOUS = "malicious"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """The statement's subjects should not be used."""

    issued: datetime
    why: Why
    explanation: str | None = None


@dataclass(frozen=True, slots=True)
class Seal:
    """All evidence that each manifest had when it was issued. It proves nothing before ``issued`` and from ``expires``
    on. Of several seals by one signer the one with the highest ``sequence`` counts."""

    sequence: int
    issued: datetime
    expires: datetime
    evidence: Mapping[Digest, frozenset[Digest]] = field(hash=False, repr=False)

    def holds(self, now: datetime) -> bool:
        """Whether it proves anything at ``now``."""
        return self.issued <= now < self.expires


Lifecycle = Revocation | Withdrawal | Seal


def payload_type(predicate_type: str) -> str:
    """The DSSE payload type in which a statement with this predicate is signed."""
    return PAYLOADS.get(predicate_type, names.IN_TOTO_PAYLOAD)


def payload_type_of(statement: Statement) -> str:
    """The payload type in which a statement is signed, so that what says no is nowhere taken for a signature."""
    return names.FAILED_VSA_PAYLOAD if _is_failed(statement) else payload_type(statement.predicate_type)


def parse(payload_type: str, payload: bytes) -> Statement:
    """The statement in a DSSE envelope. Raises `FormatError`, also where its predicate belongs in another payload type.

    That of a lifecycle statement is read later, by `read`.
    """
    if payload_type not in (names.IN_TOTO_PAYLOAD, names.FAILED_VSA_PAYLOAD, *PAYLOADS.values()):
        raise EnvelopeError("not an in-toto statement", why=f"the payload type is {payload_type[:160]}")
    statement = Statement.parse(payload)
    expected = PAYLOADS.get(statement.predicate_type, names.IN_TOTO_PAYLOAD)
    if payload_type == names.FAILED_VSA_PAYLOAD and _is_failed(statement):
        expected = payload_type
    if payload_type != expected:
        raise EnvelopeError(
            "payload type and predicate type do not agree",
            why=f"{statement.predicate_type[:160]} belongs in {expected}, this is {payload_type}",
        )
    return statement


def _is_failed(statement: Statement) -> bool:
    """Whether it is a verification summary that says so; others write these in in-toto's own payload type too."""
    predicate = statement.predicate or {}
    return statement.predicate_type == names.PREDICATE_VSA and predicate.get("verificationResult") == "FAILED"


def read(statement: Statement) -> Lifecycle | None:
    """What a lifecycle statement says; None for any other. Raises `FormatError`."""
    kind = _READERS.get(statement.predicate_type)
    if kind is None:
        return None
    fields = Fields(statement.predicate or {}, "statement.predicate")
    found = kind(fields)
    if isinstance(found, Seal):
        _check_subjects(statement, found)
    return found


def write(subjects: Iterable[Subject], content: Lifecycle) -> tuple[str, bytes]:
    """The predicate type and the statement. Of a seal, ``subjects`` are the manifests in its evidence.

    Raises `FormatError` for what could not be read again.
    """
    kind, own = _written(content)
    payload = write_statement(subjects, kind, {"issued": content.issued.strftime(_FORMAT), **own})
    read(Statement.parse(payload))
    return kind, payload


def _written(content: Lifecycle) -> tuple[str, dict[str, Any]]:
    if isinstance(content, Revocation):
        evidence = [_write_evidence(item) for item in content.evidence]
        return names.PREDICATE_REVOCATION, {"evidence": evidence, "reason": content.reason}
    if isinstance(content, Withdrawal):
        more = {} if content.explanation is None else {"explanation": content.explanation}
        return names.PREDICATE_WITHDRAWAL, {"reason": content.why.value, **more}
    return names.PREDICATE_SEAL, {
        "sequence": content.sequence,
        "expires": content.expires.strftime(_FORMAT),
        "evidence": [
            {"anchor": str(anchor), "digests": sorted(map(str, digests))}
            for anchor, digests in sorted(content.evidence.items())
        ],
    }


def _revocation(fields: Fields) -> Revocation:
    _only(fields, "issued", "evidence", "reason")
    evidence = tuple(_evidence(item) for item in fields.objects("evidence"))
    if not evidence:
        raise EnvelopeError("it revokes nothing", where=f"{fields.path}.evidence")
    return Revocation(_moment(fields, "issued"), evidence, _text(fields, "reason"))


def _withdrawal(fields: Fields) -> Withdrawal:
    _only(fields, "issued", "reason", "explanation")
    try:
        why = Why(fields.string("reason"))
    except ValueError:
        raise EnvelopeError(
            f"not a reason: {fields.string('reason')[:80]!r}",
            where=f"{fields.path}.reason",
            why=f"known: {', '.join(Why)}",
        ) from None
    explanation = _text(fields, "explanation") if "explanation" in fields.value else None
    return Withdrawal(_moment(fields, "issued"), why, explanation)


def _seal(fields: Fields) -> Seal:
    _only(fields, "sequence", "issued", "expires", "evidence")
    issued, expires = _moment(fields, "issued"), _moment(fields, "expires")
    if expires <= issued:
        raise EnvelopeError("it expires before it is issued", where=f"{fields.path}.expires")
    sequence = fields.integer("sequence")
    if sequence < 1:
        raise EnvelopeError("not a sequence number", where=f"{fields.path}.sequence", why=str(sequence))
    evidence: dict[Digest, frozenset[Digest]] = {}
    for item in fields.objects("evidence"):
        _only(item, "anchor", "digests")
        anchor = Digest.parse(item.string("anchor"))
        digests = _digests(item)
        if anchor in evidence:
            raise EnvelopeError(f"{anchor} stands twice", where=item.path)
        evidence[anchor] = digests
    return Seal(sequence, issued, expires, evidence)


def _check_subjects(statement: Statement, seal: Seal) -> None:
    """The manifests that are sealed are the subjects, each once: two readers must not see two sets."""
    subjects = [(name, value) for item in statement.subjects for name, value in item.digests.items()]
    sealed = {(anchor.algorithm, anchor.encoded) for anchor in seal.evidence}
    if len(subjects) != len(statement.subjects) or len(subjects) != len(sealed) or set(subjects) != sealed:
        raise EnvelopeError("the subjects are not what it seals", where="statement.subject")


def _evidence(fields: Fields) -> Evidence:
    _only(fields, "manifest", "statement")
    statement = Digest.parse(fields.string("statement")) if "statement" in fields.value else None
    return Evidence(Digest.parse(fields.string("manifest")), statement)


def _write_evidence(item: Evidence) -> dict[str, str]:
    return {"manifest": str(item.manifest)} | ({} if item.statement is None else {"statement": str(item.statement)})


def _digests(fields: Fields) -> frozenset[Digest]:
    value: Any = fields.value.get("digests")
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise EnvelopeError("expected an array of strings", where=f"{fields.path}.digests")
    digests = frozenset(Digest.parse(item) for item in value)
    if len(digests) != len(value):
        raise EnvelopeError("a digest stands twice", where=f"{fields.path}.digests")
    return digests


def _moment(fields: Fields, name: str) -> datetime:
    """RFC 3339 in UTC, in whole seconds."""
    text = fields.string(name)
    try:
        if _MOMENT.fullmatch(text):
            return datetime.strptime(text, _FORMAT).replace(tzinfo=UTC)
    except ValueError:
        pass  # such as the thirtieth of February
    raise EnvelopeError(
        f"not a time: {text[:80]!r}", where=f"{fields.path}.{name}", why="expected 2026-01-31T12:00:00Z"
    )


def _text(fields: Fields, name: str) -> str:
    text = fields.string(name)
    if not text.strip():
        raise EnvelopeError("it is empty", where=f"{fields.path}.{name}")
    return text


def _only(fields: Fields, *known: str) -> None:
    unknown = sorted(fields.value.keys() - set(known))
    if unknown:
        raise EnvelopeError(f"unknown: {unknown[0][:80]!r}", where=fields.path, why=f"known: {', '.join(known)}")


_READERS: Final[Mapping[str, Callable[[Fields], Lifecycle]]] = {
    names.PREDICATE_REVOCATION: _revocation,
    names.PREDICATE_WITHDRAWAL: _withdrawal,
    names.PREDICATE_SEAL: _seal,
}
