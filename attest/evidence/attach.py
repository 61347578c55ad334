"""Write anchors, and hang evidence on them, in the form that cosign v3, oras and notation read.

Everything that a manifest names is pushed before it, so that a strict registry takes it and a crash leaves nothing that
points nowhere.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime

from attest import limits, names
from attest.errors import UsageError
from attest.evidence.model import Subject
from attest.oci.descriptor import EMPTY, EMPTY_BYTES, Descriptor
from attest.oci.digest import Digest
from attest.oci.manifest import Manifest, write_image
from attest.oci.reference import Reference
from attest.packages.anchors import anchor, version_anchor
from attest.packages.digest import ArtifactDigest
from attest.packages.ecosystem import ecosystem
from attest.packages.purl import Purl
from attest.statements.statement import Subject as StatementSubject
from attest.stores.protocol import Store


def push_anchor(store: Store, repository: str, tag: str, purl: Purl, digest: ArtifactDigest) -> Descriptor:
    """`store_anchor` and `tag_version` of one artifact. Idempotent. Returns the anchor's descriptor."""
    descriptor = store_anchor(store, repository, purl, digest)
    tag_version(store, repository, tag, purl, digest)
    return descriptor


def store_anchor(store: Store, repository: str, purl: Purl, digest: ArtifactDigest) -> Descriptor:
    """Store the version anchor and the anchor of one artifact, without a tag. Returns the anchor's descriptor."""
    store.push(repository, EMPTY, EMPTY_BYTES)
    version, artifact = version_anchor(purl), anchor(purl, digest)
    for manifest in (version, artifact):
        store.push(repository, manifest.descriptor(), manifest.raw)
    return artifact.descriptor()


def tag_version(store: Store, repository: str, tag: str, purl: Purl, digest: ArtifactDigest) -> None:
    """Tag what stands for a version, as a hint for people; ``digest`` is that of one of its artifacts.

    The tag names the anchor where a version can have one artifact only, so that ``cosign verify host/npm/x:1.0.0``
    works, and the version anchor elsewhere (design.md §4).
    """
    tagged = anchor(purl, digest) if ecosystem(purl.type).one_artifact else version_anchor(purl)
    store.tag(Reference(repository, tag=tag), tagged.descriptor())


def attach_bundle(
    store: Store, repository: str, subject: Descriptor, bundle: bytes, *, predicate_type: str, created: datetime
) -> Manifest:
    """Attach a Sigstore bundle as cosign v3 does (BUNDLE_SPEC.md; wire-formats.md §3.1). Returns the new referrer."""
    layer = Descriptor.of(names.BUNDLE_V03, bundle, inline=len(bundle) <= limits.INLINE_DATA)
    config = Descriptor(EMPTY.media_type, EMPTY.digest, EMPTY.size, artifact_type=names.BUNDLE_V03)
    manifest = write_image(
        artifact_type=names.BUNDLE_V03,
        config=config,
        layers=[layer],
        subject=subject,
        annotations={
            names.ANNOTATION_CREATED: created.strftime("%Y-%m-%dT%H:%M:%SZ"),
            names.ANNOTATION_BUNDLE_CONTENT: names.BUNDLE_CONTENT_DSSE,
            names.ANNOTATION_BUNDLE_PREDICATE: predicate_type,
        },
    )
    _push(store, repository, manifest, layer, bundle)
    return manifest


def attach_document(
    store: Store, repository: str, subject: Descriptor, data: bytes, *, media_type: str, title: str, created: datetime
) -> Manifest:
    """Attach an unsigned document as ``oras attach`` does: its media type is the artifact type. No rule will see it."""
    layer = Descriptor(media_type, Digest.of(data), len(data), {names.ANNOTATION_TITLE: title})
    manifest = write_image(
        artifact_type=media_type,
        config=EMPTY,
        layers=[layer],
        subject=subject,
        annotations={names.ANNOTATION_CREATED: created.strftime("%Y-%m-%dT%H:%M:%SZ")},
    )
    _push(store, repository, manifest, layer, data)
    return manifest


def statement_subjects(subject: Subject) -> list[StatementSubject]:
    """The anchor first, for cosign, then the package itself, both under the purl (design.md §4, Evidence)."""
    manifest = subject.manifest.digest
    subjects = [StatementSubject(str(subject), {manifest.algorithm: manifest.encoded})]
    if subject.digest is not None:
        subjects.append(StatementSubject(str(subject), {subject.digest.algorithm: subject.digest.hex}))
    return subjects


def creation_time() -> datetime:
    """Now, or ``SOURCE_DATE_EPOCH`` (seconds since 1970, UTC) so that a build can be repeated to the byte."""
    fixed = os.environ.get("SOURCE_DATE_EPOCH")
    if fixed is None:
        return datetime.now(UTC)
    try:
        return datetime.fromtimestamp(int(fixed), UTC)
    except (ValueError, OverflowError, OSError):
        raise UsageError("SOURCE_DATE_EPOCH is not a number of seconds", why=repr(fixed)) from None


def _push(store: Store, repository: str, manifest: Manifest, layer: Descriptor, data: bytes) -> None:
    store.push(repository, EMPTY, EMPTY_BYTES)
    store.push(repository, layer.plain(), data)
    store.push(repository, manifest.descriptor(), manifest.raw)
