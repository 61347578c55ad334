"""Seals of whole stores, read once a command, however many packages are verified."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from attest.cli.targets import Target, Targets
from attest.policy.decide import Judge, with_seals


class Seals:
    """Reads nothing unless a policy needs them. Safe for many threads."""

    def __init__(self, targets: Targets, judges: Sequence[Judge], now: datetime) -> None:
        self._targets = targets
        self._judges = judges
        self._now = now
        self._wanted = any(judge.policy.needs_seals for one in judges for judge in (one, *one.components.values()))
        self._read: dict[tuple[str, str] | None, Sequence[Judge]] = {}
        self._reading = threading.Lock()

    def known(self, target: Target) -> Sequence[Judge]:
        """The judges with those of the store that the target lies in: all packages lie in one, an image in its own
        repository. The components of an image are packages."""
        if not self._wanted:
            return self._judges
        with self._reading:
            if target.subject.purl is not None:
                return self._of_packages()
            key = target.store.name, target.repository
            if key not in self._read:
                own = with_seals(self._judges, target.store, target.repository, now=self._now)
                if any(judge.components for judge in own):
                    pairs = zip(own, self._of_packages(), strict=True)
                    own = tuple(replace(judge, components=other.components) for judge, other in pairs)
                self._read[key] = own
            return self._read[key]

    def _of_packages(self) -> Sequence[Judge]:
        if None not in self._read:
            place = self._targets.sealed()
            self._read[None] = self._judges if place is None else with_seals(self._judges, *place, now=self._now)
        return self._read[None]
