"""SwiftPM's `Package.resolved`, versions 1 to 3: git commits, each under the address of its repository."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from attest import limits
from attest.errors import LockError, UsageError
from attest.oci.strict_json import Fields
from attest.packages.digest import GIT_COMMIT, ArtifactDigest
from attest.packages.lockfiles import lock
from attest.packages.lockfiles.documents import purl, read_json
from attest.packages.lockfiles.lock import Entry, Kind

_ADDRESS: Final = re.compile(r"(?:https?|ssh|git)://(?:[^@/]+@)?(?P<host>[^/:]+)(?::[0-9]+)?/(?P<path>[^?#]+)")
_SCP: Final = re.compile(r"[^@/:]+@(?P<host>[^/:]+):(?P<path>[^?#]+)")


def _read(data: bytes) -> Iterator[Entry]:
    document = read_json(data)
    version = document.integer("version")
    if version == 1:
        for pin in document.object("object").objects("pins"):
            yield _entry(pin, pin.string("package"), pin.string("repositoryURL"))
    elif version in (2, 3):
        for pin in document.objects("pins"):
            yield _pin(pin)
    else:
        raise LockError("not a Package.resolved of a known version", where="version", why=f"{version}, not 1 to 3")


def _pin(pin: Fields) -> Entry:
    name, kind = pin.string("identity"), pin.string("kind")
    if kind == "remoteSourceControl":
        return _entry(pin, name, pin.string("location"))
    gap = "no digest: it is from a package registry" if kind == "registry" else "a local repository"
    return Entry(name, pin.path, None, gap=gap)


def _entry(pin: Fields, name: str, address: str) -> Entry:
    state = pin.object("state")
    version = state.optional_string("version")
    if version is None:
        return Entry(name, pin.path, None, gap="a branch or a commit, not a version")
    match = _ADDRESS.fullmatch(address) or _SCP.fullmatch(address)
    if match is None:
        return Entry(name, pin.path, None, gap="a local repository")
    path = match["path"].strip("/").removesuffix(".git")
    if "/" not in path:
        return Entry(name, pin.path, None, gap="an address without an owner")
    package = purl("swift", f"{match['host'].lower()}/{path}", version, where=pin.path)
    try:
        commit = ArtifactDigest.parse(f"{GIT_COMMIT}:{state.string('revision').lower()}")
    except UsageError as error:
        raise LockError("not a commit", where=f"{state.path}.revision", why=error.why) from None
    return lock.entry(name, pin.path, package, [[commit]])


KIND: Final = Kind("Package.resolved", ("Package.resolved",), limits.LOCKFILE, _read)
