"""Which layers of a manifest are signed content, and how each is read: one entry of `FORMS` a way to sign."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from attest import names
from attest.evidence.signed import Signed, SignedBundle, SimplySigned
from attest.evidence.signed_notation import SignedNotation
from attest.oci.descriptor import Descriptor
from attest.oci.manifest import Manifest
from attest.signing.bundle import Bundle
from attest.signing.cosign_legacy import attestation_bundle
from attest.signing.notation.manifest import is_signature
from attest.signing.proof import Format


@dataclass(frozen=True, slots=True)
class Form:
    """``fits`` tells by manifest and layer, ``claims`` what the statement's type is said to be; ``read`` raises
    `FormatError` for content that is not of this form."""

    fits: Callable[[Manifest, Descriptor], bool]
    claims: Callable[[Manifest, Descriptor], str | None]
    read: Callable[[Descriptor, bytes], Signed]


def signed_layers(manifest: Manifest) -> Iterator[tuple[Descriptor, Form]]:
    """The layers that carry signatures; none of an unsigned document."""
    for layer in manifest.layers:
        for form in FORMS:
            if form.fits(manifest, layer):
                yield layer, form
                break


def is_bundle(manifest: Manifest) -> bool:
    """As cosign decides it (BUNDLE_SPEC.md): one layer, of a bundle media type; the artifact type does not count."""
    return len(manifest.layers) == 1 and manifest.layers[0].media_type.startswith(names.BUNDLE_PREFIX)


def claimed(manifest: Manifest) -> str | None:
    """The predicate type that a manifest claims, else its artifact type, else that of what it holds."""
    predicate = manifest.annotations.get(names.ANNOTATION_BUNDLE_PREDICATE)
    if predicate or manifest.effective_artifact_type != names.OCI_IMAGE_CONFIG or not manifest.layers:
        return predicate or manifest.effective_artifact_type
    return manifest.layers[0].media_type  # cosign's older tags name image manifests


FORMS: Final = (
    Form(
        fits=lambda manifest, _: is_bundle(manifest),
        claims=lambda manifest, _: claimed(manifest),
        read=lambda _, data: SignedBundle(Bundle.parse(data)),
    ),
    Form(
        fits=lambda _, layer: layer.media_type == names.SIMPLE_SIGNING,
        claims=lambda *_: names.SIMPLE_SIGNING,
        read=lambda layer, data: SimplySigned.parse(data, layer.annotations),
    ),
    Form(
        fits=lambda _, layer: layer.media_type == names.DSSE_ENVELOPE,
        claims=lambda _, layer: layer.annotations.get(names.ANNOTATION_COSIGN_PREDICATE) or names.DSSE_ENVELOPE,
        read=lambda layer, data: SignedBundle(attestation_bundle(data, layer.annotations), Format.COSIGN),
    ),
    Form(
        fits=lambda manifest, layer: is_signature(manifest) and layer.media_type in names.NOTATION_ENVELOPES,
        claims=lambda *_: names.NOTATION_SIGNATURE,
        read=lambda layer, data: SignedNotation.parse(data, layer.media_type),
    ),
)
