"""The same evidence, policies and time give the same bytes in every form (design.md §3.8): in whatever order a store
lists, and whatever order a process gives its sets."""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
from functools import cache
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from attest.evidence.model import Check, Rejected
from attest.oci.descriptor import Descriptor
from attest.policy.document import Policy
from attest.policy.verdict import Outcome
from attest.stores.protocol import Found, Place, Where
from tests.evidence_factory import bundle_of
from tests.policy.conftest import keys as keys  # the fixture
from tests.policy.test_law_of_evidence import pool
from tests.report.every_form import every_form, judged, policies

ROOT = Path(__file__).parents[2]
UNREAD = tuple(
    Rejected(
        Found(Descriptor.of("application/x", bytes([number])), (Place("memory", Where.LAYOUT),)), check, f"why {number}"
    )
    for number, check in enumerate((Check.READ, Check.READ, Check.SIGNATURE, Check.IDENTITY))
)
SEEDS = ("0", "1", "4242")


@cache
def both(directory: Path) -> tuple[Policy, Policy]:
    return policies(directory)


@settings(max_examples=40, deadline=None)
@given(
    chosen=st.frozensets(st.integers(0, 35)),
    unread=st.frozensets(st.integers(0, len(UNREAD) - 1)),
    shuffle=st.randoms(use_true_random=False),
)
def test_the_order_of_evidence_changes_no_byte(
    keys: Path, chosen: frozenset[int], unread: frozenset[int], shuffle: random.Random
) -> None:
    by = both(keys)
    candidates, rejected = [pool()[index] for index in sorted(chosen)], [UNREAD[index] for index in sorted(unread)]
    before = every_form(judged(by, candidates, rejected), by)
    shuffle.shuffle(candidates)
    shuffle.shuffle(rejected)
    assert every_form(judged(by, candidates, rejected), by) == before


@settings(max_examples=40, deadline=None)
@given(chosen=st.frozensets(st.integers(0, 35)))
def test_the_order_of_policies_changes_no_answer(keys: Path, chosen: frozenset[int]) -> None:
    """Their findings stand in the order in which the policies were named."""
    by = both(keys)
    candidates = [pool()[index] for index in sorted(chosen)]
    one, other = judged(by, candidates), judged(by[::-1], candidates)
    assert one.outcome is other.outcome
    assert set(one.findings) == set(other.findings)
    assert set(one.policies) == set(other.policies)


def test_every_outcome_is_compared(keys: Path) -> None:
    """Of nothing, of some and of everything; no form is empty."""
    by = both(keys)
    found = {name: judged(by, candidates) for name, candidates in (("none", ()), ("all", pool()))}
    assert {verdict.outcome for verdict in found.values()} == {Outcome.DENIED}
    mild = judged(by[1:], pool()[:2])
    assert mild.outcome is Outcome.ADMITTED
    for forms in (every_form(found["all"], by), every_form(mild, by[1:])):
        assert all(forms.values())
    assert len(every_form(found["all"], by)["json explained"]) > 10_000


def test_other_processes_write_the_same(keys: Path, tmp_path: Path) -> None:
    by = both(keys)
    expected = {name: hashlib.sha256(data).hexdigest() for name, data in every_form(judged(by, pool()), by).items()}
    for file in keys.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    bundles = [(item.claims, bundle_of(item).raw.decode()) for item in pool()]
    (tmp_path / "bundles.json").write_text(json.dumps(bundles), "utf-8")
    for seed in SEEDS:
        ran = subprocess.run(
            [sys.executable, "-m", "tests.report.every_form", str(tmp_path)],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        assert json.loads(ran.stdout) == expected
