"""What a Notary Project signature says, whichever envelope it is written in (signature-specification.md).

`jws` and `cose` read the bytes and hand the protected header over; which attributes there must be, and which of them
must be critical, is decided here once.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from attest import limits, names
from attest.errors import EnvelopeError
from attest.oci import strict_json
from attest.oci.descriptor import Descriptor
from attest.oci.strict_json import Fields
from attest.signing.notation.algorithms import Algorithm

SCHEME: Final = "io.cncf.notary.signingScheme"
SIGNING_TIME: Final = "io.cncf.notary.signingTime"
AUTHENTIC_TIME: Final = "io.cncf.notary.authenticSigningTime"
EXPIRY: Final = "io.cncf.notary.expiry"
PLUGIN: Final = "io.cncf.notary.verificationPlugin"
PLUGIN_VERSION: Final = "io.cncf.notary.verificationPluginMinVersion"
TIMESTAMP: Final = "io.cncf.notary.timestampSignature"
AGENT: Final = "io.cncf.notary.signingAgent"

SIGNED_ONLY: Final = (SCHEME, SIGNING_TIME, AUTHENTIC_TIME, EXPIRY, PLUGIN, PLUGIN_VERSION)
"""Attributes that mean something only where they are signed; found elsewhere, somebody wants them to be believed."""

_UNDERSTOOD: Final = (SCHEME, AUTHENTIC_TIME, EXPIRY)
"""Critical attributes that are processed here."""

Label = str | int
"""The name of an attribute; integers exist in COSE only."""


class Scheme(StrEnum):
    """Who vouches for the time of signing: a timestamp authority, or the signer itself (signing-scheme.md)."""

    X509 = "notary.x509"
    SIGNING_AUTHORITY = "notary.x509.signingAuthority"


@dataclass(frozen=True, slots=True)
class Attributes:
    """The signed attributes. ``signing_time`` is authentic only under `Scheme.SIGNING_AUTHORITY`; times are aware.

    ``unknown`` are critical attributes that nothing here processes: with any of them, verification must fail.
    """

    content_type: str
    scheme: Scheme
    signing_time: datetime
    expiry: datetime | None = None
    unknown: tuple[Label, ...] = ()


@dataclass(frozen=True, slots=True)
class Envelope:
    """One envelope as read; nothing of it is verified.

    ``algorithm`` is what its header names. ``message`` is what ``signature`` is over, ``chain`` the certificates in
    DER from leaf to root, ``timestamp`` an RFC 3161 token.
    """

    raw: bytes = field(repr=False)
    media_type: str
    algorithm: Algorithm
    attributes: Attributes
    payload: bytes
    message: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    chain: tuple[bytes, ...] = field(repr=False)
    timestamp: bytes | None = field(default=None, repr=False)
    agent: str | None = None

    @classmethod
    def parse(cls, raw: bytes, media_type: str) -> Envelope:
        """Read ``raw`` as what the layer's ``media_type`` says. Raises `EnvelopeError` and its kin."""
        if len(raw) > limits.EVIDENCE_BLOB:
            raise EnvelopeError(
                f"a signature of {len(raw)} bytes", why=f"more than the limit of {limits.EVIDENCE_BLOB}"
            )
        if media_type == names.NOTATION_JWS:
            from attest.signing.notation import jws

            return jws.read(raw)
        if media_type == names.NOTATION_COSE:
            from attest.signing.notation import cose

            return cose.read(raw)
        raise EnvelopeError("not a signature envelope", why=f"unknown media type {media_type[:160]}")

    def target(self) -> Descriptor:
        """The descriptor that the payload names (signature-specification.md "Payload"). Raises `FormatError`."""
        fields = Fields(strict_json.read_object(self.payload, where="payload", limit=limits.MANIFEST), "payload")
        return Descriptor.parse(fields.object("targetArtifact"))


def write_payload(target: Descriptor) -> bytes:
    """The payload that names ``target``: media type, digest, size and, as the user's metadata, annotations."""
    descriptor = target.plain().json()
    if target.annotations:
        descriptor["annotations"] = dict(target.annotations)
    return strict_json.write({"targetArtifact": descriptor})


def read_attributes(
    values: Mapping[Label, object],
    critical: object,
    content_type: object,
    *,
    time: Callable[[object, str], datetime],
    where: str,
) -> Attributes:
    """The signed attributes out of a protected header without its registered members.

    ``critical`` is the value of `crit`; ``time`` reads a time in the envelope's own form. Raises `EnvelopeError`.
    """
    if not isinstance(content_type, str):
        raise EnvelopeError("the content type is not a text", where=where)
    labels = _critical(critical, values, where)
    scheme = _scheme(values.get(SCHEME), where)
    wanted, foreign = (SIGNING_TIME, AUTHENTIC_TIME) if scheme is Scheme.X509 else (AUTHENTIC_TIME, SIGNING_TIME)
    if foreign in values:
        raise EnvelopeError(f"{foreign} does not belong to the scheme {scheme}", where=where)
    if wanted not in values:
        raise EnvelopeError(f"{wanted} is missing", where=where)
    signing_time = time(values[wanted], f"{where}.{wanted}")
    expiry = time(values[EXPIRY], f"{where}.{EXPIRY}") if EXPIRY in values else None
    if expiry is not None and expiry <= signing_time:
        raise EnvelopeError("it expires before it was made", where=f"{where}.{EXPIRY}", why=expiry.isoformat())
    for name in (SCHEME, AUTHENTIC_TIME, EXPIRY, PLUGIN, PLUGIN_VERSION):
        if name in values and name not in labels:
            raise EnvelopeError(f"{name} is not marked critical", where=where)
    if SIGNING_TIME in labels:
        raise EnvelopeError(f"{SIGNING_TIME} is marked critical", where=where, why="nobody vouches for it")
    unknown = tuple(label for label in labels if label not in _UNDERSTOOD)
    return Attributes(content_type, scheme, signing_time, expiry, unknown)


def check_unprotected(labels: Sequence[Label], protected: Container[Label], where: str) -> None:
    """Raise `EnvelopeError` where an unsigned header repeats a signed one (RFC 7515 §7.2.1, RFC 9052 §3), or has one
    that must be signed."""
    for label in labels:
        if label in protected or label in SIGNED_ONLY:
            raise EnvelopeError(f"{str(label)[:80]} stands in the unsigned header", where=where)


def check_count(chain: Sequence[object], where: str) -> None:
    """Raise `EnvelopeError` unless there are certificates, and not too many."""
    if not 1 <= len(chain) <= limits.CERTIFICATE_CHAIN:
        why = f"more than {limits.CERTIFICATE_CHAIN}" if chain else None
        raise EnvelopeError(f"{len(chain)} certificates", where=where, why=why)


def _critical(critical: object, values: Mapping[Label, object], where: str) -> tuple[Label, ...]:
    if not isinstance(critical, list) or not critical:
        raise EnvelopeError("no list of critical attributes", where=where)
    for label in critical:
        if not isinstance(label, str | int) or isinstance(label, bool) or label not in values:
            raise EnvelopeError("a critical attribute is not there", where=where, why=str(label)[:80])
    if len(set(critical)) != len(critical):
        raise EnvelopeError("a critical attribute is listed twice", where=where)
    return tuple(critical)


def _scheme(value: object, where: str) -> Scheme:
    try:
        return Scheme(value)  # type: ignore[arg-type]
    except ValueError:
        raise EnvelopeError("unknown signing scheme", where=f"{where}.{SCHEME}", why=str(value)[:80]) from None
