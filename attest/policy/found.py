"""What was found, in words: a refusal names what is there, so that nobody must guess what is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from attest import names
from attest.evidence.model import Check, Kind, Rejected
from attest.evidence.verify import EvidenceSet
from attest.policy.nouns import NOUNS
from attest.policy.verdict import Considered, Fate

_MOST: Final = 6
_LONGEST: Final = 160
_LONGEST_REASON: Final = 480

_NOUNS: Final = {
    names.CYCLONEDX_JSON: "SBOM",
    names.SPDX_JSON: "SBOM",
    names.SARIF_JSON: "SARIF report",
    names.SIMPLE_SIGNING: "signature",
    names.DSSE_ENVELOPE: "attestation",
}
_BUT: Final = {Fate.UNFIT: " that does not fit", Fate.AGAINST: " that does not fit", Fate.REVOKED: " that was revoked"}
_BEFORE: Final = {
    Check.READ: "unreadable ",
    Check.FORM: "malformed ",
    Check.SIGNED: "unsigned ",
    Check.STATEMENT: "malformed ",
}
_AFTER: Final = {
    Check.SIGNATURE: " that does not hold",
    Check.IDENTITY: " by an identity that may not speak here",
    Check.BINDING: " that does not belong to this package",
}


def summary(evidence: EvidenceSet, considered: Iterable[Considered]) -> str:
    """``3 referrers found: 1 unsigned SBOM, 1 …``; the verified ones as they were ``considered`` under a rule."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for item in considered:
        if item.fate is not Fate.REJECTED:
            but = _BUT.get(item.fate, "")
            counts["verified ", noun(item.claims), f" by {' and '.join(item.signers)}{but}"] += 1
    for rejected in evidence.rejected:
        check = rejected.check
        counts[_BEFORE.get(check, ""), noun(rejected.claims), _after(rejected)] += 1
    if not counts:
        return "nothing is attached" if evidence.complete else "nothing could be found"
    kinds = sorted(counts.items(), key=lambda kind: (-kind[1], kind[0]))
    parts = [f"{count} {before}{_plural(word, count)}{after}" for (before, word, after), count in kinds[:_MOST]]
    if len(kinds) > _MOST:
        parts.append(f"and {len(kinds) - _MOST} more kinds")
    return f"{counts.total()} {_plural('referrer', counts.total())} found: {', '.join(parts)}"


def _after(rejected: Rejected) -> str:
    """The reason; that of an unsigned document is said by the word itself, an unnamed author's is a clause already."""
    if rejected.check is Check.SIGNED:
        return ""
    if rejected.check is Check.AUTHOR:
        return f" {_short(rejected.reason, _LONGEST_REASON)}"
    return f"{_AFTER.get(rejected.check, '')} ({_short(rejected.reason, _LONGEST_REASON)})"


def noun(claims: str | None) -> str:
    """A word for what a piece of evidence claims to be, by predicate, artifact or media type."""
    if claims is None:
        return "document"
    kind = Kind.of(claims)
    if kind is not Kind.ATTESTATION:
        return NOUNS[kind]
    if claims.startswith(names.BUNDLE_PREFIX):
        return "bundle"
    return _NOUNS.get(claims) or f"{_short(claims)} document"


def _short(text: str, longest: int = _LONGEST) -> str:
    return text if len(text) <= longest else f"{text[:longest]}…"


def _plural(word: str, count: int) -> str:
    return word if count == 1 or word == NOUNS[Kind.PROVENANCE] else f"{word}s"
