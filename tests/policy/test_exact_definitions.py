"""What each file of a policy defines, and for which other files."""

from __future__ import annotations

import pytest

from attest.policy.document import load
from attest.policy.rules.rule import Absence
from tests.policy.test_definitions import LISTED, REVOKES, TEAM
from tests.policy.test_extends import BASE, CHILD, TOP, Write, refused, write

__all__ = ["write"]

EMPTY = TOP.format(name="empty")
SIBLING = "version: 1\nname: {name}\nextends: base.yaml\nrules:\n"
CHECK = "  - {{id: {id}, check: '{rule}.author == {rule}.author'}}\n"
RULE = "  - {{id: {id}, require: signature, by: [release]}}\n"


@pytest.mark.parametrize(
    ("require", "said"),
    [
        ("release", "not in this version"),
        ("audit", "not in this version"),
        ("review", "not in this version"),
        ("revue", "unknown"),
    ],
)
def test_rules_of_later_versions_are_told_from_those_that_nobody_knows(write: Write, require: str, said: str) -> None:
    error = refused(write(base=BASE.replace("require: signature", f"require: {require}")))
    assert error.what == f"rule 'signed': 'require: {require}' is {said}"


@pytest.mark.parametrize(
    "more",
    [
        RULE.format(id="more") * 2,
        CHECK.format(id="same", rule="signed") * 2,
        RULE.format(id="same") + CHECK.format(id="same", rule="signed"),
    ],
)
def test_no_id_stands_twice_in_a_file(write: Write, more: str) -> None:
    error = refused(write(base=BASE + more))
    assert (error.what, error.why) == (f"the rule id {more[9:13]!r} stands twice", None)


@pytest.mark.parametrize(
    "more", [RULE.format(id="more"), CHECK.format(id="more", rule="signed")], ids=["rule", "check"]
)
def test_no_id_stands_in_two_files_that_one_extends(write: Write, more: str) -> None:
    files = {name: SIBLING.format(name=name) + more for name in ("left", "right")}
    error = refused(write(base=BASE, **files, child=CHILD.replace("base.yaml", "[left.yaml, right.yaml]")))
    assert (error.what, error.why) == (
        "the rule id 'more' stands twice",
        "in this file and in one that it extends, or in two of these",
    )


def test_a_check_names_rules_of_its_file_and_of_what_that_extends(write: Write) -> None:
    own = SIBLING.format(name="child") + CHECK.format(id="same", rule="signed")
    assert [item.id for item in load(write(base=BASE, child=own)).checks] == ["same"]
    left = SIBLING.format(name="left") + RULE.format(id="left")
    right = SIBLING.format(name="right") + CHECK.format(id="same", rule="left")
    both = CHILD.replace("base.yaml", "[left.yaml, right.yaml]")
    error = refused(write(base=BASE, left=left, right=right, child=both))
    assert error.what.startswith("rule 'same': 'check': ")
    assert str(error.where).partition(":")[0].endswith("right.yaml")


@pytest.mark.parametrize(
    ("more", "absence"), [("", None), (", absence: listing", Absence.LISTING), (", absence: seal", Absence.SEAL)]
)
def test_what_proves_that_no_release_statement_is_missing(write: Write, more: str, absence: Absence | None) -> None:
    policy = load(write(base=BASE, child=f"{CHILD}resolve: {{by: [release]{more}}}\n"))
    assert policy.resolve_absence is absence
    assert policy.needs_seals is (absence is Absence.SEAL)


@pytest.mark.parametrize("place", ["base", "child"])
def test_who_revokes_may_do_so_with_release_statements(write: Write, place: str) -> None:
    resolve = "resolve: {by: [release]}\n"
    base = f"{BASE.replace('builders:', '  team: {key: keys/team.pub}' + chr(10) + 'builders:')}  - {REVOKES}{LISTED}"
    child = f"{CHILD}{resolve if place == 'child' else ''}"
    policy = load(write(base=base + (resolve if place == "base" else ""), child=child))
    assert (policy.resolvers, policy.revokers) == (("release",), ("team",))
    assert load(write(base=BASE + resolve)).revokers == ()
    own = f"{CHILD}{TEAM}rules:\n  - {REVOKES}{LISTED}"
    assert load(write(base=BASE + resolve, child=own)).revokers == ()


@pytest.mark.parametrize(
    ("identities", "known"),
    [
        (
            "identities:\n  security: {key: keys/security.pub}\n  release: {key: keys/release.pub}\n",
            "security, release",
        ),
        ("", "none"),
    ],
)
def test_builders_are_identities(write: Write, identities: str, known: str) -> None:
    error = refused(write(base=f"{EMPTY}{identities}builders:\n  ci: {{identity: other, id: ci}}\n"))
    assert (error.what, error.why) == ("builder 'ci': no identity 'other'", f"known: {known}")
