"""Changing one member of a JSON text and no other byte of it. Pure; the text has been read strictly before."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

_BLANK: Final = re.compile(r"[ \t\n\r]*")
_DECODER: Final = json.JSONDecoder()
_INDENT: Final = "\t"  # as docker writes its file


@dataclass(frozen=True, slots=True)
class _Member:
    """Where a member's name begins, and its value begins and ends."""

    name: str
    begin: int
    value: int
    end: int


def put(text: str, path: Sequence[str], value: Any) -> str:
    """``text``, an object, with ``value`` under the names of ``path``; objects on the way are made."""
    return _put(text, _skip(text, 0), path, value, 1)


def drop(text: str, path: Sequence[str]) -> str:
    """``text`` without the member under the names of ``path``; as it is when there is none."""
    at = _skip(text, 0)
    *outer, name = path
    for step in outer:
        member = next((member for member in _members(text, at) if member.name == step), None)
        if member is None or text[member.value] != "{":
            return text
        at = member.value
    members = _members(text, at)
    for index, member in enumerate(members):
        if member.name == name:
            if index + 1 < len(members):
                return text[: member.begin] + text[members[index + 1].begin :]
            begin = members[index - 1].end if index else at + 1
            return text[:begin] + text[member.end if index else _skip(text, member.end) :]
    return text


def _put(text: str, at: int, path: Sequence[str], value: Any, depth: int) -> str:
    name, *rest = path
    members = _members(text, at)
    for member in members:
        if member.name == name:
            if rest and text[member.value] == "{":
                return _put(text, member.value, rest, value, depth + 1)
            return text[: member.value] + _written(rest, value, depth) + text[member.end :]
    made = f"{json.dumps(name)}: {_written(rest, value, depth)}"
    if members:
        gap = text[at + 1 : members[0].begin]
        return text[: members[-1].end] + "," + gap + made + text[members[-1].end :]
    close = _skip(text, at + 1)
    return f"{text[: at + 1]}\n{_INDENT * depth}{made}\n{_INDENT * (depth - 1)}{text[close:]}"


def _written(path: Sequence[str], value: Any, depth: int) -> str:
    for name in reversed(path):
        value = {name: value}
    return json.dumps(value, indent=_INDENT).replace("\n", "\n" + _INDENT * depth)


def _members(text: str, at: int) -> list[_Member]:
    """Of the object that begins at ``at``."""
    found = []
    at = _skip(text, at + 1)
    while text[at] == '"':
        name, end = _DECODER.raw_decode(text, at)
        value = _skip(text, _skip(text, end) + 1)
        _, end = _DECODER.raw_decode(text, value)
        found.append(_Member(name, at, value, end))
        at = _skip(text, end)
        at = _skip(text, at + 1) if text[at] == "," else at
    return found


def _skip(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return at if match is None else match.end()
