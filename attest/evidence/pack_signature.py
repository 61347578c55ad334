"""Signatures of packs: statements about a pack's manifest, which lie in the same archive as its referrers.

The payload type is one of their own, `application/vnd.in-toto.pack+json` (design.md §3.9): no verifier takes a pack's
signature for one of a package, and none of a package, or of anything else, counts for a pack. A statement is signed and
read only with that payload type, the predicate type of packs, and the pack's digest as its one subject.

A pack cannot list its own signatures. So that nothing else gets in with them, the manifest of each must be, to the
byte, what `sign` makes of its bundle, and that must be about this pack; whose it is makes no difference for the list.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from attest import limits, names
from attest.errors import FormatError, NotFound, VerificationError
from attest.oci.descriptor import EMPTY, Descriptor
from attest.oci.manifest import Manifest, write_image, write_index
from attest.signing.bundle import Bundle, verify_envelope
from attest.signing.keys import PublicKey
from attest.signing.sign import StatementSigner, sign_statement
from attest.statements.statement import Statement, Subject, write_statement
from attest.stores.archive import ArchiveStore
from attest.stores.layout_survey import blob_path


@dataclass(frozen=True, slots=True)
class PackSignature:
    """A statement that says what it should; by whom is not known yet."""

    manifest: Manifest
    bundle: Bundle


def sign(store: ArchiveStore, pack: Manifest, signer: StatementSigner) -> None:
    """Sign the pack's manifest and put the signature into the archive."""
    subject = Subject(names.PACK_TAG, {pack.digest.algorithm: pack.digest.encoded})
    statement = write_statement([subject], names.PREDICATE_PACK, {"artifactType": names.PACK})
    bundle = sign_statement(statement, signer, payload_type=names.PACK_PAYLOAD)
    manifest = _manifest(pack, bundle)
    store.push("", manifest.layers[0], bundle)
    store.push("", manifest.descriptor(), manifest.raw)


def signatures(store: ArchiveStore, pack: Manifest) -> tuple[PackSignature, ...]:
    """All signatures of the pack that are in the archive. What is none is left out: `members` does not name it."""
    listing = store.referrers("", pack.digest, artifact_type=names.BUNDLE_V03)
    return tuple(_signatures(store, pack, [item.descriptor for item in listing.items]))


def members(store: ArchiveStore, pack: Manifest) -> frozenset[str]:
    """The paths in the archive that are there because of the pack's signatures, and the listing of these."""
    found = [signature.manifest for signature in signatures(store, pack)]
    if not found:
        return frozenset()
    response = write_index(manifest.listing_descriptor() for manifest in sorted(found, key=lambda item: item.digest))
    digests = {response.digest, *(digest for item in found for digest in (item.digest, item.layers[0].digest))}
    return frozenset(map(blob_path, digests))


def check(store: ArchiveStore, pack: Manifest, key: PublicKey) -> None:
    """Raises `VerificationError` unless one of the signatures is by ``key``."""
    found = signatures(store, pack)
    for signature in found:
        bundle = signature.bundle
        if verify_envelope(bundle.envelope, [key], hint=bundle.key_hint) is not None:
            return
    raise VerificationError(
        "the pack is not signed by the key that was named",
        expected=f"a signature by key sha256:{key.fingerprint}",
        found=f"{len(found)} by others" if found else "none",
        next_step="get the pack from whom you trust, or use a policy of your own with --policy",
    )


def _signatures(store: ArchiveStore, pack: Manifest, listed: list[Descriptor]) -> Iterator[PackSignature]:
    for descriptor in listed:
        try:
            manifest = Manifest.parse(store.fetch("", descriptor.plain()), media_type=descriptor.media_type)
            if len(manifest.layers) != 1 or manifest.layers[0].size > limits.EVIDENCE_BLOB:
                continue
            bundle = store.fetch("", manifest.layers[0].plain())
            if manifest.raw == _manifest(pack, bundle).raw:
                yield PackSignature(manifest, _about(pack, Bundle.parse(bundle)))
        except (FormatError, NotFound):
            continue


def _about(pack: Manifest, bundle: Bundle) -> Bundle:
    """The bundle, if its statement is one about this pack. Raises `FormatError`."""
    envelope = bundle.envelope
    if envelope.payload_type != names.PACK_PAYLOAD:
        raise FormatError("not a statement about a pack", why=f"the payload type is {envelope.payload_type[:160]}")
    statement = Statement.parse(envelope.payload)
    digests = [subject.digests for subject in statement.subjects]
    if statement.predicate_type != names.PREDICATE_PACK or digests != [{pack.digest.algorithm: pack.digest.encoded}]:
        raise FormatError("a statement about something else", why=statement.predicate_type[:160])
    return bundle


def _manifest(pack: Manifest, bundle: bytes) -> Manifest:
    """As cosign writes a bundle's manifest, but without a time: the same input gives the same bytes."""
    return write_image(
        artifact_type=names.BUNDLE_V03,
        config=EMPTY,
        layers=[Descriptor.of(names.BUNDLE_V03, bundle)],
        subject=pack.descriptor(),
        annotations={
            names.ANNOTATION_BUNDLE_CONTENT: names.BUNDLE_CONTENT_DSSE,
            names.ANNOTATION_BUNDLE_PREDICATE: names.PREDICATE_PACK,
        },
    )
