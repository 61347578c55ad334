"""``python -m tools.mutate [-j N] [--sample N] [--again] [--tests FOLDER]… [FILE|FOLDER]…``

Ends with 1 if a mutant survives without a written reason, if one with a reason is killed, or if too few are killed.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from zlib import crc32

import pytest

from tools.mutate.memory import Memory
from tools.mutate.mutant import Key, Source
from tools.mutate.operators import mutants
from tools.mutate.reach import Recorder
from tools.mutate.survivors import FOLDER, Known, written
from tools.mutate.trial import End, Outcome, Quick, Trial

SCOPE: Final = ("attest/policy", "attest/evidence", "attest/signing")
TESTS: Final = ("tests/policy", "tests/evidence", "tests/signing", "tests/report", "tests/cli")
WANTED: Final = 0.95


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.mutate", description=(__doc__ or "").splitlines()[2])
    parser.add_argument("-j", "--jobs", type=int, default=1, help="how many mutants at a time")
    parser.add_argument("--tests", action="append", help=f"instead of {', '.join(TESTS)}")
    parser.add_argument("parts", nargs="*", metavar="FILE|FOLDER", help=f"instead of {', '.join(SCOPE)}")
    parser.add_argument("--sample", type=int, default=1, metavar="N", help="only one change of N, always the same ones")
    parser.add_argument("--again", action="store_true", help="only what survived the last time")
    options = parser.parse_args(arguments)
    os.nice(19 - os.nice(0))
    sys.dont_write_bytecode = False  # what mutants import anew, tests among it, is compiled once
    known = Known.all()
    everything = tuple(Source.read(path) for part in SCOPE for path in _files(Path(part)))
    paths = {path.as_posix() for part in options.parts or SCOPE for path in _files(Path(part))}
    wanted = [source for source in everything if source.path in paths]
    run = Run(everything, wanted, options.jobs, options.sample, options.again, known)
    with tempfile.TemporaryDirectory() as scratch:
        run.scratch = Path(scratch) / "tests"
        quiet = ("-q", "-n0", "--tb=native", "-p", "no:cacheprovider")
        tests = options.tests or TESTS
        code = pytest.main([*quiet, "--basetemp", str(run.scratch), *tests], plugins=[run, Quick()])
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        return int(code)
    return report(run)


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


@dataclass(slots=True, eq=False)
class Run:
    """What pytest does instead of running its tests."""

    everything: tuple[Source, ...]
    wanted: list[Source]
    jobs: int
    sample: int
    again: bool
    known: Known
    existing: set[Key] = field(default_factory=set)
    scratch: Path = Path()
    outcomes: list[Outcome] = field(default_factory=list)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            raise pytest.UsageError("not all tests can be imported")
        began = time.monotonic()
        reach = Recorder(self.everything).record(session)
        print(f"\n{len(reach.seconds)} tests, {time.monotonic() - began:.0f} s", file=sys.stderr)
        memory = Memory.load()
        trial = Trial(session, reach, self.scratch, self.jobs, memory.killer)
        for source in self.wanted:
            began = time.monotonic()
            found = list(mutants(source))
            self.existing |= {mutant.key for mutant in found}
            found = [mutant for mutant in found if crc32(mutant.key.change.encode()) % self.sample == 0]
            found = [mutant for mutant in found if memory.survivor(mutant) or not self.again]
            outcomes = []
            untried = []
            for mutant in found:
                if memory.dies(mutant):
                    outcomes.append(Outcome(mutant, End.KILLED, memory.killer(mutant)))
                elif memory.outlives(mutant, reach.of(mutant)):
                    outcomes.append(Outcome(mutant, End.SURVIVED))
                else:
                    untried.append(mutant)
            for outcome in trial.run(untried):
                outcomes.append(outcome)
                if outcome.alive:
                    memory.survived(outcome.mutant, reach.of(outcome.mutant))
                else:
                    memory.killed(outcome.mutant, outcome.killer)
            memory.save()
            self.outcomes += outcomes
            alive = {outcome.mutant.key for outcome in outcomes if outcome.alive}
            took = time.monotonic() - began
            print(f"{source.path}: {len(found)} mutants, {len(alive)} alive, {took:.0f} s", file=sys.stderr, flush=True)
            if alive - self.known.reasons.keys():  # told at once: a whole run takes an hour or two
                print(written(alive - self.known.reasons.keys()), flush=True)
        return True


def report(run: Run) -> int:
    """Tell what became of the mutants; 0 if that is as it must be."""
    ends = Counter(outcome.end for outcome in run.outcomes)
    killed = ends[End.KILLED] + ends[End.TIMEOUT]
    share = killed / len(run.outcomes) if run.outcomes else 1.0
    alive = {outcome.mutant.key for outcome in run.outcomes if outcome.alive}
    new = alive - run.known.reasons.keys()
    stale = run.known.stale((outcome.mutant.key for outcome in run.outcomes), alive, run.existing)
    if stale:
        print(f"# No longer survivors, to be taken out of {FOLDER}:\n\n{written(stale)}")
    told = ", ".join(f"{number} {end}" for end, number in sorted(ends.items()))
    print(f"{len(run.outcomes)} mutants: {told}; {share:.1%} killed, {WANTED:.0%} wanted")
    if new:
        print(f"{len(new)} new survivors, told above: each wants a test, or a reason in {FOLDER}")
    return int(bool(new or stale) or share < WANTED)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
