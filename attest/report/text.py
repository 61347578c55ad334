"""A verdict for people: the answer first, then every rule with its reason and the next command."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from attest.policy.rules.rule import Mode
from attest.policy.verdict import Considered, Fate, Finding, Outcome, Verdict
from attest.report.json import moment
from attest.report.style import Role, Style

_ROLES: Final = {Outcome.ADMITTED: Role.GOOD, Outcome.DENIED: Role.BAD, Outcome.INCONCLUSIVE: Role.DOUBT}
_MARKS: Final = {Outcome.ADMITTED: "✓", Outcome.DENIED: "✗", Outcome.INCONCLUSIVE: "?"}
_ASCII_MARKS: Final = {Outcome.ADMITTED: "+", Outcome.DENIED: "x", Outcome.INCONCLUSIVE: "?"}
_FATES: Final = {
    Fate.COUNTED: Role.GOOD,
    Fate.UNFIT: Role.BAD,
    Fate.OTHER: Role.QUIET,
    Fate.REVOKED: Role.BAD,
    Fate.REJECTED: Role.DOUBT,
}
PLAIN: Final = Style()


def verdict_text(verdict: Verdict, style: Style = PLAIN, *, explain: bool = False) -> str:
    """All lines, each ended; with ``explain``, every piece of evidence under every rule."""
    return "".join(f"{line}\n" for line in _lines(verdict, style, explain))


def _lines(verdict: Verdict, style: Style, explain: bool) -> Iterator[str]:
    about = "  ".join(filter(None, (verdict.subject, verdict.digest)))
    yield f"{style.paint(verdict.outcome, _ROLES[verdict.outcome])}  {style.safe(about)}"
    width = max((len(_title(finding)) for finding in verdict.findings), default=0)
    for finding in verdict.findings:
        yield _headline(finding, style, width)
        if finding.outcome is not Outcome.ADMITTED and finding.remedy:
            yield f"      next: {style.safe(finding.remedy)}"
        if explain:
            yield from (_candidate(item, style) for item in finding.considered)
    yield style.paint(f"  policy {verdict.policy}  {verdict.policy_digest}", Role.QUIET)
    when = "never listed" if verdict.listed_at is None else f"listed {moment(verdict.listed_at)}"
    whole = ", incompletely" if not verdict.complete else "" if verdict.whole else ", as far as needed"
    counts = f"{len(verdict.evidence)} found, {verdict.verified} verified, {verdict.rejected} rejected"
    yield style.paint(f"  evidence: {counts}; {when}{whole}; judged {moment(verdict.now)}", Role.QUIET)


def _headline(finding: Finding, style: Style, width: int) -> str:
    shown_only = finding.mode is not Mode.ENFORCE and finding.outcome is not Outcome.ADMITTED
    marks = _ASCII_MARKS if style.ascii else _MARKS
    mark = style.paint("!" if shown_only else marks[finding.outcome], _role(finding))
    title = style.paint(_title(finding).ljust(width), Role.CODE)
    return f"  {mark} {title}  {style.paint(finding.code, _role(finding))}: {style.safe(finding.message)}"


def _title(finding: Finding) -> str:
    name = finding.rule or "policy"
    return name if finding.mode is Mode.ENFORCE else f"{name} ({finding.mode})"


def _role(finding: Finding) -> Role:
    if finding.outcome is Outcome.DENIED and finding.mode is not Mode.ENFORCE:
        return Role.DOUBT
    return _ROLES[finding.outcome]


def _candidate(item: Considered, style: Style) -> str:
    signers = f" by {', '.join(item.signers)}" if item.signers else ""
    places = ", ".join(f"{place.store} ({place.where})" for place in item.places)
    what = style.safe(f"{item.claims or 'unknown type'}{signers}: {item.reason}")
    where = style.paint(f"{item.digest} in {places}", Role.QUIET)
    return f"      {style.paint(item.fate, _FATES[item.fate])} {what}; {where}"
