"""What a bundle carries to be verified with: certificates, log entries, timestamps (sigstore_bundle.proto
`VerificationMaterial`, sigstore_rekor.proto `TransparencyLogEntry`). Read here, believed nowhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from attest import limits
from attest.errors import EnvelopeError
from attest.oci.strict_json import Fields
from attest.signing.bundle import Bundle
from attest.signing.dsse import decode_base64

_INTEGER_MAX: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """A path through a Merkle tree (RFC 6962 §2.1.1). ``checkpoint`` is a signed note, or None."""

    index: int
    size: int
    root: bytes
    hashes: tuple[bytes, ...]
    checkpoint: str | None


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry. ``promise`` is the signed entry timestamp; without one ``integrated_time`` (Unix seconds, 0 for none)
    is nothing but a claim. ``index`` counts over all shards of a log, the proof's own over its tree."""

    log_id: bytes
    index: int
    kind: str
    version: str
    integrated_time: int
    promise: bytes | None
    proof: InclusionProof | None
    body: bytes


@dataclass(frozen=True, slots=True)
class Material:
    """``certificates`` are DER, the signer's first; there are none where the signature is by a key of one's own."""

    certificates: tuple[bytes, ...]
    entries: tuple[LogEntry, ...]
    timestamps: tuple[bytes, ...]

    @classmethod
    def of(cls, bundle: Bundle) -> Material:
        """Read a bundle's material, as its version wants it to be. Raises `FormatError`."""
        fields = Fields(bundle.material, "bundle.verificationMaterial")
        certificates = _certificates(fields)
        entries = tuple(_entry(item, bundle.version) for item in _few(fields, "tlogEntries"))
        data = fields.optional_object("timestampVerificationData")
        timestamps = [] if data is None else _few(data, "rfc3161Timestamps")
        return cls(certificates, entries, tuple(_bytes(item, "signedTimestamp") for item in timestamps))


def _certificates(fields: Fields) -> tuple[bytes, ...]:
    if (single := fields.optional_object("certificate")) is not None:
        return (_bytes(single, "rawBytes"),)
    chain = fields.optional_object("x509CertificateChain")
    if chain is None:
        return ()
    if not (items := _few(chain, "certificates")):
        raise EnvelopeError("a certificate chain without certificates", where=chain.path)
    return tuple(_bytes(item, "rawBytes") for item in items)


def _entry(fields: Fields, version: str) -> LogEntry:
    kind = fields.object("kindVersion")
    promise = fields.optional_object("inclusionPromise")
    proof = fields.optional_object("inclusionProof")
    entry = LogEntry(
        log_id=_bytes(fields.object("logId"), "keyId"),
        index=_integer(fields, "logIndex"),
        kind=kind.string("kind"),
        version=kind.string("version"),
        integrated_time=_integer(fields, "integratedTime"),
        promise=None if promise is None else _promise(promise),
        proof=None if proof is None else _proof(proof),
        body=_bytes(fields, "canonicalizedBody"),
    )
    if version == "0.1":
        if entry.promise is None:
            raise EnvelopeError("no inclusion promise", where=fields.path, why="bundles v0.1 must have one")
    elif entry.proof is None:
        raise EnvelopeError("no inclusion proof", where=fields.path, why=f"bundles v{version} must have one")
    if entry.proof is not None and entry.proof.checkpoint is None:
        raise EnvelopeError("an inclusion proof without a checkpoint", where=fields.path, why="nobody signed it")
    return entry


def _promise(fields: Fields) -> bytes:
    if not (signed := _bytes(fields, "signedEntryTimestamp")):
        raise EnvelopeError("an empty inclusion promise", where=fields.path)
    return signed


def _proof(fields: Fields) -> InclusionProof:
    checkpoint = fields.optional_object("checkpoint")
    hashes = fields.value.get("hashes") or []
    if not isinstance(hashes, list) or not all(isinstance(item, str) for item in hashes):
        raise EnvelopeError("expected an array of strings", where=f"{fields.path}.hashes")
    return InclusionProof(
        index=_integer(fields, "logIndex"),
        size=_integer(fields, "treeSize"),
        root=_bytes(fields, "rootHash"),
        hashes=tuple(decode_base64(item, where=f"{fields.path}.hashes") for item in hashes),
        checkpoint=None if checkpoint is None else checkpoint.string("envelope"),
    )


def _few(fields: Fields, name: str) -> list[Fields]:
    items = fields.objects(name)
    if len(items) > limits.LOG_ENTRIES:
        raise EnvelopeError(
            f"{len(items)} of {name}", where=fields.path, why=f"more than the limit of {limits.LOG_ENTRIES}"
        )
    return items


def _bytes(fields: Fields, name: str) -> bytes:
    return decode_base64(fields.string(name), where=f"{fields.path}.{name}")


def _integer(fields: Fields, name: str) -> int:
    """A protojson int64: a decimal string, or a number; 0 where it is left out."""
    value = fields.value.get(name)
    if value is None:
        return 0
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _INTEGER_MAX:
        raise EnvelopeError("expected a number of at least 0", where=f"{fields.path}.{name}", why=f"{value!r:.40}")
    return value
