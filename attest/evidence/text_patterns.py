"""Patterns over sources and identities: exact unless a ``*`` is written (design.md §6).

``*`` stands only after ``/``, ``@`` or ``:``, ends there or before another of them, and means one segment of ordinary
characters. So ``https://github.com/acme/app*``, which would also match ``acme/app-evil``, is refused; and no ``*`` ever
matches ``..``, an escape or white space.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from attest.errors import UsageError

_STAR: Final = re.compile(r"(?<=[/@:])\*(?=[/@:]|\Z)")
_OWNED: Final = re.compile(r"[a-z][a-z0-9+.-]*://[^/@:]+(?::[0-9]+)?/[^/@:]+[/@:]")
_REF: Final = r"@(?:refs/[!-~]+|[0-9a-f]{40}|[0-9a-f]{64})"
_SEGMENT: Final = r"(?!\.{1,2}(?:[/@:]|\Z))[A-Za-z0-9._+~-]+"


@dataclass(frozen=True, slots=True)
class Pattern:
    """One pattern; two are equal when they are written alike. ``example`` is a text that it means."""

    text: str
    example: str = field(compare=False, repr=False)
    _expression: re.Pattern[str] = field(compare=False, repr=False)

    @classmethod
    def parse(cls, text: str) -> Pattern:
        """Raises `UsageError` for a ``*`` where none may stand."""
        exact = _STAR.split(text)
        if any("*" in part for part in exact):
            raise UsageError(
                f"not a pattern: {text[:160]!r}", why="a '*' stands only after '/', '@' or ':' and for one segment"
            )
        return cls(text, _STAR.sub("any", text), re.compile(_SEGMENT.join(re.escape(part) for part in exact)))

    @classmethod
    def exact(cls, text: str) -> Pattern:
        """``text`` and nothing else, a ``*`` in it too."""
        return cls(text, text, re.compile(re.escape(text)))

    @classmethod
    def on_any_ref(cls, workflow: str) -> Pattern:
        """A workflow, written without the ref that follows it in certificates, on any branch, tag or commit."""
        expression = re.compile(re.escape(workflow) + _REF)
        return cls(f"{workflow}@(any ref)", f"{workflow}@refs/heads/any", expression)

    @property
    def is_exact(self) -> bool:
        """Whether it means one text only."""
        return _STAR.search(self.text) is None

    def matches(self, value: str | None) -> bool:
        """Whether the whole of ``value`` is meant; a missing value never is."""
        return value is not None and self._expression.fullmatch(value) is not None

    def __str__(self) -> str:
        return self.text


def identity_pattern(text: str) -> Pattern:
    """A pattern for whom a certificate names. Raises `UsageError` also for one that strangers could match.

    In a URI the scheme, the host and the first segment, which is the owner, are exact; an e-mail address has no ``*``.
    """
    pattern = Pattern.parse(text)
    exact = _STAR.split(text)[0]
    if pattern.is_exact:
        return pattern
    if "://" in text and not _OWNED.match(exact):
        raise UsageError(
            f"too wide a pattern: {text[:160]!r}",
            why="scheme, host and owner are written out, as in https://github.com/acme/*: anybody can be another owner",
        )
    if "/" not in exact:
        raise UsageError(f"too wide a pattern: {text[:160]!r}", why="only a URI or a path has parts that may vary")
    return pattern
