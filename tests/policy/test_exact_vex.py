"""Whom VEX documents name, which word is the latest, and how much of what stands open is told."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from attest import names
from attest.policy.codes import Code
from attest.policy.evaluate import evaluate
from attest.policy.verdict import Outcome
from attest.policy.vex import Heard
from attest.signing.proof import KeyAuthor
from attest.statements.findings import Finding
from attest.statements.vex_statements import Status, VexStatement
from tests.evidence_factory import NOW, SUBJECT, evidence, key, proven, signed
from tests.policy.conftest import HEAD, Read
from tests.policy.test_absence import revocation
from tests.policy.test_scan_rule import VEX, scan
from tests.policy.test_scan_rule import judge as judge_scan
from tests.policy.test_vex_rule import MINE, RULE, judge, vex
from tests.statements.scans import PART, cyclonedx, openvex, trivy

DAY = timedelta(days=1)
MANIFEST = str(SUBJECT.manifest.digest)
OPEN, CLEARED = Status.AFFECTED, Status.FIXED


def says(
    status: Status = CLEARED, *, ids: str = "A", products: tuple[str, ...] = (), parts: tuple[str, ...] = ()
) -> VexStatement:
    return VexStatement(frozenset(ids), frozenset(products), status, parts=frozenset(parts))


def heard(*said: tuple[datetime, VexStatement]) -> Heard:
    return Heard(said, SUBJECT)


@pytest.mark.parametrize(
    ("product", "component", "applies"),
    [
        (None, None, True),
        (None, PART, True),
        (MINE, None, True),
        (MINE, PART, True),
        (MANIFEST, None, True),
        (str(SUBJECT.digest), None, True),
        (f"{MINE}?arch=x", None, True),
        (f"{MINE}#lib", None, True),
        (f"pkg:oci/app@{MANIFEST}", None, True),
        (f"pkg:oci/app@sha256:{'0' * 64}", None, False),
        (f"pkg:npm/app@{MANIFEST}", None, False),
        (PART, PART, True),
        (PART, f"{PART}?arch=x", True),
        (PART, None, False),
        (PART, "ansi", False),
        ("pkg:npm/left-pad@1.3.1", PART, False),
        ("not a purl", PART, False),
        ("not a purl", "not a purl", False),
    ],
)
def test_about_what_it_is(product: str | None, component: str | None, applies: bool) -> None:
    item = says(products=() if product is None else (product,))
    assert heard((NOW, item)).clears(Finding("A", component=component)) is applies
    assert heard((NOW, item)).clears(Finding("B", component=component)) is False
    assert heard((NOW, item)).clears(Finding("B", ("A",), component=component)) is applies


@pytest.mark.parametrize(
    ("products", "component", "applies"),
    [
        ((MINE,), PART, True),
        ((), PART, True),
        ((MINE,), None, False),
        ((MINE,), "pkg:npm/ansi@2.0.1", False),
        (("pkg:npm/x@1",), PART, False),
        ((PART,), PART, False),
        ((MINE, "pkg:npm/x@1"), PART, True),
        (("pkg:npm/x@1", MINE), PART, True),
    ],
)
def test_parts_limit_it(products: tuple[str, ...], component: str | None, applies: bool) -> None:
    item = says(products=products, parts=(PART,))
    assert heard((NOW, item)).clears(Finding("A", component=component)) is applies


def test_a_part_that_is_no_package_is_no_whole() -> None:
    item = says(products=(MINE,), parts=("not a purl", PART))
    assert not heard((NOW, item)).clears(Finding("A"))
    assert heard((NOW, item)).clears(Finding("A", component=PART))
    assert not heard((NOW, item)).clears(Finding("A", component="not a purl"))


def test_the_latest_word_and_all_of_them_count() -> None:
    finding = Finding("A")
    assert not heard().clears(finding)
    assert heard((NOW - DAY, says(OPEN)), (NOW, says())).clears(finding)
    assert not heard((NOW - DAY, says()), (NOW, says(OPEN))).clears(finding)
    assert not heard((NOW, says()), (NOW, says(OPEN))).clears(finding)
    assert heard((NOW - DAY, says()), (NOW, says(OPEN, ids="B"))).clears(finding)


def test_what_is_left_open() -> None:
    part = says(OPEN, products=(MINE,), parts=(PART,))
    assert heard((NOW, part)).leaves_open(part)
    component = says(OPEN, products=(PART,))
    assert heard((NOW, component)).leaves_open(component)
    assert not heard((NOW - DAY, component), (NOW, says(products=(PART,)))).leaves_open(component)
    own = says(OPEN, products=(MINE,))
    assert heard((NOW, own)).leaves_open(own)
    assert not heard((NOW, own)).leaves_open(says(OPEN, ids=""))
    both = says(OPEN, ids="AB")
    for name in "AB":
        assert not heard((NOW - DAY, both), (NOW, says(ids=name))).leaves_open(both)


def told(when: datetime, proof: datetime | None, status: str) -> Any:
    document = vex(openvex(status, MINE, time=when.isoformat()), "builder")
    return proven(document, KeyAuthor(key("builder").public), time=proof)


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        # each: what it says of its own time, when it was seen, in days before now
        ([(3, 1, "fixed"), (2, 2, "affected")], Outcome.DENIED),
        ([(1, 3, "fixed"), (2, 2, "affected")], Outcome.DENIED),
        ([(2, 2, "fixed"), (3, 1, "affected")], Outcome.ADMITTED),
        ([(2, None, "fixed"), (3, None, "affected")], Outcome.ADMITTED),
        ([(0, 0, "fixed")], Outcome.ADMITTED),
        ([(-1, 1, "fixed")], Outcome.DENIED),
        ([(1, -1, "fixed")], Outcome.DENIED),
        ([(1, 1, "fixed"), (-1, 2, "affected")], Outcome.DENIED),
        ([(1, 1, "fixed"), (2, -1, "affected")], Outcome.DENIED),
    ],
)
def test_which_word_is_the_latest(read: Read, said: list[tuple[int, int | None, str]], outcome: Outcome) -> None:
    shown = [told(NOW - own * DAY, None if seen is None else NOW - seen * DAY, status) for own, seen, status in said]
    assert judge_scan(read, VEX, scan(trivy()), *shown).outcome is outcome


def test_what_is_no_vex_and_what_cannot_be_read_take_nothing_away(read: Read) -> None:
    custom = signed("builder", "https://acme.example/thoughts", openvex("fixed", MINE))
    assert judge_scan(read, VEX, scan(trivy()), custom).code is Code.SCAN_FINDING
    broken = signed("builder", names.PREDICATE_OPENVEX, {"@context": 1})
    assert judge_scan(read, VEX, scan(trivy()), broken).code is Code.SCAN_FINDING
    for shown in ([broken, vex(openvex("fixed", MINE), "builder")], [vex(openvex("fixed", MINE), "builder"), broken]):
        assert judge_scan(read, VEX, scan(trivy()), *shown).outcome is Outcome.ADMITTED


def test_who_is_not_heard_hides_nobody(read: Read) -> None:
    cleared = vex(openvex("fixed", MINE), "builder")
    for stranger in (vex(openvex("affected", MINE), "security"), revocation("builder", cleared)):
        outcomes = [judge_scan(read, VEX, *shown).outcome for shown in permutations((scan(trivy()), stranger, cleared))]
        expected = Outcome.ADMITTED if stranger.claims == names.PREDICATE_OPENVEX else Outcome.DENIED
        assert set(outcomes) == {expected}


@pytest.mark.parametrize(("state", "outcome"), [("resolved", Outcome.DENIED), ("exploitable", Outcome.DENIED)])
def test_without_any_time_it_takes_nothing_away_and_may_be_the_latest(read: Read, state: str, outcome: Outcome) -> None:
    document = cyclonedx(analysis={"state": state})
    undated = signed("builder", names.PREDICATE_CYCLONEDX, {**document, "metadata": {}})
    assert judge_scan(read, VEX, scan(trivy()), undated).outcome is outcome
    dated = vex(openvex("fixed", MINE), "builder")
    both = judge_scan(read, VEX, scan(trivy()), dated, undated).outcome
    assert both is (Outcome.ADMITTED if state == "resolved" else Outcome.DENIED)


@pytest.mark.parametrize(("number", "more"), [(1, ""), (5, ""), (6, ", and 1 more"), (8, ", and 3 more")])
def test_five_are_told(read: Read, number: int, more: str) -> None:
    document = openvex("affected", MINE)
    (one,) = document["statements"]
    document["statements"] = [one | {"vulnerability": {"name": f"CVE-{n}"}} for n in range(number)]
    shown = ", ".join(f"CVE-{n} is affected" for n in range(min(number, 5)))
    message = judge(read, vex(document)).message
    assert message.startswith(f"VEX document that does not fit (all must): {shown}{more}; 1 referrer found"), message


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ({"status": "affected"}, "CVE-2026-1 is affected;"),
        ({"status": "under_investigation"}, "CVE-2026-1 is under_investigation;"),
        ({"status": "not_affected", "justification": None}, "CVE-2026-1 is not_affected without a reason;"),
        ({"status": "affected", "vulnerability": {"name": "x" * 100}}, f": {'x' * 80} is affected;"),
        ({"status": "affected", "vulnerability": {"name": "C-2", "aliases": ["C-1"]}}, ": C-1 is affected;"),
    ],
)
def test_what_is_open_is_told(read: Read, members: dict[str, Any], told: str) -> None:
    assert told in judge(read, vex(openvex(product=MINE, **members))).message


def test_a_reason_is_missed_only_where_there_is_none(read: Read) -> None:
    old = vex(openvex("not_affected", MINE))
    new = vex(openvex("affected", MINE, time="2026-11-21T06:00:00Z"), "release")
    reasons = judge(read, old, new).message
    assert "CVE-2026-1 is not_affected;" in reasons
    assert "without a reason" not in reasons


def test_another_may_be_missing_even_where_one_that_fits_is_enough(read: Read) -> None:
    policy = read(f"{HEAD}rules:\n  - {{id: it, {RULE}, match: any}}\n")
    shown = [vex(openvex("fixed", MINE))]
    for complete, outcome in ((True, Outcome.ADMITTED), (False, Outcome.INCONCLUSIVE)):
        found = evidence(shown, policy.identities.values(), complete=complete)
        assert evaluate(policy, found, now=NOW).outcome is outcome


def test_how_old_it_may_be(read: Read) -> None:
    for days, code in ((7, Code.VEX_VERIFIED), (8, Code.EVIDENCE_STALE)):
        document = vex(openvex("fixed", MINE, time=(NOW - days * DAY).isoformat()))
        assert judge(read, document, rule=f"{RULE}, max_age: 7d").code is code
