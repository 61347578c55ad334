"""Medians of commands that take turns, and how they are printed."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROUNDS = 11
"""Runs of each command; odd, so that the median is one of them."""


@dataclass(frozen=True, slots=True)
class Command:
    """What is measured. ``target`` is the largest ratio to the reference that is good enough; None: no target."""

    name: str
    argv: Sequence[str | Path]
    target: float | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One result: median and fastest in seconds, ``ratio`` of the medians to the reference's."""

    name: str
    median: float
    fastest: float
    ratio: float
    target: float | None

    @property
    def met(self) -> bool:
        return self.target is None or self.ratio <= self.target

    def as_json(self) -> dict[str, object]:
        return {
            "name": self.name,
            "median_seconds": round(self.median, 6),
            "fastest_seconds": round(self.fastest, 6),
            "ratio": round(self.ratio, 3),
            "target": self.target,
            "met": self.met,
        }


@dataclass(frozen=True, slots=True)
class Table:
    """The results of one benchmark: medians of ``rounds``; ratios are to the row named ``reference``."""

    title: str
    reference: str
    rows: tuple[Row, ...]
    rounds: int


def compare(
    title: str,
    commands: Sequence[Command],
    *,
    reference: str,
    env: Mapping[str, str],
    cwd: Path,
    rounds: int = ROUNDS,
    tick: Callable[[], None] = lambda: None,
) -> Table:
    """Measure commands in turns, so that what slows the machine for a while slows all of them.

    One round before those that count fills the caches of files and bytecode. ``tick`` is called after each round.

    Raises:
        subprocess.CalledProcessError: a command failed; its output is in the error.
    """
    taken: dict[str, list[float]] = {command.name: [] for command in commands}
    clean = as_users(env)
    for turn in range(rounds + 1):
        for command in commands:
            seconds = once(command.argv, clean, cwd)
            if turn:
                taken[command.name].append(seconds)
        tick()
    base = statistics.median(taken[reference])
    rows = (
        Row(command.name, median := statistics.median(times), min(times), median / base, command.target)
        for command in commands
        for times in [taken[command.name]]
    )
    return Table(title, reference, tuple(rows), rounds)


def as_users(env: Mapping[str, str]) -> dict[str, str]:
    """Without what keeps Python from writing bytecode: every start would compile all that was installed in place, which
    users of a wheel never see."""
    return {name: value for name, value in env.items() if name != "PYTHONDONTWRITEBYTECODE"}


def once(argv: Sequence[str | Path], env: Mapping[str, str], cwd: Path) -> float:
    """Wall-clock seconds from start to end of one process."""
    started = time.perf_counter()
    subprocess.run(argv, env=env, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, check=True)
    return time.perf_counter() - started


def text(table: Table) -> str:
    width = max(len(row.name) for row in table.rows)
    lines = [
        f"{table.title} (medians of {table.rounds})",
        f"  {'':<{width}}  {'median':>9}  {'fastest':>9}  {'ratio':>6}  target",
    ]
    for row in table.rows:
        if row.name == table.reference:
            verdict = "(the reference)"
        elif row.target is None:
            verdict = "–"
        else:
            verdict = f"≤ {_ratio(row.target)}  {'met' if row.met else 'MISSED'}"
        times = f"{_milliseconds(row.median)} ms  {_milliseconds(row.fastest)} ms"
        lines.append(f"  {row.name:<{width}}  {times}  {_ratio(row.ratio):>6}  {verdict}")
    return "\n".join(lines)


def _ratio(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio >= 0.02 else f"{ratio:.4f}"


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1e3:6.0f}" if seconds >= 0.02 else f"{seconds * 1e3:6.2f}"


def machine() -> dict[str, object]:
    """What the numbers were measured on."""
    import platform

    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processors": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
    }
