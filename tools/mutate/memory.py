"""What the last run found out: which test killed a mutant, and which mutants outlived exactly these tests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

from tools.mutate.mutant import Mutant

FILE: Final = Path(".mutants.json")


@dataclass(slots=True)
class Memory:
    """By mutant: ``killers`` has tests, with digests of a file and of the test's; ``outlived`` digests of a file and of
    all files of tests that reach the mutant.

    What died and what survived is taken to do so again while neither its file nor those tests have changed; that
    something else has changed, a run after removing the file finds out.
    """

    killers: dict[str, tuple[str, str]] = field(default_factory=dict)
    outlived: dict[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path = FILE) -> Memory:
        if not path.exists():
            return cls()
        kept = json.loads(path.read_text())
        return cls({name: (test, state) for name, (test, state) in kept["killers"].items()}, kept["outlived"])

    def save(self, path: Path = FILE) -> None:
        path.write_text(json.dumps({"killers": self.killers, "outlived": self.outlived}, indent=0, sort_keys=True))

    def killer(self, mutant: Mutant) -> str:
        """The test, to be tried first; "" if none is known."""
        return self.killers.get(_name(mutant), ("", ""))[0]

    def killed(self, mutant: Mutant, killer: str) -> None:
        """``killer`` is a test, or "" where that is not known."""
        self.killers[_name(mutant)] = killer, _state(mutant, [killer]) if killer else ""
        self.outlived.pop(_name(mutant), None)

    def dies(self, mutant: Mutant) -> bool:
        test, state = self.killers.get(_name(mutant), ("", ""))
        return bool(test) and state == _state(mutant, [test])

    def survived(self, mutant: Mutant, tests: Iterable[str]) -> None:
        self.outlived[_name(mutant)] = _state(mutant, tests)
        self.killers.pop(_name(mutant), None)

    def survivor(self, mutant: Mutant) -> bool:
        """Whether it survived the last time that it was tried, whatever has changed since."""
        return _name(mutant) in self.outlived

    def outlives(self, mutant: Mutant, tests: Iterable[str]) -> bool:
        return self.outlived.get(_name(mutant)) == _state(mutant, tests)


def _name(mutant: Mutant) -> str:
    key = mutant.key
    return f"{key.path}:{key.function}:{_digest(f'{key.change} {_place(mutant)}')}"


def _place(mutant: Mutant) -> int:
    """Which of the equal lines in its file."""
    before = mutant.source.text[: mutant.start]
    line = before[before.rfind("\n") + 1 :]
    return before.count(f"\n{line}")


def _state(mutant: Mutant, tests: Iterable[str]) -> str:
    names = sorted(tests)
    files = sorted({name.partition("::")[0] for name in names})
    return _digest("\n".join([mutant.source.text, *names, *map(_file, files)]))


@cache
def _file(path: str) -> str:
    """ "" for a file that is gone."""
    return _digest(Path(path).read_text()) if Path(path).exists() else ""


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
