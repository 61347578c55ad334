"""Verdicts as JUnit's XML, for test runners: a test case a verdict; denied is a failure, inconclusive an error.

There is no standard; what is written is valid by the two schemas that most readers go by (Ant's and Jenkins').
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from attest.policy.rules.rule import Mode
from attest.policy.verdict import Finding, Outcome, Verdict
from attest.report.answer import Asked, Piece, Tally, Undigested, stands_in_the_way
from attest.report.style import Style

_PLAIN: Final = Style()
_WORDS: Final = {Outcome.DENIED: "failure", Outcome.INCONCLUSIVE: "error"}


class JunitWriter:
    """See `attest.report.answer.Writer`. The sums stand before the cases, so all are kept, as text."""

    def __init__(self, asked: Asked, now: datetime) -> None:
        self._asked = asked
        self._now = now

    def verdict(self, verdict: Verdict) -> str:
        """One test case. What was admitted by a waiver has no other place for it than the name."""
        verdict = self._asked.for_people(verdict)
        unmet = [finding for finding in verdict.findings if stands_in_the_way(finding)]
        name = "  ".join(filter(None, (verdict.subject, verdict.digest)))
        policies = ", ".join(policy.name for policy in verdict.policies)
        if verdict.outcome is Outcome.ADMITTED:
            waived = [f"{item.rule} {item.waived}" for item in verdict.findings if item.waived is not None]
            return case(policies, "; ".join((name, *waived)), "")
        lines = [line for finding in unmet for line in _told(finding, several=len(verdict.policies) > 1)]
        kind = unmet[0].code.value if unmet else verdict.outcome.value
        message = unmet[0].message if unmet else "nothing decides"
        word = _WORDS[verdict.outcome]
        body = f"<{word} message={attribute(message)} type={attribute(kind)}>{escaped(lines)}</{word}>"
        return case(policies, name, body)

    def whole(self, pieces: Iterable[Piece], tally: Tally) -> Iterator[str]:
        """One test suite. An entry without digest of which the policy only warns is a case that was skipped."""
        cases = [_undigested(item) for item in self._asked.undigested]
        cases += [piece.text for piece in pieces]
        enforced = tally.undigested[Mode.ENFORCE]
        sums = (
            f'tests="{len(cases)}" failures="{tally.outcomes[Outcome.DENIED] + enforced}"'
            f' errors="{tally.outcomes[Outcome.INCONCLUSIVE]}"'
        )
        skipped = tally.undigested.total() - enforced
        name = f"attest {', '.join(self._asked.policies)}"
        stamp = self._now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
        yield '<?xml version="1.0" encoding="UTF-8"?>\n'
        yield f'<testsuites>\n<testsuite name={attribute(name)} {sums} skipped="{skipped}"'
        yield f' time="0" timestamp="{stamp}" hostname="localhost" id="0" package="attest">\n'
        yield f'<properties><property name="outcome" value="{tally.outcome}"/></properties>\n'
        yield from cases
        yield "<system-out/>\n<system-err/>\n</testsuite>\n</testsuites>\n"


def _undigested(item: Undigested) -> str:
    policy = item.finding.policy or ""
    name = f"{item.where.lock}: {item.where.place}: {item.name}"
    message, kind = attribute(item.finding.message), attribute(item.finding.code.value)
    if item.finding.mode is not Mode.ENFORCE:
        return case(policy, name, "<skipped/>")
    return case(
        policy, name, f"<failure message={message} type={kind}>{escaped(_told(item.finding, several=False))}</failure>"
    )


def case(policy: str, name: str, body: str) -> str:
    """A test case; ``body`` is XML."""
    head = f"<testcase classname={attribute(policy)} name={attribute(name)}"
    return f'{head} time="0">{body}</testcase>\n' if body else f'{head} time="0"/>\n'


def _told(finding: Finding, *, several: bool) -> list[str]:
    rule = "".join(f"{name}: " for name in (finding.policy if several else None, finding.rule) if name)
    lines = [f"{rule}{finding.code}: {finding.message}"]
    lines += [f"next: {finding.remedy}"] if finding.remedy else []
    lines += [str(finding.waived)] if finding.waived is not None else []
    return lines


def attribute(text: str) -> str:
    """The value of an attribute, in quotes: one line, with everything escaped that XML cannot hold or a reader obey."""
    return quoteattr(_PLAIN.safe(text))


def escaped(lines: Iterable[str]) -> str:
    """Content of an element, each line likewise."""
    return escape("\n".join(map(_PLAIN.safe, lines)))
