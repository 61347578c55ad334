"""Sigstore bundles (protobuf-specs, sigstore_bundle.proto): a signature with what is needed to check it.

A bundle is read whatever its verification material is; what is checked here is the signature by a key that the verifier
already has. Certificates, log entries and timestamps are carried as they were written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from attest import limits, names
from attest.errors import EnvelopeError
from attest.oci import strict_json
from attest.oci.strict_json import Fields
from attest.signing.dsse import Envelope, decode_base64
from attest.signing.keys import PublicKey

_VERSIONS: Final = ("0.1", "0.2", "0.3")
_MEDIA_TYPES: Final = {
    spelling: version
    for version in _VERSIONS
    for spelling in (f"{names.BUNDLE_PREFIX}+json;version={version}", f"{names.BUNDLE_PREFIX}.v{version}+json")
}
_PROTO_WORD: Final = re.compile("_([a-z0-9])")
_MATERIALS: Final = ("publicKey", "certificate", "x509CertificateChain")
_CONTENTS: Final = ("dsseEnvelope", "messageSignature")


@dataclass(frozen=True, slots=True)
class MessageSignature:
    """A signature over a blob that is not in the bundle. ``digest`` only helps to find the blob: it is not signed."""

    signature: bytes
    algorithm: str | None = None
    digest: bytes | None = None


@dataclass(frozen=True, slots=True)
class Bundle:
    """One bundle. ``version`` is "0.1", "0.2" or "0.3".

    ``material`` is the whole `verificationMaterial`; exactly one kind of key or certificate stands in it.
    ``key_hint`` is None where that is a certificate, or a key without a hint.
    """

    raw: bytes
    version: str
    content: Envelope | MessageSignature
    key_hint: str | None
    material: Mapping[str, Any] = field(hash=False, repr=False)

    @classmethod
    def parse(cls, raw: bytes) -> Bundle:
        """Read ``raw``. Raises `FormatError`."""
        fields = Fields(read_json(raw), "bundle")
        version = _MEDIA_TYPES.get(media_type := fields.string("mediaType"))
        if version is None:
            raise EnvelopeError("not a bundle of a known version", where="bundle.mediaType", why=media_type[:160])
        material = fields.object("verificationMaterial")
        kind = _only(material, _MATERIALS)
        key = material.object(kind)
        return cls(
            raw=raw,
            version=version,
            content=_content(fields),
            key_hint=key.optional_string("hint") if kind == "publicKey" else None,
            material=material.value,
        )

    @property
    def envelope(self) -> Envelope:
        """The DSSE envelope. Raises `EnvelopeError` where a message is signed instead of a statement."""
        if not isinstance(self.content, Envelope):
            raise EnvelopeError("no DSSE envelope", where="bundle", why="it signs a blob, not a statement")
        return self.content


def read_json(raw: bytes) -> dict[str, Any]:
    """A bundle's JSON with its members by their names in JSON: protojson may write those of the proto files as well.

    Both at once would be two meanings. Raises `FormatError`.
    """
    value = strict_json.read_object(raw, where="bundle", limit=limits.EVIDENCE_BLOB)
    return _in_json_names(value) if b"_" in raw else value


def _in_json_names(value: Any) -> Any:
    if isinstance(value, list):
        return [_in_json_names(item) for item in value]
    if not isinstance(value, dict):
        return value
    renamed: dict[str, Any] = {}
    for name, item in value.items():
        json_name = _PROTO_WORD.sub(lambda match: match[1].upper(), name)
        if json_name in renamed:
            raise EnvelopeError("a member by two names", where="bundle", why=f"{json_name[:80]!r} stands there twice")
        renamed[json_name] = _in_json_names(item)
    return renamed


def write_key_bundle(envelope: Envelope, key: PublicKey) -> bytes:
    """A v0.3 bundle as cosign writes it for a key of one's own: no log entry, no timestamp; canonical JSON."""
    if len(envelope.signatures) != 1:
        raise EnvelopeError("a bundle holds exactly one signature", why=f"there are {len(envelope.signatures)}")
    return strict_json.write(
        {
            "mediaType": names.BUNDLE_V03,
            "verificationMaterial": {"publicKey": {"hint": key.hint}},
            "dsseEnvelope": envelope.json(),
        }
    )


def verify_envelope(envelope: Envelope, keys: Iterable[PublicKey], *, hint: str | None = None) -> PublicKey | None:
    """The first of ``keys`` that made one of the signatures, or None.

    Hints are not signed: a key that ``hint`` or a keyid names is only tried sooner.
    """
    hints = {hint, *(item.keyid for item in envelope.signatures)}
    message = envelope.message
    for key in sorted(keys, key=lambda item: item.hint not in hints):
        if any(key.verify(item.sig, message) for item in envelope.signatures):
            return key
    return None


def _content(fields: Fields) -> Envelope | MessageSignature:
    if _only(fields, _CONTENTS) == "dsseEnvelope":
        envelope = Envelope.parse(fields.object("dsseEnvelope"))
        if len(envelope.signatures) != 1:  # sigstore_bundle.proto: with more, verifiers could choose different ones
            raise EnvelopeError(
                "a bundle holds exactly one signature", where="bundle", why=f"there are {len(envelope.signatures)}"
            )
        return envelope
    message = fields.object("messageSignature")
    digest = message.optional_object("messageDigest")
    return MessageSignature(
        signature=decode_base64(message.string("signature"), where=f"{message.path}.signature"),
        algorithm=None if digest is None else digest.optional_string("algorithm"),
        digest=None if digest is None else decode_base64(digest.string("digest"), where=f"{digest.path}.digest"),
    )


def _only(fields: Fields, members: tuple[str, ...]) -> str:
    """The one member of a protobuf `oneof` that is there; null is absent, as in protojson."""
    present = [name for name in members if fields.value.get(name) is not None]
    if len(present) != 1:
        raise EnvelopeError(
            f"expected exactly one of {', '.join(members)}",
            where=fields.path,
            why=f"there are {', '.join(present)}" if present else "there is none",
        )
    return present[0]
