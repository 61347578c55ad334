"""Which package a file is, by its content."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from attest import limits
from attest.errors import FormatError, PackageError, UnknownPackage, UsageError
from attest.packages import containers
from attest.packages.archives import Container
from attest.packages.digest import SHA256, ArtifactDigest
from attest.packages.purl import Purl
from attest.packages.row import Ecosystem, Identity, Reader
from attest.packages.table import TABLE
from attest.regular_file import open_regular

_CHUNK: Final = 1 * limits.MIB
_READERS: Final = tuple((row, reader) for row in TABLE.values() for reader in row.readers)
_SBOMS: Final = "*.dist-info/sboms/**"


@dataclass(frozen=True, slots=True)
class PackageFile:
    """A package artifact: what it is, the digest its ecosystem names it by, size in bytes, and sha256 in hex.

    ``registry_name`` is what its registry calls the package; ``platform`` what the file is for, both as written there.
    """

    path: Path
    purl: Purl
    digest: ArtifactDigest
    size: int
    sha256: str
    registry_name: str
    platform: str | None


def identify(path: Path, expected: Purl | None = None) -> PackageFile:
    """Read name and version out of the file itself and compute its digest. The file's name decides nothing.

    What no file of its kind says is taken from ``expected``, the purl that the user gave; all else must agree with it.
    Raises `PackageError` for a file that is no package, is two at once, contradicts itself, its name or ``expected``,
    and `UsageError` for one that cannot be read.
    """
    with _opened(path) as (file, size):
        row, reader, identity = _identity(file, size)
        purl = _purl(row, reader, identity, expected)
        _check_name(path.name, row, purl)
        sha256, digest = _digests(file, size, row)
    written = purl.namespace if identity.namespace is None else identity.namespace or row.namespace_default
    name = row.registry_name(written, identity.name or purl.name)
    platform = identity.platform
    if platform is None and row.name_platform is not None:
        platform = row.name_platform(path.name)
    return PackageFile(path, purl, digest, size, sha256, name, platform)


def wheel_sboms(path: Path) -> list[tuple[str, bytes]]:
    """The SBOMs that a wheel carries (PEP 770): member name and content, in the archive's order.

    Raises `PackageError` for a file that is no whole zip, `UsageError` for one that cannot be read.
    """
    with _opened(path) as (file, size):
        return _sboms(file, size)


def embedded_sboms(package: PackageFile) -> list[tuple[str, bytes]]:
    """As `wheel_sboms`, of a package that may be no wheel and then has none."""
    if package.purl.type != "pypi":
        return []
    with reopened(package) as file:
        return _sboms(file, package.size) if containers.container(file) is Container.ZIP else []


def _sboms(file: BinaryIO, size: int) -> list[tuple[str, bytes]]:
    if containers.container(file) is not Container.ZIP:
        raise PackageError("not a wheel", why="it is no zip archive")
    archive = containers.walk(file, size, Container.ZIP, [_SBOMS], member_max=limits.EVIDENCE_BLOB)
    return [(member.name, member.data) for member in archive.all(_SBOMS)]


@contextmanager
def reopened(package: PackageFile) -> Iterator[BinaryIO]:
    """The same file again. Every error within names it. Raises `PackageError` if it is not the same any more."""
    with _opened(package.path) as (file, size):
        running = hashlib.sha256()
        while chunk := file.read(_CHUNK):
            running.update(chunk)
        if (size, running.hexdigest()) != (package.size, package.sha256):
            raise PackageError("the file is another than before", next_step="try again")
        yield file


@contextmanager
def _opened(path: Path) -> Iterator[tuple[BinaryIO, int]]:
    """The file and its size; every error within names the file, and it must not change meanwhile."""
    try:
        if path.is_dir():
            raise UsageError("a directory, not a file", where=str(path), next_step="name the files, e.g. dist/*")
        with open_regular(path) as file:
            before = os.fstat(file.fileno())
            yield file, before.st_size
            after = os.fstat(file.fileno())
    except OSError as error:
        raise UsageError("cannot read the file", where=str(path), why=error.strerror or str(error)) from None
    except FormatError as error:
        where = f"{path}: {error.where}" if error.where else str(path)
        kind = UnknownPackage if isinstance(error, UnknownPackage) else PackageError
        raise kind(error.what, where=where, why=error.why, next_step=error.next_step) from None
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise PackageError("the file changed while it was read", where=str(path), next_step="try again")


def _identity(file: BinaryIO, size: int) -> tuple[Ecosystem, Reader, Identity]:
    kind = containers.container(file)
    readers = [(row, reader) for row, reader in _READERS if reader.container is kind]
    found: list[tuple[Ecosystem, Reader, Identity]] = []
    if kind is not None:
        patterns = {pattern for _, reader in readers for pattern in reader.members}
        archive = containers.walk(file, size, kind, patterns, member_max=limits.PACKAGE_METADATA)
        for row, reader in readers:
            identity = reader.read(archive)
            if identity is not None:
                found.append((row, reader, identity))
    if not found:
        if kind is None:
            why = f"it is none of {', '.join(sorted({reader.container for _, reader in _READERS}))}"
        else:
            why = f"looked in {kind} for {'; '.join(f'{reader.looks_for} ({reader.kind})' for _, reader in readers)}"
        raise UnknownPackage("not a package of a known kind", why=why, next_step="name it by purl, with --digest")
    if len(found) > 1:
        kinds = " and ".join(reader.kind for _, reader, _ in found)
        raise PackageError("two kinds of package in one file", why=kinds, next_step="name it by purl, with --digest")
    return found[0]


def _purl(row: Ecosystem, reader: Reader, identity: Identity, expected: Purl | None) -> Purl:
    """What the file is, what it does not say taken from ``expected``. Raises `PackageError`."""
    namespace, name, version = identity.namespace, identity.name, identity.version
    if namespace is None and expected is None and not row.namespace_min:
        namespace = ()  # most packages of such an ecosystem have none
    if namespace is None or name is None or version is None:
        parts = {row.namespace: namespace, "the name": name, "the version": version}
        unsaid = " and ".join(words for words, part in parts.items() if part is None)
        if expected is None:
            shape = f"pkg:{row.type}/{'NAMESPACE/' if row.namespace_max else ''}NAME@VERSION"
            raise PackageError(
                f"a {reader.kind} does not say all of its name", why=unsaid, next_step=f"give it with --purl {shape}"
            )
        if expected.type != row.type:
            raise PackageError(f"the file is not {expected}", why=f"it is a {reader.kind}")
        namespace = expected.namespace if namespace is None else namespace
        name = expected.name if name is None else name
        version = expected.version if version is None else version
    try:
        purl = Purl.of(row.type, namespace, name, version)
    except UsageError as error:
        raise PackageError(f"not a usable {reader.kind}", why=error.why) from None
    if expected is not None and purl != expected:
        raise PackageError(f"the file is not {expected}", why=f"its content says {purl}")
    return purl


def _check_name(file_name: str, row: Ecosystem, purl: Purl) -> None:
    named = None if row.file_name is None else row.file_name(file_name)
    if named is None:
        return
    name, version = row.name(named[0]), row.version(named[1])
    if (name, version) != (purl.name, purl.version):
        raise PackageError(
            "the file's name contradicts its content",
            why=f"the name says {name} {version}, the content {purl.name} {purl.version}",
            next_step="rename the file, after finding out which is right",
        )


def _digests(file: BinaryIO, size: int, row: Ecosystem) -> tuple[str, ArtifactDigest]:
    """sha256 in hex, and the digest by the ecosystem's own rule."""
    algorithm = row.algorithms[0]
    hashes = {name: hashlib.new(name) for name in {SHA256, algorithm if row.digest is None else SHA256}}
    file.seek(0)
    while chunk := file.read(_CHUNK):
        for running in hashes.values():
            running.update(chunk)
    own = hashes[algorithm].hexdigest() if row.digest is None else row.digest(file, size)
    return hashes[SHA256].hexdigest(), ArtifactDigest(algorithm, own)
