"""What ``attest release`` says when it is done: for machines, and for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from attest import names
from attest.cli.consumers import POLICY
from attest.cli.indexing import Index
from attest.cli.release_files import Version
from attest.cli.targets import Home
from attest.oci.digest import Digest


@dataclass(frozen=True, slots=True)
class Released:
    """What was written for one version; ``referrers`` by predicate type and the manifest that they are attached to."""

    version: Version
    home: Home
    referrers: Mapping[tuple[str, Digest], Digest]
    index: Index | None
    verify: Sequence[str]
    policies: Mapping[str, Digest]

    def json(self) -> dict[str, Any]:
        """As `release.schema.json` describes it."""
        version = self.version
        anchor = version.subject.manifest.digest
        return {
            "purl": str(version.purl),
            "anchor": str(anchor),
            "statement": self._referrer(anchor, names.PREDICATE_RELEASE),
            "repository": self.home.repository,
            "tag": self.home.tag,
            "files": [
                {
                    "name": file.artifact.name,
                    "digest": str(file.found.digest),
                    "anchor": str(file.subject.manifest.digest),
                    "signature": self._referrer(file.subject.manifest.digest, names.PREDICATE_COSIGN_SIGN),
                    "sbom": self._referrer(
                        file.subject.manifest.digest, names.PREDICATE_CYCLONEDX, names.PREDICATE_SPDX
                    ),
                    "provenance": self._referrer(file.subject.manifest.digest, names.PREDICATE_SLSA_V1),
                    "size": file.artifact.size,
                    "platform": file.artifact.platform,
                    "download_url": file.artifact.download_location,
                }
                for file in version.files
            ],
            "index": None if self.index is None else self.index.json(),
            "policies": [{"name": name, "digest": str(digest)} for name, digest in self.policies.items()],
            "verify": list(self.verify),
        }

    def lines(self) -> Iterator[str]:
        """For people: the version, its files with their anchors, and what others type."""
        version = self.version
        yield f"released {version.purl} {version.subject.manifest.digest}"
        for file in version.files:
            yield f"  {file.artifact.name} {file.subject.manifest.digest}"
        if self.index is not None:
            yield f"  index {self.index.place} {self.index.digest}"
        for name, digest in self.policies.items():
            yield f"  admitted by {name} {digest}"
        yield "to verify:" if self.policies else f"to verify, with a policy of one's own as {POLICY}:"
        yield from (f"  {line}" for line in self.verify)

    def _referrer(self, manifest: Digest, *kinds: str) -> str | None:
        found = (self.referrers.get((kind, manifest)) for kind in kinds)
        return next((str(referrer) for referrer in found if referrer is not None), None)
