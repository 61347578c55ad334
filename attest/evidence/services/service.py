"""What an ecosystem's own service can be asked: which artifacts a package has, and what was attested about one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from attest.evidence.imports.model import Document
from attest.packages.digest import ArtifactDigest
from attest.packages.purl import Purl


@dataclass(frozen=True, slots=True)
class Listed:
    """One artifact as the service lists it; ``entry`` is what it says of it."""

    purl: Purl
    digest: ArtifactDigest
    entry: Mapping[str, Any] = field(repr=False)


class Service(Protocol):
    """An ecosystem's own service, read only. Safe for many threads."""

    @property
    def type(self) -> str:
        """The purl type of its packages."""

    def artifacts(self, package: Purl) -> list[Listed]:
        """All artifacts of all versions of the package, whose own version does not matter; none if it is unknown.

        Raises `StoreUnavailable` and `FormatError`.
        """

    def documents(self, listed: Listed) -> list[Document]:
        """What is published about one artifact. Raises `StoreUnavailable` and `FormatError`."""

    def close(self) -> None:
        """Close connections."""
