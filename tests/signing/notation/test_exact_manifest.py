"""How a signature lies in a registry, and what is one."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

from attest import names
from attest.oci.descriptor import EMPTY
from attest.oci.manifest import Manifest, write_image
from attest.signing.notation.manifest import is_signature, write_manifest
from tests.signing.notation.conftest import target

LAYER = replace(target("envelope"), media_type=names.NOTATION_JWS)


def test_what_is_written() -> None:
    """signature-specification.md "OCI Signatures"; what somebody adds changes neither time nor thumbprints."""
    made = write_manifest(
        LAYER,
        target(),
        ["aa", "bb"],
        created=datetime(2026, 11, 21, 12, tzinfo=UTC),
        annotations={"a": "b", names.ANNOTATION_CREATED: "x", names.ANNOTATION_THUMBPRINTS: "x"},
    )
    assert (made.artifact_type, made.config, made.layers) == (names.NOTATION_SIGNATURE, EMPTY, (LAYER,))
    assert made.subject == target()
    assert made.annotations == {
        "a": "b",
        "org.opencontainers.image.created": "2026-11-21T12:00:00Z",
        "io.cncf.notary.x509chain.thumbprint#S256": '["aa","bb"]',
    }
    assert is_signature(made)


def test_what_is_a_signature() -> None:
    for kind, layers, expected in (
        (names.NOTATION_SIGNATURE, 1, True),
        (names.NOTATION_SIGNATURE, 0, False),
        (names.NOTATION_SIGNATURE, 2, False),
        ("text/x", 1, False),
        ("text/x", 2, False),
    ):
        made = write_image(artifact_type=kind, config=EMPTY, layers=[LAYER] * layers, annotations={})
        assert is_signature(made) is expected
    older = replace(EMPTY, media_type=names.NOTATION_SIGNATURE)
    value = json.loads(write_image(artifact_type="text/x", config=older, layers=[LAYER], annotations={}).raw)
    assert is_signature(Manifest.parse(json.dumps({**value, "artifactType": names.NOTATION_SIGNATURE}).encode()))
    assert not is_signature(Manifest.parse(json.dumps(value).encode()))
    del value["artifactType"]  # as notation itself writes it
    assert is_signature(Manifest.parse(json.dumps(value).encode()))
