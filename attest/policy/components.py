"""The components of an SBOM as subjects of their own, and what another policy says of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Final

from attest.errors import UsageError
from attest.evidence.model import Subject
from attest.packages.digest import ArtifactDigest
from attest.packages.ecosystem import ecosystem
from attest.packages.purl import Purl, package_named
from attest.statements.sbom import Component, Sbom

_STRONG: Final = ("sha256", "sha512")
_IMAGES: Final = ("oci", "docker")
"""Types of purls by which SBOMs name an image."""


class Answer(StrEnum):
    """What came of one component, from the best to the worst."""

    ADMITTED = "admitted"
    INCONCLUSIVE = "inconclusive"
    UNRESOLVED = "unresolved"
    """Nobody says which file it is whom its policy trusts with that."""
    DENIED = "denied"


@dataclass(frozen=True, slots=True)
class Part:
    """One component. ``purl`` is None where it has none, ``digests`` are all strong ones that are given for it."""

    name: str
    purl: Purl | None
    digests: tuple[ArtifactDigest, ...] = ()

    @property
    def artifact(self) -> ArtifactDigest | None:
        """The digest by which its ecosystem names it, if it is given."""
        if self.purl is None:
            return None
        algorithms = ecosystem(self.purl.type).algorithms
        return next((digest for name in algorithms for digest in self.digests if digest.algorithm == name), None)


@dataclass(frozen=True, slots=True)
class Decided:
    """What came of a component, and why, in words."""

    answer: Answer
    why: str = ""


@dataclass(frozen=True, slots=True)
class Components:
    """What came of components, each by the path of the policy that was asked."""

    known: Mapping[tuple[Path, Part], Decided] = field(default_factory=lambda: MappingProxyType({}))

    def of(self, policy: Path, part: Part) -> Decided:
        """Of one; what was not looked at leaves doubt."""
        return self.known.get((policy, part), _UNSEEN)

    def by(self, policy: Path) -> Iterator[tuple[Part, Decided]]:
        """All that were decided by one policy, in the order of their names and digests."""
        found = ((part, decided) for (path, part), decided in self.known.items() if path == policy)
        return iter(sorted(found, key=lambda item: (item[0].name, item[0].digests)))


NO_COMPONENTS: Final = Components()
_UNSEEN: Final = Decided(Answer.INCONCLUSIVE, "it was not looked at: there are too many components, or too deep")


def parts_of(sbom: Sbom, subject: Subject) -> tuple[Part, ...]:
    """What an SBOM says is in ``subject``, each once: not itself, and no files, data or keys without a purl.

    What it describes beside the subject is in it too. Of several things only that is the subject which has its purl;
    one alone is by what could be its name, so that a document about another package says that this is inside.
    """
    described = sbom.described
    if len(described) == 1 and _stands_for(described[0], subject):
        described = ()
    parts = dict.fromkeys(_parts((*described, *sbom.components)))
    return tuple(part for part in parts if not _is_itself(part, subject))


def _stands_for(component: Component, subject: Subject) -> bool:
    """Whether the one thing that is described could be ``subject``, which has no purl where it is an image."""
    purl = None if component.purl is None else package_named(component.purl)
    return component.purl is None or (subject.purl is None and purl is not None and purl.type in _IMAGES)


def _parts(components: Iterable[Component]) -> Iterator[Part]:
    for component in components:
        purl = None if component.purl is None else package_named(component.purl)
        if component.purl is not None or component.is_software:
            yield Part(str(purl or component)[:240], purl, tuple(sorted(_digests(component))))


def _digests(component: Component) -> Iterator[ArtifactDigest]:
    for algorithm in _STRONG:
        if algorithm in component.digests:
            with suppress(UsageError):
                yield ArtifactDigest.parse(f"{algorithm}:{component.digests[algorithm]}")


def _is_itself(part: Part, subject: Subject) -> bool:
    return part.purl is not None and part.purl == subject.purl and part.artifact in (None, subject.digest)
