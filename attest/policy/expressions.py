"""Expressions in CEL over named values: compiled once, checked for their types, without loops (decision 23).

Of the language there is what compares values: no macros (so nothing that repeats), no regular expressions, nothing that
turns one type into another or that looks at the clock or a time zone. What an expression costs is so bounded by its
length and that of its values; both are limited. Names have a dot, as ``built.run``; they are declared with their types.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Final, TypeAlias

from attest import limits
from attest.errors import PolicyError, UsageError, install

if TYPE_CHECKING:
    from cel_expr_python import cel

Value: TypeAlias = str | int | datetime | tuple[str, ...]

_CALLED: Final = ("size", "contains", "startsWith", "endsWith", "timestamp", "duration")
_FUNCTIONS: Final = (
    *("_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_", "@in"),
    *("_&&_", "_||_", "!_", "_?_:_", "_+_", "_-_"),
    *_CALLED,
)
_THERE_IS: Final = f"there are comparisons, in, &&, ||, !, ?:, +, - and {', '.join(f'{name}()' for name in _CALLED)}"
_LANGUAGE: Final = "stdlib:\n  disable_macros: true\n  include_functions:\n" + "".join(
    f"    - name: {name!r}\n" for name in _FUNCTIONS
)
_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_PLACED: Final = re.compile(r"ERROR: <input>:1:(?P<at>[0-9]+): (?P<why>.*?)(?: \(in container ''\))?(?: \[[A-Z_]+\])?")
_STRING: Final = re.compile(r"""(?s)"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'""")
_CALL: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\s*\(", re.ASCII)
_UNDECLARED: Final = re.compile(r"undeclared reference to '(?P<name>.*)'")
_UNREAD: Final = re.compile("[\0\ud800-\udfff]")
"""The library ends a text at U+0000, and cannot take half of a surrogate pair."""
_NUMBERS: Final = range(-(2**63), 2**63)


class Type(StrEnum):
    """What a name stands for."""

    TEXT = "text"
    TEXTS = "list of texts"
    NUMBER = "number"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Expression:
    """``types`` are those of the names that stand in it, at least one, in one order."""

    text: str
    types: Mapping[str, Type] = field(hash=False)
    _program: cel.Expression = field(repr=False, compare=False)

    @property
    def names(self) -> tuple[str, ...]:
        """Those that stand in it."""
        return tuple(self.types)

    def holds(self, values: Mapping[str, Value]) -> bool:
        """What it comes to with a value for each of `names`. Raises `UsageError` where it comes to nothing, as a time
        that is none does."""
        given = {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
        result = self._program.eval(data=given).value()
        if not isinstance(result, bool):
            raise UsageError("it has no answer", why=str(result)[:160])
        return result


def compiled(text: str, names: Mapping[str, Type]) -> Expression:
    """The expression ``text`` over some of ``names``.

    Raises `UsageError` for what is no expression, is none that is true or false, or would be the same for all values;
    `PolicyError` where the library is not installed.
    """
    if len(text) > limits.EXPRESSION:
        raise UsageError(f"{len(text)} characters", why=f"more than the limit of {limits.EXPRESSION}")
    if _UNREAD.search(text):
        raise UsageError("not an expression", why="it has a character that cannot be read")
    library = _library()
    words = set(_WORD.findall(text))
    near = {name: type_ for name, type_ in names.items() if words.issuperset(name.split("."))}
    program = _compile(library, text, near)
    if program.return_type().name() != "BOOL":
        raise UsageError("it is neither true nor false", why=f"its type is {program.return_type().name().lower()}")
    used = {name: near[name] for name in sorted(near) if not _is_without(library, text, near, name)}
    if not used:
        raise UsageError("it names nothing", why="and so is the same for all evidence")
    return Expression(text, used, program)


def usable(value: Value | None) -> Value | None:
    """``value``, or None where it cannot be compared safely: it is too long, or the library would cut it off."""
    if isinstance(value, tuple):
        return value if len(value) <= limits.EXPRESSION_ITEMS and all(map(_is_text, value)) else None
    if isinstance(value, str):
        return value if _is_text(value) else None
    if isinstance(value, int):
        return value if value in _NUMBERS else None
    return value


def _is_text(value: str) -> bool:
    return len(value) <= limits.EXPRESSION_VALUE and not _UNREAD.search(value)


def _is_without(library: _Library, text: str, names: Mapping[str, Type], name: str) -> bool:
    """Whether ``name`` is none of those that stand in ``text``: it compiles without it."""
    try:
        _compile(library, text, {other: type_ for other, type_ in names.items() if other != name})
    except UsageError:
        return False
    return True


def _compile(library: _Library, text: str, names: Mapping[str, Type]) -> cel.Expression:
    try:
        return library.environment(names).compile(text)
    except RuntimeError as error:  # the only one that it raises
        raise _refused(str(error).splitlines(), text) from None


def _refused(lines: Iterable[str], text: str) -> UsageError:
    first = next(iter(lines), "")
    placed = _PLACED.fullmatch(first[first.find("ERROR: <input>") :])
    if placed is None:
        return UsageError(f"not an expression: {text[:80]!r}", why=first[:240])
    at, why = int(placed["at"]), placed["why"][:240]
    undeclared = _UNDECLARED.fullmatch(why)
    if undeclared is not None:
        calls = _CALL.finditer(_without_texts(text))
        called = next((call for call in calls if call[1] not in (*_CALLED, "in")), None)
        if called is not None:  # of a macro, the library would name the variable
            at, why = called.start() + 1, f"there is no {called[1][:80]}(), no loop and no pattern here; {_THERE_IS}"
        elif not _WORD.search(undeclared["name"].replace("_", "")):
            why = f"there is no {undeclared['name'].replace('_', '')} here; {_THERE_IS}"
    return UsageError(f"at character {at}", why=why)


def _without_texts(text: str) -> str:
    """The expression with blanks instead of what stands in quotes: other words stay where they are."""
    return _STRING.sub(lambda match: " " * len(match[0]), text)


class _Library:
    """What is used of `cel-expr-python`, which has no types of its own that are checked."""

    def __init__(self) -> None:
        from cel_expr_python import cel

        self._cel = cel
        self._language = cel.NewEnvConfigFromYaml(_LANGUAGE)
        self._types: Mapping[Type, cel.Type] = {
            Type.TEXT: cel.Type.STRING,
            Type.TEXTS: cel.Type.List(cel.Type.STRING),
            Type.NUMBER: cel.Type.INT,
            Type.TIME: cel.Type.TIMESTAMP,
        }

    def environment(self, names: Mapping[str, Type]) -> cel.Env:
        variables = {name: self._types[type_] for name, type_ in names.items()}
        return self._cel.NewEnv(config=self._language, variables=variables)


@cache
def _library() -> _Library:
    try:
        return _Library()
    except ImportError:
        raise PolicyError(
            "'check' needs the package cel-expr-python, which is not installed", next_step=install("cel")
        ) from None
