"""What a rule is: which evidence it looks at, how several pieces combine, and what proves that nothing is missing.

A rule reads one piece of verified evidence at a time and says for whom it counts, or why it does not fit. How that
becomes a finding is the same for all rules and stands in `attest.policy.evaluate`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import ClassVar, Generic, Self, TypedDict, TypeVar

from attest.evidence.identity import Identity, Signer
from attest.evidence.model import Kind, Subject
from attest.evidence.verify import EvidenceSet, Verified
from attest.policy.codes import Code
from attest.policy.components import NO_COMPONENTS, Components, Decided, Part
from attest.policy.expressions import Type, Value
from attest.policy.fields import Fields
from attest.policy.nouns import NOUNS
from attest.policy.publisher_lock import FILE, PinnedIdentity, PublisherLock, package_of
from attest.policy.shapes import Table
from attest.policy.standing import Standing

C = TypeVar("C")
"""What a rule reads out of a statement."""


class Mode(StrEnum):
    """Whether a rule decides: `ENFORCE` does; `WARN` and `AUDIT` are shown and change nothing."""

    ENFORCE = "enforce"
    WARN = "warn"
    AUDIT = "audit"


class Match(StrEnum):
    """How several pieces of evidence combine."""

    ANY = "any"
    """One that fits is enough, whatever lies beside it."""
    ALL = "all"
    """One that fits is needed, and none may be there that does not fit. Age is no fault: what is old does not count."""
    LATEST = "latest"
    """Only the latest of each signer is looked at, and it must fit."""


class Absence(StrEnum):
    """What proves that nothing is missing."""

    LISTING = "listing"
    """The store is trusted to list everything."""
    SEAL = "seal"
    """A valid seal by one of the rule's identities: all that it lists was shown."""


@dataclass(frozen=True, slots=True)
class Builder:
    """A builder that the policy trusts: who signs for it, its id as provenance writes it, and the level it is trusted
    with, which is never taken from a predicate."""

    name: str
    identity: str
    id: str
    slsa: int | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """The names that a rule may use, `attest.lock` where the policy looks into it, and the directory at which its paths
    begin."""

    identities: Mapping[str, Identity]
    builders: Mapping[str, Builder]
    lock: PublisherLock | None = None
    base: Path = Path()


class Terms(TypedDict):
    """The terms that all rules share, as keywords."""

    id: str
    by: tuple[str, ...]
    mode: Mode
    threshold: int
    match: Match
    absence: Absence | None
    max_age: timedelta | None


@dataclass(frozen=True, slots=True)
class Written:
    """A rule in the file: its entries, and the names that it may use."""

    fields: Fields
    context: Context


@dataclass(frozen=True, slots=True)
class Scene:
    """All that a rule may look at beside one piece of evidence.

    ``components`` is what came of the components of the subject's SBOMs; ``unresolved`` says that those of which nobody
    says which file they are do not stand in the way.
    """

    evidence: EvidenceSet
    standing: Standing
    identities: Mapping[str, Identity]
    components: Components = NO_COMPONENTS
    unresolved: bool = False

    @property
    def subject(self) -> Subject:
        return self.evidence.subject

    def by(self, names: tuple[str, ...]) -> tuple[Identity, ...]:
        """The policy's identities with these names."""
        return tuple(self.identities[name] for name in names)


@dataclass(frozen=True, slots=True)
class Claim:
    """Verified evidence that a rule looks at. ``signers`` are those in the rule's `by` who made it, at least one."""

    item: Verified
    signers: frozenset[Signer]
    scene: Scene


@dataclass(frozen=True, slots=True)
class Fit:
    """The signers for whom evidence counts, never none, and what is worth telling of it."""

    signers: frozenset[Signer]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why verified evidence of the right kind and signer does not fit a rule."""

    code: Code
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(ABC, Generic[C]):
    """``threshold`` distinct names out of ``by``, with as many distinct keys, must each have signed what fits.

    With a threshold of 0 nothing is wanted, and what does not fit stands against the package. ``absence`` is None
    where more evidence can never make the outcome worse, so that nothing that is missing matters (design.md §3.5).
    ``revokers`` are the names of those whose revocations it honours, whoever made the evidence.
    """

    KEYS: ClassVar[Table]
    """All keys beside those in `terms.COMMON`."""
    SAYS: ClassVar[Mapping[str, Type]] = {}
    """What a `check` may ask of evidence that counts, beside what it may ask of all (`attest.policy.facts`)."""
    kind: ClassVar[Kind]
    missing: ClassVar[Code]
    short: ClassVar[Code]
    holds: ClassVar[Code]
    malformed: ClassVar[Code]

    id: str
    by: tuple[str, ...]
    threshold: int = 1
    mode: Mode = Mode.ENFORCE
    match: Match = Match.ANY
    absence: Absence | None = None
    max_age: timedelta | None = None
    revokers: tuple[str, ...] = ()

    @classmethod
    @abstractmethod
    def read(cls, written: Written) -> Self:
        """The rule as written. Raises `PolicyError`."""

    def about(self, subject: Subject) -> Self:  # noqa: ARG002
        """The rule where ``subject`` is concerned: nearly always the same."""
        return self

    def components(self, scene: Scene) -> tuple[tuple[Part, Decided], ...]:  # noqa: ARG002
        """The components that it is about, with what came of each."""
        return ()

    def unanswerable(self, scene: Scene) -> Refusal | None:
        """Why nothing that could be attached to the subject would do; None if something could."""
        if any(isinstance(scene.identities[name], PinnedIdentity) for name in self.by):
            return Refusal(Code.PUBLISHER_UNKNOWN, f"{FILE} pins no publisher of {package_of(scene.subject)}")
        return None

    @property
    def noun(self) -> str:
        """What it looks for, for people."""
        return NOUNS[self.kind]

    def looks_at(self, item: Verified) -> bool:
        """Whether ``item`` is of the rule's kind."""
        return item.kind is self.kind

    @abstractmethod
    def content(self, item: Verified) -> C:
        """What the rule reads out of ``item``. Raises `FormatError`, which makes it unfit."""

    def made_at(self, content: C) -> datetime | None:  # noqa: ARG002
        """When it was made by its own account (aware), None where it does not say."""
        return None

    def says(self, content: C) -> Mapping[str, Value | None]:  # noqa: ARG002
        """The values of `SAYS`; None for what it does not say."""
        return {}

    @abstractmethod
    def judge(self, content: C, claim: Claim) -> Fit | Refusal:
        """Those signers for whom it counts, or why it does not."""
