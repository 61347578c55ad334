"""What a whole run of ``attest verify`` answers, whatever it is written as: verdicts one by one, lockfiles, counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from attest.packages.lockfiles.lock import Entry
from attest.policy.rules.rule import Mode
from attest.policy.verdict import Finding, Outcome, Verdict


@dataclass(frozen=True, slots=True)
class Place:
    """Where in which lockfile something stands; ``place`` as in `Entry`."""

    lock: str
    place: str


@dataclass(frozen=True, slots=True)
class Undigested:
    """An entry of a lockfile that no digest pins, and what the policy says of it."""

    where: Place
    name: str
    purl: str | None
    finding: Finding


@dataclass(frozen=True, slots=True)
class Locked:
    """One lockfile. ``artifacts`` is how many it pins, each once; ``unchanged`` how many of them an older lockfile has,
    and are not verified. ``covered``, ``repeated`` and ``conditional`` are entries: those that need no digest of their
    own, those that name what another one names, and those for some platforms only."""

    path: str
    kind: str
    entries: int
    artifacts: int
    unchanged: int
    covered: tuple[Entry, ...]
    repeated: tuple[Entry, ...]
    conditional: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What there is to know before any verdict: the policies' names, the lockfiles, their entries without digest, and
    where they have each (purl, digest). ``typed`` makes a remedy one that people can type as it stands."""

    policies: tuple[str, ...]
    locks: tuple[Locked, ...] = ()
    undigested: tuple[Undigested, ...] = ()
    places: Mapping[tuple[str | None, str | None], tuple[Place, ...]] = field(default_factory=dict)
    typed: Callable[[str], str] = str

    def for_people(self, verdict: Verdict) -> Verdict:
        """With its remedies to be typed as they stand; what is recorded is the same wherever the evidence lies."""
        findings = tuple(
            finding if finding.remedy is None else replace(finding, remedy=self.typed(finding.remedy))
            for finding in verdict.findings
        )
        return replace(verdict, findings=findings)


@dataclass(frozen=True, slots=True)
class Piece:
    """One verdict as it was written: its outcome, the codes of what stands in the way, and the text; what stands for it
    in a receipt, if there is to be one."""

    outcome: Outcome
    codes: tuple[str, ...]
    text: str
    record: str = ""


class Writer(Protocol):
    """One format. Verdicts are written one by one, so that none has to be kept."""

    def verdict(self, verdict: Verdict) -> str:
        """One verdict, as it will stand in the whole."""
        ...

    def whole(self, pieces: Iterable[Piece], tally: Tally) -> Iterator[str]:
        """Everything, in parts as soon as they are known. ``tally`` is complete once ``pieces`` has ended."""
        ...


class Tally:
    """Counts outcomes and reasons of what passes by."""

    def __init__(self, asked: Asked) -> None:
        self.outcomes: Counter[Outcome] = Counter()
        self.codes: dict[Outcome, Counter[str]] = {outcome: Counter() for outcome in Outcome}
        self.undigested: Counter[Mode] = Counter(item.finding.mode for item in asked.undigested)
        self._locks = bool(asked.locks)

    def counted(self, pieces: Iterable[Piece]) -> Iterator[Piece]:
        """The same pieces."""
        for piece in pieces:
            self.outcomes[piece.outcome] += 1
            self.codes[piece.outcome].update(piece.codes)
            yield piece

    @property
    def outcome(self) -> Outcome:
        """Of all together: one denial denies, and so does an entry without digest unless the policy only warns of it.

        Nothing at all is never admitted, but for lockfiles without a (new) entry: they install nothing.
        """
        found = {outcome for outcome, count in self.outcomes.items() if count}
        if self.undigested[Mode.ENFORCE]:
            found.add(Outcome.DENIED)
        return Outcome.of(found) if found or not self._locks else Outcome.ADMITTED


def piece(writer: Writer, verdict: Verdict, record: str = "") -> Piece:
    """A verdict as ``writer`` writes it, and its ``record``."""
    codes = tuple(finding.code.value for finding in verdict.findings if stands_in_the_way(finding))
    return Piece(verdict.outcome, codes, writer.verdict(verdict), record)


def stands_in_the_way(finding: Finding) -> bool:
    """Whether a finding is a reason not to admit."""
    return finding.mode is Mode.ENFORCE and finding.effect is not Outcome.ADMITTED
