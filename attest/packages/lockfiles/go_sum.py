"""`go.sum` (go.dev/ref/mod, "go.sum files"): the hash of each module's zip, and of its `go.mod` alone.

A module of which only `go.mod` is listed takes part in choosing versions and is never built.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from attest import limits
from attest.errors import LockError, UsageError
from attest.packages.digest import ArtifactDigest
from attest.packages.lockfiles import lock
from attest.packages.lockfiles.documents import purl, read_lines
from attest.packages.lockfiles.lock import Entry, Kind

_GO_MOD: Final = "/go.mod"


def _read(data: bytes) -> Iterator[Entry]:
    modules: dict[tuple[str, str], tuple[str, list[ArtifactDigest] | None]] = {}
    for number, line in enumerate(read_lines(data), 1):
        if not line.strip():
            continue
        place = f"line {number}"
        parts = line.split()
        if len(parts) != 3:
            raise LockError("not a line of go.sum", where=place, why=f"{len(parts)} parts, not module, version, hash")
        module, version, text = parts
        only_mod = version.endswith(_GO_MOD)
        key = (module, version.removesuffix(_GO_MOD))
        found = _digest(text, place)
        if only_mod:
            modules.setdefault(key, (place, None))
            continue
        first, known = modules.get(key, (place, None))
        modules[key] = (first if known else place, [*(known or []), *found])
    for (module, version), (place, digests) in modules.items():
        if digests is None:
            yield Entry(f"{module} {version}", place, None, covered="only its go.mod is read")
        else:
            yield lock.entry(f"{module} {version}", place, purl("golang", module, version, where=place), [digests])


def _digest(text: str, place: str) -> list[ArtifactDigest]:
    """A hash of another kind than `h1` is to be ignored (go.dev/ref/mod)."""
    if not text.startswith("h1:"):
        return []
    try:
        return [ArtifactDigest.parse(text)]
    except UsageError as error:
        raise LockError("not a hash of go.sum", where=place, why=error.why) from None


KIND: Final = Kind("go.sum", ("go.sum", "go.work.sum"), limits.LOCKFILE, _read)
