"""Small graphs to push: an image-like subject, and referrers of it."""

from __future__ import annotations

from attest import names
from attest.oci.descriptor import EMPTY, EMPTY_BYTES, Descriptor
from attest.oci.digest import Digest
from attest.oci.manifest import Manifest, write_image
from attest.stores.protocol import Store

SUBJECT_TYPE = "application/vnd.example.thing.v1"
SBOM_TYPE = "application/vnd.cyclonedx+json"
NOTE_TYPE = "text/plain"


def subject(label: str = "subject") -> Manifest:
    return write_image(artifact_type=SUBJECT_TYPE, config=EMPTY, layers=[EMPTY], annotations={"label": label})


def referrer(of: Descriptor, label: str = "referrer", artifact_type: str = SBOM_TYPE) -> Manifest:
    layer = Descriptor.of(artifact_type, label.encode())
    return write_image(
        artifact_type=artifact_type, config=EMPTY, layers=[layer], subject=of, annotations={"label": label}
    )


def push(store: Store, repository: str, manifest: Manifest) -> Descriptor:
    """The manifest after what it names; the layers of `referrer` have their label as content."""
    store.push(repository, EMPTY, EMPTY_BYTES)
    for layer in manifest.layers:
        if layer != EMPTY:
            store.push(repository, layer, manifest.annotations["label"].encode())
    store.push(repository, manifest.descriptor(), manifest.raw)
    return manifest.descriptor()


def attach(
    store: Store, repository: str, of: Descriptor, label: str = "referrer", artifact_type: str = SBOM_TYPE
) -> Descriptor:
    return push(store, repository, referrer(of, label, artifact_type))


def as_sha512(manifest: Manifest) -> Descriptor:
    return Descriptor(names.OCI_MANIFEST, Digest.of(manifest.raw, "sha512"), len(manifest.raw))


def listed(store: Store, repository: str, of: Digest) -> set[Digest]:
    """The referrers of a listing that has nothing to complain of."""
    listing = store.referrers(repository, of)
    assert listing.problems == ()
    assert listing.complete
    return {item.descriptor.digest for item in listing.items}
