"""What a verdict is about, and evidence as it was found: nothing in this module has been verified."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from attest import names
from attest.evidence.signed import Signed
from attest.oci.descriptor import Descriptor
from attest.oci.digest import Digest
from attest.oci.manifest import Manifest
from attest.packages.digest import ArtifactDigest
from attest.packages.purl import Purl
from attest.stores.protocol import Found


@dataclass(frozen=True, slots=True)
class Subject:
    """One package artifact, or one manifest that is its own subject (a container image).

    ``image`` is HOST/REPO of a manifest in a registry, which is what a policy's patterns match.
    ``read_from_file`` says that purl and digest were read out of the artifact's own bytes by this process, which is
    what lets a statement bind by bytes alone (design.md §3.2). ``looked_up`` says that only the store says that this
    is the artifact meant, or that there is no other: a policy does not admit it unless it says `unresolved: warn`.
    """

    manifest: Descriptor
    purl: Purl | None = None
    digest: ArtifactDigest | None = None
    name: str = ""
    read_from_file: bool = False
    looked_up: bool = False
    image: str | None = None

    def __str__(self) -> str:
        return str(self.purl) if self.purl is not None else self.name


class Kind(StrEnum):
    """What a statement was made to say."""

    SIGNATURE = "signature"
    PROVENANCE = "provenance"
    SBOM = "sbom"
    SCAN = "scan"
    VEX = "vex"
    VSA = "vsa"
    RELEASE = "release"
    ATTESTATION = "attestation"
    REVOCATION = "revocation"
    WITHDRAWAL = "withdrawal"
    SEAL = "seal"

    @property
    def takes_away(self) -> bool:
        """Whether it says that something does not hold."""
        return self in (Kind.REVOCATION, Kind.WITHDRAWAL)

    @property
    def is_lifecycle(self) -> bool:
        """Whether it is about evidence or the package's life, and no evidence for a package."""
        return self.takes_away or self is Kind.SEAL

    @classmethod
    def of(cls, predicate_type: str) -> Kind:
        """By exact predicate type; whatever is not known is an `ATTESTATION`."""
        return _KINDS.get(predicate_type, cls.ATTESTATION)


_KINDS = {
    names.PREDICATE_COSIGN_SIGN: Kind.SIGNATURE,
    names.NOTATION_SIGNATURE: Kind.SIGNATURE,
    names.PREDICATE_PYPI_PUBLISH: Kind.SIGNATURE,
    names.PREDICATE_NPM_PUBLISH: Kind.SIGNATURE,
    names.PREDICATE_SLSA_V1: Kind.PROVENANCE,
    names.PREDICATE_SLSA_V02: Kind.PROVENANCE,
    names.PREDICATE_REVOCATION: Kind.REVOCATION,
    names.PREDICATE_WITHDRAWAL: Kind.WITHDRAWAL,
    names.PREDICATE_SEAL: Kind.SEAL,
    names.PREDICATE_VSA: Kind.VSA,
    **dict.fromkeys(names.PREDICATES_SBOM, Kind.SBOM),
    **dict.fromkeys(names.PREDICATES_SCAN, Kind.SCAN),
    **dict.fromkeys(names.PREDICATES_VEX, Kind.VEX),
    **dict.fromkeys(names.PREDICATES_RELEASE, Kind.RELEASE),
}


class Check(StrEnum):
    """The checks that a candidate must pass, in the order in which they are made."""

    READ = "read"
    """The bytes are there and have the digest that they were asked for by."""
    FORM = "form"
    """Manifest, bundle and envelope are well-formed and refer to the subject."""
    SIGNED = "signed"
    """It carries a signature at all: an unsigned document is shown to people and seen by no rule."""
    SIGNATURE = "signature"
    """The signature holds, with certificate, log entries and times where it has them."""
    AUTHOR = "author"
    """Whoever made it is an identity that the policy names."""
    STATEMENT = "statement"
    """What is signed is a statement that can be read."""
    IDENTITY = "identity"
    """That identity may say so about this package, at that time, in that format."""
    BINDING = "binding"
    """The statement belongs to the subject: by anchor, by name, or by bytes read here."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Evidence as found and well-formed; an unsigned document has no ``signed`` content.

    ``claims`` is the predicate type that its manifest claims, or its artifact or media type.
    """

    found: Found
    manifest: Manifest
    signed: Signed | None
    claims: str | None

    @property
    def digest(self) -> Digest:
        return self.found.descriptor.digest

    @property
    def claimed_signer(self) -> str | None:
        """Who is said to have signed it; None for an unsigned document."""
        return None if self.signed is None else self.signed.claimed_signer

    @property
    def damage(self) -> None:
        """Nothing is wrong with it, as far as it has been read."""
        return


@dataclass(frozen=True, slots=True)
class Rejected:
    """Evidence that failed, the check that failed and why; ``claims`` is the predicate or artifact type it claims."""

    found: Found
    check: Check
    reason: str
    claims: str | None = None

    @property
    def digest(self) -> Digest:
        return self.found.descriptor.digest

    @property
    def claimed_signer(self) -> None:
        """Nothing that is rejected is worth a name."""
        return

    @property
    def damage(self) -> str:
        return self.reason


@dataclass(frozen=True, slots=True)
class Collection:
    """The evidence of one subject as one or several stores showed it; ``whole`` says that every way was asked.

    ``complete`` is False where anything may be missing; ``problems`` says what. A damaged piece of evidence that was
    seen is in ``rejected`` and does not make the listing incomplete. ``over`` are the manifests of what signs attached
    documents, as far as they were asked for and could be read: they hang on the documents, and a seal lists them too.
    """

    subject: Subject
    candidates: tuple[Candidate, ...]
    rejected: tuple[Rejected, ...]
    complete: bool
    problems: tuple[str, ...]
    listed_at: datetime
    whole: bool
    over: frozenset[Digest] = frozenset()
