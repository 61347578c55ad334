"""in-toto statements (attestation framework, spec/v1/statement.md) over the bytes that were signed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from attest import limits, names
from attest.errors import EnvelopeError
from attest.oci import strict_json
from attest.oci.strict_json import Fields

_TYPES: Final = (names.STATEMENT_V1, names.STATEMENT_V01)
_HEX_LENGTHS: Final[Mapping[str, tuple[int, ...]]] = {
    "sha1": (40,),
    "sha224": (56,),
    "sha256": (64,),
    "sha384": (96,),
    "sha512": (128,),
    "sha3_224": (56,),
    "sha3_256": (64,),
    "sha3_384": (96,),
    "sha3_512": (128,),
    "gitCommit": (40, 64),
    "gitTree": (40, 64),
    "gitBlob": (40, 64),
    "gitTag": (40, 64),
    "dirHash1": (64,),
    "nugetContentHash": (128,),
}
_LOWER_HEX: Final = re.compile(r"[0-9a-f]+")
_ALIASES: Final = {"dirHash1": ("dirHash1", "dirHash"), "dirHash": ("dirHash1", "dirHash")}
"""digest_set.md heads the chapter with one name and uses the other in its example."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One file: its name, which proves nothing by itself, and its digests, by algorithm, in lower-case hex.

    ``download_location`` and ``annotations`` as in resource_descriptor.md; no digest covers what they say.
    """

    name: str | None
    digests: Mapping[str, str] = field(hash=False)
    download_location: str | None = None
    annotations: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def matches(self, algorithm: str, hex_digest: str) -> bool:
        """Whether this is the file with that digest. Two entries for one algorithm must both agree."""
        given = [self.digests[name] for name in _ALIASES.get(algorithm, (algorithm,)) if name in self.digests]
        return bool(given) and all(value == hex_digest for value in given)


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement as it was signed. ``predicate`` is None where there is none, or null."""

    raw: bytes
    type_uri: str
    predicate_type: str
    subjects: tuple[Subject, ...]
    predicate: Mapping[str, Any] | None = field(hash=False, repr=False)

    @classmethod
    def parse(cls, payload: bytes) -> Statement:
        """Read version 1 or 0.1; members that the specification does not name are ignored.

        Raises `FormatError`.
        """
        value = strict_json.read_object(payload, where="statement", limit=limits.EVIDENCE_BLOB)
        fields = Fields(value, "statement")
        type_uri = fields.string("_type")
        if type_uri not in _TYPES:
            raise EnvelopeError("not a statement of a known version", where="statement._type", why=type_uri[:160])
        predicate_type = fields.string("predicateType")
        if not predicate_type:
            raise EnvelopeError("the predicate type is empty", where="statement.predicateType")
        subjects = tuple(_subject(item) for item in fields.objects("subject"))
        if not subjects:
            raise EnvelopeError("it is about nothing", where="statement.subject")
        predicate = fields.optional_object("predicate")
        return cls(payload, type_uri, predicate_type, subjects, None if predicate is None else predicate.value)


def write_statement(subjects: Iterable[Subject], predicate_type: str, predicate: Mapping[str, Any]) -> bytes:
    """A version 1 statement in canonical JSON.

    An empty predicate is refused, but for cosign's signature, which has to have one. Raises `FormatError`.
    """
    items = tuple(subjects)
    if predicate_type == names.PREDICATE_COSIGN_SIGN:
        if predicate:
            raise EnvelopeError("the predicate of a signature is empty", why=f"this one has {len(predicate)} members")
    else:
        _validate(items, predicate_type, predicate)
    # Not written by in_toto_attestation: its predicate is a protobuf Struct, where every number is a double, so that
    # 2 becomes 2.0 and 2^53 + 1 another number; and its JSON is not the same bytes from release to release.
    payload = strict_json.write(
        {
            "_type": names.STATEMENT_V1,
            "subject": [_json(item) for item in items],
            "predicateType": predicate_type,
            "predicate": dict(predicate),
        }
    )
    return Statement.parse(payload).raw


def _json(subject: Subject) -> dict[str, Any]:
    optional = {
        "name": subject.name,
        "downloadLocation": subject.download_location,
        "annotations": dict(subject.annotations) or None,
    }
    return {name: value for name, value in optional.items() if value is not None} | {"digest": dict(subject.digests)}


def _validate(subjects: tuple[Subject, ...], predicate_type: str, predicate: Mapping[str, Any]) -> None:
    from in_toto_attestation.v1.resource_descriptor import ResourceDescriptor  # type: ignore[import-untyped]
    from in_toto_attestation.v1.statement import Statement as InTotoStatement  # type: ignore[import-untyped]

    try:
        descriptors = [ResourceDescriptor(name=item.name or "", digest=dict(item.digests)).pb for item in subjects]
        InTotoStatement(descriptors, predicate_type, dict(predicate)).validate()
    except ValueError as error:
        raise EnvelopeError("not a valid statement", why=str(error)) from None


def _subject(fields: Fields) -> Subject:
    digests = fields.object("digest")
    if not digests.value:
        raise EnvelopeError("a subject without a digest", where=fields.path)
    values = fields.strings("digest")
    for algorithm, value in values.items():
        lengths = _HEX_LENGTHS.get(algorithm)
        if not value or (lengths is not None and (len(value) not in lengths or not _LOWER_HEX.fullmatch(value))):
            raise EnvelopeError(
                f"not a {algorithm[:40]} digest",
                where=f"{digests.path}.{algorithm[:40]}",
                why=f"{value[:160]!r} is not lower-case hex of the right length",
            )
    annotations = fields.optional_object("annotations")
    return Subject(
        fields.optional_string("name"),
        values,
        fields.optional_string("downloadLocation"),
        {} if annotations is None else annotations.value,
    )
