"""Sigstore bundles as services hand them out: repaired where the fault is known, upgraded where that loses nothing.

The repairs are those that RubyGems makes to what it stored (its attestation_bundle_repair.rb): a certificate
that is PEM instead of DER, and a log entry that does not say its kind. A repair adds no trust: the bundle is verified
like any other, and the original is kept.
"""

from __future__ import annotations

import base64
import re
from typing import Any, Final

from attest import limits
from attest.errors import EnvelopeError, FormatError
from attest.evidence.imports.model import Item
from attest.oci import strict_json
from attest.oci.strict_json import Fields
from attest.signing.bundle import Bundle
from attest.signing.dsse import decode_base64
from attest.signing.sigstore.upgrade import upgrade

_PEM: Final = re.compile(
    rb"\s*-----BEGIN CERTIFICATE-----\s+([A-Za-z0-9+/=\s]+?)\s+-----END CERTIFICATE-----\s*", re.ASCII
)


def read_bundle(value: Any, where: str, raw: bytes | None = None) -> Item:
    """One bundle as JSON, in v0.3 where it has all that v0.3 asks for. ``raw`` are its own bytes, where there are any:
    those of a bundle with no fault stay as they are. Raises `FormatError`."""
    if not isinstance(value, dict):
        raise EnvelopeError("not a bundle", why="it is no JSON object")
    repaired, notes = _repair(value)
    bundle = Bundle.parse(strict_json.write(repaired) if notes or raw is None else raw)
    _check(bundle)
    try:
        return Item(where, Bundle.parse(upgrade(bundle)), notes=tuple(notes))
    except EnvelopeError as error:
        return Item(where, bundle, notes=(*notes, f"kept as v{bundle.version}: {error.why}"))


def _check(bundle: Bundle) -> None:
    material = Fields(bundle.material, "bundle.verificationMaterial")
    material.objects("tlogEntries")
    chain = material.optional_object("x509CertificateChain")
    if chain is not None and not chain.objects("certificates"):
        raise EnvelopeError("no certificate", where=chain.path)


def _repair(bundle: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The bundle without the known faults, and what they were. What is no bundle at all stays as it is."""
    material = bundle.get("verificationMaterial")
    if not isinstance(material, dict):
        return bundle, []
    repairs: list[str] = []
    certificate = material.get("certificate")
    if isinstance(certificate, dict) and isinstance(certificate.get("rawBytes"), str):
        der = _der(certificate["rawBytes"])
        if der is not None:
            material = material | {"certificate": certificate | {"rawBytes": der}}
            repairs.append("repaired: the certificate was PEM, not DER")
    entries = material.get("tlogEntries")
    if isinstance(entries, list) and any(isinstance(entry, dict) and "kindVersion" not in entry for entry in entries):
        material = material | {"tlogEntries": [_with_kind(entry) for entry in entries]}
        repairs.append("repaired: a log entry did not say its kind")
    return bundle | {"verificationMaterial": material}, repairs


def _der(raw_bytes: str) -> str | None:
    """The certificate as it should be written, or None where nothing is wrong with it."""
    try:
        match = _PEM.fullmatch(decode_base64(raw_bytes, where="rawBytes"))
        return None if match is None else _standard(b"".join(match[1].split()).decode("ascii"))
    except FormatError:
        return None


def _standard(text: str) -> str:
    return base64.b64encode(decode_base64(text, where="rawBytes")).decode("ascii")


def _with_kind(entry: Any) -> Any:
    """The entry with the kind that its own body, which the log signed, gives it."""
    if not isinstance(entry, dict) or "kindVersion" in entry or not isinstance(entry.get("canonicalizedBody"), str):
        return entry
    try:
        raw = decode_base64(entry["canonicalizedBody"], where="canonicalizedBody")
        body = Fields(strict_json.read_object(raw, where="canonicalizedBody", limit=limits.EVIDENCE_BLOB), "body")
        kind = {"kind": body.string("kind"), "version": body.string("apiVersion")}
    except FormatError:
        return entry
    return entry | {"kindVersion": kind}
