"""Hostile YAML: a clear error with its line, in bounded time, and never anything but a `PolicyError`."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest import limits
from attest.errors import PolicyError
from attest.policy import yaml_nodes
from attest.policy.yaml_nodes import Entries, Items, Text

BOMB = "a: &a [x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(20)
)


@pytest.mark.parametrize(
    ("data", "line", "says"),
    [
        (b"", 1, "the document is empty"),
        (b"# only a comment\n", 1, "the document is empty"),
        (BOMB.encode(), 1, "anchors are not read"),
        (b"a: 1\nb: *a\n", 2, "aliases are not read"),
        (b"a: 1\nb: !!python/object/apply:os.system ['true']\n", 2, "tags are not read"),
        (b"a: 1\nb: !!str 1\n", 2, "tags are not read"),
        (b"a: 1\nb: ! x\n", 2, "tags are not read"),
        (b"a: 1\n<<: {b: 2}\n", 2, "merge keys are not read"),
        (b"a: 1\nb: 2\na: 3\n", 3, "the key 'a' stands twice: first at p:1"),
        (b'a: 1\n"a": 3\n', 2, "the key 'a' stands twice"),
        (b"a: 1\n--- \nb: 2\n", 2, "a second document"),
        (b"a: 1\n\tb: 2\n", 2, "not YAML"),
        (b"a: [1, 2\nb: 3\n", 2, "not YAML"),
        (b"? [a, b]\n: c\n", 1, "a key that is not text"),
        (b"? {a: b}\n: c\n", 1, "a key that is not text"),
        (b"a: 1\n: c\n", 2, "a key that is not text"),
        (b"%YAML 1.1\n---\na: yes\n", 2, "only YAML 1.2 is read"),
        (b"%YAML 2.0\n---\na: yes\n", 1, "not YAML"),
        (b"a: 1\nb: \xff\n", 2, "not UTF-8"),
        ("a: é\n".encode("utf-16"), 1, "not UTF-8"),
        (b"a: 1\nb: \x00\n", 2, "the character U+0000"),
        (b"a: 1\nb: \x1b[31m\n", 2, "the character U+001B"),
        (b'a: 1\nb: "\\0"\n', 2, "a control character: U+0000"),
        (b'a: 1\nb: "\\e[2J"\n', 2, "a control character: U+001B"),
        (b'a: 1\nb: "\\ud800"\n', 2, "a control character: U+D800"),
        (b'a: 1\nb: "\\U99999999"\n', 2, "an escape that is no character"),
        (b'a: 1\nb: "\\U00110000"\n', 2, "an escape that is no character"),
        (b"a: " + b"[" * 5000, 1, "nested too deeply"),
        (b"a:\n" + b"".join(b" " * n + b"- \n" for n in range(1, 200)), 26, "nested too deeply"),
        (b"- " * 5000 + b"x", 1, "nested too deeply"),
        (b"{a: " * 5000, 1, "nested too deeply"),
        (b"a: 1\n" * 400_000, 1, "2000000 bytes: more than the limit of 262144"),
    ],
)
def test_what_is_refused(data: bytes, line: int, says: str) -> None:
    started = time.process_time()
    with pytest.raises(PolicyError) as caught:
        yaml_nodes.read(data, where="p")
    assert caught.value.where == f"p:{line}"
    assert says in str(caught.value)
    assert time.process_time() - started < 2


@pytest.mark.slow
@pytest.mark.parametrize(
    "unit", [b"- a: b\n", b"[],", b"a", b'"', b"'\n", b"? a\n", b"#\n", b"- - ", b"|\n", b"x: y: "]
)
def test_the_largest_input_takes_bounded_time(unit: bytes) -> None:
    data = (b"[" if unit == b"[]," else b"") + unit * (limits.POLICY // len(unit) - 1)
    started = time.process_time()
    with contextlib.suppress(PolicyError):
        yaml_nodes.read(data, where="p")
    assert time.process_time() - started < 20


def test_values_stay_the_text_that_was_written() -> None:
    node = yaml_nodes.read(b"on: yes\ndate: 2027-06-01\nn: 010\nq: '1'\nl: [~, null]\n", where="p")
    assert isinstance(node, Entries)
    assert list(node.values) == ["on", "date", "n", "q", "l"]
    assert node.values["on"] == Text("p:1", "yes", plain=True)
    assert node.values["date"] == Text("p:2", "2027-06-01", plain=True)
    assert node.values["n"] == Text("p:3", "010", plain=True)
    assert node.values["q"] == Text("p:4", "1", plain=False)
    assert node.values["l"] == Items("p:5", (Text("p:5", "~", plain=True), Text("p:5", "null", plain=True)))


def test_a_byte_order_mark_and_windows_line_ends_are_read() -> None:
    node = yaml_nodes.read(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n", where="p")
    assert isinstance(node, Entries)
    assert node.keys == {"a": "p:1", "b": "p:2"}


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    attempt(data)


@given(st.text(alphabet="ab:-?[]{}&*!|>'\"%@`#,\\\n\t 0~<.xUu", max_size=80))
def test_any_indicators_are_read_or_refused(text: str) -> None:
    attempt(text.encode())


def attempt(data: bytes) -> None:
    try:
        yaml_nodes.read(data, where="p")
    except PolicyError as error:
        message = str(error)
    else:
        message = "p:"
    assert message.startswith("p:")
    assert "\n" not in message
