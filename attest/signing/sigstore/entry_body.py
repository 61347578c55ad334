"""What a log entry is about: the very signature, key and content of the bundle (client-spec.md §4.4).

Without this a true entry about something else could stand beside any signature (GHSA-whqx-f9j3-ch6m). The kind of an
entry has to fit, too: a file is logged as hashedrekord; a statement as dsse or intoto, or by Rekor v2 as hashedrekord
0.0.2 over its signed form.

| entry | the body has |
|---|---|
| hashedrekord 0.0.1 | file's digest, signature, PEM of key or certificate |
| hashedrekord 0.0.2 | digest of the file or of the DSSE form, signature, DER of key or certificate |
| dsse 0.0.1, 0.0.2 | payload's digest, signature, PEM or DER |
| intoto 0.0.2 | payload's digest, signature in base64 twice, PEM |
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from typing import Final

from attest import limits
from attest.errors import VerificationError
from attest.oci import strict_json
from attest.oci.strict_json import Fields
from attest.signing.dsse import decode_base64
from attest.signing.sigstore.artifact import ALGORITHMS
from attest.signing.sigstore.content import HASHES, Content
from attest.signing.sigstore.material import LogEntry

_PEM: Final = re.compile(
    rb"\s*-----BEGIN (CERTIFICATE|PUBLIC KEY)-----\s+([A-Za-z0-9+/=\s]+)-----END \1-----\s*", re.ASCII
)


def check_body(entry: LogEntry, content: Content, signer: bytes) -> str | None:
    """Check that ``entry`` is for this content and signer; gives the hash that a file was signed by.

    ``signer`` is DER: the certificate, or the SPKI of a key of one's own. Raises `VerificationError`, and `FormatError`
    for a body that is not what its kind wants.
    """
    body = Fields(strict_json.read_object(entry.body, where="entry body", limit=limits.EVIDENCE_BLOB), "entry body")
    kind = (body.string("kind"), body.string("apiVersion"))
    _same("kind", f"{entry.kind} {entry.version}", " ".join(kind))
    check = _KINDS.get((*kind, content.envelope is None))
    if check is None:
        what = "a file" if content.envelope is None else "a statement"
        raise VerificationError(
            "log entry: its kind", expected=f"one for {what}", found=f"{entry.kind[:40]} {entry.version[:20]}"
        )
    return check(body.object("spec"), content, signer)


def _hashedrekord_v1(spec: Fields, content: Content, signer: bytes) -> str | None:
    hashed = spec.object("data").object("hash")
    name = hashed.string("algorithm")
    signature = spec.object("signature")
    _same_digest(content, name, _hex(hashed, "value"))
    _same_signature(content, _decoded(signature, "content"))
    _same_signer(signer, _pem(_decoded(signature.object("publicKey"), "content")))
    return name


def _hashedrekord_v2(spec: Fields, content: Content, signer: bytes) -> str | None:
    record = spec.object("hashedRekordV002")
    data = record.object("data")
    name = HASHES.get(data.string("algorithm"), "")
    _same_digest(content, name, _decoded(data, "digest"))
    _same_signed(record.object("signature"), content, signer)
    return name


def _dsse_v1(spec: Fields, content: Content, signer: bytes) -> str | None:
    _same_payload(spec.object("payloadHash"), content)
    signature = _only(spec.objects("signatures"))
    _same_signature(content, _decoded(signature, "signature"))
    _same_signer(signer, _pem(_decoded(signature, "verifier")))
    return None


def _dsse_v2(spec: Fields, content: Content, signer: bytes) -> str | None:
    record = spec.object("dsseV002")
    payload = record.object("payloadHash")
    _same("hash of the payload", "SHA2_256", payload.string("algorithm"))
    _same_bytes("payload", _payload_digest(content), _decoded(payload, "digest"))
    _same_signed(_only(record.objects("signatures")), content, signer)
    return None


def _intoto(spec: Fields, content: Content, signer: bytes) -> str | None:
    inner = spec.object("content")
    envelope = inner.object("envelope")
    _same_payload(inner.object("payloadHash"), content)
    if content.envelope is not None and "payloadType" in envelope.value:
        _same("payload type", content.envelope.payload_type, envelope.string("payloadType"))
    signature = _only(envelope.objects("signatures"))
    # Rekor keeps the text of the envelope's signature as bytes, so it is base64 of base64.
    once = _decoded(signature, "sig")
    _same_bytes("signature", base64.b64encode(content.signature), once)
    _same_signer(signer, _pem(_decoded(signature, "publicKey")))
    return None


_Check = Callable[[Fields, Content, bytes], str | None]

_KINDS: Final[dict[tuple[str, str, bool], _Check]] = {
    ("hashedrekord", "0.0.1", True): _hashedrekord_v1,
    ("hashedrekord", "0.0.2", True): _hashedrekord_v2,
    ("hashedrekord", "0.0.2", False): _hashedrekord_v2,
    ("dsse", "0.0.1", False): _dsse_v1,
    ("dsse", "0.0.2", False): _dsse_v2,
    ("intoto", "0.0.2", False): _intoto,
}
"""Kind, version, whether it is for a file."""


def _same_signed(fields: Fields, content: Content, signer: bytes) -> None:
    """Rekor v2 `Signature`: the bytes, and who verifies them."""
    _same_signature(content, _decoded(fields, "content"))
    verifier = fields.object("verifier")
    certificate = verifier.optional_object("x509Certificate")
    _same_signer(signer, _decoded(verifier.object("publicKey") if certificate is None else certificate, "rawBytes"))


def _same_digest(content: Content, name: str, digest: bytes) -> None:
    known = content.artifact.digest(name)
    if known is None:
        _same("hash of what was signed", " or ".join(content.artifact.digests) or " or ".join(ALGORITHMS), name)
    else:
        _same_bytes("digest of what was signed", known, digest)


def _same_payload(hashed: Fields, content: Content) -> None:
    _same("hash of the payload", "sha256", hashed.string("algorithm"))
    _same_bytes("payload", _payload_digest(content), _hex(hashed, "value"))


def _payload_digest(content: Content) -> bytes:
    return hashlib.sha256(content.envelope.payload if content.envelope is not None else b"").digest()


def _same_signature(content: Content, found: bytes) -> None:
    _same_bytes("signature", content.signature, found)


def _same_signer(signer: bytes, found: bytes) -> None:
    if signer != found:
        _same_bytes("key or certificate", hashlib.sha256(signer).digest(), hashlib.sha256(found).digest())


def _same_bytes(what: str, expected: bytes, found: bytes) -> None:
    if expected != found:
        _same(what, expected.hex(), found.hex())


def _same(what: str, expected: str, found: str) -> None:
    if expected != found:
        raise VerificationError(f"log entry: its {what}", expected=expected[:160], found=found[:160])


def _only(items: list[Fields]) -> Fields:
    if len(items) != 1:
        raise VerificationError("log entry: its signatures", expected="exactly one", found=str(len(items)))
    return items[0]


def _pem(data: bytes) -> bytes:
    match = _PEM.fullmatch(data)
    if match is None:
        raise VerificationError("log entry: its key or certificate", expected="one in PEM", found=repr(data[:40]))
    return decode_base64(b"".join(match[2].split()).decode("ascii"), where="entry body")


def _decoded(fields: Fields, name: str) -> bytes:
    return decode_base64(fields.string(name), where=f"{fields.path}.{name}")


def _hex(fields: Fields, name: str) -> bytes:
    text = fields.string(name)
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise VerificationError("log entry: its digest", expected="hex", found=repr(text[:40])) from None
