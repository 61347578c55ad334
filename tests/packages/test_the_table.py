"""The table in the README: a row each, and programs that the tests really run."""

from __future__ import annotations

import re
from pathlib import Path

from attest.packages.table import TYPES

ROOT = Path(__file__).parents[2]


def rows(file: str) -> dict[str, list[str]]:
    """The cells of each row whose first is a type of purls."""
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in (ROOT / file).read_text().splitlines()]
    return {row[0]: row for row in cells if row and row[0] in TYPES}


def test_there_is_a_row_for_each() -> None:
    assert rows("README.md").keys() == rows("docs/ecosystems.md").keys() == set(TYPES)


def test_what_packages_are_fetched_or_built_with_is_run_by_tests() -> None:
    """Each word of the command stands in one file of tests."""
    code = [path.read_text() for path in sorted((ROOT / "tests").glob("**/*.py")) if path != Path(__file__)]
    for row in rows("README.md").values():
        for command in re.findall(r"`([^`]+)`", row[-1]):
            words = [f'"{word}"' for word in command.split()]
            assert any(all(word in text for word in words) for text in code), (row[0], command)
