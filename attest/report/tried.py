"""What came of the tests in policy files, for people and for test runners."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from attest.policy.trial import Tried
from attest.report.junit import attribute, case, escaped
from attest.report.style import Role, Style


def text(files: Sequence[tuple[str, Sequence[Tried]]], style: Style) -> str:
    """A line for each test, one more for what is not as expected, and the counts."""
    lines = []
    good, bad = ("+", "x") if style.ascii else ("✓", "✗")
    for file, items in files:
        for item in items:
            mark = style.paint(bad, Role.BAD) if item.wrong else style.paint(good, Role.GOOD)
            lines.append(f"{mark} {style.safe(f'{file}: {item.case.name}')}")
            if item.wrong:
                lines.append(f"    {style.safe(f'{item.case.where}: {item.wrong}')}")
    total, wrong = _counts(files)
    lines.append(f"{total} tests: {total - wrong} as expected, {wrong} not")
    return "".join(f"{line}\n" for line in lines)


def junit(files: Sequence[tuple[str, Sequence[Tried]]], now: datetime) -> str:
    """One test suite, valid by the same schemas as the verdicts."""
    total, wrong = _counts(files)
    stamp = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    cases = "".join(
        case(file, item.case.name, _failure(item.wrong) if item.wrong else "")
        for file, items in files
        for item in items
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n'
        f'<testsuite name="attest policy test" tests="{total}" failures="{wrong}" errors="0" skipped="0" time="0"'
        f' timestamp="{stamp}" hostname="localhost" id="0" package="attest">\n<properties/>\n'
        f"{cases}<system-out/>\n<system-err/>\n</testsuite>\n</testsuites>\n"
    )


def _failure(wrong: str) -> str:
    return f'<failure message={attribute(wrong)} type="unexpected">{escaped([wrong])}</failure>'


def _counts(files: Sequence[tuple[str, Sequence[Tried]]]) -> tuple[int, int]:
    every = [item for _, items in files for item in items]
    return len(every), sum(item.wrong is not None for item in every)
