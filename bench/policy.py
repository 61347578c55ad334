"""Evaluating the library's policy for SLSA level 3 on evidence that is verified already, in one process on one core."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bench.harness import Row, Table

ROUNDS = 5
EVALUATIONS = 10_000
TARGET = 2.0
"""Seconds for all of them, at most."""

_POLICY = Path(__file__).parents[1] / "policies" / "slsa-3.yaml"


def measure(tick: Callable[[], None]) -> Table:
    """Medians of rounds: with evidence that is admitted, and with evidence that is denied, which has more to say.

    No other program is the reference but the target itself.
    """
    rows = []
    for name, evaluate in _evaluations().items():
        taken = []
        for _ in range(ROUNDS):
            started = time.process_time()
            for _ in range(EVALUATIONS):
                evaluate()
            taken.append(time.process_time() - started)
            tick()
        median = statistics.median(taken)
        rows.append(Row(name, median, min(taken), median / TARGET, 1.0))
    return Table(f"{EVALUATIONS:,} evaluations of {_POLICY.name}", f"{TARGET} s", tuple(rows), ROUNDS)


def _evaluations() -> dict[str, Callable[[], object]]:
    """One for each test in the policy, which says what it must come to."""
    from attest.policy import document, trial
    from attest.policy.evaluate import evaluate_all
    from attest.policy.verdict import Outcome

    policy, now = document.load(_POLICY), datetime.now(UTC)
    found: dict[str, Callable[[], object]] = {}
    for case in policy.cases:
        assert not isinstance(case.evidence, Path)
        hearing = trial.heard(policy, case, case.evidence, now=now)
        admitted = evaluate_all([hearing], now=now).outcome is Outcome.ADMITTED
        assert admitted == case.admitted, case.name
        found[case.name] = lambda hearing=hearing: evaluate_all([hearing], now=now)  # type: ignore[misc]
    return found
