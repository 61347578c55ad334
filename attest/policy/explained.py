"""Why each candidate does not count under each rule: the first check that fails, what it expects, and what to do.

Nothing here decides anything: it is worked out from a verdict and its policies when somebody asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from attest.evidence.model import Check, Subject
from attest.policy import remedies
from attest.policy.ages import age_words
from attest.policy.codes import MEANINGS, Code
from attest.policy.document import Policy
from attest.policy.rules.rule import Rule
from attest.policy.verdict import Considered, Fate, Finding, Step, Verdict

_EXPECTED: Final = {
    Check.READ: "content that can be read, with the digest by which it is listed",
    Check.FORM: "a well-formed manifest and envelope that refer to the subject",
    Check.SIGNED: "a signature",
    Check.SIGNATURE: "a signature that holds, with its certificate, log entries and times where it has them",
    Check.STATEMENT: "a statement that can be read",
    Check.IDENTITY: "an identity that may speak about this package, at that time",
    Step.LATEST: "the latest of its signer",
    Step.REVOCATION: "evidence that nobody has revoked who may",
}
_FIX: Final = {
    Check.READ: "make the store readable, or put the content back",
    Check.FORM: "have it made anew",
    Check.SIGNATURE: "have it signed anew, or look for who changed it",
    Check.STATEMENT: "have it made anew",
    Check.IDENTITY: "look at 'for' and 'until' of the identity in the policy",
    Check.BINDING: "have a statement made that names this package",
}
_TERMS: Final = {
    Code.PROVENANCE_LEVEL: ("slsa", "SLSA build level {}"),
    Code.PROVENANCE_SOURCE: ("source", "built from {}"),
    Code.PROVENANCE_SOURCE_MISSING: ("source", "built from {}"),
    Code.PROVENANCE_WORKFLOW: ("workflow", "built by the workflow {}"),
    Code.PROVENANCE_REF: ("ref", "built from {}"),
    Code.PROVENANCE_BUILD_TYPE: ("build_type", "built as {}"),
    Code.VSA_VERIFIER: ("verifier", "verified by {}"),
    Code.VSA_RESOURCE: ("resource", "about {}"),
    Code.VSA_POLICY: ("policy", "verified against the policy {}"),
}
"""The term of a rule that a code is about, and how it is told."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One candidate under one rule. ``check`` is None where it counts: then nothing is to be done."""

    considered: Considered
    check: str | None
    expected: str | None
    fix: str | None


def matrix(verdict: Verdict, policies: Sequence[Policy]) -> list[tuple[Finding, list[Cell]]]:
    """Every finding with every candidate that it looked at, in the verdict's order."""
    rules = {(policy.name, rule.id): (policy, rule) for policy in policies for rule in policy.rules}
    found = []
    for finding in verdict.findings:
        policy, rule = rules.get((finding.policy or "", finding.rule or ""), (None, None))
        cells = []
        for item in finding.considered:
            if policy is None or rule is None or item.failed is None:
                cells.append(Cell(item, item.failed, None, None))
            else:
                expected = _expected(rule, item.failed, verdict.about)
                cells.append(Cell(item, item.failed, expected, _fix(policy, rule, item, verdict.about, verdict.now)))
        found.append((finding, cells))
    return found


def _expected(rule: Rule[Any], failed: str, subject: Subject) -> str:
    if failed in _EXPECTED:
        return _EXPECTED[failed]  # type: ignore[index]
    if failed == Step.KIND:
        return rule.noun
    if failed in (Step.SIGNER, Check.AUTHOR):
        return f"made by {' or '.join(rule.by)}"
    if failed == Check.BINDING:
        return f"a statement about {subject}, by its anchor, its digest and name, or its own bytes"
    code = Code(failed)
    if code is Code.EVIDENCE_STALE and rule.max_age is not None:
        return f"not older than {age_words(rule.max_age)}"
    if code is Code.PROVENANCE_BUILDER:
        return f"built by {' or '.join(item.id for item in getattr(rule, 'builders', ()))}"
    name, told = _TERMS.get(code, ("", ""))
    value = getattr(rule, name, None)
    return told.format(value) if value is not None else MEANINGS[rule.holds]


def _fix(policy: Policy, rule: Rule[Any], item: Considered, subject: Subject, now: datetime) -> str | None:
    """What would make it count, or something in its place; None where nothing is wrong with it."""
    if item.failed in (Step.KIND, Step.LATEST) or rule.threshold == 0:
        return None
    if item.failed in _FIX:
        return _FIX[item.failed]  # type: ignore[index]
    identities = {name: identity.about(subject) for name, identity in policy.identities.items()}
    code = Code(item.failed or "") if item.fate in (Fate.UNFIT, Fate.AGAINST) else rule.missing
    return remedies.after(rule, code, subject, frozenset(), identities, now=now)
