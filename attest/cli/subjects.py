"""From the SUBJECT that the user typed to what it names, before any store is asked."""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from attest.errors import FormatError, UsageError
from attest.oci.digest import Digest
from attest.oci.reference import Reference
from attest.packages.digest import ArtifactDigest
from attest.packages.purl import Purl
from attest.stores.location import Location

_FORMS: Final = "name an existing package file, a purl, HOST/REPO[:TAG|@DIGEST], or oci:DIR[:TAG|@DIGEST]"


@dataclass(frozen=True, slots=True)
class Package:
    """A package artifact that the user named completely: a file, or a purl with its digest.

    ``registry_name`` and ``platform`` are what the file says of them, as `PackageFile` has them.
    """

    purl: Purl
    digest: ArtifactDigest
    file: Path | None = None
    registry_name: str | None = None
    platform: str | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """A purl without a digest: its artifacts are whatever the store shows."""

    purl: Purl


@dataclass(frozen=True, slots=True)
class Image:
    """A manifest that is its own subject; its evidence lies beside it, at ``location``."""

    text: str
    reference: Reference
    location: Location


Named = Package | Version | Image


def parse(arguments: argparse.Namespace) -> list[Named]:
    """All SUBJECTs of the command line. Raises `UsageError`, or `FormatError` for a file that is no package."""
    if len(arguments.subjects) > 1 and (arguments.digest or arguments.purl):
        raise UsageError("--digest and --purl go with one SUBJECT")
    expected = Purl.parse(arguments.purl) if arguments.purl else None
    digest = None if arguments.digest is None else ArtifactDigest.parse(arguments.digest)
    return [_parse(text, expected, digest) for text in arguments.subjects]


def parse_image(text: str) -> Image:
    """What ``text`` names, which is no package. Raises `UsageError`."""
    return _in_directory(text) if text.startswith("oci:") else _in_registry(text, None, None)


def _parse(text: str, expected: Purl | None, digest: ArtifactDigest | None) -> Named:
    if text.startswith("pkg:"):
        return _purl(text, expected, digest)
    if text.startswith("oci:"):
        _check_alone(text, expected, digest)
        return _in_directory(text)
    path = Path(text)
    if not os.path.exists(text):  # False, too, for what is too long or cannot be a path
        return _in_registry(text, expected, digest)
    from attest.packages.files import identify  # a lockfile names no files

    package = identify(path, expected)
    if digest is not None and digest != package.digest:
        raise UsageError(f"the file does not have the digest {digest}", where=text, why=f"it has {package.digest}")
    return Package(package.purl, package.digest, path, package.registry_name, package.platform)


def _purl(text: str, expected: Purl | None, digest: ArtifactDigest | None) -> Package | Version:
    purl = Purl.parse(text)
    if expected is not None and purl != expected:
        raise UsageError(f"{purl} is not {expected}", why="SUBJECT and --purl name different packages")
    if digest is None:
        return Version(purl)
    return Package(purl, digest)


def _in_registry(text: str, expected: Purl | None, digest: ArtifactDigest | None) -> Image:
    """``HOST/REPO[:TAG|@DIGEST]``; without either it is the tag ``latest``, as for every other client."""
    try:
        reference = Reference.parse(text)
    except UsageError as error:
        if not Reference.has_host(text):
            raise UsageError("no such file", where=text, next_step=_FORMS) from None
        raise UsageError(error.what, where=error.where, why=error.why, next_step=_FORMS) from None
    _check_alone(text, expected, digest)
    if reference.tag is None and reference.digest is None:
        reference = replace(reference, tag="latest")
    return Image(text, reference, Location.of(reference))


def _check_alone(text: str, expected: Purl | None, digest: ArtifactDigest | None) -> None:
    if expected is not None or digest is not None:
        raise UsageError("--digest and --purl go with a purl or a package file", where=text)


def _in_directory(text: str) -> Image:
    """``oci:DIR[:TAG|@DIGEST]``; DIR is one layout."""
    directory, at, digest = text.removeprefix("oci:").partition("@")
    tag = None
    if not at and ":" in Path(directory).name:
        directory, _, tag = directory.rpartition(":")
    if not directory:
        raise UsageError("no directory", where=text, next_step="write oci:DIR[:TAG|@DIGEST]")
    if tag is None and not at:
        raise UsageError("neither tag nor digest", where=text, next_step="write oci:DIR:TAG or oci:DIR@DIGEST")
    try:
        reference = Reference("", tag, Digest.parse(digest) if at else None)
    except FormatError as error:
        raise UsageError(error.what, where=text, why=error.why) from None
    return Image(text, reference, Location.parse(f"oci:{directory}"))
