"""Seals of whole stores, read once a command, however many packages are verified."""

from __future__ import annotations

import threading
from datetime import datetime

from attest.cli.targets import Target, Targets
from attest.evidence.seal import read_seals
from attest.evidence.trust import Trust
from attest.evidence.verify import NO_SEALS, StoreSeals


class Seals:
    """Reads nothing unless ``wanted``. Safe for many threads."""

    def __init__(self, targets: Targets, trust: Trust, now: datetime, *, wanted: bool) -> None:
        self._targets = targets
        self._trust = trust
        self._now = now
        self._wanted = wanted
        self._read: dict[tuple[str, str] | None, StoreSeals] = {}
        self._reading = threading.Lock()

    def of(self, target: Target) -> StoreSeals:
        """Those of the store that the target lies in: all packages lie in one, an image in its own repository."""
        if not self._wanted:
            return NO_SEALS
        key = None if target.subject.purl is not None else (target.store.name, target.repository)
        with self._reading:
            if key not in self._read:
                place = self._targets.sealed(target)
                self._read[key] = NO_SEALS if place is None else read_seals(*place, self._trust, now=self._now)
            return self._read[key]
