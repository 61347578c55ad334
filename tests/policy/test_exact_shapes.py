"""Each shape of a key by itself: what it takes, and where it finds paths."""

from __future__ import annotations

import pytest

from attest.errors import PolicyError
from attest.policy import yaml_nodes
from attest.policy.shapes import (
    Choice,
    Day,
    Either,
    Exactly,
    File,
    Key,
    Line,
    Listed,
    Name,
    Named,
    Number,
    Record,
    Several,
    Shape,
    Texts,
    Truth,
    Whole,
    files,
    schema,
)
from attest.policy.yaml_nodes import Node

TABLE = {"file": Key(File(("named",)), ""), "other": Key(Line(), "", required=True)}


def node(text: str) -> Node:
    return yaml_nodes.read(text.encode(), where="p")


@pytest.mark.parametrize(
    ("shape", "text", "fits"),
    [
        (Line(), "a b", True),
        (Line(), "[a]", False),
        (File(), "a", True),
        (File(), "{a: b}", False),
        (Name(), "a-b", True),
        (Name(), "a b", False),
        (Whole(1, 3), "1", True),
        (Whole(1, 3), "3", True),
        (Whole(1, 3), "0", False),
        (Whole(1, 3), "4", False),
        (Whole(1, 3), "'1'", False),
        (Whole(1, 3), "[1]", False),
        (Whole(1, 3), "one", False),
        (Whole(1, 3), "1.0", False),
        (Number(10), "10", True),
        (Number(10), "9.5", True),
        (Number(10), "10.1", False),
        (Number(10), "'1'", False),
        (Number(10), "-1", False),
        (Number(10), "[1]", False),
        (Truth(), "true", True),
        (Truth(), "false", True),
        (Truth(), "'true'", False),
        (Truth(), "yes", False),
        (Truth(), "[true]", False),
        (Day(), "2026-11-21", True),
        (Day(), "2026-02-30", False),
        (Day(), "2026-11-21T00:00:00Z", False),
        (Choice(("a", "b")), "b", True),
        (Choice(("a", "b")), "c", False),
        (Several(Name()), "[a, b]", True),
        (Several(Name()), "a", False),
        (Several(Name()), "[]", False),
        (Several(Name()), "[a, a]", False),
        (Several(Name()), "[a, b c]", False),
        (Several(Name()), "[a, [b]]", False),
        (Several(Name(), alone=True), "a", True),
        (Several(Name(), alone=True), "a b", False),
        (Several(Name(), alone=True), "[a, b]", True),
        (Several(Name(), alone=True), "{a: b}", False),
        (Record(TABLE), "{other: a}", True),
        (Record(TABLE), "{file: a}", False),
        (Record(TABLE), "{other: a, more: b}", False),
        (Record(TABLE), "{other: [a]}", False),
        (Texts(), "{a: b, c: d}", True),
        (Texts(), "{a: b, c: [d]}", False),
        (Texts(), "a", False),
        (Exactly("a"), "a", True),
        (Exactly("a"), "b", False),
    ],
)
def test_what_it_takes(shape: Shape, text: str, fits: bool) -> None:
    if fits:
        shape.check(node(text), "it")
    else:
        with pytest.raises(PolicyError, match="it"):
            shape.check(node(text), "it")


@pytest.mark.parametrize(
    ("shape", "text", "found"),
    [
        (File(), "a", ["a"]),
        (File(("named",)), "named", []),
        (File(("named",)), "other", ["other"]),
        (File(), "[a]", []),
        (Line(), "a", []),
        (Several(File()), "[a, [x], b]", ["a", "b"]),
        (Several(File(), alone=True), "a", ["a"]),
        (Record(TABLE), "{file: a, other: b, more: c}", ["a"]),
        (Record(TABLE), "a", []),
        (Either((Truth(), Record(TABLE))), "{file: a}", ["a"]),
        (Either((File(), Record(TABLE))), "b", ["b"]),
        (Listed((TABLE,)), "[{file: a}, {file: b}, c]", ["a", "b"]),
        (Listed((TABLE, TABLE)), "[{file: a}]", ["a"]),
        (Listed((TABLE,)), "{file: a}", []),
        (Named((TABLE,)), "{x: {file: a}, y: {file: b}}", ["a", "b"]),
        (Named((TABLE,)), "[{file: a}]", []),
    ],
)
def test_where_paths_are(shape: Shape, text: str, found: list[str]) -> None:
    assert [item.text for item, _ in files(node(text), shape)] == found


def test_a_file_is_a_policy_only_where_it_is_said() -> None:
    assert [shape.policy for _, shape in files(node("a"), Either((File(), File(policy=True))))] == [False, True]


def test_as_json_schema() -> None:
    line = {"type": "string", "pattern": r"^[^\n]*\S[^\n]*$"}
    table = {
        "type": "object",
        "properties": {
            "file": {**line, "examples": ["named"], "description": ""},
            "other": {**line, "description": ""},
        },
        "required": ["other"],
        "additionalProperties": False,
    }
    assert schema(TABLE) == Record(TABLE).schema() == table
    assert Line(("a",)).schema() == {**line, "examples": ["a"]}
    assert (File().schema(), File(("a",)).schema()) == (line, {**line, "examples": ["a"]})
    assert Name().schema() == {"type": "string", "pattern": r"^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$"}
    assert Day().schema() == {"type": "string", "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "format": "date"}
    assert Number(10).schema() == {"type": "number", "minimum": 0, "maximum": 10}
    assert Whole(1, 3).schema() == {"type": "integer", "minimum": 1, "maximum": 3}
    assert (Truth().schema(), Exactly("a").schema()) == ({"type": "boolean"}, {"const": "a"})
    assert Choice(("a", "b")).schema() == {"enum": ["a", "b"]}
    several = {"type": "array", "items": line, "minItems": 1, "uniqueItems": True}
    assert Several(Line()).schema() == several
    assert Several(Line(), alone=True).schema() == {"anyOf": [line, several]}
    assert Texts().schema() == {"type": "object", "additionalProperties": line}
    assert Listed((TABLE,)).schema() == {"type": "array", "items": table, "minItems": 1}
    assert Listed((TABLE, TABLE)).schema()["items"] == {"anyOf": [table, table]}
    assert Named((TABLE,)).schema() == {
        "type": "object",
        "propertyNames": Name().schema(),
        "additionalProperties": table,
    }
    assert Either((Line(), Truth())).schema() == {"anyOf": [line, {"type": "boolean"}]}
