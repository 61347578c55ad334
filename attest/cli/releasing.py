"""The steps of `attest release`: read the files, sign everything, store it, and only then tag it.

So a release that fails, or is killed, leaves manifests that nobody is pointed to, and doing it again completes it: what
the same key has signed already is found and not signed again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

from attest import names
from attest.cli.indexing import Index
from attest.cli.subjects import Package
from attest.cli.targets import Home, Targets
from attest.errors import PackageError, UsageError
from attest.evidence.attach import attach_bundle, statement_subjects, store_anchor, tag_version
from attest.evidence.collect import collect
from attest.evidence.lookup import subject_of
from attest.evidence.model import Subject
from attest.evidence.signed import SignedBundle
from attest.oci.digest import Digest
from attest.packages.anchors import version_anchor
from attest.packages.digest import SHA256, SHA512
from attest.packages.ecosystem import ecosystem
from attest.packages.files import PackageFile, identify
from attest.packages.purl import Purl
from attest.regular_file import open_regular
from attest.signing.bundle import verify_envelope
from attest.signing.keys import PublicKey
from attest.signing.sign import KeySigner, StatementSigner, sign_statement
from attest.statements import release
from attest.statements.release import Artifact, Release
from attest.statements.statement import write_statement

_PLACEHOLDERS: Final = ("{file}", "{name}", "{version}")
_BRACES: Final = re.compile(r"\{[^{}]*\}|[{}]")


@dataclass(frozen=True, slots=True)
class File:
    """One artifact of a release."""

    package: Package
    artifact: Artifact

    @property
    def subject(self) -> Subject:
        return subject_of(self.package.purl, self.package.digest, read_from_file=True)


@dataclass(frozen=True, slots=True)
class Version:
    """All files of one version."""

    purl: Purl
    files: tuple[File, ...]

    @property
    def subject(self) -> Subject:
        """The version itself, by its anchor."""
        return Subject(version_anchor(self.purl).descriptor(), self.purl, None, str(self.purl))


@dataclass(frozen=True, slots=True)
class Piece:
    """One statement to sign and attach."""

    home: Home
    subject: Subject
    predicate_type: str
    statement: bytes


@dataclass(frozen=True, slots=True)
class Signed:
    """A piece with its bundle, or with the referrer in which it is attached already."""

    piece: Piece
    made: bytes | Digest


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


def pieces(version: Version, home: Home) -> list[Piece]:
    """A signature for each file, and the release statement of the version, in this order."""
    signatures = [
        Piece(
            home,
            file.subject,
            names.PREDICATE_COSIGN_SIGN,
            write_statement(statement_subjects(file.subject), names.PREDICATE_COSIGN_SIGN, {}),
        )
        for file in version.files
    ]
    content = Release(version.purl, tuple(file.artifact for file in version.files))
    return [*signatures, Piece(home, version.subject, names.PREDICATE_RELEASE, release.write(content))]


def sign(targets: Targets, wanted: Sequence[Piece], signer: StatementSigner) -> list[Signed]:
    """All pieces signed, nothing stored: what the signer's key has signed and is attached already, is kept.

    Who signs without a key has another certificate each time, and signs anew.
    """
    key = signer.key.public if isinstance(signer, KeySigner) else None
    before = [None] * len(wanted) if key is None else list(targets.each(lambda piece: _attached(piece, key), wanted))
    return [
        Signed(piece, found or sign_statement(piece.statement, signer))
        for piece, found in zip(wanted, before, strict=True)
    ]


def store(
    targets: Targets, versions: Iterable[Version], items: Sequence[Signed], created: datetime
) -> list[tuple[Piece, Digest]]:
    """Store anchors and evidence, and tag nothing. Each piece with its referrer."""
    files = [file for version in versions for file in version.files]
    for _ in targets.each(lambda file: _store_anchor(targets, file.package), files):
        pass

    def attach(item: Signed) -> tuple[Piece, Digest]:
        piece, made = item.piece, item.made
        if isinstance(made, Digest):
            return piece, made
        home, subject = piece.home, piece.subject.manifest
        kind = piece.predicate_type
        manifest = attach_bundle(home.store, home.repository, subject, made, predicate_type=kind, created=created)
        return piece, manifest.digest

    return list(targets.each(attach, items))


def tag(targets: Targets, versions: Iterable[Version], indexes: Iterable[Index]) -> None:
    """The last step: from now on people find it."""
    for index in indexes:
        index.publish()
    for version in versions:
        home = targets.home(version.purl)
        tag_version(home.store, home.repository, home.tag, version.purl, version.files[0].package.digest)


def _file(found: PackageFile, location: str | None) -> File:
    package = Package(found.purl, found.digest, found.path, found.registry_name, found.platform)
    digests = {found.digest.algorithm: found.digest.hex, **_whole(found)}
    return File(package, Artifact(found.path.name, digests, found.size, found.platform, location))


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


def _store_anchor(targets: Targets, package: Package) -> None:
    home = targets.home(package.purl)
    store_anchor(home.store, home.repository, package.purl, package.digest)


def _check(purl: Purl, files: Sequence[File]) -> None:
    if len(files) > 1 and ecosystem(purl.type).one_artifact:
        raise UsageError(
            f"{len(files)} files of {purl}", why=f"a version has one artifact in {purl.type}", next_step="name one"
        )
    seen: dict[str, File] = {}
    for file in files:
        for text in (file.artifact.name, str(file.package.digest)):
            if text in seen:
                raise UsageError(
                    f"two files of {purl} have one {'name' if text == file.artifact.name else 'content'}",
                    why=f"{seen[text].package.file} and {file.package.file}",
                    next_step="name one of them",
                )
            seen[text] = file


def _attached(piece: Piece, key: PublicKey) -> Digest | None:
    """The referrer in which somebody attached the piece as ``key`` has signed it."""
    for candidate in collect(piece.home.store, piece.home.repository, piece.subject).candidates:
        signed = candidate.signed
        if not isinstance(signed, SignedBundle):
            continue
        envelope = signed.bundle.envelope
        same = (envelope.payload_type, envelope.payload) == (names.IN_TOTO_PAYLOAD, piece.statement)
        if same and verify_envelope(envelope, [key]) is not None:
            return candidate.digest
    return None
