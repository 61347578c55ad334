"""How a signature lies in a registry (signature-specification.md "OCI Signatures")."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from attest import names
from attest.oci.descriptor import EMPTY, Descriptor
from attest.oci.manifest import Manifest, write_image


def is_signature(manifest: Manifest) -> bool:
    """Whether the manifest is one of a signature, in today's form or in the one before artifact types: one layer."""
    return len(manifest.layers) == 1 and manifest.effective_artifact_type == names.NOTATION_SIGNATURE


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
