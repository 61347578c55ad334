"""`pylock.toml` (PEP 751), read by `packaging.pylock`: an archive, or an sdist and wheels; any may be chosen.

Of several hashes of one file installers look at any, so that each counts as a file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from attest import limits
from attest.errors import LockError
from attest.packages.digest import ArtifactDigest
from attest.packages.lockfiles import lock
from attest.packages.lockfiles.documents import hashes, purl, read_toml
from attest.packages.lockfiles.lock import Entry, Kind

if TYPE_CHECKING:
    from packaging.pylock import Package


def _read(data: bytes) -> Iterator[Entry]:
    from packaging.pylock import Pylock, PylockValidationError

    try:
        packages = Pylock.from_dict(read_toml(data).value).packages
    except PylockValidationError as error:
        raise LockError("not a pylock.toml", where=error.context or "lockfile", why=error.message) from None
    for position, package in enumerate(packages):
        yield _entry(package, f"packages[{position}] {package.name}")


def _entry(package: Package, place: str) -> Entry:
    condition = _condition(package, place)
    gap = None
    if package.vcs is not None:
        gap = "a version control dependency"
    elif package.directory is not None:
        gap = "a local directory"
    elif package.version is None:
        gap = "no version"
    if gap is not None:
        return Entry(package.name, place, None, gap=gap, condition=condition)
    files = [*(package.wheels or ()), *(item for item in (package.sdist, package.archive) if item is not None)]
    named = purl("pypi", package.name, str(package.version), where=place)
    return lock.entry(
        package.name, place, named, [item for file in files for item in _digests(file.hashes, place)], condition
    )


def _condition(package: Package, place: str) -> str | None:
    try:
        return None if package.marker is None else str(package.marker)
    except ValueError:
        raise LockError("not a marker", where=place, why="both kinds of quotes in a string") from None


def _digests(known: Mapping[str, str], place: str) -> list[list[ArtifactDigest]]:
    return [hashes([f"{algorithm}:{encoded}"], where=place) for algorithm, encoded in known.items()]


KIND: Final = Kind("pylock.toml", ("pylock.toml", "pylock.*.toml"), limits.LOCKFILE_TOML, _read)
