"""What a scan found, in one form whatever tool made it. Read, not judged."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any, Final

from attest.errors import UsageError
from attest.packages.purl import Purl


class Severity(IntEnum):
    """From the least to the worst; the ranges are those of CVSS 3.1, section 5."""

    NONE = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @classmethod
    def of_score(cls, score: float) -> Severity:
        """The range that a CVSS score is in."""
        return next(severity for severity in reversed(cls) if score >= _FROM[severity])

    @property
    def most(self) -> float:
        """The highest score in its range."""
        return _UP_TO[self]

    def __str__(self) -> str:
        return self.name.lower()


_FROM: Final = {
    Severity.NONE: 0.0,
    Severity.LOW: 0.1,
    Severity.MEDIUM: 4.0,
    Severity.HIGH: 7.0,
    Severity.CRITICAL: 9.0,
}
_UP_TO: Final = {
    Severity.NONE: 0.0,
    Severity.LOW: 3.9,
    Severity.MEDIUM: 6.9,
    Severity.HIGH: 8.9,
    Severity.CRITICAL: 10.0,
}
_WORDS: Final[Mapping[str, Severity]] = {
    "none": Severity.NONE,
    "info": Severity.NONE,
    "informational": Severity.NONE,
    "negligible": Severity.LOW,
    "low": Severity.LOW,
    "moderate": Severity.MEDIUM,
    "medium": Severity.MEDIUM,
    "high": Severity.HIGH,
    "important": Severity.HIGH,
    "critical": Severity.CRITICAL,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One vulnerability, or weakness, of one component. ``severity`` and ``score`` (CVSS, 0 to 10) are the worst that
    were given, None where none was; ``fixed`` are the versions without it."""

    id: str
    aliases: tuple[str, ...] = ()
    severity: Severity | None = None
    score: float | None = None
    component: str | None = None
    """Its purl, or its name where it has none."""
    fixed: tuple[str, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """All ids by which it is known."""
        return frozenset((self.id, *self.aliases))

    @property
    def worst(self) -> Severity | None:
        """By word or by score, whichever is worse; None where neither is known."""
        by_score = None if self.score is None else Severity.of_score(self.score)
        return max((item for item in (self.severity, by_score) if item is not None), default=None)

    @property
    def highest(self) -> float | None:
        """The score, or where there is none the highest that the severity allows."""
        if self.score is not None:
            return self.score
        return None if self.severity is None else self.severity.most

    def __str__(self) -> str:
        worst = self.worst
        what = f"{self.id[:80]} ({'no known severity' if worst is None else worst})"
        return what if self.component is None else f"{what} in {self.component[:160]}"


@dataclass(frozen=True, slots=True)
class Scan:
    """One scan, or several in one document. ``time`` is when the first of them ended."""

    tool: str
    time: datetime | None
    findings: tuple[Finding, ...]


def severity(word: Any) -> Severity | None:
    """What a tool's word for a severity means; None for a word that says nothing, such as ``unknown``."""
    return _WORDS.get(word.strip().lower()) if isinstance(word, str) else None


def score(value: Any) -> float | None:
    """A CVSS score, also one that is written as text; None for anything else."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    return float(value) if type(value) in (int, float) and 0 <= value <= 10 else None


def component(type: str | None, name: str, version: str) -> str:
    """The purl of a package whose namespace stands before its name; without a ``type``, or a purl, its name."""
    *namespace, last = name.split("/")
    if type is not None:
        with suppress(UsageError):
            return str(Purl.of(type, tuple(namespace), last, version))
    return "@".join(part for part in (name, version) if part)
