"""What was found, in words: a refusal names what is there, so that nobody must guess what is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from attest import names
from attest.evidence.model import Check, Kind
from attest.evidence.verify import EvidenceSet
from attest.policy.verdict import Considered, Fate

_MOST: Final = 6
_LONGEST: Final = 160

_NOUNS: Final = {
    names.CYCLONEDX_JSON: "SBOM",
    names.SPDX_JSON: "SBOM",
    names.SARIF_JSON: "SARIF report",
}
WORDS: Final = {
    Kind.SIGNATURE: "signature",
    Kind.PROVENANCE: "provenance",
    Kind.SBOM: "SBOM",
    Kind.ATTESTATION: "attestation",
}
_REJECTED: Final = {
    Check.READ: "unreadable {}",
    Check.FORM: "malformed {}",
    Check.SIGNED: "unsigned {}",
    Check.SIGNATURE: "{} that none of the policy's keys made",
    Check.IDENTITY: "{} by an identity that may not speak here ({reason})",
    Check.BINDING: "{} that does not belong to this package ({reason})",
}


def summary(evidence: EvidenceSet, considered: Iterable[Considered]) -> str:
    """``3 referrers found: 1 unsigned SBOM, 1 …``; the verified ones as they were ``considered`` under a rule."""
    counts: Counter[str] = Counter()
    for item in considered:
        if item.fate is not Fate.REJECTED:
            fitting = " that does not fit" if item.fate is Fate.UNFIT else ""
            counts[f"verified {noun(item.claims)} by {' and '.join(item.signers)}{fitting}"] += 1
    for rejected in evidence.rejected:
        phrase = _REJECTED[rejected.check]
        counts[phrase.format(noun(rejected.claims), reason=_short(rejected.reason))] += 1
    total = counts.total()
    if not total:
        return "nothing is attached" if evidence.complete else "nothing could be found"
    parts = [f"{count} {phrase}" for phrase, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
    if len(parts) > _MOST:
        parts[_MOST:] = [f"and {len(parts) - _MOST} more kinds"]
    return f"{total} referrer{'s' if total > 1 else ''} found: {', '.join(parts)}"


def noun(claims: str | None) -> str:
    """A word for what a piece of evidence claims to be, by predicate, artifact or media type."""
    if claims is None:
        return "document"
    kind = Kind.of(claims)
    if kind is not Kind.ATTESTATION:
        return WORDS[kind]
    if claims.startswith(names.BUNDLE_PREFIX):
        return "bundle"
    return _NOUNS.get(claims) or f"document of type {_short(claims)}"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
