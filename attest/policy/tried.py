"""Whether a check denies anything: its expression is tried with values that contradict each other.

That proves nothing, so that only `policy lint` asks for it. What denies all is not looked for: that is noticed.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from attest import limits
from attest.errors import UsageError
from attest.policy.expressions import Expression, Type, Value

_TRIES: Final = 2_000
_TEXT: Final = re.compile(r"\"([^\"]*)\"|'([^']*)'")
_NUMBER: Final = re.compile(r"\b[0-9]{1,4}\b", re.ASCII)
_TIMES: Final = tuple(map(datetime.fromisoformat, ("1970-01-01T00:00:00Z", "9000-01-01T00:00:00Z")))


def is_always_true(expression: Expression) -> bool:
    """Whether it was true of all that was tried, the same at every call."""
    choose = random.Random(expression.text).choice
    values = _values(expression.text)
    return all(
        _is_true(expression, {name: choose(values[type_]) for name, type_ in expression.types.items()})
        for _ in range(_TRIES)
    )


def _is_true(expression: Expression, values: Mapping[str, Value]) -> bool:
    """What has no answer is not true: it denies."""
    try:
        return expression.holds(values)
    except UsageError:
        return False


def _values(text: str) -> Mapping[Type, list[Value]]:
    """With what stands in the expression itself: what it compares a name with, and texts and lists of such lengths."""
    written = [one or other for one, other in _TEXT.findall(text)]
    near = {near for number in map(int, _NUMBER.findall(text)) for near in (number - 1, number, number + 1)}
    texts = ["", "a", "b", *written]
    texts += ["a" * min(length, limits.EXPRESSION_VALUE) for length in sorted({*near, limits.EXPRESSION_VALUE})]
    lists = [(), tuple(written), *((item,) for item in texts)]
    lists += [("a",) * min(length, limits.EXPRESSION_ITEMS) for length in sorted({*near, limits.EXPRESSION_ITEMS})]
    numbers = [-(2**62), 0, 2**62, *sorted(near)]
    times = [*_TIMES, *filter(None, map(_time, written))]
    return {Type.TEXT: [*texts], Type.TEXTS: [*lists], Type.NUMBER: [*numbers], Type.TIME: [*times]}


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
