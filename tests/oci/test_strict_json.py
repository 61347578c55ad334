"""Strict JSON: what two parsers could understand differently is refused; what is written is canonical."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from attest import limits
from attest.errors import JSONError
from attest.oci import strict_json
from attest.oci.strict_json import Fields

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)
OBJECTS = st.dictionaries(TEXT, VALUES, max_size=6)


def read(data: bytes, limit: int = 1024) -> Any:
    return strict_json.read(data, where="here", limit=limit)


@given(OBJECTS)
def test_what_is_written_is_read(value: dict[str, Any]) -> None:
    data = strict_json.write(value)
    assert read(data, len(data)) == value
    assert strict_json.write(read(data, len(data))) == data


@given(OBJECTS | st.dictionaries(st.text(st.characters(max_codepoint=300)), st.floats(-1e6, 1e6) | TEXT))
def test_what_is_written_is_canonical(value: dict[str, Any]) -> None:
    assert strict_json.write(value) == rfc8785.dumps(value)


@given(OBJECTS)
def test_any_honest_json_is_read_as_the_standard_library_reads_it(value: dict[str, Any]) -> None:
    for data in (json.dumps(value), json.dumps(value, ensure_ascii=False, indent=2)):
        assert read(data.encode(), 100_000) == value


@given(st.binary(max_size=60) | st.text('{}[]",:\\u0dD8Ee+-. \n', max_size=40).map(str.encode))
def test_any_bytes_are_read_or_a_json_error(data: bytes) -> None:
    try:
        value = read(data)
    except JSONError:
        return
    assert value == json.loads(data)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "line 1"),
        (b" ", "line 1"),
        (b"{} {}", "Extra data"),
        (b"{}x", "Extra data"),
        (b"{}\0", "Extra data"),
        (b"\xef\xbb\xbf{}", "BOM"),
        (b"{\xff}", "byte 1"),
        ("{}".encode("utf-16"), "byte 0"),
        (b'{"a": 1, "a": 1}', "'a' stands twice"),
        (b'{"a": 1, "\\u0061": 2}', "'a' stands twice"),
        (b'[{"x": {"": 1, "": 2}}]', "'' stands twice"),
        (b"NaN", "NaN"),
        (b"[Infinity]", "Infinity"),
        (b"[-Infinity]", "Infinity"),
        (b"[1e400]", "does not fit a double"),
        (b"[-1e400]", "does not fit a double"),
        (b"[9223372036854775808]", "does not fit 64 bits"),
        (b"[" + b"9" * 5000 + b"]", "does not fit 64 bits"),
        (b"[01]", "line 1"),
        (b"[+1]", "line 1"),
        (b"[.5]", "line 1"),
        (b"[1.]", "line 1"),
        (b"[0x10]", "line 1"),
        (b"[1,]", "line 1"),
        (b"{'a': 1}", "line 1"),
        (b'["a\nb"]', "Invalid control character"),
        (b'["\\x41"]', "line 1"),
        (b'["\\ud800"]', "half of a surrogate pair"),
        (b'["\\udc00"]', "half of a surrogate pair"),
        (b'["\\udc00\\ud800"]', "half of a surrogate pair"),
        (b'{"\\uD800": 1}', "half of a surrogate pair"),
        (b'{"a": [{"b": "\\uDBFFx"}]}', "half of a surrogate pair"),
        (b'["\xed\xa0\x80"]', "byte 2"),
        (b"/**/{}", "line 1"),
    ],
)
def test_what_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(JSONError) as caught:
        read(data, 10_000)
    assert why in str(caught.value)
    assert str(caught.value).startswith("here: ")


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"9223372036854775807", 2**63 - 1),
        (b"-9223372036854775807", -(2**63) + 1),
        (b'"\\ud83d\\udce6"', "📦"),
        (b'"\\\\ud800"', "\\ud800"),
        (b'"[[[{{{\\"[["', '[[[{{{"[['),
        (b"1e308", 1e308),
        (b" null\n", None),
    ],
)
def test_what_stands_at_the_edge(data: bytes, value: object) -> None:
    assert read(data) == value


def test_depth() -> None:
    deep = limits.JSON_DEPTH
    assert read(b"[" * deep + b"]" * deep)
    assert read(b"[" + b",".join([b"{}"] * 10_000) + b"]", 100_000)
    assert read(b'["' + b"[" * 10_000 + b'"]', 100_000)
    assert read(b"[" * (deep - 1) + b'{"]}":"]}[{"}' + b"]" * (deep - 1))
    with pytest.raises(JSONError, match="nested deeper"):
        read(b"[" * (deep - 1) + b'{"]}":["]}[{"]}' + b"]" * (deep - 1))
    for opening in (b"[", b'{"a":', b'["\\"", ['):
        with pytest.raises(JSONError, match="nested deeper"):
            read(opening * (deep + 1), 100_000)
    with pytest.raises(JSONError, match="nested deeper"):
        read(b"[" * 100_000, 100_000)


def test_size() -> None:
    five = b'{"a": "' + b"x" * (5 * limits.MIB) + b'"}'
    with pytest.raises(JSONError, match="more than the limit of 4194304"):
        strict_json.read(five, where="manifest", limit=limits.MANIFEST)
    start = time.process_time()
    assert len(strict_json.read(five, where="evidence", limit=limits.EVIDENCE_BLOB)["a"]) == 5 * limits.MIB
    assert time.process_time() - start < 2


@pytest.mark.parametrize("data", [b"[]", b"1", b'"x"', b"null", b"true", b"1.5"])
def test_an_object_is_an_object(data: bytes) -> None:
    with pytest.raises(JSONError, match="not a JSON object"):
        strict_json.read_object(data, where="here", limit=100)


@pytest.mark.parametrize(
    "value", [{"a": float("nan")}, {"a": float("inf")}, {"a": 2**64}, {"a": "\ud800"}, {"a": object()}]
)
def test_what_cannot_be_written(value: dict[str, Any]) -> None:
    with pytest.raises(JSONError):
        strict_json.write(value)


def test_canonical_order_is_that_of_utf_16() -> None:
    """RFC 8785 §3.2.3: U+1F4E6 is a surrogate pair and sorts before U+FB33."""
    assert strict_json.write({"\ufb33": 1, "📦": 2, "a": 3}) == '{"a":3,"📦":2,"\ufb33":1}'.encode()


def test_errors_name_the_path() -> None:
    fields = Fields({"a": {"b": [{}, 1]}, "s": 1, "t": True, "n": None, "m": {"k": 1}}, "top")
    with pytest.raises(JSONError, match=r"^top\.a\.b\[1\]: expected an object: it is a number$"):
        fields.object("a").objects("b")
    with pytest.raises(JSONError, match=r"^top\.s: expected a string: it is a number$"):
        fields.string("s")
    with pytest.raises(JSONError, match=r"^top\.t: expected a number: it is a boolean$"):
        fields.integer("t")
    with pytest.raises(JSONError, match=r"^top\.x: expected a string: it is missing$"):
        fields.string("x")
    with pytest.raises(JSONError, match=r"^top\.m\.k: expected a string: it is a number$"):
        fields.strings("m")
    assert fields.optional_string("n") is None
    assert fields.objects("n") == []
    assert fields.strings("x") == {}


def test_an_array_of_strings() -> None:
    fields = strict_json.Fields({"a": ["x", "y"], "b": None, "c": "x", "d": ["x", 1]}, "top")
    assert (fields.texts("a"), fields.texts("b"), fields.texts("nosuch")) == (["x", "y"], [], [])
    for name in ("c", "d"):
        with pytest.raises(JSONError, match=rf"top\.{name}: expected an array of strings"):
            fields.texts(name)
