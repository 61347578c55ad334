"""Hang Notation signatures on manifests, in the form that notation reads."""

from __future__ import annotations

from datetime import datetime

from attest import limits
from attest.oci.descriptor import EMPTY, EMPTY_BYTES, Descriptor
from attest.oci.manifest import Manifest
from attest.signing.notation.manifest import write_manifest
from attest.signing.notation.sign import Signed
from attest.stores.protocol import Store


def attach_signature(
    store: Store, repository: str, subject: Descriptor, signed: Signed, *, created: datetime
) -> Manifest:
    """Attach a signature over ``subject``. Returns the new referrer."""
    layer = Descriptor.of(signed.media_type, signed.envelope, inline=len(signed.envelope) <= limits.INLINE_DATA)
    manifest = write_manifest(layer, subject, signed.thumbprints, created=created, annotations=signed.annotations)
    store.push(repository, EMPTY, EMPTY_BYTES)
    store.push(repository, layer.plain(), signed.envelope)
    store.push(repository, manifest.descriptor(), manifest.raw)
    return manifest
