"""Manifests (OCI image-spec, manifest.md and image-index.md; Docker schema 2) over the bytes as received.

A digest is always that of `raw`; nothing here is ever serialised again to be hashed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from attest import limits, names
from attest.errors import FormatError
from attest.oci import strict_json
from attest.oci.descriptor import Descriptor
from attest.oci.digest import Digest
from attest.oci.strict_json import Fields

IMAGE_TYPES: Final = (names.OCI_MANIFEST, names.DOCKER_MANIFEST)
INDEX_TYPES: Final = (names.OCI_INDEX, names.DOCKER_INDEX)
MANIFEST_TYPES: Final = IMAGE_TYPES + INDEX_TYPES


@dataclass(frozen=True, slots=True)
class Manifest:
    """An image manifest (``config`` is set, ``manifests`` is empty) or an index (the other way round)."""

    raw: bytes
    media_type: str
    artifact_type: str | None
    config: Descriptor | None
    layers: tuple[Descriptor, ...]
    manifests: tuple[Descriptor, ...]
    subject: Descriptor | None
    annotations: Mapping[str, str] = field(hash=False)

    @classmethod
    def parse(cls, raw: bytes, *, media_type: str | None = None) -> Manifest:
        """Read ``raw``. ``media_type`` is what the store called it; the manifest's own must agree when it has one.

        Raises `FormatError`.
        """
        fields = Fields(strict_json.read_object(raw, where="manifest", limit=limits.MANIFEST), "manifest")
        if fields.integer("schemaVersion") != 2:
            raise FormatError("not schema version 2", where="manifest.schemaVersion")
        own = fields.optional_string("mediaType")
        if own is not None and media_type is not None and own != media_type:
            raise FormatError("the manifest contradicts its media type", why=f"it says {own}, the store {media_type}")
        kind = own or media_type or (names.OCI_INDEX if "manifests" in fields.value else names.OCI_MANIFEST)
        if kind not in MANIFEST_TYPES:
            raise FormatError("unknown manifest type", where="manifest.mediaType", why=kind)
        is_index = kind in INDEX_TYPES
        for foreign in ("config", "layers") if is_index else ("manifests",):
            if foreign in fields.value:  # two readers could take one document for two things (CVE-2021-41190)
                raise FormatError(f"a {foreign!r} member in a manifest of type {kind}", where="manifest")
        subject = fields.optional_object("subject")
        return cls(
            raw=raw,
            media_type=kind,
            artifact_type=fields.optional_string("artifactType"),
            config=None if is_index else Descriptor.parse(fields.object("config")),
            layers=tuple(Descriptor.parse(item) for item in fields.objects("layers")),
            manifests=tuple(Descriptor.parse(item) for item in fields.objects("manifests")),
            subject=None if subject is None else Descriptor.parse(subject),
            annotations=fields.strings("annotations"),
        )

    @property
    def digest(self) -> Digest:
        return Digest.of(self.raw)

    @property
    def is_index(self) -> bool:
        return self.config is None

    @property
    def effective_artifact_type(self) -> str | None:
        """`artifactType`, else an image manifest's config type (distribution-spec "Listing Referrers")."""
        return self.artifact_type or (None if self.config is None else self.config.media_type)

    def descriptor(self) -> Descriptor:
        """As a `subject` or a tag names it."""
        return Descriptor(self.media_type, self.digest, len(self.raw))

    def listing_descriptor(self) -> Descriptor:
        """As a referrers listing shows it: with artifact type and all annotations."""
        return Descriptor(
            self.media_type, self.digest, len(self.raw), dict(self.annotations), self.effective_artifact_type
        )

    def children(self) -> tuple[Descriptor, ...]:
        """Everything that must be in the repository before this manifest: config and layers, or an index's members."""
        return self.manifests if self.config is None else (self.config, *self.layers)


def write_image(
    *,
    artifact_type: str,
    config: Descriptor,
    layers: Iterable[Descriptor],
    subject: Descriptor | None = None,
    annotations: Mapping[str, str] | None = None,
) -> Manifest:
    """An image manifest in canonical JSON."""
    held = tuple(layers)
    value: dict[str, Any] = {
        "schemaVersion": 2,
        "mediaType": names.OCI_MANIFEST,
        "artifactType": artifact_type,
        "config": config.json(),
        "layers": [layer.json() for layer in held],
    }
    about = None if subject is None else subject.plain()
    raw = _write(value, about, annotations)
    return Manifest(raw, names.OCI_MANIFEST, artifact_type, config, held, (), about, dict(annotations or {}))


def write_index(manifests: Iterable[Descriptor], *, annotations: Mapping[str, str] | None = None) -> Manifest:
    """An image index in canonical JSON."""
    members = tuple(manifests)
    value: dict[str, Any] = {
        "schemaVersion": 2,
        "mediaType": names.OCI_INDEX,
        "manifests": [item.json() for item in members],
    }
    raw = _write(value, None, annotations)
    return Manifest(raw, names.OCI_INDEX, None, None, (), members, None, dict(annotations or {}))


def _write(value: dict[str, Any], subject: Descriptor | None, annotations: Mapping[str, str] | None) -> bytes:
    if annotations:
        value["annotations"] = dict(annotations)
    if subject is not None:
        value["subject"] = subject.json()
    raw = strict_json.write(value)
    if len(raw) > limits.MANIFEST:
        raise FormatError(
            "the manifest is too large", why=f"{len(raw)} bytes, more than the limit of {limits.MANIFEST}"
        )
    return raw
