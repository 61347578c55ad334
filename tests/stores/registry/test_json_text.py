"""One member of a JSON text is changed, and no other byte."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest.stores.registry.json_text import drop, put

NAMES = st.text(max_size=4)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=2),
    max_leaves=6,
)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=4)
INDENTS = st.sampled_from([None, 0, 2, "\t"])


def changed(value: dict[str, Any], path: list[str], new: Any) -> dict[str, Any]:
    name, *rest = path
    if not rest:
        return {**value, name: new}
    inner = value.get(name)
    return {**value, name: changed(inner if isinstance(inner, dict) else {}, rest, new)}


@given(OBJECTS, st.lists(NAMES, min_size=1, max_size=3), VALUES, INDENTS)
def test_putting_changes_that_member_alone(value: dict[str, Any], path: list[str], new: Any, indent: Any) -> None:
    text = f" {json.dumps(value, indent=indent)}\n"
    after = put(text, path, new)
    assert json.loads(after) == changed(value, path, new)
    assert list(json.loads(after)) == list(changed(value, path, new))
    if path[0] not in value:
        dropped = drop(after, path[:1])
        assert dropped == text if value else json.loads(dropped) == {}


@given(OBJECTS, INDENTS)
def test_dropping_takes_that_member_alone(value: dict[str, Any], indent: Any) -> None:
    text = f" {json.dumps(value, indent=indent)}\n"
    for name in value:
        rest = {key: kept for key, kept in value.items() if key != name}
        assert list(json.loads(drop(text, [name])).items()) == list(rest.items())
    assert drop(text, ["absent"]) == drop(text, ["absent", "deeper"]) == text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("{}", '{\n\t"a": {\n\t\t"b": 1\n\t}\n}'),
        ('{"a":null}', '{"a":{\n\t\t"b": 1\n\t}}'),
        ('{ "x" : 1.50 ,"a" : { "c":"\\u0041" } }', '{ "x" : 1.50 ,"a" : { "c":"\\u0041", "b": 1 } }'),
        ('{"a": {"b": 2, "c": 3}}', '{"a": {"b": 1, "c": 3}}'),
    ],
)
def test_what_it_looks_like(before: str, after: str) -> None:
    assert put(before, ["a", "b"], 1) == after
