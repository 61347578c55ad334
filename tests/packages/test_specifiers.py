"""What is not given to the parser of requirements."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import InvalidRequirement, Requirement

from attest import limits
from attest.packages.specifiers import objection

LONGEST = limits.REQUIREMENT


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a" * LONGEST, None),
        ("a" * (LONGEST + 1), "longer than 16384 characters"),
        (f"a; {'(' * 100}os_name=='x'{')' * 100}", None),
        (f"a; {'(' * 101}os_name=='x'{')' * 101}", "more than 100 parentheses"),
        (f"a=={'9' * 4299}.{'9' * 4299}", None),
        (f"a==1{'9' * 4299}", "a number of too many digits"),
        (r"a; os_name == '\x22'", "a backslash in a string"),
        ('a; os_name == "\\\\"', "a backslash in a string"),
        (r".\here\a.whl", None),
    ],
)
def test_what_is_too_much(text: str, why: str | None) -> None:
    assert objection(text) == why


@pytest.mark.parametrize("unit", [f"{'9' * 4299}.", "9", "'", "\"'", "(", "'a"])
def test_it_costs_little(unit: str) -> None:
    text = (unit * LONGEST)[:LONGEST]
    start = time.process_time()
    for _ in range(100):
        objection(text)
    assert time.process_time() - start < 2


STRINGS = st.text(st.sampled_from("'\"\\ x2()9"), max_size=20)


@given(STRINGS, st.sampled_from(["a; os_name == {}", "a ({})", "a; ({} in os_name)", "a {}"]))
def test_what_passes_is_parsed_and_written_or_is_refused_as_invalid(text: str, around: str) -> None:
    written = around.replace("{}", text)
    if objection(written) is None:
        try:
            parsed = Requirement(written)
        except InvalidRequirement:
            return
        str(parsed.marker)
