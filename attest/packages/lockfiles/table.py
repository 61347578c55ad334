"""Which kind of lockfile a file is, by its name and, where several share one, its content; and reading it."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from attest.errors import FormatError, LockError, UsageError
from attest.packages.lockfiles import (
    cargo_lock,
    conda_lock,
    gemfile_lock,
    go_sum,
    nuget_lock,
    package_lock,
    package_resolved,
    pipfile_lock,
    pnpm_lock,
    poetry_lock,
    pubspec_lock,
    pylock,
    requirements,
    sbom,
    uv_lock,
    yarn_berry,
    yarn_classic,
)
from attest.packages.lockfiles.lock import Kind, Lock
from attest.regular_file import open_regular

KINDS: Final[tuple[Kind, ...]] = (
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
    sbom.CYCLONEDX,
    sbom.SPDX,
)


def read_lock(path: Path, *, kind: str | None = None) -> Lock:
    """Read a lockfile; ``kind`` is the name of one in `KINDS`, by default found from the file's name and content.

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
        entries = tuple(found.read(data))
    except FormatError as error:
        where = f"{path}: {error.where}" if error.where else str(path)
        raise LockError(error.what, where=where, why=error.why, next_step=error.next_step) from None
    return Lock(path, found.name, entries)


def _named(kind: Kind, path: Path) -> bool:
    return any(fnmatchcase(path.name, pattern) for pattern in kind.files)
