"""Release statements (in-toto attestation framework, spec/predicates/release.md, versions 0.1 and 0.2): which files a
package version has, with all their digests, so that it is also what proves that two digests are one file.

Written as version 0.1 (design.md §4): the first subject is the version anchor, each other one a file. Others write the
files alone. What counts here is read strictly; members that the specification does not name are ignored, as it asks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from attest import names
from attest.errors import EnvelopeError, UsageError
from attest.oci.strict_json import Fields
from attest.packages.anchors import version_anchor
from attest.packages.digest import ArtifactDigest
from attest.packages.ecosystem import ecosystem
from attest.packages.purl import Purl
from attest.statements.statement import Statement, Subject, write_statement

_IDS: Final = ("packageId", "releaseId")
"""The name in version 0.2, and that in version 0.1."""
_FILE_NAME: Final = re.compile(r"(?!\.{1,2}\Z)[^/\\\x00-\x1f\x7f]{1,255}")


@dataclass(frozen=True, slots=True)
class Artifact:
    """One file: its name, its digests by in-toto's names in lower-case hex, its size in bytes, what it is for as its
    ecosystem writes it, and from where it can be had. No digest covers the last three."""

    name: str
    digests: Mapping[str, str] = field(hash=False)
    size: int | None = None
    platform: str | None = None
    download_location: str | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """All files of one package version, as somebody says. ``package_id`` is the registry's own name of the package."""

    purl: Purl
    artifacts: tuple[Artifact, ...]
    package_id: str | None = None

    def digest(self, artifact: Artifact) -> ArtifactDigest:
        """What the ecosystem names ``artifact`` by. Raises `FormatError` where that is not among its digests."""
        wanted = ecosystem(self.purl.type).algorithms
        for algorithm in wanted:
            if algorithm in artifact.digests:
                return ArtifactDigest.parse(f"{algorithm}:{artifact.digests[algorithm]}")
        raise EnvelopeError(
            f"a file without a {self.purl.type} digest", where=artifact.name, why=f"it has no {' or '.join(wanted)}"
        )


def read(statement: Statement) -> Release:
    """What a release statement says; whether it belongs to anything, and who says so, is for others to check.

    Raises `FormatError`, also where two files have one name or a digest in common, and for a file that has no digest by
    which its ecosystem names it.
    """
    if statement.predicate_type not in names.PREDICATES_RELEASE:
        raise EnvelopeError("not a release statement", why=statement.predicate_type[:160])
    fields = Fields(statement.predicate or {}, "statement.predicate")
    try:
        purl = Purl.parse(fields.string("purl"))
    except UsageError as error:
        raise EnvelopeError(error.what, where="statement.predicate.purl", why=error.why) from None
    anchor = version_anchor(purl).digest
    files = [item for item in statement.subjects if not item.matches(anchor.algorithm, anchor.encoded)]
    release = Release(purl, tuple(map(_artifact, files)), _package_id(fields))
    if not release.artifacts:
        raise EnvelopeError("a release without files", where="statement.subject")
    _check_distinct(release)
    return release


def write(release: Release) -> bytes:
    """The statement, the files by name, so that the same release gives the same bytes.

    Raises `FormatError` for what could not be read again.
    """
    purl, files = release.purl, sorted(release.artifacts, key=lambda item: item.name)
    anchor = version_anchor(purl).digest
    predicate = {"purl": str(purl)} | ({} if release.package_id is None else {"packageId": release.package_id})
    subjects = [Subject(str(purl), {anchor.algorithm: anchor.encoded}), *map(_subject, files)]
    payload = write_statement(subjects, names.PREDICATE_RELEASE, predicate)
    read(Statement.parse(payload))
    return payload


def _artifact(subject: Subject) -> Artifact:
    name, fields = subject.name, Fields(subject.annotations, "statement.subject.annotations")
    if name is None or _FILE_NAME.fullmatch(name) is None:
        raise EnvelopeError("not the name of a file", where="statement.subject.name", why=repr(name)[:160])
    size = fields.integer(names.ANNOTATION_SIZE) if names.ANNOTATION_SIZE in fields.value else None
    if size is not None and size < 0:
        raise EnvelopeError("a negative size", where=name, why=str(size))
    platform = fields.optional_string(names.ANNOTATION_PLATFORM)
    return Artifact(name, subject.digests, size, platform, subject.download_location)


def _subject(artifact: Artifact) -> Subject:
    annotations: dict[str, Any] = {names.ANNOTATION_SIZE: artifact.size, names.ANNOTATION_PLATFORM: artifact.platform}
    return Subject(
        artifact.name,
        artifact.digests,
        artifact.download_location,
        {name: value for name, value in annotations.items() if value is not None},
    )


def _package_id(fields: Fields) -> str | None:
    found = {fields.string(name) for name in _IDS if name in fields.value}
    if len(found) > 1:
        raise EnvelopeError("packageId and releaseId differ", where=fields.path)
    return next(iter(found), None)


def _check_distinct(release: Release) -> None:
    """Two files that share a digest would be one file of which two things are said."""
    seen: set[str] = set()
    for artifact in release.artifacts:
        release.digest(artifact)  # there must be one
        for text in (artifact.name, *(f"{algorithm}:{value}" for algorithm, value in artifact.digests.items())):
            if text in seen:
                raise EnvelopeError("it says two things of one file", where="statement.subject", why=text[:200])
            seen.add(text)
