"""The entries of a mapping: what is taken for what, and where and with which words everything else is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest

from attest.errors import PolicyError, UsageError
from attest.policy import yaml_nodes
from attest.policy.fields import Fields, kind_of, text
from attest.policy.yaml_nodes import Node


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


def node(written: str) -> Node:
    return yaml_nodes.read(written.encode(), where="p")


def fields(written: str) -> Fields:
    return Fields(node(f"first: x\n{written}"), "it")


def refused(ask: Callable[[], object]) -> tuple[str | None, str, str | None, str | None]:
    with pytest.raises(PolicyError) as caught:
        ask()
    error = caught.value
    return error.where, error.what, error.why, error.next_step


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("[a]", "a list"),
        ("{a: b}", "a mapping"),
        ("", "empty"),
        ("~", "~"),
        ("true", "true"),
        ("'true'", "the text 'true'"),
        ("''", "the text ''"),
        ("x" * 81, "x" * 80),
        (f"'{'x' * 81}'", f"the text '{'x' * 80}'"),
    ],
)
def test_what_a_node_is(written: str, kind: str) -> None:
    assert kind_of(fields(f"key: {written}").node("key")) == kind


@pytest.mark.parametrize("written", ["a", "'1'", "'true'", "'~'", "1.2.3", "0x", "yes", "2026-11-21", "1e", "+", "."])
def test_text(written: str) -> None:
    assert text(fields(f"key: {written}").node("key"), "it") == written.strip("'")


@pytest.mark.parametrize(
    ("written", "why", "hint"),
    [
        ("1", "it is 1", "put it in quotes"),
        ("-1.5e3", "it is -1.5e3", "put it in quotes"),
        ("0x1F", "it is 0x1F", "put it in quotes"),
        ("0o17", "it is 0o17", "put it in quotes"),
        (".inf", "it is .inf", "put it in quotes"),
        (".NaN", "it is .NaN", "put it in quotes"),
        ("True", "it is True", "put it in quotes"),
        ("null", "it is null", "put it in quotes"),
        ("~", "it is ~", "put it in quotes"),
        ("", "it is empty", None),
        ("[a]", "it is a list", None),
        ("{a: b}", "it is a mapping", None),
    ],
)
def test_what_another_reader_takes_for_no_text(written: str, why: str, hint: str | None) -> None:
    it = fields(f"key: {written}")
    assert refused(lambda: it.string("key")) == ("p:2", "it: 'key': expected text", why, hint)


@pytest.mark.parametrize("written", ["''", "'  '", '"a\\nb"'])
def test_text_is_one_line(written: str) -> None:
    it = fields(f"key: {written}")
    assert refused(lambda: it.string("key")) == ("p:2", "it: 'key': expected one line of text", None, None)


def test_only_what_is_known() -> None:
    it = fields("second: y")
    it.only("first", "second", "third")
    known = ("first", "secund", "seconds", "secondly", "zzz")
    assert refused(lambda: it.only(*known)) == ("p:2", "it: unknown key 'second'", "nearest: seconds, secondly", None)
    assert refused(lambda: it.only("first", "z")) == ("p:2", "it: unknown key 'second'", "known: first, z", None)
    long = fields(f"{'x' * 81}: y")
    assert refused(lambda: long.only("first"))[1] == f"it: unknown key '{'x' * 80}'"


def test_places() -> None:
    it = fields("second: y")
    assert (it.has("second"), it.has("third")) == (True, False)
    assert (it.line_of("second"), it.line_of("third"), it.where) == ("p:2", "p:1", "p:1")
    assert refused(lambda: it.node("third")) == ("p:1", "it: 'third' is missing", None, None)
    assert refused(lambda: Fields(node("[a]"), "it")) == ("p:1", "it: expected keys and values", "it is a list", None)


def test_numbers_and_the_like() -> None:
    it = fields("whole: 12\npoint: 7.50\nyes: true\nno: false\ncolour: blue\nday: 2026-02-28")
    assert (it.integer("whole"), it.decimal("point"), str(it.decimal("point"))) == (12, Decimal("7.5"), "7.50")
    assert (it.boolean("yes"), it.boolean("no")) == (True, False)
    assert it.choice("colour", Colour, Colour.RED) is Colour.BLUE
    assert it.choice("none", Colour, Colour.RED) is Colour.RED
    assert it.midnight("day") == datetime(2026, 2, 28, tzinfo=UTC)


@pytest.mark.parametrize("written", ["2026-02-30", "2026-2-3", "26-02-03", "2026-02-03T00:00", "today"])
def test_days(written: str) -> None:
    it = fields(f"day: {written}")
    assert refused(lambda: it.midnight("day")) == (
        "p:2",
        f"it: 'day': not a day: {written!r}",
        "expected YYYY-MM-DD",
        None,
    )


@pytest.mark.parametrize(
    ("written", "good"),
    [
        ("a", True),
        ("A.b_c-9", True),
        ("x" * 64, True),
        ("x" * 65, False),
        ("-a", False),
        ("a-", False),
        ("a b", False),
        ("ä", False),
    ],
)
def test_names(written: str, good: bool) -> None:
    it = fields(f"key: '{written}'\nmap: {{'{written}': {{a: b}}}}")
    if good:
        assert it.name("key") == written
        ((name, inner),) = it.named("map", "thing")
        assert (name, inner.what, inner.string("a")) == (written, f"thing {written!r}", "b")
        return
    why = "letters, digits, '.', '_', '-', at most 64"
    assert refused(lambda: it.name("key")) == ("p:2", f"it: 'key': not a name: {written!r}", why, None)
    assert refused(lambda: list(it.named("map", "thing"))) == ("p:3", f"'map': not a name: {written!r}", why, None)


def test_mappings_by_name() -> None:
    it = fields("map:\n  a: {x: '1'}\n  b: [y]\nlist: [a]")
    assert list(it.named("none", "thing")) == []
    found = it.named("map", "thing")
    assert next(found)[0] == "a"
    assert refused(lambda: next(found)) == ("p:4", "thing 'b': expected keys and values", "it is a list", None)
    assert refused(lambda: list(it.named("list", "thing")))[1] == "'list': expected keys and values"


def number(written: str) -> int:
    if not written.isdigit():
        raise UsageError("not a number", why="no digits")
    return int(written)


def test_lists_and_what_is_read() -> None:
    it = fields("list: ['1', '22']\none: '7'\ntexts: [b, a]")
    assert (it.each("list", number), it.parsed("one", number), it.strings("texts")) == ((1, 22), 7, ("b", "a"))
    assert [item.where for item in it.nodes("texts")] == ["p:4", "p:4"]


@pytest.mark.parametrize(
    ("written", "read", "where", "what", "why"),
    [
        ("a", number, "p:2", "it: 'list': expected a list", "it is a"),
        ("[]", number, "p:2", "it: 'list' is empty", None),
        ("\n  - '1'\n  - x", number, "p:4", "it: 'list': not a number", "no digits"),
        ("\n  - '1'\n  - '01'", number, "p:4", "it: 'list': '1' stands twice", None),
        ("\n  - a\n  - [b]", str, "p:4", "it: 'list': expected text", "it is a list"),
        (f"[{'x' * 81}, {'x' * 81}]", str, "p:2", f"it: 'list': '{'x' * 80}' stands twice", None),
    ],
)
def test_lists_that_are_refused(
    written: str, read: Callable[[str], Any], where: str, what: str, why: str | None
) -> None:
    assert refused(lambda: fields(f"list: {written}").each("list", read))[:3] == (where, what, why)


def test_one_that_is_refused() -> None:
    it = fields("one: x")
    assert refused(lambda: it.parsed("one", number)) == ("p:2", "it: 'one': not a number", "no digits", None)
