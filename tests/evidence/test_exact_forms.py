"""What a manifest and its layers claim to be, before anything is verified."""

from __future__ import annotations

import json

import pytest

from attest import names
from attest.evidence.forms import claimed, signed_layers
from attest.oci.descriptor import EMPTY, Descriptor
from attest.oci.manifest import Manifest, write_image
from tests.evidence_factory import SUBJECT

PREDICATE = "https://slsa.dev/provenance/v1"


def manifest(
    artifact_type: str | None, *layers: Descriptor, config: Descriptor = EMPTY, **annotations: str
) -> Manifest:
    return write_image(
        artifact_type=artifact_type or config.media_type,
        config=config,
        layers=layers or (EMPTY,),
        subject=SUBJECT.manifest,
        annotations={key.replace("_", "."): value for key, value in annotations.items()},
    )


def layer(media_type: str, **annotations: str) -> Descriptor:
    plain = Descriptor.of(media_type, b"x")
    return Descriptor(media_type, plain.digest, plain.size, annotations)


IMAGE = Descriptor.of(names.OCI_IMAGE_CONFIG, b"{}")


def without_layers() -> Manifest:
    value = {"schemaVersion": 2, "mediaType": names.OCI_MANIFEST, "config": IMAGE.json(), "layers": []}
    return Manifest.parse(json.dumps(value).encode())


@pytest.mark.parametrize(
    ("given", "claim"),
    [
        (manifest("text/x", layer("text/y")), "text/x"),
        (manifest("text/x", layer("text/y"), dev_sigstore_bundle_predicateType=PREDICATE), PREDICATE),
        (manifest("text/x", layer("text/y"), dev_sigstore_bundle_predicateType=""), "text/x"),
        (manifest(None, layer("text/y"), config=IMAGE), "text/y"),
        (manifest(None, layer("text/y"), layer("text/z"), config=IMAGE), "text/y"),
        (without_layers(), names.OCI_IMAGE_CONFIG),
        (manifest(None, layer("text/y"), config=IMAGE, dev_sigstore_bundle_predicateType=PREDICATE), PREDICATE),
    ],
)
def test_what_a_manifest_claims(given: Manifest, claim: str) -> None:
    assert claimed(given) == claim


@pytest.mark.parametrize(
    ("given", "claims"),
    [
        (manifest(names.BUNDLE_V03, layer(names.BUNDLE_V03)), [names.BUNDLE_V03]),
        (manifest(names.BUNDLE_V03, layer(names.BUNDLE_V03), layer("text/x")), []),
        (manifest("text/x", layer(names.SIMPLE_SIGNING), layer("text/x")), [names.SIMPLE_SIGNING]),
        (manifest("text/x", layer(names.DSSE_ENVELOPE)), [names.DSSE_ENVELOPE]),
        (manifest("text/x", layer(names.DSSE_ENVELOPE, predicateType=PREDICATE)), [PREDICATE]),
        (manifest(names.NOTATION_SIGNATURE, layer(names.NOTATION_JWS)), [names.NOTATION_SIGNATURE]),
        (manifest(names.NOTATION_SIGNATURE, layer("text/x")), []),
        (manifest("text/x", layer(names.NOTATION_JWS)), []),
        (manifest("text/x", layer("text/x")), []),
    ],
)
def test_what_its_layers_claim(given: Manifest, claims: list[str]) -> None:
    assert [form.claims(given, found) for found, form in signed_layers(given)] == claims
