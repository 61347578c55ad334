"""What every rule with `require` has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Self, TypedDict

from attest.evidence.identity import Identity, Signer
from attest.evidence.model import Kind, Subject
from attest.evidence.verify import Verified
from attest.policy.codes import Code
from attest.policy.fields import Fields


class Mode(StrEnum):
    """Whether a rule decides: `ENFORCE` does; `WARN` and `AUDIT` are shown and change nothing."""

    ENFORCE = "enforce"
    WARN = "warn"
    AUDIT = "audit"


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
    """The names that a rule may use."""

    identities: Mapping[str, Identity]
    builders: Mapping[str, Builder]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why verified evidence of the right kind and signer does not fit a rule."""

    code: Code
    why: str


class Terms(TypedDict):
    """The terms that all rules share, as keywords."""

    id: str
    by: tuple[str, ...]
    threshold: int
    mode: Mode


@dataclass(frozen=True, slots=True)
class Written:
    """A rule in the file: its entries, the common terms already read, and the names that it may use."""

    fields: Fields
    terms: Terms
    context: Context


@dataclass(frozen=True, slots=True)
class Claim:
    """Verified evidence of a rule's kind. ``signers`` are those in the rule's `by` who speak for it, at least one."""

    item: Verified
    signers: frozenset[Signer]
    subject: Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(ABC):
    """``threshold`` distinct names out of ``by``, with as many distinct keys, must each have signed what fits."""

    KEYS: ClassVar[tuple[str, ...]]
    """Keys of its own."""
    LATER: ClassVar[tuple[str, ...]]
    """Keys that a later version will have."""
    kind: ClassVar[Kind]
    missing: ClassVar[Code]
    short: ClassVar[Code]
    holds: ClassVar[Code]

    id: str
    by: tuple[str, ...]
    threshold: int = 1
    mode: Mode = Mode.ENFORCE

    @classmethod
    def read(cls, written: Written) -> Self:
        """The rule as written; it has no terms of its own unless its class says otherwise. Raises `PolicyError`."""
        return cls(**written.terms)

    @abstractmethod
    def judge(self, claim: Claim) -> frozenset[Signer] | Refusal:
        """Those signers for whom the claim counts; never none, which is a `Refusal`."""
