"""`Cargo.lock`, versions 1 to 4 (the Cargo book; cargo's own reader, `core/resolver/encode.rs`).

A package without a source is part of the project, or lies in a directory beside it: the file does not say which. One
that no other package needs is taken for the project itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from attest import limits
from attest.errors import LockError
from attest.oci.strict_json import Fields
from attest.packages.digest import ArtifactDigest
from attest.packages.lockfiles import lock
from attest.packages.lockfiles.documents import hashes, purl, read_toml, texts
from attest.packages.lockfiles.lock import Entry, Kind

_VERSIONS: Final = (1, 2, 3, 4)
_REGISTRIES: Final = ("registry+", "sparse+")
_CHECKSUM: Final = "checksum "


def _read(data: bytes) -> Iterator[Entry]:
    document = read_toml(data)
    version = document.value.get("version", 1)
    if version not in _VERSIONS:
        raise LockError("not a Cargo.lock of a known version", where="version", why=f"{version!r:.40}, not 1 to 4")
    packages = document.objects("package")
    root = document.optional_object("root")  # as versions before cargo 0.18 wrote the project itself
    needed = {name.split(" ")[0] for item in packages for name in texts(item, "dependencies")}
    checksums = document.strings("metadata")  # of version 1; cargo reads it in every one, and it prevails
    if root is not None:
        yield Entry(root.string("name"), root.path, None, covered="the project itself")
    for item in packages:
        yield _entry(item, needed, checksums)


def _entry(item: Fields, needed: set[str], checksums: dict[str, str]) -> Entry:
    name, version = item.string("name"), item.string("version")
    source = item.optional_string("source")
    place = f"{item.path} {name} {version}"
    if source is None:
        if name in needed:
            return Entry(name, place, None, gap="a local directory")
        return Entry(name, place, None, covered="the project itself")
    if not source.startswith(_REGISTRIES):
        return Entry(name, place, None, gap="a git dependency" if source.startswith("git+") else f"from {source:.80}")
    checksum = item.optional_string("checksum")
    old = checksums.get(f"{_CHECKSUM}{name} {version} ({source})")
    if None not in (checksum, old) and checksum != old:
        raise LockError("two checksums", where=place, why=f"{checksum:.80} here, {old:.80} in metadata")
    checksum = checksum or old
    digests: list[ArtifactDigest] = []
    if checksum not in (None, "<none>"):
        digests = hashes([f"sha256:{checksum}"], where=place)
    return lock.entry(name, place, purl("cargo", name, version, where=place), [digests])


KIND: Final = Kind("Cargo.lock", ("Cargo.lock",), limits.LOCKFILE_TOML, _read)
