"""Rewrite older bundles in the current version of the format, v0.3 (sigstore_bundle.proto)."""

from __future__ import annotations

from attest import names
from attest.errors import EnvelopeError
from attest.oci import strict_json
from attest.signing.bundle import Bundle, read_json


def upgrade(bundle: Bundle) -> bytes:
    """The same bundle as v0.3, in canonical JSON; one that is v0.3 already comes back byte for byte.

    A certificate chain becomes its leaf, as v0.3 demands: the others come from the trusted root. Nothing else is lost.
    Raises `EnvelopeError` for a log entry without an inclusion proof, which v0.3 cannot hold.
    """
    if bundle.version == "0.3":
        return bundle.raw
    value = read_json(bundle.raw)
    material = {name: item for name, item in value["verificationMaterial"].items() if item is not None}
    for position, entry in enumerate(material.get("tlogEntries", ())):
        if not isinstance(entry, dict) or not entry.get("inclusionProof"):
            raise EnvelopeError(
                "cannot be upgraded",
                where=f"bundle.verificationMaterial.tlogEntries[{position}]",
                why="v0.3 wants an inclusion proof, and only the log can make one",
            )
    chain = material.pop("x509CertificateChain", None)
    if chain is not None:
        material["certificate"] = chain["certificates"][0]
    return strict_json.write(value | {"mediaType": names.BUNDLE_V03, "verificationMaterial": material})
