"""Which kind of lockfile a file is, by its name and, where several share one, its content; and reading it."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from attest.errors import FormatError, LockError, UsageError
from attest.packages.lockfiles import (
    apk_index,
    cargo_lock,
    conda_lock,
    cyclonedx,
    debian,
    gemfile_lock,
    go_sum,
    mix_lock,
    nuget_lock,
    package_lock,
    package_resolved,
    pipfile_lock,
    pnpm_lock,
    poetry_lock,
    pubspec_lock,
    pylock,
    repodata,
    requirements,
    rpm_metadata,
    spdx,
    uv_lock,
    verification_metadata,
    yarn_berry,
    yarn_classic,
)
from attest.packages.lockfiles.lock import Entry, Index, Kind, Lock
from attest.regular_file import open_regular

KINDS: Final[tuple[Kind | Index, ...]] = (
    package_lock.KIND,
    pnpm_lock.KIND,
    yarn_classic.KIND,
    yarn_berry.KIND,
    pylock.KIND,
    requirements.KIND,
    poetry_lock.KIND,
    uv_lock.KIND,
    pipfile_lock.KIND,
    cargo_lock.KIND,
    go_sum.KIND,
    gemfile_lock.KIND,
    nuget_lock.KIND,
    package_resolved.KIND,
    pubspec_lock.KIND,
    conda_lock.KIND,
    repodata.KIND,
    verification_metadata.KIND,
    mix_lock.KIND,
    debian.PACKAGES,
    debian.STATUS,
    rpm_metadata.PRIMARY,
    rpm_metadata.INSTALLED,
    apk_index.KIND,
    cyclonedx.JSON,
    cyclonedx.XML,
    spdx.SPDX_2,
    spdx.SPDX_3,
)


SBOMS: Final = frozenset(item.name for item in (cyclonedx.JSON, cyclonedx.XML, spdx.SPDX_2, spdx.SPDX_3))
"""Names of the kinds that are SBOMs."""


def is_lock(path: Path) -> bool:
    """Whether a file is of a known kind by its name and, where several share that, its content."""
    chosen = [item for item in KINDS if _named(item, path)]
    if not chosen:
        return False
    try:
        with open_regular(path) as file:
            data = file.read(max(item.limit for item in chosen))
    except OSError:
        return True  # reading it will say why
    return any(item.fits is None or item.fits(data) for item in chosen)


def read_lock(path: Path, *, kind: str | None = None, vendor: str | None = None) -> Lock:
    """Read a lockfile; ``kind`` is the name of one in `KINDS`, by default found from the file's name and content.

    ``vendor`` is whose packages the index of a distribution lists, such as ``debian``; such an index does not say it.

    Raises `LockError` for what is malformed or of no known kind, `UsageError` for what cannot be read.
    """
    chosen = [item for item in KINDS if (item.name == kind if kind else _named(item, path))]
    if not chosen:
        known = ", ".join(item.name for item in KINDS)
        raise LockError("not a lockfile of a known kind", where=str(path), why=f"known are {known}")
    try:
        with open_regular(path) as file:
            data = file.read(max(item.limit for item in chosen) + 1)
    except OSError as error:
        raise UsageError("cannot read the lockfile", where=str(path), why=error.strerror) from None
    found = next((item for item in chosen if item.fits is None or item.fits(data)), None)
    if found is None:
        raise LockError(
            "not what its name says", where=str(path), why=f"no {' or '.join(item.name for item in chosen)}"
        )
    if len(data) > found.limit:
        raise LockError("the lockfile is too large", where=str(path), why=f"more than {found.limit} bytes")
    try:
        entries = tuple(_entries(found, data, vendor, path))
    except FormatError as error:
        where = f"{path}{_place(error.where)}"
        raise LockError(error.what, where=where, why=error.why, next_step=error.next_step) from None
    return Lock(path, found.name, entries)


def _entries(kind: Kind | Index, data: bytes, vendor: str | None, path: Path) -> Iterable[Entry]:
    if isinstance(kind, Kind):
        return kind.read(data)
    if not vendor:
        raise UsageError(
            "a list of whose packages?",
            where=str(path),
            why=f"{kind.name} does not say the vendor",
            next_step="say it with --lock-vendor, such as --lock-vendor debian",
        )
    return kind.read(data, vendor)


def _place(where: str | None) -> str:
    """``lockfile:12`` is a line of the file itself; else a place in it."""
    line = (where or "").removeprefix("lockfile")
    return line if not where or line.startswith(":") or not line else f": {where}"


def _named(kind: Kind | Index, path: Path) -> bool:
    return any(fnmatchcase(path.name, pattern) for pattern in kind.files)
