"""Where expressions and values end, and which types an expression knows."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from attest import limits
from attest.errors import UsageError
from attest.policy import expressions
from attest.policy.expressions import Type, Value, compiled, usable

NAMES = {
    "built.run": Type.TEXT,
    "built.signers": Type.TEXTS,
    "built.time": Type.TIME,
    "sbom.components": Type.NUMBER,
}
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ALL: dict[str, Value] = {
    "built.run": "1",
    "built.signers": ("release",),
    "built.time": NOON,
    "sbom.components": 3,
}


@pytest.mark.parametrize(
    "value",
    [
        "",
        "a" * limits.EXPRESSION_VALUE,
        (),
        ("a",) * limits.EXPRESSION_ITEMS,
        ("a" * limits.EXPRESSION_VALUE, "b"),
        0,
        2**63 - 1,
        -(2**63),
        NOON,
    ],
)
def test_what_can_be_compared_is_a_value(value: Value) -> None:
    assert usable(value) == value


@pytest.mark.parametrize("value", [("a", "b" * (limits.EXPRESSION_VALUE + 1)), ("\ud800",), 2**63, -(2**63) - 1])
def test_what_cannot_be_compared_is_none(value: Value) -> None:
    assert usable(value) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sbom.components >= 3", True),
        ("sbom.components >= 4", False),
        ("sbom.components <= 3", True),
        ("sbom.components > 3", False),
        ("sbom.components < 3", False),
    ],
)
def test_bounds(text: str, expected: bool) -> None:
    assert compiled(text, NAMES).holds({"sbom.components": 3}) is expected


@pytest.mark.parametrize("name", NAMES)
def test_every_type_is_known_to_a_library_that_was_just_begun(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(expressions, "_library", expressions._library.__wrapped__)
    assert compiled(f"{name} == {name}", NAMES).holds({name: ALL[name]})


def test_an_expression_has_a_limit() -> None:
    text = "built.run == '1'"
    assert compiled(text.ljust(limits.EXPRESSION), NAMES).holds({"built.run": "1"})
    with pytest.raises(UsageError) as caught:
        compiled(text.ljust(limits.EXPRESSION + 1), NAMES)
    assert str(caught.value) == f"{limits.EXPRESSION + 1} characters: more than the limit of {limits.EXPRESSION}"


def test_the_same_text_over_the_same_names_is_the_same_expression() -> None:
    one, same, other = (compiled(text, NAMES) for text in ("built.run == ''", "built.run == ''", "built.run != ''"))
    assert one == same
    assert len({one, same, other}) == 2


def test_why_one_is_refused_is_cut() -> None:
    with pytest.raises(UsageError) as caught:
        compiled(f"built.run == {'x' * 300}", NAMES)
    assert caught.value.what == "at character 14"
    assert caught.value.why == "undeclared reference to '".ljust(240, "x")
