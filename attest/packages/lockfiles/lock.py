"""What a lockfile says: its entries, each with every artifact that an installer could choose for it.

An entry is never dropped. What has no usable digest says why, and it is for the policy to deny it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from attest.errors import LockError
from attest.packages.digest import ArtifactDigest
from attest.packages.ecosystem import ecosystem
from attest.packages.purl import Purl


@dataclass(frozen=True, slots=True)
class Entry:
    """One package as a lockfile pins it.

    ``name`` and ``place`` are for people: what the file calls it, and where that stands (``line 12``, or a path in the
    document). Exactly one of three is there: ``digests`` of all artifacts that may be installed for it, by an algorithm
    of its ecosystem; ``gap``, why there is none for at least one of them; ``covered``, why nothing is installed that
    another entry's digest does not cover. ``purl`` may be None without digests. ``condition`` is what restricts it to
    some platforms, as written.
    """

    name: str
    place: str
    purl: Purl | None
    digests: tuple[ArtifactDigest, ...] = ()
    gap: str | None = None
    covered: str | None = None
    condition: str | None = None

    def __post_init__(self) -> None:
        if [bool(self.digests), self.gap is not None, self.covered is not None].count(True) != 1:
            raise ValueError(f"{self.name}: an entry has digests, a gap or a cover")
        if self.digests and self.purl is None:
            raise ValueError(f"{self.name}: digests of nothing")


@dataclass(frozen=True, slots=True)
class Lock:
    """A lockfile. ``entries`` are in the order of the file, repeated ones as often as they stand there."""

    path: Path
    kind: str
    entries: tuple[Entry, ...]

    def artifacts(self) -> list[tuple[Purl, ArtifactDigest]]:
        """Every artifact once, in the order of the file.

        Raises `LockError` where entries pin different bytes for a version that can have one artifact only.
        """
        return list(_once(self))


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of lockfile.

    ``files`` are patterns of file names (`fnmatch`). ``fits`` tells it from other kinds with such names by its content.
    ``read`` yields its entries and raises `FormatError` with the place for what is malformed; it is given the file's
    bytes, at most ``limit`` of them.
    """

    name: str
    files: tuple[str, ...]
    limit: int
    read: Callable[[bytes], Iterable[Entry]]
    fits: Callable[[bytes], bool] | None = None


@dataclass(frozen=True, slots=True)
class Index:
    """One kind of index of a distribution: as `Kind`, but ``read`` also takes the vendor, which no such file says."""

    name: str
    files: tuple[str, ...]
    limit: int
    read: Callable[[bytes, str], Iterable[Entry]]
    fits: Callable[[bytes], bool] | None = None


def entry(
    name: str, place: str, purl: Purl, files: Sequence[Iterable[ArtifactDigest]], condition: str | None = None
) -> Entry:
    """An entry of which any of ``files`` may be installed, each given by what the lockfile knows of its digests.

    Digests by which the ecosystem does not name its artifacts are of no use; a file without a usable one is a gap.
    """
    algorithms = ecosystem(purl.type).algorithms
    usable: dict[ArtifactDigest, None] = {}
    for file in map(tuple, files):
        fitting = [digest for digest in file if digest.algorithm in algorithms]
        if not fitting:
            gap = _unusable(purl.type, file) if len(files) == 1 else f"one of its files: {_unusable(purl.type, file)}"
            return Entry(name, place, purl, (), gap, condition=condition)
        usable |= dict.fromkeys(fitting)
    return Entry(name, place, purl, tuple(usable), None if usable else "no digest", condition=condition)


def _unusable(type: str, digests: tuple[ArtifactDigest, ...]) -> str:
    if not digests:
        return "no digest"
    others = ", ".join(sorted({item.algorithm for item in digests}))
    return f"only {others}, and {type} artifacts are named by {' or '.join(ecosystem(type).algorithms)}"


def _once(lock: Lock) -> Iterator[tuple[Purl, ArtifactDigest]]:
    seen: dict[tuple[Purl, ArtifactDigest], None] = {}
    only: dict[Purl, tuple[ArtifactDigest, Entry]] = {}
    for item in lock.entries:
        for digest in item.digests:
            assert item.purl is not None  # an entry with digests has one
            if ecosystem(item.purl.type).one_artifact:
                first, where = only.setdefault(item.purl, (digest, item))
                if first.algorithm == digest.algorithm and first != digest:
                    raise LockError(
                        f"two different digests of {item.purl}",
                        where=f"{lock.path}: {item.place}",
                        why=f"{digest} here, {first} at {where.place}",
                    )
            key = (item.purl, digest)
            if key not in seen:
                seen[key] = None
                yield key
