"""The matrix of rules and candidates as JSON: `schemas/explain.schema.json`, the same facts as `verify --explain`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from textwrap import indent
from typing import Any

from attest.policy.document import Policy
from attest.policy.explained import Cell, matrix
from attest.policy.verdict import Finding, Verdict
from attest.report.answer import Piece, Tally
from attest.report.json import place_json


class ExplainWriter:
    """See `attest.report.answer.Writer`."""

    def __init__(self, policies: Sequence[Policy]) -> None:
        self._policies = policies

    def verdict(self, verdict: Verdict) -> str:
        """One member of the array."""
        value = {
            "subject": verdict.subject,
            "digest": verdict.digest,
            "outcome": verdict.outcome.value,
            "rules": [_rule(finding, cells) for finding, cells in matrix(verdict, self._policies)],
        }
        return indent(json.dumps(value, indent=2), "    ")

    def whole(self, pieces: Iterable[Piece], tally: Tally) -> Iterator[str]:
        """One document."""
        yield '{\n  "explained": ['
        comma = ""
        for piece in pieces:
            yield f"{comma}\n{piece.text}"
            comma = ","
        yield "\n  ],\n" if comma else "],\n"
        yield f'  "outcome": "{tally.outcome}"\n}}\n'


def _rule(finding: Finding, cells: Sequence[Cell]) -> dict[str, Any]:
    return {
        "policy": finding.policy,
        "rule": finding.rule,
        "mode": finding.mode.value,
        "outcome": finding.outcome.value,
        "code": finding.code.value,
        "found": finding.message,
        "fix": finding.remedy,
        "waived": None if finding.waived is None else str(finding.waived),
        "candidates": [_candidate(cell) for cell in cells],
    }


def _candidate(cell: Cell) -> dict[str, Any]:
    item = cell.considered
    return {
        "digest": str(item.digest),
        "type": item.claims,
        "signers": list(item.signers),
        "fate": item.fate.value,
        "check": cell.check,
        "expected": cell.expected,
        "found": item.reason,
        "fix": cell.fix,
        "places": [place_json(place) for place in item.places],
    }
