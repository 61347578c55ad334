"""A service as a store: what `attest import` would write, worked out when it is asked for, and never written.

A repository is a package, named by its purl without a version: `pkg:npm/%40acme/widget`. The service's list of the
package's artifacts gives all anchors, since those are pure functions; an attestation is asked for with its anchor's
referrers. So the listing of an anchor here and after an import are the same to the byte.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from attest.errors import FormatError, NotFound, StoreError, StoreRefused, StoreUnavailable, UsageError
from attest.evidence.attach import push_anchor
from attest.evidence.imports.hang import hang
from attest.evidence.imports.model import Malformed
from attest.evidence.imports.place import place
from attest.evidence.lookup import subject_of
from attest.evidence.services.service import Listed, Service
from attest.oci.descriptor import Descriptor
from attest.oci.digest import Digest
from attest.oci.reference import Reference
from attest.packages import placement
from attest.packages.anchors import version_anchor
from attest.packages.purl import Purl
from attest.stores.memory import MemoryStore
from attest.stores.protocol import Place, Referrers, Where


@dataclass(slots=True)
class _Package:
    """What is known of one package. ``done`` has the problems of each anchor whose attestations were asked for."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    listed_at: datetime | None = None
    artifacts: dict[Digest, list[Listed]] = field(default_factory=dict)
    done: dict[Digest, tuple[str, ...]] = field(default_factory=dict)


class ServiceStore:
    """See `Store`; writing is refused."""

    def __init__(self, service: Service, name: str) -> None:
        self.name = name
        self._service = service
        self._memory = MemoryStore(name)
        self._packages: dict[str, _Package] = {}
        self._lock = threading.Lock()

    def resolve(self, reference: Reference) -> Descriptor:
        package = self._package(reference.repository)
        with package.lock:
            self._anchor(reference.repository, _meant(package, reference))
        return self._memory.resolve(reference)

    def fetch(self, repository: str, descriptor: Descriptor) -> bytes:
        return self._memory.fetch(repository, descriptor)

    def referrers(self, repository: str, subject: Digest, *, artifact_type: str | None = None) -> Referrers:
        """Of a version its artifacts, of an artifact what is attested about it, of that what it was made from."""
        package = self._package(repository)
        with package.lock:
            problems = self._fill(repository, package, subject)
        listing = self._memory.referrers(repository, subject, artifact_type=artifact_type)
        items = tuple(replace(item, places=(Place(self.name, Where.SERVICE),)) for item in listing.items)
        assert package.listed_at is not None
        return Referrers(items, not problems, package.listed_at, problems)

    def tags(self, repository: str) -> Iterator[str]:
        package = self._package(repository)
        groups = package.artifacts.values()
        return iter(sorted({placement.tag(listed.purl) for group in groups for listed in group}))

    def push(self, repository: str, descriptor: Descriptor, data: bytes) -> None:
        raise self._read_only(f"{len(data)} bytes, {descriptor.digest}", repository)

    def tag(self, reference: Reference, descriptor: Descriptor) -> None:
        raise self._read_only(f"a tag on {descriptor.digest}", reference.repository)

    def delete(self, repository: str, digest: Digest) -> None:
        raise self._read_only(f"without {digest}", repository)

    def close(self) -> None:
        self._service.close()

    def _read_only(self, what: str, repository: str) -> StoreRefused:
        return StoreRefused(
            f"cannot write: {what}",
            where=f"{self.name} {repository}",
            why="a service is only read",
            next_step="name a store that can be written first",
        )

    def _package(self, repository: str) -> _Package:
        """The package with the list of its artifacts, asked for once."""
        with self._lock:
            package = self._packages.setdefault(repository, _Package())
        with package.lock:
            if package.listed_at is None:
                for listed in self._listed(repository):
                    subject = subject_of(listed.purl, listed.digest)
                    package.artifacts.setdefault(subject.manifest.digest, []).append(listed)
                    package.artifacts.setdefault(version_anchor(listed.purl).digest, []).append(listed)
                package.listed_at = datetime.now(UTC)
        return package

    def _listed(self, repository: str) -> list[Listed]:
        try:
            named = Purl.parse(f"{repository}@0")
        except UsageError as error:
            raise NotFound("no such repository", where=f"{self.name}{repository}", why=error.why) from None
        if named.type != self._service.type:
            return []
        try:
            return self._service.artifacts(named)
        except FormatError as error:
            raise StoreUnavailable("cannot read what the service answers", where=self.name, why=str(error)) from None

    def _fill(self, repository: str, package: _Package, subject: Digest) -> tuple[str, ...]:
        group = package.artifacts.get(subject, [])
        if subject not in package.done and group:
            self._anchor(repository, group)
            is_version = version_anchor(group[0].purl).digest == subject
            package.done[subject] = () if is_version else tuple(self._import(repository, group))
        return package.done.get(subject, ())

    def _anchor(self, repository: str, group: list[Listed]) -> None:
        for listed in group:
            push_anchor(self._memory, repository, placement.tag(listed.purl), listed.purl, listed.digest)

    def _import(self, repository: str, group: list[Listed]) -> Iterator[str]:
        """Import what there is; the problems."""
        for listed in group:
            try:
                documents = self._service.documents(listed)
            except (StoreError, FormatError) as error:
                yield str(error)
                continue
            subject = subject_of(listed.purl, listed.digest)
            for document in documents:
                for part in document.parts:
                    placed = part.reason if isinstance(part, Malformed) else place(part, [subject])
                    if isinstance(placed, str):
                        yield f"{part.where}: {placed}"
                        continue
                    for item in placed:
                        hang(self._memory, repository, item, document)


def _meant(package: _Package, reference: Reference) -> list[Listed]:
    """By a digest what has that anchor, by a tag all artifacts of the version."""
    if reference.digest is not None:
        return package.artifacts.get(reference.digest, [])
    groups = package.artifacts.values()
    return [listed for group in groups for listed in group if placement.tag(listed.purl) == reference.tag]
