"""A verdict for people: the answer first, then every rule with its reason and the next command."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from attest.policy.document import Policy
from attest.policy.explained import Cell, matrix
from attest.policy.rules.rule import Mode
from attest.policy.verdict import Applied, Fate, Finding, Outcome, Verdict
from attest.report.answer import Asked, Locked, Piece, Tally, Undigested, stands_in_the_way
from attest.report.json import moment
from attest.report.style import Role, Style

_ROLES: Final = {Outcome.ADMITTED: Role.GOOD, Outcome.DENIED: Role.BAD, Outcome.INCONCLUSIVE: Role.DOUBT}
_MARKS: Final = {Outcome.ADMITTED: "✓", Outcome.DENIED: "✗", Outcome.INCONCLUSIVE: "?"}
_ASCII_MARKS: Final = {Outcome.ADMITTED: "+", Outcome.DENIED: "x", Outcome.INCONCLUSIVE: "?"}
_FATES: Final = {
    Fate.COUNTED: Role.GOOD,
    Fate.UNFIT: Role.BAD,
    Fate.AGAINST: Role.BAD,
    Fate.OTHER: Role.QUIET,
    Fate.REVOKED: Role.BAD,
    Fate.REJECTED: Role.DOUBT,
}
PLAIN: Final = Style()
_MOST_REASONS: Final = 4


class TextWriter:
    """See `attest.report.answer.Writer`. Of the packages of a lockfile, those admitted without a waiver are only
    counted, unless ``explain`` says that everything is shown."""

    def __init__(
        self, asked: Asked, style: Style = PLAIN, *, explain: bool = False, policies: Sequence[Policy] = ()
    ) -> None:
        self._asked = asked
        self._style = style
        self._explain = explain
        self._policies = policies

    def verdict(self, verdict: Verdict) -> str:
        """Its lines."""
        locked = (verdict.purl, verdict.digest) in self._asked.places
        waived = any(finding.waived for finding in verdict.findings)
        if locked and verdict.outcome is Outcome.ADMITTED and not waived and not self._explain:
            return ""
        typed = self._asked.typed
        return verdict_text(verdict, self._style, explain=self._explain, policies=self._policies, typed=typed)

    def whole(self, pieces: Iterable[Piece], tally: Tally) -> Iterator[str]:
        """Entries without digest, the verdicts, then for lockfiles the counts."""
        for item in self._asked.undigested:
            yield from (f"{line}\n" for line in _undigested(item, self._style))
        for piece in pieces:
            if piece.text:
                yield piece.text
        if self._asked.locks:
            yield from (f"{line}\n" for line in _summary(self._asked, tally, self._style, self._explain))


def verdict_text(
    verdict: Verdict,
    style: Style = PLAIN,
    *,
    explain: bool = False,
    policies: Sequence[Policy] = (),
    typed: Callable[[str], str] = str,
) -> str:
    """All lines, each ended; with ``explain``, every piece of evidence under every rule, what the rules of ``policies``
    expect of it, and what to do, as ``typed`` has it."""
    rows = matrix(verdict, policies) if explain else [(finding, []) for finding in verdict.findings]
    return "".join(f"{line}\n" for line in _lines(verdict, rows, style, typed))


def _lines(
    verdict: Verdict, rows: Sequence[tuple[Finding, list[Cell]]], style: Style, typed: Callable[[str], str]
) -> Iterator[str]:
    about = "  ".join(filter(None, (verdict.subject, verdict.digest)))
    yield f"{style.paint(verdict.outcome, _ROLES[verdict.outcome])}  {style.safe(about)}"
    several = len(verdict.policies) > 1
    titles = [_title(finding, several=several) for finding in verdict.findings]
    width = max(map(len, titles), default=0)
    for (finding, cells), title in zip(rows, titles, strict=True):
        yield _headline(finding, style, title.ljust(width))
        if finding.outcome is not Outcome.ADMITTED and finding.remedy:
            yield f"      next: {style.safe(typed(finding.remedy))}"
        if finding.waived is not None:
            yield f"      {style.safe(str(finding.waived))}"
        for cell in cells:
            yield from _candidate(cell, style, typed)
    for policy in verdict.policies:
        yield style.paint(f"  policy {policy.name}  {policy.digest}", Role.QUIET)
        if several:
            yield style.paint(f"    {_counts(policy)}", Role.QUIET)
    when = "never listed" if verdict.listed_at is None else f"listed {moment(verdict.listed_at)}"
    whole = ", incompletely" if not verdict.complete else "" if verdict.whole else ", as far as needed"
    counts = f"{len(verdict.evidence)} found" + "".join(f", {_counts(one)}" for one in verdict.policies if not several)
    yield style.paint(f"  evidence: {counts}; {when}{whole}; judged {moment(verdict.now)}", Role.QUIET)


def _counts(policy: Applied) -> str:
    return f"{policy.verified} verified, {policy.rejected} rejected"


def _headline(finding: Finding, style: Style, title: str) -> str:
    shown_only = finding.outcome is not Outcome.ADMITTED and not stands_in_the_way(finding)
    marks = _ASCII_MARKS if style.ascii else _MARKS
    mark = style.paint("!" if shown_only else marks[finding.outcome], _role(finding))
    title = style.paint(title, Role.CODE)
    return f"  {mark} {title}  {style.paint(finding.code, _role(finding))}: {style.safe(finding.message)}"


def _title(finding: Finding, *, several: bool) -> str:
    name = finding.rule or "policy"
    if several and finding.policy is not None:
        name = f"{finding.policy}: {name}"
    return name if finding.mode is Mode.ENFORCE else f"{name} ({finding.mode})"


def _role(finding: Finding) -> Role:
    if finding.outcome is Outcome.DENIED and not stands_in_the_way(finding):
        return Role.DOUBT
    return _ROLES[finding.outcome]


def _candidate(cell: Cell, style: Style, typed: Callable[[str], str]) -> Iterator[str]:
    item = cell.considered
    signers = f" by {', '.join(item.signers)}" if item.signers else ""
    places = ", ".join(f"{place.store} ({place.where})" for place in item.places)
    what = style.safe(f"{item.claims or 'unknown type'}{signers}: {item.reason}")
    where = style.paint(f"{item.digest} in {places}", Role.QUIET)
    yield f"      {style.paint(item.fate, _FATES[item.fate])} {what}; {where}"
    if cell.expected is not None:
        yield f"        {style.safe(f'{cell.check}: expected {cell.expected}')}"
    if cell.fix is not None:
        yield f"        next: {style.safe(typed(cell.fix))}"


def _undigested(item: Undigested, style: Style) -> Iterator[str]:
    finding = item.finding
    enforced = finding.mode is Mode.ENFORCE
    head = style.paint("denied" if enforced else "warning", Role.BAD if enforced else Role.DOUBT)
    yield f"{head}  {style.safe(item.purl or item.name)}  {style.safe(f'{item.where.lock}: {item.where.place}')}"
    yield f"  {style.paint(finding.code, _role(finding))}: {style.safe(finding.message)}"
    if finding.remedy:
        yield f"      next: {style.safe(finding.remedy)}"


def _summary(asked: Asked, tally: Tally, style: Style, explain: bool) -> Iterator[str]:
    yield f"{style.paint(tally.outcome, _ROLES[tally.outcome])}  {style.safe(_locked_paths(asked.locks))}"
    for lock in asked.locks:
        yield f"  {style.safe(lock.path)} ({lock.kind}): {lock.entries} entries, {lock.artifacts} artifacts"
        yield from (f"    {style.safe(line)}" for line in _apart(lock, explain))
    for outcome in Outcome:
        yield f"  {tally.outcomes[outcome]} {outcome.value}{_reasons(tally.codes[outcome])}"
    warned = tally.undigested[Mode.WARN]
    yield f"  {tally.undigested.total()} without digest{', of which the policy only warns' if warned else ''}"


def _locked_paths(locks: Iterable[Locked]) -> str:
    return ", ".join(lock.path for lock in locks)


def _apart(lock: Locked, explain: bool) -> Iterator[str]:
    """Entries that are no verdict of their own, and why; by name with ``explain``."""
    if lock.unchanged:
        yield f"{lock.unchanged} artifacts as before, not verified"
    groups = (
        ("need no digest", [(item, item.covered) for item in lock.covered]),
        ("name what another entry names", [(item, None) for item in lock.repeated]),
        ("for some platforms only, decided like all others", [(item, item.condition) for item in lock.conditional]),
    )
    for words, entries in groups:
        if entries:
            why = Counter(reason for _, reason in entries if reason is not None and not explain)
            told = "" if len(why) > _MOST_REASONS else _reasons(why)
            yield f"{len(entries)} {words}{told}"
        if explain:
            for item, reason in entries:
                yield "  ".join(filter(None, (f"  {item.place}", item.name, reason)))


def _reasons(codes: Counter[str]) -> str:
    told = ", ".join(f"{count} × {code}" for code, count in sorted(codes.items(), key=lambda item: (-item[1], item[0])))
    return f": {told}" if told else ""
