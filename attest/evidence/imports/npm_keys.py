"""A registry's keys, and its signature checked with them (npm documentation, "ECDSA registry signatures").

Two forms exist: what ``/-/npm/v1/keys`` answers, and the target ``keys.json`` of Sigstore's TUF repository.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from attest import limits
from attest.errors import EnvelopeError, FormatError, KeyFileError
from attest.evidence.imports.npm import message
from attest.oci import strict_json
from attest.oci.strict_json import Fields
from attest.packages.digest import ArtifactDigest
from attest.packages.purl import Purl
from attest.signing.bundle import Bundle, MessageSignature
from attest.signing.dsse import decode_base64
from attest.signing.keys import PublicKey

_SIGNATURES: Final = "npm:signatures"


@dataclass(frozen=True, slots=True)
class RegistryKey:
    """One key; ``end`` (UTC) is when it ends, or None."""

    key_id: str
    key: PublicKey
    end: datetime | None


def read_keys(raw: bytes, where: str) -> tuple[RegistryKey, ...]:
    """All keys for signatures. Raises `FormatError`."""
    fields = Fields(strict_json.read_object(raw, where=where, limit=limits.KEY_FILE), where)
    keys = fields.objects("keys")
    if not keys:
        raise EnvelopeError("no keys of a registry", where=where)
    read = [_of_tuf(item) if "publicKey" in item.value else _of_registry(item) for item in keys]
    return tuple(key for key in read if key is not None)


def check(
    bundle: Bundle, purl: Purl, digest: ArtifactDigest, keys: tuple[RegistryKey, ...], now: datetime
) -> str | None:
    """Why the registry's signature in ``bundle`` does not hold, or None.

    Nothing proves when it was made, so a key that has ended proves nothing either.
    """
    assert isinstance(bundle.content, MessageSignature)
    known = next((key for key in keys if key.key_id == bundle.key_hint), None)
    if known is None:
        return f"signed with key {bundle.key_hint}, which is not among those given"
    if known.end is not None and now >= known.end:
        return f"key {known.key_id} ended on {known.end.date()}, and nothing proves that it was signed before"
    if not known.key.verify(bundle.content.signature, message(purl, digest)):
        return f"the signature of key {known.key_id} over {message(purl, digest).decode()[:300]} does not hold"
    return None


def _of_registry(fields: Fields) -> RegistryKey:
    return RegistryKey(fields.string("keyid"), _key(fields, "key"), _time(fields, "expires"))


def _of_tuf(fields: Fields) -> RegistryKey | None:
    if fields.optional_string("keyUsage") != _SIGNATURES:
        return None
    public = fields.object("publicKey")
    window = public.optional_object("validFor")
    return RegistryKey(
        fields.string("keyId"), _key(public, "rawBytes"), None if window is None else _time(window, "end")
    )


def _key(fields: Fields, name: str) -> PublicKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    place = f"{fields.path}.{name}"
    der = decode_base64(fields.string(name), where=place)
    try:
        return PublicKey.of(load_der_public_key(der), where=place)
    except (ValueError, UnsupportedAlgorithm, KeyFileError) as error:
        raise FormatError("not a registry's key", where=place, why=str(error)) from None


def _time(fields: Fields, name: str) -> datetime | None:
    text = fields.optional_string(name)
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise FormatError("not a time", where=f"{fields.path}.{name}", why=text[:40]) from None
    if time.tzinfo is None:
        raise FormatError("a time without a zone", where=f"{fields.path}.{name}", why=text[:40])
    return time
