"""Tries mutants, each in a fork in which only the tests that can notice run, the likely and quick ones first."""

from __future__ import annotations

import gc
import os
import resource
import shutil
import signal
import sys
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Final

import pytest

from tools.mutate.install import Functions, forget_and_import_changed
from tools.mutate.mutant import Mutant, words
from tools.mutate.reach import Reach

MEMORY: Final = 4 << 30
"""Bytes that a fork may map."""
PATIENCE: Final = 10
"""How many times longer than usual a test may take (processor time), and `LEAST` in any case."""
LEAST: Final = 2.0
WAITING: Final = 120.0
"""Seconds without an end after which a fork that waits for something is stopped."""
MOST: Final = 250
LONG: Final = 5.0
"""How many tests a mutant meets, and for how many seconds (processor time, as usual)."""
BROKEN: Final = 70
"""How a fork ends in which not the mutant failed but this program."""
EXAMPLES: Final = 25
"""How many a property test draws unless it says so itself."""
_FIRST: Final = 25
"""How many tests a mutant that is imported anew meets before those of many more files are imported."""


class End(StrEnum):
    KILLED = "killed"
    TIMEOUT = "timeout"
    SURVIVED = "survived"
    UNREACHED = "no test runs it"


@dataclass(frozen=True, slots=True)
class Outcome:
    """``killer`` is the test that failed, "" where that is not known."""

    mutant: Mutant
    end: End
    killer: str = ""

    @property
    def alive(self) -> bool:
        return self.end in (End.SURVIVED, End.UNREACHED)


@dataclass(slots=True)
class _Fork:
    mutant: Mutant
    answer: int
    began: float


@dataclass(slots=True)
class Trial:
    """``remembered`` tells which test killed a mutant the last time: it is the first now."""

    session: pytest.Session
    reach: Reach
    scratch: Path
    jobs: int
    remembered: Callable[[Mutant], str]
    _functions: Functions = field(init=False)
    _killers: defaultdict[tuple[str, str], Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def __post_init__(self) -> None:
        self._functions = Functions(self.reach.sources)
        gc.freeze()  # or collecting garbage would copy all memory in each fork; what is frozen is not found any more

    def run(self, mutants: Sequence[Mutant]) -> Iterator[Outcome]:
        """In no order."""
        items = {item.nodeid: item for item in self.session.items}
        self.scratch.mkdir(exist_ok=True)
        kept = set(self.scratch.iterdir())
        running: dict[int, _Fork] = {}
        waiting = list(reversed(mutants))
        done = 0
        while waiting or running:
            while waiting and len(running) < self.jobs:
                mutant = waiting.pop()
                tests = self._ordered(mutant)
                if not tests:
                    yield Outcome(mutant, End.UNREACHED)
                    continue
                reader, writer = os.pipe()
                sys.stdout.flush()
                process = os.fork()
                if process == 0:
                    os.close(reader)
                    _try(
                        mutant,
                        tests,
                        items,
                        None if self.reach.on_import(mutant) else self._functions,
                        self.reach,
                        writer,
                    )
                os.close(writer)
                running[process] = _Fork(mutant, reader, time.monotonic())
            if not running:
                continue
            process, status = self._next(running)
            fork = running.pop(process)
            with os.fdopen(fork.answer) as told:
                killer = told.read()
            yield self._outcome(fork.mutant, status, killer)
            done += 1
            if done % 100 == 0 and not running:
                for left in set(self.scratch.iterdir()) - kept:
                    shutil.rmtree(left, ignore_errors=True)

    def _ordered(self, mutant: Mutant) -> list[str]:
        """What killed it last, and what killed others of its function. Then in turns tests that are named as the file
        is and others: of both first those whose file has a word that the mutant took away, then those that run a line
        with its name, then one of each group of tests that go the same way through the file, another of each, and so
        on; the quick first."""
        last = self.remembered(mutant)
        killers = self._killers[mutant.source.path, mutant.function]
        ways = self.reach.ways(mutant.source.path)
        tests = sorted(self.reach.of(mutant), key=lambda test: (self.reach.seconds[test], test))
        groups: Counter[frozenset[int]] = Counter()
        turns = {}
        for test in tests:
            way = ways.get(test, frozenset())
            turns[test] = groups[way]
            groups[way] += 1
        stem = Path(mutant.source.path).stem
        named = {test: stem in test.partition("::")[0] for test in tests}
        taken = mutant.taken
        silent = {test: taken.isdisjoint(_words(test.partition("::")[0])) for test in tests}
        near = self.reach.naming(mutant)
        tests.sort(key=lambda test: (silent[test], test not in near, turns[test]))
        seen: Counter[bool] = Counter()
        place = {}
        for test in tests:
            place[test] = seen[named[test]]
            seen[named[test]] += 1
        tests.sort(key=lambda test: (test != last, -killers[test], place[test], not named[test]))
        spent = accumulate(self.reach.seconds[test] for test in tests)
        return [test for test, until in zip(tests[:MOST], spent, strict=False) if until <= LONG]

    def _next(self, running: dict[int, _Fork]) -> tuple[int, int]:
        while True:
            for process, fork in running.items():
                ended, status = os.waitpid(process, os.WNOHANG)
                if ended:
                    _stop(process)
                    return process, status
                if time.monotonic() - fork.began > WAITING:
                    _stop(process)
                    return os.waitpid(process, 0)
            time.sleep(0.002)

    def _outcome(self, mutant: Mutant, status: int, killer: str) -> Outcome:
        code = os.waitstatus_to_exitcode(status)
        if code == 0:
            return Outcome(mutant, End.SURVIVED)
        if code == BROKEN:
            raise RuntimeError(f"{mutant.key}\n{killer}")
        self._killers[mutant.source.path, mutant.function][killer] += 1
        timeout = -code in (signal.SIGPROF, signal.SIGKILL)
        return Outcome(mutant, End.TIMEOUT if timeout else End.KILLED, killer)


@cache
def _words(path: str) -> frozenset[str]:
    return words(Path(path).read_text())


def _stop(group: int) -> None:
    """A fork and all that it began."""
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def _try(
    mutant: Mutant,
    tests: list[str],
    items: dict[str, pytest.Item],
    functions: Functions | None,
    reach: Reach,
    answer: int,
) -> None:
    """In the fork, which it ends: with 0 if all tests pass; otherwise the failed one is written to ``answer``. Without
    ``functions`` the mutant is imported."""
    os.setpgid(0, 0)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    code = BROKEN
    try:
        watch = _Watch(reach, answer)
        if functions is not None and functions.put(mutant):
            code = _in_place([items[test] for test in tests], watch)
        else:
            code = _imported_anew(mutant, tests, watch)
    except BaseException:
        os.write(answer, traceback.format_exc().encode())
        raise
    finally:
        os._exit(code)


def _in_place(items: list[pytest.Item], watch: _Watch) -> int:
    plugins = items[0].config.pluginmanager
    plugins.unregister(name="terminalreporter")
    plugins.register(watch)
    for number, item in enumerate(items):
        following = items[number + 1] if number + 1 < len(items) else item  # what the session has set up is not ours
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if watch.failed:
            return 1
    return 0


def _imported_anew(mutant: Mutant, tests: list[str], watch: _Watch) -> int:
    forget_and_import_changed(mutant)
    for chosen in (tests[:_FIRST], tests[_FIRST:]):
        if chosen:
            files = list(dict.fromkeys(test.partition("::")[0] for test in chosen))
            plugins = [watch, _Chosen(chosen), Quick()]
            code = pytest.main(["-x", "-q", "-n0", "--tb=native", "-p", "no:cacheprovider", *files], plugins=plugins)
            if code in (pytest.ExitCode.INTERNAL_ERROR, pytest.ExitCode.NO_TESTS_COLLECTED):
                return BROKEN
            if code:
                return int(code)
    return 0


@dataclass(slots=True, eq=False)
class _Watch:
    """Limits a test's processor time, leaves out those that want something costly, and tells which failed."""

    reach: Reach
    answer: int
    failed: bool = False

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, max(LEAST, PATIENCE * self.reach.seconds[nodeid]))

    @pytest.hookimpl(tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[object]) -> None:
        if fixturedef.argname in self.reach.costly:
            vars(fixturedef)["func"] = _skip

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.failed:
            self.failed = True
            os.write(self.answer, report.nodeid.encode())


def _skip(**_: object) -> None:
    pytest.skip("not set up for a mutant")


@dataclass(frozen=True, slots=True, eq=False)
class _Chosen:
    """Only these tests, in this order."""

    tests: list[str]

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        found = {item.nodeid: item for item in items}
        items[:] = [found[test] for test in self.tests if test in found]


class Quick:
    """Hypothesis draws the same examples each time, few, and looks for no smaller ones."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        from hypothesis import Phase, settings

        settings.register_profile(
            "mutants",
            deadline=None,
            derandomize=True,
            database=None,
            phases=(Phase.explicit, Phase.generate),
            max_examples=EXAMPLES,
        )
        settings.load_profile("mutants")
