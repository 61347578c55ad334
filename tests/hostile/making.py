"""Evidence piece by piece, honest or not. Written by hand where our own writers would refuse to."""

from __future__ import annotations

import base64
import io
import json
import tarfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from attest import names
from attest.evidence.model import Subject
from attest.oci import strict_json
from attest.oci.descriptor import EMPTY, EMPTY_BYTES, Descriptor
from attest.oci.digest import Digest
from attest.oci.manifest import Manifest, write_image
from attest.packages.anchors import anchor, version_anchor
from attest.signing.dsse import pae
from tests.hostile.keys import NamedKey

Json = dict[str, Any]
SIGN = names.PREDICATE_COSIGN_SIGN


@dataclass(frozen=True)
class Referrer:
    """A manifest with its blobs; ``listed`` is how the index lists it, which may be a lie."""

    manifest: Manifest
    blobs: tuple[bytes, ...]
    listed: Descriptor

    @property
    def digest(self) -> Digest:
        return self.manifest.digest


Piece = Callable[[Subject], Referrer]
About = Callable[[Subject], list[Json]]


def itself(subject: Subject) -> list[Json]:
    """As `attest` writes it: the anchor first, then the package."""
    found = [{"name": str(subject), "digest": {"sha256": subject.manifest.digest.encoded}}]
    if subject.digest is not None:
        found.append({"name": str(subject), "digest": {subject.digest.algorithm: subject.digest.hex}})
    return found


def statement(subjects: Sequence[Json], predicate_type: str, predicate: Mapping[str, Any] | None = None) -> bytes:
    return strict_json.write(
        {
            "_type": names.STATEMENT_V1,
            "subject": list(subjects),
            "predicateType": predicate_type,
            "predicate": dict(predicate or {}),
        }
    )


def envelope(payload: bytes, signatures: Sequence[bytes], payload_type: str = names.IN_TOTO_PAYLOAD) -> Json:
    return {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": payload_type,
        "signatures": [{"sig": base64.b64encode(item).decode()} for item in signatures],
    }


def bundle(content: Json, hint: str) -> bytes:
    return strict_json.write(
        {
            "mediaType": names.BUNDLE_V03,
            "verificationMaterial": {"publicKey": {"hint": hint}},
            "dsseEnvelope": content,
        }
    )


def attached(raw: bytes, subject: Subject, claims: str, note: str = "") -> Referrer:
    """A bundle as a referrer; ``claims`` is what its annotation says it is."""
    annotations = {names.ANNOTATION_BUNDLE_PREDICATE: claims} | ({"note": note} if note else {})
    return referrer(subject, raw, names.BUNDLE_V03, names.BUNDLE_V03, annotations)


def referrer(
    subject: Subject, raw: bytes, media_type: str, artifact_type: str, annotations: Mapping[str, str] | None = None
) -> Referrer:
    """One layer in a manifest about ``subject``."""
    layer = Descriptor.of(media_type, raw)
    manifest = write_image(
        artifact_type=artifact_type,
        config=EMPTY,
        layers=[layer],
        subject=subject.manifest,
        annotations=dict(annotations or {}),
    )
    return Referrer(manifest, (raw, EMPTY_BYTES), manifest.listing_descriptor())


def by(
    who: str,
    predicate_type: str = SIGN,
    predicate: Mapping[str, Any] | None = None,
    *,
    about: About = itself,
    payload: Callable[[bytes], bytes] = lambda honest: honest,
    payload_type: str = names.IN_TOTO_PAYLOAD,
    claims: str | None = None,
    hint: str | None = None,
    note: str = "",
) -> Piece:
    """A statement that ``who`` signed. ``payload`` may change it before, ``about`` names other subjects, ``claims`` is
    another type than it has, ``hint`` another's key."""

    def make(subject: Subject) -> Referrer:
        content = payload(statement(about(subject), predicate_type, predicate))
        signature = NamedKey(who).sign(pae(payload_type, content))
        raw = bundle(envelope(content, [signature], payload_type), NamedKey(hint or who).public.hint)
        return attached(raw, subject, claims or predicate_type, note)

    return make


def unsigned(media_type: str, document: Mapping[str, Any]) -> Piece:
    """A document as ``oras attach`` attaches it."""
    return lambda subject: referrer(subject, strict_json.write(document), media_type, media_type)


def listed_as(piece: Piece, **lies: Any) -> Piece:
    """The same, listed as something else."""

    def make(subject: Subject) -> Referrer:
        found = piece(subject)
        return replace(found, listed=replace(found.listed, **lies))

    return make


@dataclass
class Shelf:
    """One OCI image layout: what lies in it by path, and what its index lists."""

    files: dict[str, bytes] = field(default_factory=dict)
    entries: list[Json] = field(default_factory=list)

    def blob(self, data: bytes, digest: Digest | None = None) -> Digest:
        """``digest`` is only given for what does not have it."""
        name = digest or Digest.of(data)
        self.files[f"blobs/{name.algorithm}/{name.encoded}"] = data
        return name

    def lose(self, digest: Digest) -> None:
        del self.files[f"blobs/{digest.algorithm}/{digest.encoded}"]

    def list(self, descriptor: Descriptor, tag: str | None = None) -> None:
        entry = descriptor.json()
        if tag is not None:
            entry["annotations"] = {**entry.get("annotations", {}), names.ANNOTATION_REF_NAME: tag}
        if entry not in self.entries:
            self.entries.append(entry)

    def manifest(self, manifest: Manifest, tag: str | None = None) -> None:
        self.blob(manifest.raw)
        self.list(manifest.descriptor(), tag)

    def subject(self, subject: Subject) -> None:
        """The anchors of a package; images are stored by who makes them."""
        if subject.purl is not None and subject.digest is not None:
            self.blob(EMPTY_BYTES)
            self.manifest(version_anchor(subject.purl))
            self.manifest(anchor(subject.purl, subject.digest))

    def add(self, found: Referrer) -> None:
        for data in (*found.blobs, found.manifest.raw):
            self.blob(data)
        self.list(found.listed)

    def tar(self) -> bytes:
        """In the form that `attest` writes itself: members sorted, no times, no owners."""
        index = {"schemaVersion": 2, "mediaType": names.OCI_INDEX, "manifests": self.entries}
        files = {
            "oci-layout": b'{"imageLayoutVersion": "1.0.0"}',
            "index.json": json.dumps(index, sort_keys=True).encode(),
            **self.files,
        }
        out = io.BytesIO()
        for path, data in sorted(files.items()):
            info = tarfile.TarInfo(path)
            info.size = len(data)
            out.write(info.tobuf(tarfile.USTAR_FORMAT) + data + bytes(-len(data) % tarfile.BLOCKSIZE))
        out.write(bytes(2 * tarfile.BLOCKSIZE))
        return out.getvalue()
