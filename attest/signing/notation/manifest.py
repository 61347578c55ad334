"""How a signature lies in a registry (signature-specification.md "OCI Signatures")."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from attest import names
from attest.errors import EnvelopeError
from attest.oci.descriptor import EMPTY, Descriptor
from attest.oci.manifest import Manifest, write_image


def is_signature(manifest: Manifest) -> bool:
    """Whether the manifest is one of a signature, in today's form or in the one before artifact types."""
    return manifest.effective_artifact_type == names.NOTATION_SIGNATURE


def signature_layer(manifest: Manifest) -> Descriptor:
    """The envelope's descriptor. Raises `EnvelopeError` unless the manifest has one of the two forms."""
    if manifest.config is None or not is_signature(manifest):
        raise EnvelopeError("not the manifest of a signature", why=str(manifest.effective_artifact_type)[:160])
    if manifest.artifact_type is not None and manifest.config.media_type != names.OCI_EMPTY:
        raise EnvelopeError("an artifact type and a config that is not empty", why=manifest.config.media_type[:160])
    if len(manifest.layers) != 1:
        raise EnvelopeError("a signature has exactly one layer", why=f"there are {len(manifest.layers)}")
    layer = manifest.layers[0]
    if layer.media_type not in names.NOTATION_ENVELOPES:
        raise EnvelopeError("not a signature envelope", why=f"unknown media type {layer.media_type[:160]}")
    return layer


def write_manifest(
    layer: Descriptor,
    subject: Descriptor,
    thumbprints: Sequence[str],
    *,
    created: datetime,
    annotations: Mapping[str, str],
) -> Manifest:
    """The manifest of a new signature; ``thumbprints`` are SHA-256 in hex of its certificates, leaf first."""
    return write_image(
        artifact_type=names.NOTATION_SIGNATURE,
        config=EMPTY,
        layers=[layer],
        subject=subject,
        annotations={
            **annotations,
            names.ANNOTATION_CREATED: created.strftime("%Y-%m-%dT%H:%M:%SZ"),
            names.ANNOTATION_THUMBPRINTS: json.dumps(list(thumbprints), separators=(",", ":")),
        },
    )
