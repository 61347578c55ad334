"""The files of a release: each read whole and recognised, by version, with where it can be had."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

from attest.cli.subjects import Package
from attest.errors import PackageError, UsageError
from attest.evidence.lookup import subject_of
from attest.evidence.model import Subject
from attest.packages.anchors import version_anchor
from attest.packages.digest import SHA256, SHA512
from attest.packages.ecosystem import ecosystem
from attest.packages.files import PackageFile, identify
from attest.packages.purl import Purl
from attest.regular_file import open_regular
from attest.statements.release import Artifact

_PLACEHOLDERS: Final = ("{file}", "{name}", "{version}")
_BRACES: Final = re.compile(r"\{[^{}]*\}|[{}]")


@dataclass(frozen=True, slots=True)
class File:
    """One artifact of a release."""

    found: PackageFile
    artifact: Artifact

    @property
    def package(self) -> Package:
        found = self.found
        return Package(found.purl, found.digest, found.path, found.registry_name, found.platform)

    @property
    def subject(self) -> Subject:
        return subject_of(self.found.purl, self.found.digest, read_from_file=True)


@dataclass(frozen=True, slots=True)
class Version:
    """All files of one version."""

    purl: Purl
    files: tuple[File, ...]

    @property
    def subject(self) -> Subject:
        """The version itself, by its anchor."""
        return Subject(version_anchor(self.purl).descriptor(), self.purl, None, str(self.purl))


def read(paths: Iterable[str], expected: Purl | None, locate: Callable[[Purl, str], str] | None) -> list[Version]:
    """The files by version, each read whole and recognised. ``locate`` says from where one can be had.

    Raises `PackageError`, and `UsageError` for files that cannot be of one release.
    """
    versions: dict[Purl, list[File]] = {}
    for path in dict.fromkeys(paths):
        found = identify(Path(path), expected)
        location = None if locate is None else locate(found.purl, found.path.name)
        versions.setdefault(found.purl, []).append(_file(found, location))
    for purl, files in versions.items():
        _check(purl, files)
    return [Version(purl, tuple(files)) for purl, files in versions.items()]


def locator(template: str) -> Callable[[Purl, str], str]:
    """What ``--download-url`` means: ``{file}``, ``{name}`` and ``{version}`` stand for themselves, percent-encoded.

    Raises `UsageError`.
    """
    parts = urlsplit(template)
    if not parts.scheme or not (parts.netloc or parts.path):
        raise UsageError("not a URL", where="--download-url", why=repr(template[:160]))
    if "@" in parts.netloc:
        raise UsageError("a URL with credentials", where="--download-url", why="everybody could read them")
    unknown = [found for found in _BRACES.findall(template) if found not in _PLACEHOLDERS]
    if unknown:
        raise UsageError(f"unknown: {unknown[0]}", where="--download-url", why=f"known: {', '.join(_PLACEHOLDERS)}")

    def locate(purl: Purl, file: str) -> str:
        values = dict(zip(_PLACEHOLDERS, (file, purl.registry_name, purl.version), strict=True))
        return _BRACES.sub(lambda found: quote(values[found[0]], safe="@/"), template)

    return locate


def _file(found: PackageFile, location: str | None) -> File:
    digests = {found.digest.algorithm: found.digest.hex, **_whole(found)}
    return File(found, Artifact(found.path.name, digests, found.size, found.platform, location))


def _whole(found: PackageFile) -> dict[str, str]:
    """The hashes of the file as it lies; it must still be the one that was recognised."""
    with open_regular(found.path) as file:
        hashes = {SHA256: hashlib.sha256(), SHA512: hashlib.sha512()}
        while chunk := file.read(1 << 20):
            for running in hashes.values():
                running.update(chunk)
    digests = {name: running.hexdigest() for name, running in hashes.items()}
    if digests[SHA256] != found.sha256:
        raise PackageError("the file changed while it was read", where=str(found.path), next_step="try again")
    return digests


def _check(purl: Purl, files: Sequence[File]) -> None:
    if len(files) > 1 and ecosystem(purl.type).one_artifact:
        raise UsageError(
            f"{len(files)} files of {purl}", why=f"a version has one artifact in {purl.type}", next_step="name one"
        )
    seen: dict[str, File] = {}
    for file in files:
        for text in (file.artifact.name, str(file.found.digest)):
            if text in seen:
                raise UsageError(
                    f"two files of {purl} have one {'name' if text == file.artifact.name else 'content'}",
                    why=f"{seen[text].found.path} and {file.found.path}",
                    next_step="name one of them",
                )
            seen[text] = file
