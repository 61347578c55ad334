"""NuGet's `packages.lock.json`, versions 1 and 2 (NuGet docs, "Locking dependencies"): one list a target framework."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Final

from attest import limits
from attest.errors import LockError
from attest.oci.strict_json import Fields
from attest.packages.digest import NUGET_CONTENT_HASH, ArtifactDigest
from attest.packages.lockfiles import lock
from attest.packages.lockfiles.documents import purl, read_json
from attest.packages.lockfiles.lock import Entry, Kind

_SHA512_BYTES: Final = 64


def _read(data: bytes) -> Iterator[Entry]:
    document = read_json(data)
    version = document.integer("version")
    if version not in (1, 2):
        raise LockError("not a packages.lock.json of a known version", where="version", why=f"{version}, not 1 or 2")
    frameworks = document.object("dependencies")
    for framework in frameworks.value:
        packages = frameworks.object(framework)
        for name in packages.value:
            yield _entry(name, packages.object(name), framework)


def _entry(name: str, item: Fields, framework: str) -> Entry:
    if item.string("type") == "Project":
        return Entry(name, item.path, None, gap="a local directory", condition=framework)
    package = purl("nuget", name, item.string("resolved"), where=item.path)
    content_hash = item.optional_string("contentHash")
    digests = [] if content_hash is None else [_digest(content_hash, item.path)]
    return lock.entry(name, item.path, package, [digests], framework)


def _digest(text: str, where: str) -> ArtifactDigest:
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise LockError("not a content hash", where=where, why=str(error)) from None
    if len(data) != _SHA512_BYTES or base64.b64encode(data).decode() != text:
        raise LockError("not a content hash", where=where, why=f"not the base64 of {_SHA512_BYTES} bytes")
    return ArtifactDigest(NUGET_CONTENT_HASH, data.hex())


KIND: Final = Kind("packages.lock.json", ("packages.lock.json", "packages.*.lock.json"), limits.LOCKFILE, _read)
