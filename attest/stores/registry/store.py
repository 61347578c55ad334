"""A registry as a store: the distribution API behind the `Store` protocol."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from attest.errors import NotFound, StoreError, UsageError
from attest.oci.descriptor import Descriptor
from attest.oci.digest import Digest
from attest.oci.manifest import MANIFEST_TYPES, Manifest
from attest.oci.reference import Reference
from attest.stores.protocol import Found, Place, Referrers, Where, unite
from attest.stores.registry.blobs import Blobs
from attest.stores.registry.capability import Api, Capabilities
from attest.stores.registry.client import Client
from attest.stores.registry.credentials import Credentials, UserCredentials
from attest.stores.registry.fallback import FallbackTags, is_bookkeeping, is_poor
from attest.stores.registry.listing import Listed, ReferrersApi
from attest.stores.registry.manifests import Manifests
from attest.stores.registry.options import RegistryOptions

_LOOKERS: Final = 16


class RegistryStore:
    """One registry host; safe for many threads. ``name`` is the STORE as the user wrote it."""

    def __init__(
        self,
        host: str,
        *,
        name: str,
        options: RegistryOptions | None = None,
        credentials: Credentials | None = None,
    ) -> None:
        options = options or RegistryOptions()
        credentials = credentials or UserCredentials(os.environ, Path.home())
        self._name = name
        self._clock = options.clock
        self._client = Client(host, options, credentials)
        self._blobs = Blobs(self._client, options)
        self._manifests = Manifests(self._client, self._blobs)
        self._capabilities = Capabilities(options.clock, options.unsupported_for)
        self._api = ReferrersApi(self._client, self._capabilities)
        self._fallback = FallbackTags(self._manifests, options.clock)

    @property
    def name(self) -> str:
        return self._name

    def resolve(self, reference: Reference) -> Descriptor:
        return self._manifests.head(reference.repository, _target(reference))

    def fetch(self, repository: str, descriptor: Descriptor) -> bytes:
        if descriptor.media_type in MANIFEST_TYPES:
            return self._manifests.fetch(repository, descriptor)
        return self._blobs.fetch(repository, descriptor)

    def push(self, repository: str, descriptor: Descriptor, data: bytes) -> None:
        descriptor.check(data)
        if descriptor.media_type not in MANIFEST_TYPES:
            self._blobs.push(repository, descriptor, data)
            return
        manifest = Manifest.parse(data, media_type=descriptor.media_type)
        if manifest.subject is None:
            if not self._is_there(repository, descriptor.digest):
                self._manifests.put(repository, str(descriptor.digest), descriptor.media_type, data)
            return
        subject = manifest.subject.digest
        response = self._manifests.put(repository, str(descriptor.digest), descriptor.media_type, data)
        if response.headers.get("oci-subject") == str(subject):
            self._capabilities.learn(repository, Api.YES)
            return
        if not self._api_lists(repository, subject, descriptor.digest):
            self._fallback.add(repository, subject, manifest, descriptor.digest)

    def has(self, repository: str, digest: Digest) -> bool:
        """Whether a blob is there, without reading it."""
        return self._blobs.has(repository, digest)

    def mount(self, repository: str, digest: Digest, source: str) -> bool:
        """Let a blob of the repository ``source`` be in ``repository`` too; False where that is not offered."""
        return self._blobs.mount(repository, digest, source)

    def referrers(self, repository: str, subject: Digest, *, artifact_type: str | None = None) -> Referrers:
        return _united(self.listings(repository, subject, artifact_type=artifact_type))

    def listings(self, repository: str, subject: Digest, *, artifact_type: str | None = None) -> Iterator[Referrers]:
        """One listing a way of asking, each asked for only when it is wanted: first the API's, then the fallback tag's.

        Who is satisfied with the first need not pay for the second; `referrers` unites them. The last listing raises
        `StoreUnavailable` when no way could be asked at all.
        """
        by_api = self._api.read(repository, subject, artifact_type=artifact_type)
        if by_api is not None:
            yield self._listing(repository, subject, by_api, Where.API, artifact_type)
        by_tag = self._fallback.read(repository, subject)
        if by_tag.failed is not None and (by_api is None or by_api.failed is not None):
            raise by_tag.failed
        yield self._listing(repository, subject, by_tag, Where.FALLBACK_TAG, artifact_type)

    def tag(self, reference: Reference, descriptor: Descriptor) -> None:
        if reference.tag is None:
            raise UsageError("no tag", where=str(reference))
        data = self._manifests.fetch(reference.repository, descriptor)
        self._manifests.put(reference.repository, reference.tag, descriptor.media_type, data)

    def tags(self, repository: str) -> Iterator[str]:
        return iter(sorted({tag for tag in self._manifests.tags(repository) if not is_bookkeeping(tag)}))

    def delete(self, repository: str, digest: Digest) -> None:
        manifest = self._manifests.get(repository, str(digest))
        if not self._manifests.delete(repository, str(digest)):
            raise NotFound(f"no manifest {digest}", where=f"{self._client.host}/{repository}")
        for tag in self._tags_naming(repository, digest):
            # most registries drop tags with the manifest; from the others they are taken one by one
            self._manifests.delete(repository, tag)
        if manifest.subject is not None:
            self._fallback.remove(repository, manifest.subject.digest, digest)

    def close(self) -> None:
        self._client.close()

    def _is_there(self, repository: str, digest: Digest) -> bool:
        try:
            self._manifests.head(repository, str(digest))
        except NotFound:
            return False
        return True

    def _api_lists(self, repository: str, subject: Digest, digest: Digest) -> bool:
        """For registries that list referrers without saying so in the answer to the push."""
        listed = self._api.read(repository, subject)
        return listed is not None and any(item.digest == digest for item in listed.descriptors)

    def _tags_naming(self, repository: str, digest: Digest) -> list[str]:
        tags = list(self._manifests.tags(repository))
        with ThreadPoolExecutor(_LOOKERS) as pool:
            found = pool.map(lambda tag: self._manifests.names_digest(repository, tag), tags)
            return [tag for tag, named in zip(tags, found, strict=True) if named == digest]

    def _listing(
        self, repository: str, subject: Digest, asked: Listed, where: Where, artifact_type: str | None
    ) -> Referrers:
        place = Place(self._name, where)
        items = []
        problems = list(asked.problems)
        for descriptor in asked.descriptors:
            try:
                entry = self._whole(repository, subject, descriptor, where)
            except StoreError as error:
                problems.append(str(error))
                continue
            if entry is not None and artifact_type in (None, entry.artifact_type):
                items.append(Found(entry, (place,)))
        return Referrers(unite(items), not problems, self._clock.now(), tuple(problems))

    def _whole(self, repository: str, subject: Digest, descriptor: Descriptor, where: Where) -> Descriptor | None:
        """The entry, from the manifest itself where the listing is poor; None when there is no such referrer."""
        lacking = is_poor(descriptor) if where is Where.FALLBACK_TAG else descriptor.artifact_type is None
        return self._fallback.rich(repository, subject, descriptor) if lacking else descriptor


def _united(listings: Iterable[Referrers]) -> Referrers:
    parts = list(listings)
    problems = tuple(dict.fromkeys(problem for part in parts for problem in part.problems))
    items = unite(item for part in parts for item in part.items)
    return Referrers(items, all(part.complete for part in parts), min(part.listed_at for part in parts), problems)


def _target(reference: Reference) -> str:
    if reference.digest is not None:
        return str(reference.digest)
    if reference.tag is None:
        raise NotFound("neither tag nor digest", where=str(reference))
    return reference.tag
