"""Verdicts as SARIF 2.1.0 (OASIS) for code hosts: a result for each finding not met, at its place in the lockfile."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from attest import __version__
from attest.policy.codes import MEANINGS
from attest.policy.rules.rule import Mode
from attest.policy.verdict import Finding, Outcome, Verdict
from attest.report.answer import Asked, Piece, Place, Tally
from attest.report.style import Style

_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_PLAIN: Final = Style()
_LINE: Final = re.compile(r"line ([1-9][0-9]{0,8})")


class SarifWriter:
    """See `attest.report.answer.Writer`. What is admitted is counted, and makes no result."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked

    def verdict(self, verdict: Verdict) -> str:
        """Its results, separated by commas."""
        verdict = self._asked.for_people(verdict)
        subject = "  ".join(filter(None, (verdict.subject, verdict.digest)))
        places = self._asked.places.get((verdict.purl, verdict.digest), ())
        unmet = [finding for finding in verdict.findings if finding.outcome is not Outcome.ADMITTED]
        return ",\n".join(json.dumps(_result(subject, finding, places)) for finding in unmet)

    def whole(self, pieces: Iterable[Piece], tally: Tally) -> Iterator[str]:
        """One run."""
        rules = [{"id": code.value, "shortDescription": {"text": meaning}} for code, meaning in MEANINGS.items()]
        driver = {"name": "attest", "version": __version__, "rules": rules}
        yield f'{{"$schema": {json.dumps(_SCHEMA)}, "version": "2.1.0", "runs": [{{'
        yield f'"tool": {json.dumps({"driver": driver})}, "columnKind": "unicodeCodePoints", "results": [\n'
        comma = ""
        for text in self._texts(pieces):
            yield comma + text
            comma = ",\n"
        counts = {outcome.value: tally.outcomes[outcome] for outcome in Outcome}
        counts["withoutDigest"] = tally.undigested.total()
        properties = {"policies": list(self._asked.policies), "outcome": tally.outcome.value, "counts": counts}
        yield f'\n], "properties": {json.dumps(properties)}}}]}}\n'

    def _texts(self, pieces: Iterable[Piece]) -> Iterator[str]:
        for item in self._asked.undigested:
            name = f"{item.name} ({item.purl})" if item.purl else item.name
            yield json.dumps(_result(name, item.finding, (item.where,)))
        for piece in pieces:
            if piece.text:
                yield piece.text


def _result(subject: str, finding: Finding, places: tuple[Place, ...]) -> dict[str, Any]:
    message = f"{subject}: {finding.message}"
    if finding.remedy:
        message += f" (next: {finding.remedy})"
    if finding.waived is not None:
        message += f" ({finding.waived})"
    identity = hashlib.sha256(
        f"{subject}\n{finding.policy}\n{finding.rule}\n{finding.code}".encode(errors="surrogatepass")
    ).hexdigest()
    result: dict[str, Any] = {
        "ruleId": finding.code.value,
        "level": _level(finding),
        "message": {"text": _text(message)},
        "locations": [_location(place, subject) for place in places],
        "partialFingerprints": {"attestFinding/v1": identity},
    }
    if finding.waived is not None and finding.waived.holds:
        result["suppressions"] = [{"kind": "external", "justification": _PLAIN.safe(str(finding.waived))}]
    named = {"policy": finding.policy, "rule": finding.rule}
    if any(named.values()):
        result["properties"] = {key: name for key, name in named.items() if name is not None}
    return result


def _text(message: str) -> str:
    """One line in which nothing is a link, whoever wrote what it quotes (§3.11.6)."""
    return re.sub(r"[\[\]\\]", r"\\\g<0>", _PLAIN.safe(message)) if "](" in message else _PLAIN.safe(message)


def _level(finding: Finding) -> str:
    """What does not decide is no error."""
    if finding.mode is Mode.ENFORCE:
        return "error"
    return "warning" if finding.mode is Mode.WARN else "note"


def _location(place: Place, subject: str) -> dict[str, Any]:
    physical: dict[str, Any] = {
        "artifactLocation": {"uri": quote(Path(place.lock).as_posix(), errors="surrogateescape")}
    }
    line = _LINE.match(place.place)
    if line is not None:
        physical["region"] = {"startLine": int(line[1])}
    return {
        "physicalLocation": physical,
        "logicalLocations": [
            {"name": _PLAIN.safe(subject), "fullyQualifiedName": _PLAIN.safe(place.place), "kind": "package"}
        ],
    }
