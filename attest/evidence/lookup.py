"""Which artifacts of a version a store knows: the referrers of its version anchor.

The answer is only what the store chose to show. Each artifact is recomputed from purl and digest and must have the
digest that was listed, so a store can leave artifacts out, but cannot make one up under another's name.
"""

from __future__ import annotations

from dataclasses import dataclass

from attest import names
from attest.errors import FormatError, UsageError
from attest.evidence.model import Subject
from attest.oci.manifest import Manifest
from attest.packages.anchors import anchor, read_anchor, version_anchor
from attest.packages.digest import ArtifactDigest
from attest.packages.purl import Purl
from attest.stores.protocol import Found, Store


@dataclass(frozen=True, slots=True)
class Artifacts:
    """The anchors found for one version, by digest; ``problems`` is not empty where some may be missing."""

    subjects: tuple[Subject, ...]
    problems: tuple[str, ...]


def subject_of(purl: Purl, digest: ArtifactDigest, *, read_from_file: bool = False) -> Subject:
    """The subject that stands for one artifact: computed, without asking anyone."""
    return Subject(anchor(purl, digest).descriptor(), purl, digest, str(purl), read_from_file)


def version_of(purl: Purl) -> Subject:
    """The subject that stands for a version, whichever artifacts it has."""
    return Subject(version_anchor(purl).descriptor(), purl, None, str(purl))


def artifacts(store: Store, repository: str, purl: Purl) -> Artifacts:
    """All artifacts of ``purl`` that the store lists. Raises `StoreUnavailable` where it cannot be asked."""
    listing = store.referrers(repository, version_anchor(purl).digest)
    subjects, problems = [], list(listing.problems)
    for found in listing.items:
        try:
            digest = _artifact_digest(store, repository, found, purl)
        except (FormatError, UsageError) as error:
            problems.append(f"{found.descriptor.digest}: {error}")
            continue
        if digest is not None:
            subjects.append(subject_of(purl, digest))
    if not listing.complete and not problems:
        problems.append("the listing is not complete")
    return Artifacts(tuple(subjects), tuple(problems))


def _artifact_digest(store: Store, repository: str, found: Found, purl: Purl) -> ArtifactDigest | None:
    """The artifact's digest, or None for a referrer that is no anchor (a release statement, a signature)."""
    descriptor = found.descriptor
    annotated = descriptor.annotations.get(names.ANNOTATION_DIGEST)
    if annotated is not None:
        digest = ArtifactDigest.parse(annotated)
        if anchor(purl, digest).digest == descriptor.digest:
            return digest
    if descriptor.artifact_type != names.ANCHOR:
        return None
    read_purl, digest = read_anchor(Manifest.parse(store.fetch(repository, descriptor)))
    if read_purl != purl:
        raise FormatError("an anchor of another package", why=str(read_purl))
    return digest
