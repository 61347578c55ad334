"""What a package calls its licence, as an SPDX expression where it is one (SPDX specification, annex D)."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from attest.statements.spdx_licenses import licensing

_LONGEST: Final = 1_000
"""The longest expression that is parsed, in characters: some thirty licences."""


@lru_cache(maxsize=1_000)
def expression(text: str) -> str | None:
    """The expression with the ids in SPDX's own letters; None where it is none, or names what SPDX does not list."""
    from license_expression import ExpressionError  # type: ignore[import-untyped]

    if len(text) > _LONGEST:
        return None
    try:
        tree = licensing().parse(text, validate=False)
        if tree is None or licensing().unknown_license_keys(tree):
            return None
    except (ExpressionError, IndexError, RecursionError):  # it indexes into what is in parentheses, also into nothing
        return None
    return str(tree.render("{symbol.key}"))


def is_compound(text: str) -> bool:
    """Whether an expression is more than one id."""
    return " " in text


def joined(texts: tuple[str, ...]) -> str | None:
    """One expression of all; None unless each is one."""
    found = [expression(text) for text in texts]
    parts = [part for part in found if part is not None]
    if not parts or len(parts) < len(found):
        return None
    return parts[0] if len(parts) == 1 else " AND ".join(f"({part})" if is_compound(part) else part for part in parts)
