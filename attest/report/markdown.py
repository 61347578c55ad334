"""Verdicts as Markdown, for the summary of a CI job or a comment: what is admitted is one line, the rest has reasons.

What others may have written stands in code spans: it makes no link, no image, no mention of anybody, and no HTML.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from attest.policy.rules.rule import Mode
from attest.policy.verdict import Finding, Outcome, Verdict
from attest.report.answer import Asked, Piece, Tally, Undigested, stands_in_the_way
from attest.report.style import Style

_MARKS: Final = {Outcome.ADMITTED: "✅", Outcome.DENIED: "❌", Outcome.INCONCLUSIVE: "❔"}
_PLAIN: Final = Style()
_BACKTICKS: Final = re.compile("`+")


class MarkdownWriter:
    """See `attest.report.answer.Writer`. The counts stand first, so all that is not admitted is kept, as text."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked

    def verdict(self, verdict: Verdict) -> str:
        """A heading and a list; one line of a lockfile's package that is admitted without a waiver: none."""
        locked = (verdict.purl, verdict.digest) in self._asked.places
        waived = any(finding.waived for finding in verdict.findings)
        if locked and verdict.outcome is Outcome.ADMITTED and not waived:
            return ""
        return "".join(f"{line}\n" for line in _lines(self._asked.for_people(verdict)))

    def whole(self, pieces: Iterable[Piece], tally: Tally) -> Iterator[str]:
        """The answer, the counts, and what is behind them."""
        texts = [piece.text for piece in pieces if piece.text]
        yield f"## {_MARKS[tally.outcome]} {tally.outcome.value}\n\n"
        policies = ", ".join(map(code, self._asked.policies))
        counts = ", ".join(
            f"{tally.outcomes[outcome]} {outcome.value}" for outcome in Outcome if tally.outcomes[outcome]
        )
        gaps = f", {tally.undigested.total()} without digest" if tally.undigested.total() else ""
        yield f"attest verify by {policies}: {counts or 'nothing to verify'}{gaps}\n\n"
        for lock in self._asked.locks:
            counts = f"{lock.entries} entries, {lock.artifacts} artifacts, {lock.unchanged} as before"
            yield f"- {code(lock.path)}: {counts}\n"
        for item in self._asked.undigested:
            yield "".join(f"{line}\n" for line in _undigested(item))
        yield from texts


def _lines(verdict: Verdict) -> Iterator[str]:
    digest = f" {code(verdict.digest)}" if verdict.digest else ""
    yield f"- {_MARKS[verdict.outcome]} {code(verdict.subject)}{digest}"
    several = len(verdict.policies) > 1
    for finding in verdict.findings:
        if finding.outcome is not Outcome.ADMITTED:
            yield from _finding(finding, several=several)


def _finding(finding: Finding, *, several: bool) -> Iterator[str]:
    mark = _MARKS[finding.outcome] if stands_in_the_way(finding) else "⚠️"
    names = [finding.policy if several else None, finding.rule]
    named = "".join(f"{code(name)}: " for name in names if name)
    yield f"  - {mark} {named}{finding.code}: {code(finding.message)}"
    if finding.remedy:
        yield f"    - next: {code(finding.remedy)}"
    if finding.waived is not None:
        yield f"    - {code(str(finding.waived))}"


def _undigested(item: Undigested) -> Iterator[str]:
    mark = _MARKS[Outcome.DENIED] if item.finding.mode is Mode.ENFORCE else "⚠️"
    yield f"- {mark} {code(item.purl or item.name)} {code(f'{item.where.lock}: {item.where.place}')}"
    yield from _finding(item.finding, several=False)


def code(words: str) -> str:
    """``words`` on one line as a code span, in which nothing means anything (CommonMark §6.1): hosts make no mentions
    and no links of it either, which they do of characters that are only escaped."""
    safe = _PLAIN.safe(words)
    fence = "`" * (max((len(run) for run in _BACKTICKS.findall(safe)), default=0) + 1)
    edge = " " if safe.startswith(("`", " ")) or safe.endswith(("`", " ")) else ""
    return f"{fence}{edge}{safe}{edge}{fence}" if safe.strip(" ") else "(nothing)"
