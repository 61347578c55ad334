"""The committed lists of mutants that nobody kills, each with the reason why that is right.

There is a list for each folder of mutants, ``policy.rules.toml`` for ``attest/policy/rules``. Shape (TOML):
`[[survivor]]` with ``path``, ``function``, ``reason`` and ``changes``, a list of texts as in a diff, lines that go with
``- `` and lines that come with ``+ ``.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final

from tools.mutate.mutant import Key

FOLDER: Final = Path("tests/mutants")


@dataclass(frozen=True, slots=True)
class Known:
    """Survivors with their reasons."""

    reasons: dict[Key, str]

    @classmethod
    def all(cls, folder: Path = FOLDER) -> Known:
        """Of all lists. Raises `ValueError` as `read`."""
        return cls.read("\n".join(path.read_text() for path in sorted(folder.glob("*.toml"))))

    @classmethod
    def read(cls, text: str) -> Known:
        """Raises `ValueError` for a survivor that stands there twice or has no reason."""
        reasons: dict[Key, str] = {}
        for entry in tomllib.loads(text).get("survivor", []):
            for change in entry["changes"]:
                key = Key(entry["path"], entry["function"], _side(change, "- "), _side(change, "+ "))
                if key in reasons:
                    raise ValueError(f"twice: {key}")
                if not entry["reason"].strip():
                    raise ValueError(f"no reason: {key}")
                reasons[key] = entry["reason"]
        return cls(reasons)

    def stale(self, tried: Iterable[Key], alive: Iterable[Key], existing: Iterable[Key]) -> list[Key]:
        """Those that were tried and killed, and those that are none of the ``existing`` mutants of their file."""
        today = set(existing)
        killed, paths = set(tried) - set(alive), {key.path for key in today}
        return [key for key in self.reasons if key in killed or (key.path in paths and key not in today)]


def written(keys: Iterable[Key]) -> str:
    """As they may be put into a list, once they have a reason."""
    blocks = []
    ordered = sorted(set(keys), key=lambda key: (key.path, key.function, key.was, key.becomes))
    for (path, function), group in groupby(ordered, key=lambda key: (key.path, key.function)):
        changes = "".join(f"  {json.dumps(key.change, ensure_ascii=False)},\n" for key in group)
        blocks.append(f'[[survivor]]\npath = "{path}"\nfunction = "{function}"\nreason = ""\nchanges = [\n{changes}]\n')
    return "\n".join(blocks)


def _side(change: str, mark: str) -> str:
    return "\n".join(line.removeprefix(mark) for line in change.splitlines() if line.startswith(mark))
