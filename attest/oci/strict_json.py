"""JSON as it must be when bytes are signed: read strictly, written canonically.

Reading refuses what two parsers could understand differently: duplicate keys, lone surrogates, NaN, numbers outside
what a double or a 64-bit integer can hold, and nesting or size beyond a cap. Writing is RFC 8785.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from attest import limits
from attest.errors import JSONError

_TYPE_NAMES: Final = {dict: "object", list: "array", str: "string", int: "number", float: "number", bool: "boolean"}

_STRING: Final = rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)'
"""An unterminated one goes up to the end; possessive, so that no input makes it go back."""
_STRINGS: Final = re.compile(_STRING, re.DOTALL)
_PLAIN_STRINGS: Final = re.compile(rb'"[^"]*+(?:"|\Z)')
"""The same where nothing is escaped, in half of the time."""
_TOKENS: Final = re.compile(_STRING + rb"|[\[\]{}]", re.DOTALL)
_SQUARE: Final = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_SURROGATE_ESCAPE: Final = re.compile(rb"\\u[dD][89abAB]|\\u[dD][c-fC-F]")
_INTEGER_MAX: Final = 2**63 - 1
_SURELY_FITS: Final = 19
"""So many characters, a sign among them or not, may be more than 64 bits hold; fewer never are."""
_EXACT: Final = 2**53


def read(data: bytes, *, where: str, limit: int) -> Any:
    """Parse ``data`` (UTF-8). ``where`` names it in errors, ``limit`` caps its size in bytes.

    Raises `JSONError`.
    """
    if len(data) > limit:
        raise JSONError(f"{len(data)} bytes of JSON", where=where, why=f"more than the limit of {limit}")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise JSONError("not UTF-8", where=where, why=f"byte {error.start}") from None
    if text.startswith("\ufeff"):
        raise JSONError("not JSON", where=where, why="it begins with a byte order mark (BOM)")
    containers = data.count(b"{") + data.count(b"[")
    if containers > limits.JSON_CONTAINERS:
        raise JSONError("not read", where=where, why=f"more than {limits.JSON_CONTAINERS} objects and arrays")
    if containers > limits.JSON_DEPTH:
        _check_depth(data, where)
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise JSONError("not JSON", where=where, why=f"{error.msg} at line {error.lineno}") from None
    except _Refused as error:
        raise JSONError("not strict JSON", where=where, why=str(error)) from None
    except RecursionError:
        raise JSONError("not strict JSON", where=where, why=f"nested deeper than {limits.JSON_DEPTH}") from None
    if _SURROGATE_ESCAPE.search(data):
        _check_surrogates(value, where)
    return value


def read_object(data: bytes, *, where: str, limit: int) -> dict[str, Any]:
    """As `read`, and the outermost value must be an object."""
    value = read(data, where=where, limit=limit)
    if not isinstance(value, dict):
        raise JSONError("not a JSON object", where=where, why=f"it is {_kind(value)}")
    return value


def write(value: Mapping[str, Any]) -> bytes:
    """RFC 8785 canonical bytes. Raises `JSONError` for what JSON cannot hold."""
    if _is_plain(value):
        return _ENCODER.encode(value).encode()
    import rfc8785

    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:
        raise JSONError("cannot be written as JSON", why=str(error)) from None


_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _is_plain(value: Any) -> bool:
    """Whether Python's own encoder writes the same: ASCII, and of numbers only integers that a double can hold.

    What is left to RFC 8785 are the order of other keys, the form of other numbers, and what cannot be written.
    """
    if type(value) is str:
        return value.isascii()
    if type(value) is dict:
        return all(type(key) is str and key.isascii() and _is_plain(item) for key, item in value.items())
    if type(value) is list:
        return all(map(_is_plain, value))
    return value is None or value is True or value is False or (type(value) is int and abs(value) < _EXACT)


class Fields:
    """Typed access to the members of one JSON object; every error names the path of the member.

    >>> Fields({"size": 2}, "config").integer("size")
    2
    """

    __slots__ = ("path", "value")

    def __init__(self, value: Mapping[str, Any], path: str) -> None:
        self.value = value
        self.path = path

    def string(self, name: str) -> str:
        value = self.value.get(name)
        return value if isinstance(value, str) else self._typed(name, str)

    def optional_string(self, name: str) -> str | None:
        value = self.value.get(name)  # asked for thousands of times in one SBOM: one look, no call
        return value if value is None or isinstance(value, str) else self.string(name)

    def integer(self, name: str) -> int:
        value = self._typed(name, int)
        if isinstance(value, bool):
            raise JSONError("expected a number", where=f"{self.path}.{name}", why="it is a boolean")
        return value  # type: ignore[no-any-return]

    def object(self, name: str) -> Fields:
        return Fields(self._typed(name, dict), f"{self.path}.{name}")

    def optional_object(self, name: str) -> Fields | None:
        return None if self.value.get(name) is None else self.object(name)

    def objects(self, name: str) -> list[Fields]:
        """The members of an array of objects; an absent array is empty."""
        if self.value.get(name) is None:
            return []
        found = []
        for position, item in enumerate(self._typed(name, list)):
            path = f"{self.path}.{name}[{position}]"
            if not isinstance(item, dict):
                raise JSONError("expected an object", where=path, why=f"it is {_kind(item)}")
            found.append(Fields(item, path))
        return found

    def strings(self, name: str) -> dict[str, str]:
        """An object of strings; an absent one is empty."""
        if self.value.get(name) is None:
            return {}
        found = self._typed(name, dict)
        for key, item in found.items():
            if not isinstance(item, str):
                raise JSONError("expected a string", where=f"{self.path}.{name}.{key}", why=f"it is {_kind(item)}")
        return found  # type: ignore[no-any-return]

    def texts(self, name: str) -> list[str]:
        """The members of an array of strings; an absent array is empty."""
        value = self.value.get(name)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise JSONError("expected an array of strings", where=f"{self.path}.{name}")
        return value

    def _typed(self, name: str, kind: type) -> Any:
        value = self.value.get(name)
        if not isinstance(value, kind):
            why = "it is missing" if name not in self.value else f"it is {_kind(value)}"
            raise JSONError(f"expected {_article(_TYPE_NAMES[kind])}", where=f"{self.path}.{name}", why=why)
        return value


class _Refused(ValueError):
    """Raised within json.loads; becomes a JSONError with the place known."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        counts = Counter(key for key, _ in pairs)
        twice = max(counts, key=counts.__getitem__)
        raise _Refused(f"the key {twice[:80]!r} stands twice in one object")
    return value


def _integer(text: str) -> int:
    if len(text) < _SURELY_FITS:
        return int(text)
    if len(text) > limits.JSON_NUMBER_DIGITS or abs(int(text)) > _INTEGER_MAX:
        raise _Refused(f"the number {text[:40]}… does not fit 64 bits")
    return int(text)


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _Refused(f"the number {text[:40]} does not fit a double")
    return value


def _constant(text: str) -> float:
    raise _Refused(f"{text} is not JSON")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_number, parse_constant=_constant
)


def _check_depth(data: bytes, where: str) -> None:
    if _is_shallow(data):
        return
    depth = 0
    for match in _TOKENS.finditer(data):
        token = match[0]
        if token in (b"{", b"["):
            depth += 1
            if depth > limits.JSON_DEPTH:
                raise JSONError("not strict JSON", where=where, why=f"nested deeper than {limits.JSON_DEPTH}")
        elif token in (b"}", b"]"):
            depth -= 1


def _is_shallow(data: bytes) -> bool:
    """Whether all brackets close each other within the limit: what is innermost is taken away, again and again.

    It says the same as counting each of them, of hundreds of thousands in a tenth of the time.
    """
    strings = _STRINGS if b"\\" in data else _PLAIN_STRINGS
    brackets = strings.sub(b"", data).translate(_SQUARE, _NO_BRACKETS)
    for _ in range(limits.JSON_DEPTH):
        before, brackets = brackets, brackets.replace(b"[]", b"")
        if len(brackets) == len(before):
            break
    return not brackets


def _check_surrogates(value: Any, where: str) -> None:
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            try:
                item.encode("utf-8")
            except UnicodeEncodeError:
                raise JSONError("not strict JSON", where=where, why="a string holds half of a surrogate pair") from None
        elif isinstance(item, dict):
            pending.extend(item)
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)


def _kind(value: Any) -> str:
    return "null" if value is None else _article(_TYPE_NAMES.get(type(value), type(value).__name__))


def _article(name: str) -> str:
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"
