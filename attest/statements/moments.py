"""Times as documents write them: RFC 3339, whose fractions and offsets every tool writes in its own way."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from attest.errors import FormatError

_TIME: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,6})\d*)?(Z|z|[+-]\d\d:\d\d)", re.ASCII
)  # nanoseconds, as Go writes them, are cut


def parse_time(text: str, where: str) -> datetime:
    """Aware, in UTC. Raises `FormatError`, also where the offset is missing: such a time could be any of 26 hours."""
    match = _TIME.fullmatch(text)
    try:
        if match is not None:
            offset = "+00:00" if match[4] in "Zz" else match[4]
            fraction = (match[3] or "").ljust(6, "0")
            return datetime.fromisoformat(f"{match[1]}T{match[2]}.{fraction}{offset}").astimezone(UTC)
    except (ValueError, OverflowError):  # such as the thirtieth of February, or an offset before the year 1
        pass
    raise FormatError(f"not a time: {text[:80]!r}", where=where, why="expected 2026-01-31T12:00:00Z")
