"""Whether a check denies anything: its expression is tried with values that contradict each other.

That proves nothing, so that only `policy lint` asks for it. What denies all is not looked for: that is noticed.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from attest import limits
from attest.errors import UsageError
from attest.policy.expressions import Expression, Type, Value

_TRIES: Final = 2_000
_TEXT: Final = re.compile(r"\"([^\"]*)\"|'([^']*)'")
_NUMBER: Final = re.compile(r"\b[0-9]{1,4}\b", re.ASCII)
_TIMES: Final = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC))


def is_always_true(expression: Expression) -> bool:
    """Whether it was true of all that was tried, the same at every call."""
    choose = random.Random(0).choice
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
    lengths = {near for number in _NUMBER.findall(text) for near in range(int(number) - 1, int(number) + 2)}
    some = ["", "a", "b", "a" * limits.EXPRESSION_VALUE, *dict.fromkeys(written)]
    texts = [*some, *("a" * length for length in sorted(lengths) if 1 < length <= limits.EXPRESSION_VALUE)]
    lists = [(), *((item,) for item in some), tuple(written), ("a",) * limits.EXPRESSION_ITEMS]
    numbers = [-(2**62), -1, 0, 1, 2**62, *sorted(lengths)]
    return {Type.TEXT: [*texts], Type.TEXTS: [*lists], Type.NUMBER: [*numbers], Type.TIME: [*_TIMES]}
