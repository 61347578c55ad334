"""Trusted roots (protobuf-specs, sigstore_trustroot.proto `TrustedRoot`): whom a verifier believes, and for which time.

Read by own code because `sigstore` knows one of the media types only. A key of a kind that is not known here is left
out, as the services of one root may be newer than this reader; whatever needs it is then refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from attest import limits
from attest.errors import FormatError, KeyFileError, TrustError
from attest.oci import strict_json
from attest.oci.strict_json import Fields
from attest.signing.dsse import decode_base64
from attest.signing.keys import PublicKey

if TYPE_CHECKING:
    from cryptography.x509 import Certificate, Name

MEDIA_TYPES: Final = (
    "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
    "application/vnd.dev.sigstore.trustedroot.v0.1+json",
    "application/vnd.dev.sigstore.trustedroot.v0.2+json",
)
CLASSIC_MEDIA_TYPE: Final = MEDIA_TYPES[0]
"""The one that `sigstore` reads."""


@dataclass(frozen=True, slots=True)
class Window:
    """A `TimeRange` (sigstore_common.proto): closed at both ends; None is an end that is not known yet."""

    start: datetime
    end: datetime | None

    def __contains__(self, moment: object) -> bool:
        return isinstance(moment, datetime) and self.start <= moment and (self.end is None or moment <= self.end)

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%dT%H:%M:%SZ} to {'now' if self.end is None else f'{self.end:%Y-%m-%dT%H:%M:%SZ}'}"


@dataclass(frozen=True, slots=True)
class Log:
    """A transparency log, of signatures (Rekor) or of certificates: ``id`` is what its entries and SCTs name it by."""

    id: bytes
    url: str
    key: PublicKey
    window: Window


@dataclass(frozen=True, slots=True)
class Authority:
    """A Fulcio or a timestamp authority: ``chain`` from the certificate that signs to the root, as the file has it.

    ``window`` is when it is trusted, ``valid`` when all certificates of the chain are, ``subjects`` their names.
    """

    uri: str
    chain: tuple[Certificate, ...]
    window: Window
    valid: Window
    subjects: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class TrustedRoot:
    """One trusted root. ``raw`` are its bytes, ``digest`` their SHA-256 in lower-case hex.

    ``logs`` and ``ct_logs`` are by id; two keys of one log are two logs.
    """

    raw: bytes = field(repr=False)
    digest: str
    media_type: str
    logs: Mapping[bytes, tuple[Log, ...]] = field(hash=False, compare=False, repr=False)
    ct_logs: Mapping[bytes, tuple[Log, ...]] = field(hash=False, compare=False, repr=False)
    authorities: tuple[Authority, ...] = field(compare=False, repr=False)
    timestamp_authorities: tuple[Authority, ...] = field(compare=False, repr=False)

    @classmethod
    def parse(cls, raw: bytes) -> TrustedRoot:
        """Read the JSON form. Raises `TrustError`."""
        try:
            fields = Fields(
                strict_json.read_object(raw, where="trusted root", limit=limits.TRUSTED_ROOT), "trustedRoot"
            )
            media_type = fields.string("mediaType")
            if media_type not in MEDIA_TYPES:
                raise TrustError("not a trusted root of a known version", where="mediaType", why=media_type[:160])
            return cls(
                raw=raw,
                digest=hashlib.sha256(raw).hexdigest(),
                media_type=media_type,
                logs=_by_id(fields.objects("tlogs")),
                ct_logs=_by_id(fields.objects("ctlogs")),
                authorities=tuple(_authority(item) for item in fields.objects("certificateAuthorities")),
                timestamp_authorities=tuple(_authority(item) for item in fields.objects("timestampAuthorities")),
            )
        except FormatError as error:
            raise TrustError("cannot read the trusted root", where=error.where, why=_reason(error)) from None


def _by_id(items: Iterable[Fields]) -> dict[bytes, tuple[Log, ...]]:
    found: dict[bytes, tuple[Log, ...]] = {}
    for fields in items:
        if (log := _log(fields)) is not None:
            found[log.id] = (*found.get(log.id, ()), log)
    return found


def _log(fields: Fields) -> Log | None:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    public_key = fields.object("publicKey")
    window = _window(public_key)
    raw = decode_base64(public_key.string("rawBytes"), where=f"{public_key.path}.rawBytes")
    log_id = fields.optional_object("logId")
    try:
        key = PublicKey.of(load_der_public_key(raw))  # SPKI, or PKCS#1 for RSA
    except (ValueError, UnsupportedAlgorithm, KeyFileError):
        return None
    return Log(
        id=(
            hashlib.sha256(raw).digest()  # RFC 6962 §3.2
            if log_id is None
            else decode_base64(log_id.string("keyId"), where=f"{log_id.path}.keyId")
        ),
        url=fields.optional_string("baseUrl") or "",
        key=key,
        window=window,
    )


def _authority(fields: Fields) -> Authority:
    from cryptography.x509 import load_der_x509_certificate

    chain = []
    for item in fields.object("certChain").objects("certificates"):
        where = f"{item.path}.rawBytes"
        try:
            chain.append(load_der_x509_certificate(decode_base64(item.string("rawBytes"), where=where)))
        except ValueError as error:
            raise TrustError("not a certificate", where=where, why=str(error)) from None
    if not chain:
        raise TrustError("an authority without a certificate", where=fields.path)
    return Authority(
        uri=fields.optional_string("uri") or "",
        chain=tuple(chain),
        window=_window(fields),
        valid=Window(max(item.not_valid_before_utc for item in chain), min(item.not_valid_after_utc for item in chain)),
        subjects=tuple(item.subject for item in chain),
    )


def _window(fields: Fields) -> Window:
    """`validFor`; an absent start is no start at all, so the key is not taken to have been valid for ever."""
    times = fields.object("validFor")
    end = times.optional_string("end")
    return Window(_time(times, times.string("start")), None if end is None else _time(times, end))


def _time(fields: Fields, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise TrustError("not a time", where=fields.path, why=f"{text[:40]!r} is not RFC 3339") from None
    if moment.tzinfo is None:
        raise TrustError("not a time", where=fields.path, why=f"{text[:40]!r} has no time zone")
    return moment.astimezone(UTC)


def _reason(error: FormatError) -> str:
    return ": ".join(part for part in (error.what, error.why) if part)
