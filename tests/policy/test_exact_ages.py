"""Ages as they are written, and in words: where days begin, and what is left over."""

from __future__ import annotations

from datetime import timedelta

import pytest

from attest.errors import UsageError
from attest.policy.ages import age_words, parse_age


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(0), "0 hours"),
        (timedelta(seconds=3599), "0 hours"),
        (timedelta(hours=1), "1 hours"),
        (timedelta(hours=2), "2 hours"),
        (timedelta(hours=47, minutes=59), "47 hours"),
        (timedelta(hours=48), "2 days"),
        (timedelta(hours=71, minutes=59, seconds=59), "2 days"),
        (timedelta(days=9999), "9999 days"),
    ],
)
def test_days_begin_after_two_of_them(age: timedelta, words: str) -> None:
    assert age_words(age) == words


@pytest.mark.parametrize(
    ("text", "age"),
    [("1h", timedelta(hours=1)), ("48h", timedelta(hours=48)), ("30d", timedelta(days=30)), ("9999d", timedelta(9999))],
)
def test_days_and_hours(text: str, age: timedelta) -> None:
    assert parse_age(text) == age


@pytest.mark.parametrize("text", ["", "0d", "01d", "10000d", "30", "d", "30m", "30 d", "-1d", "30D", "30dd"])
def test_what_is_no_age(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_age(text)
    assert caught.value.what == f"not an age: {text!r}"
