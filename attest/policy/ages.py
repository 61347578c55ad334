"""How old something may be, as a policy writes it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from attest.errors import UsageError

_AGE: Final = re.compile(r"([1-9][0-9]{0,3})([dh])", re.ASCII)
_UNITS: Final = {"d": "days", "h": "hours"}


def parse_age(text: str) -> timedelta:
    """``30d`` or ``12h``. Raises `UsageError`."""
    found = _AGE.fullmatch(text)
    if found is None:
        raise UsageError(f"not an age: {text[:40]!r}", why="expected days or hours, such as 30d or 12h")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def age_words(age: timedelta) -> str:
    """For people, in the unit that shows it best."""
    hours = int(age.total_seconds() // 3600)
    return f"{hours // 24} days" if hours >= 48 else f"{hours} hours"
