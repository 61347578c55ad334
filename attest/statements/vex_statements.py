"""What a VEX document says, in one form whatever format it has. Read, not judged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Status(StrEnum):
    """The four that every format has (CISA, Minimum Requirements for VEX, 2023)."""

    NOT_AFFECTED = "not_affected"
    AFFECTED = "affected"
    FIXED = "fixed"
    UNDER_INVESTIGATION = "under_investigation"


@dataclass(frozen=True, slots=True)
class VexStatement:
    """Some vulnerabilities, by all their ids, and some products, by purl or ``algorithm:hex``, have a status.

    Without ``products`` it is about what the document is attached to. ``parts`` limit it to those components of them.
    ``justification`` is one out of the format's list; free text is none.
    """

    vulnerabilities: frozenset[str]
    products: frozenset[str]
    status: Status
    justification: str | None = None
    time: datetime | None = None
    parts: frozenset[str] = frozenset()

    @property
    def clears(self) -> bool:
        """Whether it takes a finding away: fixed, or not affected and it says why."""
        return self.status is Status.FIXED or (self.status is Status.NOT_AFFECTED and self.justification is not None)


@dataclass(frozen=True, slots=True)
class Vex:
    """``time`` is the document's own; each statement has its own, which may be the document's."""

    time: datetime | None
    statements: tuple[VexStatement, ...]
