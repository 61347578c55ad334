"""Which checks are known to deny nothing. One that denies something does so for a value that is tried."""

from __future__ import annotations

import pytest

from attest import limits
from attest.policy.expressions import Type, compiled
from attest.policy.tried import is_always_true

NAMES = {
    "x.text": Type.TEXT,
    "y.text": Type.TEXT,
    "x.list": Type.TEXTS,
    "x.number": Type.NUMBER,
    "y.number": Type.NUMBER,
    "x.time": Type.TIME,
    "y.time": Type.TIME,
}
LARGE = 3 * 10**18


def denies(text: str) -> bool:
    return not is_always_true(compiled(text, NAMES))


@pytest.mark.parametrize(
    "text",
    [
        "x.text == x.text",
        "x.text != 'a' || x.text == 'a'",
        "size(x.text) >= 0",
        f"size(x.text) <= {limits.EXPRESSION_VALUE}",
        "size(x.text) < 9999",
        "size(x.list) >= 0",
        f"size(x.list) <= {limits.EXPRESSION_ITEMS}",
        "size(x.list) < 9999",
        "x.text in x.list || true",
        "x.number < 5 || x.number > 3",
        "x.number + 1 > x.number",
        "x.number - 1 < x.number",
        "x.time + duration('24h') > x.time",
        "x.time - duration('24h') < x.time",
        "x.time != timestamp('2026-01-01T00:00:00Z') || y.time == y.time",
        "x.text != '2026-01-01T00:00:00' || x.time == x.time",
    ],
)
def test_what_denies_nothing(text: str) -> None:
    assert not denies(text)


@pytest.mark.parametrize(
    "text",
    [
        "x.text != 'release'",
        'x.text != "release"',
        "x.text == y.text",
        "x.text != y.text",
        "x.text != x.text + x.text",  # none
        "x.text + x.text != 'aa'",
        "x.text + x.text != 'bb'",
        "size(x.text) != 6",
        "size(x.text) != 5 + 1",
        "size(x.text) != 7 - 1",
        "size(x.text) < 1000 + 20",  # the longest
        "x.text.startsWith('refs/')",
        "x.text.startsWith('refs/') || x.text.size() < 40",
    ],
)
def test_texts(text: str) -> None:
    assert denies(text)


@pytest.mark.parametrize(
    "text",
    [
        "x.list != x.list + x.list",  # none
        "x.list != x.list + x.list || 'z' in x.list",
        "!('release' in x.list)",
        "!('release' in x.list) || 'security' in x.list",
        "!('release' in x.list && 'security' in x.list)",
        "size(x.list) != 6",
        "size(x.list) != 5 + 1",
        "size(x.list) != 7 - 1",
        "size(x.list) < 90 + 9",  # the longest
    ],
)
def test_lists(text: str) -> None:
    assert denies(text)


@pytest.mark.parametrize(
    "text",
    [
        "x.number < -10000 || x.number > 10000 || x.number != x.number + x.number",  # zero
        "x.number != 6",
        "x.number != 5 + 1",
        "x.number != 7 - 1",
        f"x.number < {LARGE}",
        f"x.number > -{LARGE}",
        "x.number < y.number",
        "x.number != y.number",
    ],
)
def test_numbers(text: str) -> None:
    assert denies(text)


@pytest.mark.parametrize(
    "text",
    [
        "x.time <= timestamp('2026-01-01T00:00:00Z')",
        "x.time >= timestamp('2026-01-01T00:00:00Z')",
        "x.time != timestamp('2026-01-01T00:00:00Z')",
        "x.time < y.time",
        "x.time != y.time",
        "x.time - y.time < duration('24h')",
    ],
)
def test_times(text: str) -> None:
    assert denies(text)


def test_what_has_no_answer_is_not_true() -> None:
    assert denies("x.time < timestamp(x.text)")


def test_each_time_the_same() -> None:
    seldom = compiled("x.text != 'a' || y.text != 'b' || x.number != 7 || y.number != 7", NAMES)
    assert len({is_always_true(seldom) for _ in range(5)}) == 1
