"""Verdicts as JSON: `schemas/verdict.schema.json`. Nothing is left out, so that one can be recorded and looked up.

ASCII, so that nothing in it is an order to a terminal; indented, so that a diff of two runs can be read.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from textwrap import indent
from typing import Any

from attest.evidence.model import Subject
from attest.packages.lockfiles.lock import Entry
from attest.policy.components import Decided, Part
from attest.policy.verdict import Applied, Considered, Finding, Outcome, Verdict
from attest.policy.waivers import Waived
from attest.report.answer import Asked, Locked, Piece, Tally, Undigested
from attest.signing.proof import Proof
from attest.stores.protocol import Place


class JsonWriter:
    """See `attest.report.answer.Writer`."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked

    def verdict(self, verdict: Verdict) -> str:
        """One member of the array."""
        return indent(json.dumps(verdict_json(verdict), indent=2), "    ")

    def whole(self, pieces: Iterable[Piece], tally: Tally) -> Iterator[str]:
        """One document."""
        yield '{\n  "verdicts": ['
        comma = ""
        for piece in pieces:
            yield f"{comma}\n{piece.text}"
            comma = ","
        yield "\n  ],\n" if comma else "],\n"
        rest = {
            "lockfiles": [_locked(item) for item in self._asked.locks],
            "withoutDigest": [_undigested(item) for item in self._asked.undigested],
            "counts": {
                **{outcome.value: tally.outcomes[outcome] for outcome in Outcome},
                "withoutDigest": tally.undigested.total(),
            },
            "reasons": reasons_json(tally.codes),
            "outcome": tally.outcome.value,
        }
        yield json.dumps(rest, indent=2).removeprefix("{\n") + "\n"


def reasons_json(codes: Mapping[Outcome, Counter[str]]) -> list[dict[str, Any]]:
    """How often each code stood in the way, by outcome."""
    return [
        {"outcome": outcome.value, "code": code, "count": count}
        for outcome in Outcome
        for code, count in sorted(codes[outcome].items())
    ]


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """One verdict; times are RFC 3339 in UTC, what is not known is null."""
    return {
        "subject": verdict.subject,
        "purl": verdict.purl,
        "digest": verdict.digest,
        "about": _about(verdict.about),
        "outcome": verdict.outcome.value,
        "policies": [_policy(policy) for policy in verdict.policies],
        "findings": [_finding(finding) for finding in verdict.findings],
        "evidence": [str(digest) for digest in verdict.evidence],
        "listing": {
            "complete": verdict.complete,
            "whole": verdict.whole,
            "problems": list(verdict.problems),
            "unread": [
                {"digest": str(item.digest), "type": item.claims, "reason": item.reason} for item in verdict.unread
            ],
            "over": [str(digest) for digest in verdict.over],
            "listedAt": None if verdict.listed_at is None else moment(verdict.listed_at),
        },
        "now": moment(verdict.now),
    }


def _about(subject: Subject) -> dict[str, Any]:
    return {
        "manifest": {
            "mediaType": subject.manifest.media_type,
            "digest": str(subject.manifest.digest),
            "size": subject.manifest.size,
        },
        "image": subject.image,
        "readFromFile": subject.read_from_file,
        "lookedUp": subject.looked_up,
    }


def _policy(policy: Applied) -> dict[str, Any]:
    return {
        "name": policy.name,
        "digest": str(policy.digest),
        "files": [{"name": file.name, "digest": str(file.digest)} for file in policy.files],
        "trustRoot": None if policy.root is None else str(policy.root),
        "verified": policy.verified,
        "rejected": policy.rejected,
        "sealProblems": list(policy.seal_problems),
    }


def _locked(lock: Locked) -> dict[str, Any]:
    return {
        "path": lock.path,
        "kind": lock.kind,
        "entries": lock.entries,
        "artifacts": lock.artifacts,
        "unchanged": lock.unchanged,
        "covered": [{**_entry(item), "why": item.covered} for item in lock.covered],
        "repeated": [_entry(item) for item in lock.repeated],
        "conditional": [{**_entry(item), "condition": item.condition} for item in lock.conditional],
    }


def _entry(entry: Entry) -> dict[str, Any]:
    return {"name": entry.name, "place": entry.place, "purl": None if entry.purl is None else str(entry.purl)}


def _undigested(item: Undigested) -> dict[str, Any]:
    return {
        "lockfile": item.where.lock,
        "place": item.where.place,
        "name": item.name,
        "purl": item.purl,
        "finding": _finding(item.finding),
    }


def moment(time: datetime) -> str:
    """RFC 3339 in UTC, to the microsecond where it has them."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _finding(finding: Finding) -> dict[str, Any]:
    components = [_component(*item) for item in finding.components]
    return {
        "policy": finding.policy,
        "rule": finding.rule,
        "code": finding.code.value,
        "outcome": finding.outcome.value,
        "mode": finding.mode.value,
        "message": finding.message,
        "remedy": finding.remedy,
        "waiver": None if finding.waived is None else _waiver(finding.waived),
        "evidence": [str(digest) for digest in finding.evidence],
        "considered": [_considered(item) for item in finding.considered],
        **({"components": components} if components else {}),
    }


def _component(part: Part, decided: Decided) -> dict[str, Any]:
    return {
        "name": part.name,
        "purl": None if part.purl is None else str(part.purl),
        "digests": [str(digest) for digest in part.digests],
        "outcome": decided.answer.value,
        "why": decided.why,
    }


def _waiver(waived: Waived) -> dict[str, Any]:
    return {
        "reason": waived.waiver.reason,
        "owner": waived.waiver.owner,
        "expires": moment(waived.waiver.expires),
        "holds": waived.holds,
    }


def _considered(item: Considered) -> dict[str, Any]:
    return {
        "digest": str(item.digest),
        "type": item.claims,
        "fate": item.fate.value,
        "failed": item.failed,
        "reason": item.reason,
        "signers": list(item.signers),
        "proof": None if item.proof is None else _proof(item.proof),
        "binding": None if item.binding is None else item.binding.value,
        "found": [place_json(place) for place in item.places],
    }


def place_json(place: Place) -> dict[str, Any]:
    """Where something was found."""
    return {"store": place.store, "where": place.where.value}


def _proof(proof: Proof) -> dict[str, Any]:
    return {
        "author": str(proof.author),
        "format": proof.format.value,
        "time": None if proof.time is None else moment(proof.time),
    }
