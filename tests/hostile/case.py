"""A case: one subject, one trick, and what has to come of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from attest.evidence.lookup import subject_of
from attest.evidence.model import Subject
from attest.packages.digest import ArtifactDigest
from attest.packages.purl import Purl
from tests.hostile.making import Piece, Shelf

NOW = "2026-03-01T12:00:00Z"
"""When all cases are tried that do not say otherwise."""

Spoil = Callable[[Shelf, Subject], None]

EXIT = {"admitted": 0, "denied": 1, "refused": 2, "inconclusive": 3}


@dataclass(frozen=True)
class Case:
    """``policy`` is the name of one, or of several with spaces between.

    ``findings`` are all of the verdict: code by rule, and by ``-`` what concerns the whole policy; where there are
    several, ``POLICY: RULE``. ``error`` is what is said instead where nothing is decided, because a policy is refused.

    ``spoil`` does to the store what evidence cannot; such a case has a store of its own. ``now`` is None where the
    answer is the same on any day after 2026-03-01. ``ask`` is False where no digest is given. ``lock`` is a lockfile
    that is asked about instead.
    """

    name: str
    policy: str
    outcome: str
    findings: Mapping[str, str]
    trick: str
    naive: str
    subject: Subject
    pieces: tuple[Piece, ...]
    spoil: Spoil | None = None
    now: str | None = None
    ask: bool = True
    lock: str | None = None
    error: str | None = None

    def row(self, group: str) -> dict[str, Any]:
        """As `corpus.json` has it."""
        subject = self.subject
        digest = subject.digest if subject.purl is not None else subject.manifest.digest
        expect: dict[str, Any] = {"outcome": self.outcome, "exit": EXIT[self.outcome]}
        expect |= {"findings": dict(self.findings)} if self.error is None else {"error": self.error}
        row = {
            "name": self.name,
            "policies": [f"policies/{name}.yaml" for name in self.policy.split()],
            "store": f"stores/{self.name if self.spoil else group}.tar",
            "subject": str(subject),
            "digest": str(digest) if self.ask else None,
            "lock": self.lock and f"locks/{self.name}/package-lock.json",
            "now": self.now,
            "expect": expect,
            "trick": self.trick,
            "naive": self.naive,
        }
        return {key: value for key, value in row.items() if value is not None}


def package(name: str, *, scope: str = "@acme", version: str = "1.0.0") -> Subject:
    """``name`` in npm; its bytes are those of its name, so that every case has its own."""
    return artifact(f"pkg:npm/{scope.replace('@', '%40')}/{name}@{version}")


def artifact(purl: str, seed: str | None = None) -> Subject:
    data = (seed or purl).encode()
    algorithm = "sha512" if purl.startswith("pkg:npm/") else "sha256"
    return subject_of(Purl.parse(purl), ArtifactDigest(algorithm, hashlib.new(algorithm, data).hexdigest()))


def _case(outcome: str) -> Callable[..., Case]:
    def make(
        name: str,
        policy: str,
        *pieces: Piece,
        trick: str,
        naive: str = "",
        subject: Subject | None = None,
        findings: Mapping[str, str] | None = None,
        spoil: Spoil | None = None,
        now: str | None = None,
        ask: bool = True,
        lock: str | None = None,
        error: str | None = None,
        **codes: str,
    ) -> Case:
        found = {**{rule.replace("_", "-"): code for rule, code in codes.items()}, **(findings or {})}
        about = subject or package(name)
        return Case(name, policy, outcome, found, trick, naive, about, pieces, spoil, now, ask, lock, error)

    return make


admitted, denied, doubtful = _case("admitted"), _case("denied"), _case("inconclusive")
refused = _case("refused")
"""Keywords are findings, code by rule; a rule's ``-`` is written ``_``."""
