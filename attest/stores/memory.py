"""A store in memory: for tests, dry runs and as the plainest statement of what a store does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from attest.errors import NotFound, StoreRefused, UsageError
from attest.oci.descriptor import Descriptor
from attest.oci.digest import Digest
from attest.oci.manifest import MANIFEST_TYPES, Manifest
from attest.oci.reference import Reference, is_tag
from attest.stores.layout_referrers import is_fallback_tag
from attest.stores.protocol import Found, Place, Referrers, Where, unite


@dataclass(slots=True)
class _Repository:
    blobs: dict[Digest, bytes] = field(default_factory=dict)
    manifests: dict[Digest, Manifest] = field(default_factory=dict)
    tags: dict[str, Digest] = field(default_factory=dict)


class MemoryStore:
    """See `Store`. Its listings are what a registry's referrers API would answer."""

    def __init__(self, name: str = "memory") -> None:
        self.name = name
        self._repositories: dict[str, _Repository] = {}

    def resolve(self, reference: Reference) -> Descriptor:
        repository = self._repository(reference.repository)
        digest = reference.digest or repository.tags.get(reference.tag or "")
        manifest = None if digest is None else repository.manifests.get(digest)
        if digest is None or manifest is None:
            raise NotFound("no such manifest", where=f"{self.name}/{reference}")
        return replace(manifest.descriptor(), digest=digest)

    def fetch(self, repository: str, descriptor: Descriptor) -> bytes:
        data = self._repository(repository).blobs.get(descriptor.digest)
        if data is None:
            raise NotFound("no such content", where=f"{self.name}/{repository}@{descriptor.digest}")
        descriptor.check(data)
        return data

    def push(self, repository: str, descriptor: Descriptor, data: bytes) -> None:
        descriptor.check(data)
        target = self._repositories.get(repository) or _Repository()
        if descriptor.media_type in MANIFEST_TYPES:
            manifest = Manifest.parse(data, media_type=descriptor.media_type)
            for child in manifest.children():
                if len(target.blobs.get(child.digest, b"")) != child.size or child.digest not in target.blobs:
                    raise StoreRefused(
                        "the manifest names what is not there",
                        where=f"{self.name}/{repository}",
                        why=f"{child.digest} is missing or has another size",
                        next_step="push its config and layers first",
                    )
            target.manifests[descriptor.digest] = manifest
        target.blobs[descriptor.digest] = data
        self._repositories[repository] = target

    def referrers(self, repository: str, subject: Digest, *, artifact_type: str | None = None) -> Referrers:
        known = self._repositories.get(repository) or _Repository()
        items = (
            Found(replace(manifest.listing_descriptor(), digest=digest), (Place(self.name, Where.API),))
            for digest, manifest in known.manifests.items()
            if manifest.subject is not None
            and manifest.subject.digest == subject
            and artifact_type in (None, manifest.effective_artifact_type)
        )
        return Referrers(unite(items), True, datetime.now(UTC))

    def tag(self, reference: Reference, descriptor: Descriptor) -> None:
        if reference.tag is None or not is_tag(reference.tag) or is_fallback_tag(reference.tag):
            raise UsageError(f"not a tag: {reference.tag!r}", why="see distribution-spec <reference>")
        named = self.resolve(Reference(reference.repository, digest=descriptor.digest))
        self._repository(reference.repository).tags[reference.tag] = named.digest

    def tags(self, repository: str) -> Iterator[str]:
        return iter(sorted(self._repository(repository).tags))

    def delete(self, repository: str, digest: Digest) -> None:
        known = self._repository(repository)
        if known.manifests.pop(digest, None) is None:
            raise NotFound("no such manifest", where=f"{self.name}/{repository}@{digest}")
        del known.blobs[digest]
        known.tags = {tag: named for tag, named in known.tags.items() if named != digest}

    def close(self) -> None:
        """Nothing is pending."""

    def _repository(self, name: str) -> _Repository:
        known = self._repositories.get(name)
        if known is None:
            raise NotFound("no such repository", where=f"{self.name}/{name}")
        return known
