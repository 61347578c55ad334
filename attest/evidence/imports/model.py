"""What a document of attestations holds, before it is decided to what it belongs. Nothing of it has been verified."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from attest.errors import FormatError
from attest.packages.digest import ArtifactDigest
from attest.packages.purl import Purl
from attest.signing.bundle import Bundle

T = TypeVar("T")


class Form(StrEnum):
    """In which form somebody published it."""

    BUNDLE = "bundle"
    """One Sigstore bundle: Maven's `.sigstore.json`, and whatever other tools write."""
    BUNDLES = "bundles"
    """Several: RubyGems sends an array, `gh attestation download` writes one a line."""
    GITHUB = "github"
    """GitHub's attestations API, where Homebrew's are, too."""
    NPM_ATTESTATIONS = "npm-attestations"
    NPM_SIGNATURES = "npm-signatures"
    """``dist.signatures`` of a package version's metadata."""
    PYPI_ATTESTATION = "pypi-attestation"
    """One attestation object or an array of them (PEP 740)."""
    PYPI_PROVENANCE = "pypi-provenance"


@dataclass(frozen=True, slots=True)
class Item:
    """One attestation as a bundle, v0.3 where it can be.

    ``predicate_type`` is what the document says beside the signed content. ``ecosystem`` is the purl type whose file
    names the signed content uses, None where that is not known. ``package`` is what a signature is about that names its
    package in its own way. ``notes`` are for people: what was repaired, and what the server says and nobody signed.
    """

    where: str
    bundle: Bundle
    predicate_type: str | None = None
    ecosystem: str | None = None
    package: tuple[Purl, ArtifactDigest] | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Malformed:
    """A part of a document that is no attestation. It never hides the other parts."""

    where: str
    reason: str


@dataclass(frozen=True, slots=True)
class Document:
    """A document as it was published; ``raw`` is kept beside whatever comes of it."""

    raw: bytes = field(repr=False)
    form: Form
    parts: tuple[Item | Malformed, ...]


def each(values: Iterable[T], where: str, read: Callable[[T, str], Item]) -> Iterator[Item | Malformed]:
    """Every value read by itself; ``where`` names the array."""
    for position, value in enumerate(values):
        place = f"{where}[{position}]"
        try:
            yield read(value, place)
        except FormatError as error:
            yield Malformed(place, str(error))
