"""To which packages an attestation belongs: as `bind` decides it, before anything is written (design.md §3.2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from attest import limits, names
from attest.errors import FormatError, UsageError
from attest.evidence import naming
from attest.evidence.binding import Binding, bind
from attest.evidence.imports.model import Item
from attest.evidence.lookup import subject_of
from attest.evidence.model import Subject
from attest.oci import strict_json
from attest.oci.strict_json import Fields
from attest.packages.digest import SHA256, SHA512, ArtifactDigest
from attest.packages.ecosystem import ecosystem
from attest.signing.bundle import Bundle, MessageSignature
from attest.signing.dsse import decode_base64
from attest.statements.statement import Statement

_HASHES: Final = {"SHA2_256": SHA256, "SHA2_512": SHA512}


@dataclass(frozen=True, slots=True)
class Placement:
    """An attestation and a package that it belongs to; ``predicate_type`` is None where it signs no statement."""

    item: Item
    subject: Subject
    binding: Binding
    predicate_type: str | None


def place(item: Item, subjects: Sequence[Subject]) -> list[Placement] | str:
    """Where ``item`` belongs among ``subjects``, or, if there are none, which packages it names itself.

    Else the reason why it belongs nowhere.
    """
    try:
        return _statement(item, subjects) if _is_statement(item.bundle) else _message(item, subjects)
    except FormatError as error:
        return str(error)


def _is_statement(bundle: Bundle) -> bool:
    return not isinstance(bundle.content, MessageSignature)


def _statement(item: Item, subjects: Sequence[Subject]) -> list[Placement] | str:
    envelope = item.bundle.envelope
    if envelope.payload_type != names.IN_TOTO_PAYLOAD:
        return f"not an in-toto statement: the payload type is {envelope.payload_type[:160]}"
    statement = Statement.parse(envelope.payload)
    if item.predicate_type is not None and item.predicate_type != statement.predicate_type:
        return f"the document calls it {item.predicate_type[:160]}, what is signed is {statement.predicate_type[:160]}"
    candidates = list(subjects) or list(_named(statement, item.ecosystem))
    if not candidates:
        return "the signed content names no package; say which one it is about"
    bound = [(subject, bind(statement, subject)) for subject in candidates]
    return _chosen(item, bound, statement.predicate_type)


def _named(statement: Statement, kind: str | None) -> Iterator[Subject]:
    """The packages that the signed content names and whose digest it gives."""
    for subject in statement.subjects:
        for purl in naming.by_subject(subject.name, kind or ""):
            for algorithm in ecosystem(purl.type).algorithms:
                if algorithm in subject.digests:  # of the right length, or it would be no statement
                    yield subject_of(purl, ArtifactDigest(algorithm, subject.digests[algorithm]))


def _message(item: Item, subjects: Sequence[Subject]) -> list[Placement] | str:
    """A signature over bytes: the registry's about a package, or one over the package file itself."""
    if item.package is not None:
        own = subject_of(*item.package)
        bound = [
            (subject, Binding.NAME if subject.manifest == own.manifest else f"it is about {own} {own.digest}")
            for subject in subjects or [own]
        ]
        return _chosen(item, bound, None)
    if not subjects:
        return "it signs a file and names no package; give the package file"
    digests = _digests(item.bundle)
    if not digests:
        return "it does not say what it signs"
    return _chosen(item, [(subject, _bytes(digests, subject)) for subject in subjects], None)


def _bytes(digests: set[ArtifactDigest], subject: Subject) -> Binding | str:
    if subject.digest is None or any(digest.algorithm != subject.digest.algorithm for digest in digests):
        return f"it signs {_shown(digests)}, which says nothing about {subject.digest}"
    if digests != {subject.digest}:
        return f"it signs {_shown(digests)}, not {subject.digest}"
    if not subject.read_from_file:
        return "only the digest agrees and it names no package; give the package file itself"
    return Binding.BYTES


def _digests(bundle: Bundle) -> set[ArtifactDigest]:
    """What the bundle and its log entries say is signed. Hints for a refusal in time; the signature decides."""
    content = bundle.content
    found = set()
    if isinstance(content, MessageSignature) and content.digest is not None:
        found.add(_digest(_HASHES.get(content.algorithm or "", "none that is known"), content.digest.hex()))
    for entry in bundle.material.get("tlogEntries") or ():
        found.update(_logged(entry))
    return found


def _logged(entry: object) -> Iterator[ArtifactDigest]:
    """The digest in the body of a `hashedrekord` entry of version 0.0.1; others are left to the verifier."""
    body = entry.get("canonicalizedBody") if isinstance(entry, dict) else None
    if not isinstance(body, str):
        return
    try:
        raw = decode_base64(body, where="canonicalizedBody")
        value = strict_json.read_object(raw, where="canonicalizedBody", limit=limits.EVIDENCE_BLOB)
        hashed = Fields(value, "canonicalizedBody").object("spec").object("data").object("hash")
        algorithm, encoded = hashed.string("algorithm"), hashed.string("value")
    except FormatError:
        return
    yield _digest(algorithm, encoded)


def _digest(algorithm: str, encoded: str) -> ArtifactDigest:
    try:
        return ArtifactDigest.parse(f"{algorithm}:{encoded}")
    except UsageError as error:
        raise FormatError("not a digest of what is signed", why=error.why) from None


def _shown(digests: Iterable[ArtifactDigest]) -> str:
    return " and ".join(map(str, sorted(digests)))


def _chosen(
    item: Item, bound: Sequence[tuple[Subject, Binding | str]], predicate_type: str | None
) -> list[Placement] | str:
    placed = [
        Placement(item, subject, binding, predicate_type) for subject, binding in bound if isinstance(binding, Binding)
    ]
    reasons = dict.fromkeys(binding for _, binding in bound if not isinstance(binding, Binding))
    return placed or "; ".join(reasons)
