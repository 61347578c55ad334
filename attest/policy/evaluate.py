"""The verdict engine: pure, so that the same policy, evidence and ``now`` give the same verdict anywhere.

Two kinds of rules (design.md §3.5). Those that want evidence are monotone: more of it never makes them worse, so that
one that holds, holds on an incomplete listing too; one that does not is then inconclusive, for what it needs may be
among what could not be seen. Those that need absence hold only where absence is proven. What is revoked is no evidence.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from attest.evidence.identity import Signer, principal
from attest.evidence.model import Rejected, Subject
from attest.evidence.verify import EvidenceSet, Verified
from attest.oci.digest import Digest
from attest.policy import found, remedies
from attest.policy.codes import Code
from attest.policy.document import Leniency, Policy
from attest.policy.matching import distinct
from attest.policy.rules.absence import AbsenceRule
from attest.policy.rules.rule import Claim, Mode, Refusal, Rule
from attest.policy.standing import Standing
from attest.policy.verdict import Considered, Fate, Finding, Outcome, Verdict


def evaluate(policy: Policy, evidence: EvidenceSet, *, now: datetime) -> Verdict:
    """Apply every rule to what was verified. ``now`` is aware; identities that have ended by then do not count."""
    subject = evidence.subject
    findings = tuple(_findings(policy, evidence, now))
    digests = {item.digest for item in evidence.verified} | {item.digest for item in evidence.rejected}
    return Verdict(
        subject=str(subject),
        purl=None if subject.purl is None else str(subject.purl),
        digest=_decided(subject),
        outcome=Outcome.of(finding.outcome for finding in findings if finding.mode is Mode.ENFORCE),
        findings=findings,
        policy=policy.name,
        policy_digest=policy.digest,
        root=evidence.root,
        evidence=tuple(sorted(digests)),
        verified=len(evidence.verified),
        rejected=len(evidence.rejected),
        complete=evidence.complete,
        problems=evidence.problems,
        listed_at=evidence.listed_at,
        whole=evidence.whole,
        now=now,
    )


def _decided(subject: Subject) -> str | None:
    """What is decided about: the artifact, or for an image its manifest, whatever tag was named."""
    if subject.digest is not None:
        return str(subject.digest)
    return str(subject.manifest.digest) if subject.purl is None else None


def _findings(policy: Policy, evidence: EvidenceSet, now: datetime) -> Iterator[Finding]:
    if not policy.applies(evidence.subject):
        patterns = ", ".join(str(pattern) for pattern in policy.applies_to)
        yield Finding(
            rule=None,
            code=Code.POLICY_NOT_APPLICABLE,
            outcome=Outcome.DENIED,
            mode=Mode.ENFORCE,
            message=f"policy {policy.name} is not for this package: it applies to {patterns}",
            remedy="use the policy of this package, or add it to applies_to",
        )
        return
    standing = Standing.of(evidence.verified, policy.revokers, evidence.subject, now)
    for rule in policy.rules:
        if isinstance(rule, AbsenceRule):
            yield _apply_absence(rule, policy, evidence, standing)
        else:
            yield _apply(rule, policy, evidence, standing)
    if evidence.subject.looked_up:
        yield Finding(
            rule=None,
            code=Code.SUBJECT_UNRESOLVED,
            outcome=Outcome.INCONCLUSIVE,
            mode=Mode.ENFORCE if policy.unresolved is Leniency.DENY else Mode.WARN,
            message="no digest was given, and only the store says which artifacts this package has",
            remedy="name the artifact with --digest or its file, or trust the store's listing with --resolve",
        )
    if not evidence.complete:
        problems = "; ".join(evidence.problems) or "the store did not say why"
        yield Finding(
            rule=None,
            code=Code.LISTING_INCOMPLETE,
            outcome=Outcome.INCONCLUSIVE,
            mode=Mode.WARN,
            message=f"not all evidence could be listed: {problems}",
            remedy="make the store readable and verify again",
        )


@dataclass(frozen=True, slots=True)
class _Judged:
    """One verified item under one rule; ``counts`` are the signers for whom it counts."""

    considered: Considered
    counts: frozenset[Signer] = frozenset()
    refusal: Refusal | None = None


def _apply(rule: Rule, policy: Policy, evidence: EvidenceSet, standing: Standing) -> Finding:
    ordered = sorted(evidence.verified, key=_digest)
    judged = [_judge(rule, item, _speaking(rule, policy, item, standing), standing) for item in ordered]
    considered = [*(item.considered for item in judged), *map(_rejected, evidence.rejected)]
    considered.sort(key=lambda item: (item.digest, item.fate, item.reason))
    counted = frozenset(signer for item in judged for signer in item.counts)
    have = distinct(counted)
    names = ", ".join(sorted({signer.name for signer in counted}))
    needed = f"{have} of {rule.threshold} needed"
    word = found.WORDS[rule.kind]
    if have >= rule.threshold:
        code, outcome, message, remedy = rule.holds, Outcome.ADMITTED, f"{word} by {names} ({needed})", None
    else:
        outcome = Outcome.DENIED if evidence.complete else Outcome.INCONCLUSIVE
        nearest = max((item.refusal for item in judged if item.refusal), key=_nearness, default=None)
        if have:
            code, why = rule.short, f"{word} by {names} only ({needed}, distinct names and distinct keys)"
        elif nearest is not None:
            code, why = nearest.code, f"{word} that does not fit: {nearest.why}"
        else:
            code, why = rule.missing, f"no verified {word} by {' or '.join(rule.by)}"
        message = f"{why}; {found.summary(evidence, considered)}"
        remedy = remedies.after(rule, code, evidence.subject, {signer.name for signer in counted}, policy.identities)
    digests: tuple[Digest, ...] = tuple(item.considered.digest for item in judged if item.counts)
    return Finding(rule.id, code, outcome, rule.mode, message, digests, tuple(considered), remedy)


def _speaking(rule: Rule, policy: Policy, item: Verified, standing: Standing) -> frozenset[Signer]:
    """The rule's identities that made ``item`` and may speak about the subject, as the policy itself defines them."""
    who = principal(item.proof.author)
    return frozenset(Signer(name, who) for name in rule.by if standing.speaks([policy.identities[name]], item))


def _judge(rule: Rule, item: Verified, speaking: frozenset[Signer], standing: Standing) -> _Judged:
    if item.kind is not rule.kind:
        return _Judged(_considered(item, Fate.OTHER, f"{found.WORDS[item.kind]}, not {found.WORDS[rule.kind]}"))
    signers = speaking.intersection(item.signers)
    if not signers:
        named = ", ".join(sorted({signer.name for signer in item.signers}))
        return _Judged(_considered(item, Fate.OTHER, f"by {named}, who may not speak in this rule"))
    revoking = standing.against(item)
    if revoking is not None:
        return _Judged(_considered(item, Fate.REVOKED, revoking.words))
    answer = rule.judge(Claim(item, signers, standing.subject))
    if isinstance(answer, Refusal):
        return _Judged(_considered(item, Fate.UNFIT, answer.why), refusal=answer)
    return _Judged(_considered(item, Fate.COUNTED, f"bound by {item.binding}"), counts=answer)


def _apply_absence(rule: AbsenceRule, policy: Policy, evidence: EvidenceSet, standing: Standing) -> Finding:
    identities = tuple(policy.identities[name] for name in rule.by)
    against = list(rule.against(evidence, standing, identities))
    proof = rule.proof(evidence, standing, identities)
    word = found.WORDS[rule.kind]
    digests: tuple[Digest, ...] = tuple(sorted({item.item.digest for item in against}))
    if against:
        code, outcome, message = rule.found, Outcome.DENIED, "; ".join(sorted({item.why for item in against}))
        remedy: str | None = remedies.against(rule)
    elif isinstance(proof, Refusal):
        code, outcome = proof.code, Outcome.INCONCLUSIVE
        message, remedy = f"no {word} was shown, but that proves nothing: {proof.why}", remedies.unproven(proof.code)
    else:
        digests = proof.seals
        how = f"sealed by {' or '.join(rule.by)}" if digests else "as far as the store lists"
        code, outcome, message, remedy = rule.absent, Outcome.ADMITTED, f"no {word} ({how})", None
    considered = [_weighed(rule, item, digests) for item in sorted(evidence.verified, key=_digest)]
    considered += map(_rejected, evidence.rejected)
    considered.sort(key=lambda item: (item.digest, item.fate, item.reason))
    return Finding(rule.id, code, outcome, rule.mode, message, digests, tuple(considered), remedy)


def _weighed(rule: AbsenceRule, item: Verified, counted: tuple[Digest, ...]) -> Considered:
    if item.digest in counted:
        return _considered(item, Fate.COUNTED, f"bound by {item.binding}")
    return _considered(item, Fate.OTHER, f"{found.WORDS[item.kind]}, no {found.WORDS[rule.kind]} that counts here")


def _digest(item: Verified) -> Digest:
    return item.digest


def _nearness(refusal: Refusal) -> tuple[int, str]:
    return refusal.code.rank, refusal.why


def _considered(item: Verified, fate: Fate, reason: str) -> Considered:
    return Considered(
        digest=item.digest,
        places=item.found.places,
        claims=item.statement.predicate_type,
        signers=tuple(sorted({signer.name for signer in item.signers})),
        binding=item.binding,
        fate=fate,
        reason=reason,
        proof=item.proof,
    )


def _rejected(item: Rejected) -> Considered:
    reason = f"{item.check}: {item.reason}"
    return Considered(item.digest, item.found.places, item.claims, (), None, Fate.REJECTED, reason)
