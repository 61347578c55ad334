"""What `packaging` must not be given: its parser of requirements and markers (dependency specifiers specification)
calls itself for each parenthesis, turns digits into numbers, and takes strings that it cannot write again."""

from __future__ import annotations

import re
from typing import Final

from attest import limits

_DIGITS: Final = re.compile(r"(?<![0-9])[0-9]{4300}")
"""As many as Python makes a number of at most."""
_ESCAPE: Final = re.compile(r"""['"][^'"]*\\""")
"""The grammar has none: a string is what stands between two quotes of one kind."""


def objection(text: str) -> str | None:
    """Why a requirement or marker is not to be parsed; None if it may be.

    All opening parentheses count, so that none has to be looked for in quotes.
    """
    if len(text) > limits.REQUIREMENT:
        return f"longer than {limits.REQUIREMENT} characters"
    if text.count("(") > limits.REQUIREMENT_PARENTHESES:
        return f"more than {limits.REQUIREMENT_PARENTHESES} parentheses"
    if _DIGITS.search(text) is not None:
        return "a number of too many digits"
    if _ESCAPE.search(text) is not None:
        return "a backslash in a string"
    return None
