"""npm's attestations document, and the registry's signature in a version's metadata (``dist.signatures``).

The signature is ECDSA over SHA-256 of ``NAME@VERSION:INTEGRITY``. It becomes a bundle with a message signature: the key
id is the hint, and the message follows from the package's purl and digest, so nothing is lost.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from attest import names
from attest.errors import EnvelopeError, UsageError
from attest.evidence.imports.bundles import read_bundle
from attest.evidence.imports.model import Item, Malformed, each
from attest.oci import strict_json
from attest.oci.strict_json import Fields
from attest.packages.digest import SHA512, ArtifactDigest
from attest.packages.purl import Purl
from attest.signing.bundle import Bundle
from attest.signing.dsse import decode_base64

ECOSYSTEM: Final = "npm"


def read_attestations(values: list[Any], where: str) -> Iterator[Item | Malformed]:
    """Every element of ``attestations``: `predicateType` and `bundle`."""
    return each(values, where, _read)


def read_signatures(version: Mapping[str, Any], where: str) -> Iterator[Item | Malformed]:
    """Every signature in the metadata of one package version. Raises `FormatError` for what is none."""
    dist = Fields(version, "version").object("dist")
    signatures = dist.value.get("signatures")
    if not isinstance(signatures, list) or not signatures:
        raise EnvelopeError("no signature", where=f"{where}.dist.signatures")
    package = read_version(version)

    def read(value: Any, place: str) -> Item:
        fields = Fields(value if isinstance(value, dict) else {}, "signature")
        bundle = _bundle(package, fields.string("keyid"), decode_base64(fields.string("sig"), where="signature.sig"))
        return Item(place, Bundle.parse(bundle), ecosystem=ECOSYSTEM, package=package)

    return each(signatures, f"{where}.dist.signatures", read)


def read_version(version: Mapping[str, Any]) -> tuple[Purl, ArtifactDigest]:
    """Package and digest of one version's metadata. Raises `FormatError`."""
    fields = Fields(version, "version")
    name, number, integrity = (
        fields.string("name"),
        fields.string("version"),
        fields.object("dist").string("integrity"),
    )
    *scope, last = name.split("/")
    try:
        purl = Purl.of(ECOSYSTEM, tuple(scope), last, number)
        return purl, ArtifactDigest.parse(next(item for item in integrity.split() if item.startswith("sha512-")))
    except StopIteration:
        raise EnvelopeError("no sha512 digest", where="version.dist.integrity", why=integrity[:160]) from None
    except UsageError as error:
        raise EnvelopeError("not the metadata of a package version", why=str(error)) from None


def message(purl: Purl, digest: ArtifactDigest) -> bytes:
    """What the registry signs (npm documentation, "ECDSA registry signatures"); ``digest`` is the tarball's sha512.

    >>> message(Purl.parse("pkg:npm/%40acme/x@1.0.0"), ArtifactDigest("sha512", "00" * 64))[:25]
    b'@acme/x@1.0.0:sha512-AAAA'
    """
    name = "/".join((*purl.namespace, purl.name))
    integrity = base64.b64encode(bytes.fromhex(digest.hex)).decode("ascii")
    return f"{name}@{purl.version}:{digest.algorithm}-{integrity}".encode()


def signs_message(bundle: Bundle, purl: Purl, digest: ArtifactDigest) -> bool:
    """Whether the bundle says that it signs the registry's message about this package. A hint: it is not signed."""
    said = getattr(bundle.content, "digest", None)
    is_npm = purl.type == ECOSYSTEM and digest.algorithm == SHA512
    return is_npm and said == hashlib.sha256(message(purl, digest)).digest()


def _bundle(package: tuple[Purl, ArtifactDigest], key_id: str, signature: bytes) -> bytes:
    return strict_json.write(
        {
            "mediaType": names.BUNDLE_V03,
            "verificationMaterial": {"publicKey": {"hint": key_id}},
            "messageSignature": {
                "messageDigest": {
                    "algorithm": "SHA2_256",
                    "digest": base64.b64encode(hashlib.sha256(message(*package)).digest()).decode("ascii"),
                },
                "signature": base64.b64encode(signature).decode("ascii"),
            },
        }
    )


def _read(value: Any, where: str) -> Item:
    if not isinstance(value, dict):
        raise EnvelopeError("not an attestation", why="it is no JSON object")
    fields = Fields(value, "attestation")
    item = read_bundle(fields.object("bundle").value, where)
    return replace(item, predicate_type=fields.string("predicateType"), ecosystem=ECOSYSTEM)
