"""Verdicts as JSON: `schemas/verdict.schema.json`. Nothing is left out, so that one can be recorded and looked up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from attest.policy.verdict import Considered, Finding, Outcome, Verdict
from attest.signing.proof import Proof


def answer(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """What ``attest verify --json`` prints: all verdicts, and the outcome of all together."""
    return {
        "outcome": Outcome.of(verdict.outcome for verdict in verdicts).value,
        "verdicts": [verdict_json(verdict) for verdict in verdicts],
    }


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """One verdict; times are RFC 3339 in UTC, what is not known is null."""
    return {
        "subject": verdict.subject,
        "purl": verdict.purl,
        "digest": verdict.digest,
        "outcome": verdict.outcome.value,
        "policy": {"name": verdict.policy, "digest": str(verdict.policy_digest)},
        "trustRoot": None if verdict.root is None else str(verdict.root),
        "findings": [_finding(finding) for finding in verdict.findings],
        "evidence": {
            "verified": verdict.verified,
            "rejected": verdict.rejected,
            "digests": [str(digest) for digest in verdict.evidence],
        },
        "listing": {
            "complete": verdict.complete,
            "whole": verdict.whole,
            "problems": list(verdict.problems),
            "listedAt": None if verdict.listed_at is None else moment(verdict.listed_at),
        },
        "now": moment(verdict.now),
    }


def moment(time: datetime) -> str:
    """RFC 3339 in UTC, to the microsecond where it has them."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "code": finding.code.value,
        "outcome": finding.outcome.value,
        "mode": finding.mode.value,
        "message": finding.message,
        "remedy": finding.remedy,
        "evidence": [str(digest) for digest in finding.evidence],
        "considered": [_considered(item) for item in finding.considered],
    }


def _considered(item: Considered) -> dict[str, Any]:
    return {
        "digest": str(item.digest),
        "type": item.claims,
        "fate": item.fate.value,
        "reason": item.reason,
        "signers": list(item.signers),
        "proof": None if item.proof is None else _proof(item.proof),
        "binding": None if item.binding is None else item.binding.value,
        "found": [{"store": place.store, "where": place.where.value} for place in item.places],
    }


def _proof(proof: Proof) -> dict[str, Any]:
    return {
        "author": str(proof.author),
        "format": proof.format.value,
        "time": None if proof.time is None else moment(proof.time),
    }
