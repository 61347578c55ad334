"""PyPI's attestations and provenance (PEP 740), to bundles and back.

=====================================================  ============================================================
attestation object                                     bundle v0.3
=====================================================  ============================================================
`verification_material.certificate` (base64 of DER)    `verificationMaterial.certificate.rawBytes`
`verification_material.transparency_entries`           `verificationMaterial.tlogEntries`, as they are
`envelope.statement` (base64)                          `dsseEnvelope.payload`; `payloadType` is that of in-toto
`envelope.signature` (base64)                          `dsseEnvelope.signatures[0].sig`, without `keyid`
=====================================================  ============================================================
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

from attest import limits, names
from attest.errors import EnvelopeError, JSONError, UsageError
from attest.evidence.imports.model import Item, Malformed, each
from attest.oci import strict_json
from attest.oci.strict_json import Fields
from attest.signing.bundle import Bundle
from attest.signing.dsse import Envelope, Signature, decode_base64

ECOSYSTEM: Final = "pypi"
_VERSION: Final = 1
_TIMESTAMPS: Final = "timestampVerificationData"
_HINTS: Final = ("kind", "repository", "workflow", "workflow_filepath", "environment", "email")


def is_attestation(value: Any) -> bool:
    return isinstance(value, dict) and "verification_material" in value


def is_provenance(value: Any) -> bool:
    return isinstance(value, dict) and "attestation_bundles" in value


def read_attestation(value: Any, where: str, notes: tuple[str, ...] = ()) -> Item:
    """One attestation object. Raises `FormatError`."""
    if not isinstance(value, dict):
        raise EnvelopeError("not an attestation object", why="it is no JSON object")
    fields = _versioned(value, "attestation")
    material, envelope = fields.object("verification_material"), fields.object("envelope")
    entries = material.objects("transparency_entries")
    if not entries:
        raise EnvelopeError("no transparency entry", where=f"{material.path}.transparency_entries")
    signed = Envelope(names.IN_TOTO_PAYLOAD, _bytes(envelope, "statement"), (Signature(_bytes(envelope, "signature")),))
    bundle = strict_json.write(
        {
            "mediaType": names.BUNDLE_V03,
            "verificationMaterial": {
                "certificate": {"rawBytes": base64.b64encode(_bytes(material, "certificate")).decode("ascii")},
                "tlogEntries": [entry.value for entry in entries],
            },
            "dsseEnvelope": signed.json(),
        }
    )
    return Item(where, Bundle.parse(bundle), ecosystem=ECOSYSTEM, notes=notes)


def read_provenance(value: Mapping[str, Any], where: str) -> Iterator[Item | Malformed]:
    """All attestations of a provenance object. Raises `FormatError` for what is none."""
    for number, group in enumerate(_versioned(value, "provenance").objects("attestation_bundles")):
        place = f"{where}.attestation_bundles[{number}].attestations"
        attestations = group.value.get("attestations")
        if not isinstance(attestations, list):
            raise JSONError("expected an array", where=place)
        publisher = group.optional_object("publisher")
        notes = () if publisher is None else (_hint(publisher.value),)
        yield from each(attestations, place, partial(read_attestation, notes=notes))


def write_attestation(bundle: Bundle) -> dict[str, Any]:
    """The bundle as an attestation object; timestamps, for which PEP 740 has no place, must not be there.

    Raises `UsageError` for what PyPI's form cannot hold, `FormatError` for what is malformed.
    """
    material = Fields(bundle.material, "bundle.verificationMaterial")
    certificate, timestamps = material.optional_object("certificate"), material.optional_object(_TIMESTAMPS)
    if certificate is None:
        raise _no_form("it has no single certificate")
    entries = [entry.value for entry in material.objects("tlogEntries")]
    if not entries:
        raise _no_form("it has no log entry")
    if timestamps is not None and timestamps.objects("rfc3161Timestamps"):
        raise _no_form("it has timestamps, which would be lost")
    if not isinstance(bundle.content, Envelope) or bundle.content.payload_type != names.IN_TOTO_PAYLOAD:
        raise _no_form("it holds no in-toto statement")
    envelope = bundle.content.json()
    return {
        "version": _VERSION,
        "verification_material": {"certificate": certificate.string("rawBytes"), "transparency_entries": entries},
        "envelope": {"statement": envelope["payload"], "signature": envelope["signatures"][0]["sig"]},
    }


def _versioned(value: Mapping[str, Any], what: str) -> Fields:
    fields = Fields(value, what)
    version = fields.integer("version")
    if version != _VERSION:
        raise EnvelopeError(f"not a version of the {what} object that is known", why=f"it is {version}")
    return fields


def _bytes(fields: Fields, name: str) -> bytes:
    return decode_base64(fields.string(name), where=f"{fields.path}.{name}")


def _hint(publisher: Mapping[str, Any]) -> str:
    """What the index says of the publisher. Nobody signed it: facts come from the certificate alone."""
    said = ", ".join(f"{name} {publisher[name]}" for name in _HINTS if isinstance(publisher.get(name), str))
    return f"publisher as the index says it, unverified: {said[: limits.KIB]}"


def _no_form(why: str) -> UsageError:
    return UsageError("this bundle has no form as an attestation of PyPI", why=why)
