"""Descriptors (OCI image-spec, descriptor.md): media type, digest and size of some content."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from attest import names
from attest.errors import DigestMismatch, FormatError
from attest.oci.digest import Digest
from attest.oci.strict_json import Fields


@dataclass(frozen=True, slots=True)
class Descriptor:
    """A pointer to content. ``data``, when present, is the content itself and has been checked against the digest."""

    media_type: str
    digest: Digest
    size: int
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)
    artifact_type: str | None = None
    data: bytes | None = field(default=None, hash=False)
    platform: Mapping[str, Any] | None = field(default=None, hash=False)

    @classmethod
    def of(cls, media_type: str, data: bytes, *, inline: bool = False) -> Descriptor:
        """The descriptor of ``data``; with ``inline`` it also carries it."""
        return cls(media_type, Digest.of(data), len(data), data=data if inline else None)

    @classmethod
    def parse(cls, fields: Fields) -> Descriptor:
        """Read one descriptor. Raises `FormatError` and its kinds, with the path of the member."""
        size = fields.integer("size")
        if size < 0:
            raise FormatError("a negative size", where=f"{fields.path}.size", why=str(size))
        digest = Digest.parse(fields.string("digest"))
        encoded = fields.optional_string("data")
        data = None if encoded is None else _inline(encoded, digest, size, f"{fields.path}.data")
        platform = fields.optional_object("platform")
        return cls(
            media_type=fields.string("mediaType"),
            digest=digest,
            size=size,
            annotations=fields.strings("annotations"),
            artifact_type=fields.optional_string("artifactType"),
            data=data,
            platform=None if platform is None else platform.value,
        )

    def json(self) -> dict[str, Any]:
        """The members to write, absent ones left out."""
        value: dict[str, Any] = {"mediaType": self.media_type, "digest": str(self.digest), "size": self.size}
        if self.annotations:
            value["annotations"] = dict(self.annotations)
        if self.data is not None:
            value["data"] = base64.b64encode(self.data).decode("ascii")
        if self.platform is not None:
            value["platform"] = dict(self.platform)
        if self.artifact_type is not None:
            value["artifactType"] = self.artifact_type
        return value

    def plain(self) -> Descriptor:
        """Only media type, digest and size: the form for `subject` and for asking a store."""
        return Descriptor(self.media_type, self.digest, self.size)

    def check(self, data: bytes, *, where: str | None = None) -> None:
        """Raise `DigestMismatch` unless ``data`` has this size and digest."""
        if len(data) != self.size:
            raise DigestMismatch(
                "content does not match its size",
                where=where or str(self.digest),
                why=f"{len(data)} bytes, not {self.size}",
            )
        self.digest.check(data, where=where)


EMPTY_BYTES: Final = b"{}"
EMPTY: Final = Descriptor.of(names.OCI_EMPTY, EMPTY_BYTES)
"""The empty descriptor (image-spec manifest.md "Guidance for an Empty Descriptor"), without its optional `data`."""


def _inline(encoded: str, digest: Digest, size: int, where: str) -> bytes | None:
    try:
        data = base64.b64decode(encoded, validate=True)
    except ValueError as error:  # binascii.Error, or plain for what is not ASCII
        raise FormatError("not base64", where=where, why=str(error)) from None
    if len(data) != size:
        raise DigestMismatch("content does not match its size", where=where, why=f"{len(data)} bytes, not {size}")
    if digest.algorithm not in ("sha256", "sha512"):
        return None  # cannot be checked, so it is as if it were not there
    digest.check(data, where=where)
    return data
