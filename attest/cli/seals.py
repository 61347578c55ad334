"""Seals of whole stores, read once a command, however many packages are verified."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime

from attest.cli.targets import Target, Targets
from attest.policy.decide import Judge, with_seals


class Seals:
    """Reads nothing unless a policy needs them. Safe for many threads."""

    def __init__(self, targets: Targets, judges: Sequence[Judge], now: datetime) -> None:
        self._targets = targets
        self._judges = judges
        self._now = now
        self._wanted = any(judge.policy.needs_seals for judge in judges)
        self._read: dict[tuple[str, str] | None, Sequence[Judge]] = {}
        self._reading = threading.Lock()

    def known(self, target: Target) -> Sequence[Judge]:
        """The judges with those of the store that the target lies in: all packages lie in one, an image in its own
        repository."""
        if not self._wanted:
            return self._judges
        key = None if target.subject.purl is not None else (target.store.name, target.repository)
        with self._reading:
            if key not in self._read:
                place = self._targets.sealed(target)
                self._read[key] = self._judges if place is None else with_seals(self._judges, *place, now=self._now)
            return self._read[key]
