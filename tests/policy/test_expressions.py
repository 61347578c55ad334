"""Expressions: what they mean, what is refused when they are read, and that none can take long."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest import limits
from attest.errors import UsageError
from attest.policy.expressions import Expression, Type, Value, compiled, usable

NAMES = {
    "built.run": Type.TEXT,
    "built.signers": Type.TEXTS,
    "built.time": Type.TIME,
    "sbom.run": Type.TEXT,
    "sbom.components": Type.NUMBER,
}
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
VALUES: dict[str, Value] = {
    "built.run": "https://ci.example/1",
    "built.signers": ("release", "security"),
    "built.time": NOON,
    "sbom.run": "https://ci.example/1",
    "sbom.components": 3,
}


def holds(text: str, **changed: Value) -> bool:
    expression = compiled(text, NAMES)
    values = VALUES | {name.replace("_", ".", 1): value for name, value in changed.items()}
    return expression.holds({name: values[name] for name in expression.names})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("built.run == sbom.run", True),
        ("built.run != sbom.run", False),
        ("'release' in built.signers", True),
        ("'mallory' in built.signers || sbom.components > 2", True),
        ("!('mallory' in built.signers)", True),
        ("built.run in ['https://ci.example/1', 'x']", True),
        ("built.run.startsWith('https://ci.example/')", True),
        ("built.run.endsWith('/2') ? true : sbom.components == 3", True),
        ("built.run.contains('example') && size(built.signers) == 2", True),
        ("built.time - duration('1h') < timestamp('2026-11-21T11:30:00Z')", True),
        ("built.run + '/x' == 'https://ci.example/1/x'", True),
        ("built.signers == ['release', 'security']", True),
        ("sbom.components - 1 == 2 && sbom.components + 1 <= 4", True),
        (" built . run // a remark", None),
    ],
)
def test_what_an_expression_means(text: str, expected: bool | None) -> None:
    if expected is None:
        with pytest.raises(UsageError, match="neither true nor false: its type is string"):
            compiled(text, NAMES)
    else:
        assert holds(text) is expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("built.run ==", r"at character 13: Syntax error: mismatched input '<EOF>'"),
        ("built.run == 1", r"at character 11: found no matching overload for '_==_' applied to '\(string, int\)'$"),
        ("built.rum == sbom.run", r"at character 6: undeclared reference to 'built.rum'$"),
        ("other.run == sbom.run", r"at character 6: undeclared reference to 'other.run'$"),
        (
            "built.time > 5",
            r"at character 12: found no matching overload for '_>_' applied to '\(google.protobuf.Timestamp, int\)'$",
        ),
        ("built == sbom", r"at character 1: undeclared reference to 'built'$"),
        ("built.run.scheme == 'x'", r"at character 10: expression of type 'string' cannot be the operand"),
        ("size(built.run)", r"it is neither true nor false: its type is int$"),
        ("true", r"it names nothing: and so is the same for all evidence$"),
        ("'built.run' == 'sbom.run'", r"it names nothing"),
        ("1 == 1 // built.run", r"it names nothing"),
        ("\0built.run == sbom.run", r"not an expression: it has a character that cannot be read$"),
        ("", r"Syntax error"),
        ("built.run == '\ud800'", r"not an expression: it has"),
    ],
)
def test_what_is_no_expression_over_these_names_is_refused(text: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        compiled(text, NAMES)


@pytest.mark.parametrize(
    "text",
    [
        "built.signers.all(x, x == 'a')",
        "built.signers.exists(x, x == built.run)",
        "built.signers.map(x, x + x).map(x, x + x) == []",
        "[built.run].filter(x, x == 'a') == []",
        "has(built.run)",
        "built.run.matches('(a+)+$')",
        "matches(built.run, '.*')",
        "dyn(built.run) == 1",
        "type(built.run) == string",
        "string(built.time) == 'x'",
        "int(built.run) == 1",
        "built.time.getHours('Europe/Berlin') == 1",
        "built.signers[0] == 'a'",
        "sbom.components * sbom.components > 1",
        "sbom.components / 0 == 1",
        "cel.bind(x, built.run, x == x)",
        "optional.of(built.run) == optional.none()",
        "built.?run == 'a'",
        "now > built.time",
        "env('HOME') == built.run",
    ],
)
def test_the_language_has_nothing_that_repeats_or_looks_elsewhere(text: str) -> None:
    with pytest.raises(UsageError, match=r"at character [0-9]+: (undeclared reference|unsupported|there is no)"):
        compiled(text, NAMES)


THERE_IS = (
    "there are comparisons, in, &&, ||, !, ?:, +, - and"
    " size(), contains(), startsWith(), endsWith(), timestamp(), duration()"
)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            "built.signers.all(x, x == 'a')",
            f"at character 15: there is no all(), no loop and no pattern here; {THERE_IS}",
        ),
        ("built.run.matches('a')", f"at character 11: there is no matches(), no loop and no pattern here; {THERE_IS}"),
        (
            "size (built.run) == int('1')",
            f"at character 21: there is no int(), no loop and no pattern here; {THERE_IS}",
        ),
        ("built.signers[0] == 'a'", f"at character 14: there is no [] here; {THERE_IS}"),
        ("sbom.components * 2 == 2", f"at character 17: there is no * here; {THERE_IS}"),
        ("built.run == 'all(' && built.rum == 'a'", "at character 29: undeclared reference to 'built.rum'"),
        ('built.run == "\\"all(" && built.rum == "a"', "at character 31: undeclared reference to 'built.rum'"),
        ("built.run in (['a']) && built.rum == 'a'", "at character 30: undeclared reference to 'built.rum'"),
        ("built.run == _x", "at character 14: undeclared reference to '_x'"),
    ],
)
def test_what_there_is_instead_is_said(text: str, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        compiled(text, NAMES)
    assert str(caught.value) == why


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("built.run == sbom.run", ("built.run", "sbom.run")),
        ("built.run == 'sbom.run'", ("built.run",)),
        ("built.run == 'a' || sbom.components == 1 // built.time", ("built.run", "sbom.components")),
        (".built.run == 'a'", ("built.run",)),
        ("built\t.\trun == 'a'", ("built.run",)),
        ("true || built.run == 'a'", ("built.run",)),
    ],
)
def test_it_knows_which_names_stand_in_it(text: str, names: tuple[str, ...]) -> None:
    assert compiled(text, NAMES).names == names


@pytest.mark.parametrize(
    "text",
    [
        "built.run == " + "(" * 400 + "'a'" + ")" * 400,
        "built.run" + "+built.run" * 50 + " == ''",
        "!" * 980 + "(built.run == '')",
        "built.run in " + "[" * 300 + "]" * 300,
        "built.run == '" + "a" * limits.EXPRESSION + "'",
        "built.run == 'a'" + " || built.run == 'a'" * 40,
        "built.run.contains(built.run + 'b')" + " || built.run.contains(built.run + 'b')" * 20,
        "(" + "+".join(["built.run"] * 25) + ").contains(" + "+".join(["built.run"] * 25) + "+'b')",
        " || ".join(["'b' in built.signers"] * 40),
        " || ".join(["built.signers + built.signers == built.signers"] * 15),
    ],
)
def test_no_expression_takes_long_or_much(text: str) -> None:
    """The worst that its length allows, with values as large as they can be."""
    values: dict[str, Value] = {
        "built.run": "a" * limits.EXPRESSION_VALUE,
        "built.signers": ("a" * limits.EXPRESSION_VALUE,) * limits.EXPRESSION_ITEMS,
    }
    began = time.process_time()
    try:
        expression = compiled(text, NAMES)
    except UsageError:
        pass
    else:
        expression.holds({name: values[name] for name in expression.names})
    assert time.process_time() - began < 1


@pytest.mark.parametrize("text", ["built.time == timestamp('soon')", "built.time + duration('for ever') == built.time"])
def test_what_comes_to_nothing_is_not_true(text: str) -> None:
    with pytest.raises(UsageError, match=r"^it has no answer: "):
        holds(text)


def test_a_sum_that_is_too_large_is_not_true() -> None:
    with pytest.raises(UsageError, match=r"integer overflow"):
        holds("sbom.components + 1 > 0", sbom_components=2**63 - 1)


def test_times_are_compared_as_moments() -> None:
    assert holds("built.time == timestamp('2026-11-21T12:00:00Z')")
    assert not holds("built.time == timestamp('2026-11-21T12:00:00Z')", built_time=NOON + timedelta(microseconds=1))


@pytest.mark.parametrize(
    "value",
    [
        "release\0evil",
        "\ud800",
        "a" * (limits.EXPRESSION_VALUE + 1),
        ("a",) * (limits.EXPRESSION_ITEMS + 1),
        ("a", "b\0"),
        2**63,
        -(2**63) - 1,
        None,
    ],
)
def test_what_the_library_would_misread_is_no_value(value: Value | None) -> None:
    assert usable(value) is None


texts = st.text(max_size=12)


@given(left=texts, right=texts)
def test_texts_are_equal_iff_they_are_the_same(left: str, right: str) -> None:
    given_ = usable(left), usable(right)
    if None in given_:
        assert "\0" in left + right
        return
    equal = holds("built.run == sbom.run", built_run=left, sbom_run=right)
    assert equal == (left == right)
    assert holds("built.run in ['x', sbom.run]", built_run=left, sbom_run=right) == (left in ("x", right))


@given(left=st.lists(texts, max_size=3), right=texts)
def test_a_text_is_in_a_list_iff_it_is_one_of_its_members(left: list[str], right: str) -> None:
    if usable(tuple(left)) is not None and usable(right) is not None:
        assert holds("sbom.run in built.signers", built_signers=tuple(left), sbom_run=right) == (right in left)


@given(st.text(max_size=60) | st.text(alphabet="bu.rns om=!&|()[]'\"0123+-? ilt", max_size=40))
def test_any_text_is_an_expression_or_refused(text: str) -> None:
    try:
        expression = compiled(text, NAMES)
    except UsageError:
        return
    assert isinstance(expression, Expression)
    assert expression.names
