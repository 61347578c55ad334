"""Which artifacts a version has, and which digests are one file, by what verified release statements say.

Anyone can attach a release statement to a version anchor: whose count is for the policy to say, and only those are
given to `released`. They are united, so that hiding one can only leave artifacts out. Two that contradict each other
prove nothing at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from attest.errors import FormatError
from attest.evidence.binding import Binding
from attest.evidence.lookup import subject_of
from attest.evidence.model import Subject
from attest.evidence.verify import Verified
from attest.packages.digest import ArtifactDigest
from attest.packages.purl import Purl
from attest.statements import release
from attest.statements.release import Artifact


@dataclass(frozen=True, slots=True)
class Released:
    """The artifacts of ``purl`` by the digest that its ecosystem names them by, with all their other digests.

    ``problems`` says which statements do not count, and why there are no artifacts where there are none. ``doubtful``
    says that somebody may have said more, whose word would count, than was shown and could be read.
    """

    purl: Purl
    artifacts: Mapping[ArtifactDigest, Artifact] = field(hash=False)
    problems: tuple[str, ...]
    doubtful: bool = False

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """The anchors of the artifacts."""
        return tuple(subject_of(self.purl, digest) for digest in sorted(self.artifacts))

    def same_file(self, digest: ArtifactDigest) -> ArtifactDigest | None:
        """The digest by which the ecosystem names the artifact that has ``digest``: they are one file."""
        return next(
            (own for own, artifact in self.artifacts.items() if artifact.digests.get(digest.algorithm) == digest.hex),
            None,
        )


def released(purl: Purl, statements: Iterable[Verified]) -> Released:
    """What ``statements`` say together, whose signers are all trusted with it."""
    found: dict[ArtifactDigest, Artifact] = {}
    problems = []
    for item in sorted(statements, key=lambda item: item.digest):
        try:
            said = release.read(item.statement)
            if item.binding is not Binding.ANCHOR or said.purl != purl:
                problems.append(f"{item.digest}: a release statement of {said.purl}")
                continue
            for artifact in said.artifacts:
                own = said.digest(artifact)
                found[own] = artifact if own not in found else _united(found[own], artifact)
        except FormatError as error:
            problems.append(f"{item.digest}: {error}")
        except _Contradiction as contradiction:
            return Released(purl, {}, (*problems, str(contradiction)))
    clash = _clash(found)
    return Released(purl, {} if clash else found, (*problems, clash) if clash else tuple(problems))


class _Contradiction(Exception):
    """Ends the reading of statements that cannot all be true."""


def _united(known: Artifact, other: Artifact) -> Artifact:
    """One file with the digests of both; what no digest covers is taken from the first."""
    for algorithm, value in other.digests.items():
        if known.digests.get(algorithm, value) != value:
            raise _Contradiction(f"release statements contradict each other: two {algorithm} digests of {known.name}")
    return Artifact(known.name, {**other.digests, **known.digests}, known.size, known.platform, known.download_location)


def _clash(found: Mapping[ArtifactDigest, Artifact]) -> str | None:
    """Two artifacts that share a name or a digest."""
    seen: set[str] = set()
    for artifact in found.values():
        for text in (artifact.name, *(f"{algorithm}:{value}" for algorithm, value in artifact.digests.items())):
            if text in seen:
                return f"release statements contradict each other: two artifacts are {text}"
            seen.add(text)
    return None
