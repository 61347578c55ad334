"""``--index``: an image index of a version's anchors, for clients that select by platform."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from attest.cli.subjects import Package
from attest.cli.targets import Home, Targets
from attest.oci.digest import Digest
from attest.oci.manifest import Manifest
from attest.oci.reference import Reference
from attest.packages import placement
from attest.packages.anchor_index import Member, anchor_index
from attest.packages.purl import Purl


@dataclass(frozen=True, slots=True)
class Index:
    """An index of one version's anchors, and where it was, or will be, tagged."""

    purl: Purl
    home: Home
    tag: str
    manifest: Manifest

    @classmethod
    def of(cls, purl: Purl, packages: Iterable[Package], home: Home) -> Index:
        """Of those artifacts alone that are named."""
        members = [
            Member(item.digest, None if item.file is None else item.file.name, item.platform) for item in packages
        ]
        return cls(purl, home, placement.index_tag(purl), anchor_index(purl, members))

    @property
    def digest(self) -> Digest:
        return self.manifest.digest

    @property
    def place(self) -> str:
        """``HOST/REPOSITORY:TAG``, without a host where it lies on disk."""
        return f"{'' if self.home.host is None else f'{self.home.host}/'}{self.home.repository}:{self.tag}"

    def store(self) -> None:
        """Store it, without its tag. The anchors must be there."""
        self.home.store.push(self.home.repository, self.manifest.descriptor(), self.manifest.raw)

    def publish(self) -> None:
        """Let its tag name it, whatever it named before."""
        self.home.store.tag(Reference(self.home.repository, tag=self.tag), self.manifest.descriptor())

    def json(self) -> dict[str, str]:
        return {"purl": str(self.purl), "reference": self.place, "digest": str(self.digest)}


def indexes(targets: Targets, packages: Sequence[Package]) -> list[Index]:
    """One a version."""
    versions: dict[Purl, list[Package]] = {}
    for package in packages:
        versions.setdefault(package.purl, []).append(package)
    return [Index.of(purl, named, targets.home(purl)) for purl, named in versions.items()]
