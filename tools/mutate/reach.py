"""Which tests reach which line, and how long each takes: learnt by running all of them once."""

from __future__ import annotations

import re
import sys
import time
from collections import defaultdict
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from typing import Final

import coverage
import pytest

from tools.mutate.mutant import MODULE, Mutant, Source

LONGEST: Final = 2.0
"""Seconds of processor time. Tests that take more are not run on mutants, nor those that wait for `WAITING`."""
WAITING: Final = 10.0
SET_UP: Final = 3.0
"""Seconds. What takes more to be set up for tests (a server, say) is there for all mutants, set up for none alone."""


@dataclass(frozen=True, slots=True)
class Reach:
    """``tests`` has, for each file and line (from 1), the tests that run it. ``seconds`` is the
    processor time that each test takes. ``costly`` are the fixtures that take long to be set up."""

    sources: tuple[Source, ...]
    tests: dict[str, dict[int, frozenset[str]]]
    seconds: dict[str, float]
    costly: frozenset[str] = frozenset()
    _ways: dict[str, dict[str, frozenset[int]]] = field(default_factory=dict)

    def on_import(self, mutant: Mutant) -> bool:
        """Whether it has its effect when its file is imported; so may what no test runs."""
        return mutant.on_import or not self._at(mutant.source.path, mutant.lines)

    def ways(self, path: str) -> dict[str, frozenset[int]]:
        """The lines of a file that each test runs."""
        if path not in self._ways:
            lines: defaultdict[str, set[int]] = defaultdict(set)
            for line, tests in self.tests.get(path, {}).items():
                for test in tests:
                    lines[test].add(line)
            self._ways[path] = {test: frozenset(found) for test, found in lines.items()}
        return self._ways[path]

    def of(self, mutant: Mutant) -> frozenset[str]:
        """The tests that can notice: those that run its statement. What has its effect on import is noticed anywhere in
        its file, and where its name is written."""
        if not self.on_import(mutant):
            return self._at(mutant.source.path, mutant.lines)
        return self._at(mutant.source.path, self.tests.get(mutant.source.path, {})) | self.naming(mutant)

    def naming(self, mutant: Mutant) -> frozenset[str]:
        """The tests that run a line with the name of what the mutant changes on import."""
        first = mutant.source.text.splitlines()[mutant.lines[0] - 1]
        name = re.match(r"\s*([A-Za-z_]\w*)\s*[:=]", first)
        if name is None or mutant.function != MODULE or not self.on_import(mutant):
            return frozenset()
        word = re.compile(rf"\b{name[1]}\b")
        return frozenset().union(*(self._at(source.path, _lines_with(word, source.text)) for source in self.sources))

    def _at(self, path: str, lines: Iterable[int]) -> frozenset[str]:
        known = self.tests.get(path, {})
        return frozenset().union(*(known.get(line, frozenset()) for line in lines)) & self.seconds.keys()


def _lines_with(word: re.Pattern[str], text: str) -> list[int]:
    return [number for number, line in enumerate(text.splitlines(), 1) if word.search(line)]


@dataclass(slots=True, eq=False)
class Recorder:
    """Runs the tests of a session once, each by itself, and notes where it comes by."""

    sources: tuple[Source, ...]
    _seconds: dict[str, float] = field(default_factory=dict)
    _excused: set[str] = field(default_factory=set)
    _failed: list[str] = field(default_factory=list)
    _costly: set[str] = field(default_factory=set)

    def record(self, session: pytest.Session) -> Reach:
        """A test that fails before anything is changed is told and judges nothing. What was set up for the session
        stays, until the session ends."""
        measured = coverage.Coverage(data_file=None, config_file=False, include=[s.path for s in self.sources])
        session.config.pluginmanager.register(self)
        measured.start()
        try:
            for number, item in enumerate(session.items):
                following = session.items[(number + 1) % len(session.items)]
                measured.switch_context(item.nodeid)
                began = time.process_time()
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                self._seconds[item.nodeid] = time.process_time() - began
        finally:
            measured.stop()
            session.config.pluginmanager.unregister(self)
        for name in self._failed:
            print(f"\nfails without any change, and judges nothing: {name}", file=sys.stderr)
        data = measured.get_data()
        tests: dict[str, dict[int, frozenset[str]]] = defaultdict(dict)
        short = {name: spent for name, spent in self._seconds.items() if spent <= LONGEST and name not in self._excused}
        by_absolute = {str(path): path for path in data.measured_files()}
        for source in self.sources:
            found = next((path for path in by_absolute if path.endswith(f"/{source.path}")), None)
            if found is not None:
                for line, names in data.contexts_by_lineno(found).items():
                    tests[source.path][line] = frozenset(names) & short.keys()
        return Reach(self.sources, dict(tests), short, frozenset(self._costly))

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[object]) -> Generator[None, object, object]:
        began = time.monotonic()
        try:
            return (yield)
        finally:
            if time.monotonic() - began > SET_UP and fixturedef.scope != "function":
                self._costly.add(fixturedef.argname)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._failed.append(report.nodeid)
        if not report.passed or report.duration > WAITING:
            self._excused.add(report.nodeid)
