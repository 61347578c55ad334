"""Ages in words: where days begin, and what is left over."""

from __future__ import annotations

from datetime import timedelta

import pytest

from attest.policy.ages import age_words


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
