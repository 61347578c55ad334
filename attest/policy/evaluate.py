"""The verdict engine: pure, so that the same policies, evidence and ``now`` give the same verdict anywhere.

Of several policies all that apply must admit, each by what it trusts itself; where none applies nothing is admitted.
Every rule goes the same way: each piece of evidence is weighed, what they come to together depends on the rule's
`match`, and where more evidence could make it worse, absence has to be proven (design.md §3.5). A rule that needs no
absence is monotone: it holds on an incomplete listing too, and where it does not it is inconclusive, for what it needs
may be among what could not be seen. What is revoked is no evidence.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from attest.evidence.identity import Signer, key_principal
from attest.evidence.model import Check, Rejected, Subject
from attest.evidence.verify import EvidenceSet, Verified
from attest.oci.digest import Digest
from attest.policy import absence, check, found, remedies, waivers
from attest.policy.check import Held
from attest.policy.codes import Code
from attest.policy.components import NO_COMPONENTS, Components
from attest.policy.document import Policy
from attest.policy.matching import distinct
from attest.policy.rules.rule import Match, Mode, Refusal, Rule, Scene
from attest.policy.schema import Leniency
from attest.policy.standing import Standing
from attest.policy.verdict import Applied, Considered, Fate, Finding, Outcome, Unread, Verdict
from attest.policy.weigh import Weighed, combine, reported, weigh

_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class Hearing:
    """One policy, the evidence as it holds by what the policy trusts, and what came of the components that its SBOMs
    list."""

    policy: Policy
    evidence: EvidenceSet
    components: Components = NO_COMPONENTS


def evaluate(policy: Policy, evidence: EvidenceSet, *, now: datetime) -> Verdict:
    """The verdict of one policy alone."""
    return evaluate_all([Hearing(policy, evidence)], now=now)


def evaluate_all(hearings: Sequence[Hearing], *, now: datetime) -> Verdict:
    """Apply every rule of every policy to what was verified for it: the same collection for all, at least one.

    ``now`` is aware; identities that have ended by then do not count.
    """
    evidence = hearings[0].evidence
    subject = evidence.subject
    applying = [item for item in hearings if item.policy.applies(subject)]
    findings = tuple(_findings(applying, now)) if applying else (_not_applicable([item.policy for item in hearings]),)
    digests = {item.digest for hearing in hearings for item in hearing.evidence.verified}
    digests |= {item.digest for hearing in hearings for item in hearing.evidence.rejected}
    return Verdict(
        subject=str(subject),
        purl=None if subject.purl is None else str(subject.purl),
        digest=_decided(subject),
        outcome=Outcome.of(finding.effect for finding in findings if finding.mode is Mode.ENFORCE),
        findings=findings,
        policies=tuple(map(_applied, applying or hearings)),
        evidence=tuple(sorted(digests)),
        unread=tuple(
            Unread(item.digest, item.claims, item.reason) for item in evidence.rejected if item.check is Check.READ
        ),
        over=tuple(sorted(evidence.over)),
        complete=evidence.complete,
        problems=evidence.problems,
        listed_at=evidence.listed_at,
        whole=evidence.whole,
        now=now,
        about=subject,
    )


def _applied(hearing: Hearing) -> Applied:
    policy, evidence = hearing.policy, hearing.evidence
    return Applied(
        name=policy.name,
        digest=policy.digest,
        files=policy.files,
        root=evidence.root,
        verified=len(evidence.verified),
        rejected=len(evidence.rejected),
        seal_problems=evidence.seal_problems,
    )


def _decided(subject: Subject) -> str | None:
    """What is decided about: the artifact, or for an image its manifest, whatever tag was named."""
    if subject.digest is not None:
        return str(subject.digest)
    return str(subject.manifest.digest) if subject.purl is None else None


def _not_applicable(policies: Sequence[Policy]) -> Finding:
    told = [f"{policy.name} is not for this package: it applies to {_patterns(policy)}" for policy in policies]
    return Finding(
        policy=policies[0].name if len(policies) == 1 else None,
        rule=None,
        code=Code.POLICY_NOT_APPLICABLE,
        outcome=Outcome.DENIED,
        mode=Mode.ENFORCE,
        message="; ".join(f"policy {words}" for words in told),
        remedy="use the policy of this package, or add it to applies_to",
    )


def _patterns(policy: Policy) -> str:
    return ", ".join(str(pattern) for pattern in policy.applies_to)


def _findings(hearings: Sequence[Hearing], now: datetime) -> Iterator[Finding]:
    for item in hearings:
        yield from _of_policy(item, now)
    evidence = hearings[0].evidence
    if not evidence.complete:
        problems = "; ".join(evidence.problems) or "the store did not say why"
        yield Finding(
            policy=None,
            rule=None,
            code=Code.LISTING_INCOMPLETE,
            outcome=Outcome.INCONCLUSIVE,
            mode=Mode.WARN,
            message=f"not all evidence could be listed: {problems}",
            remedy="make the store readable and verify again",
        )


def _of_policy(hearing: Hearing, now: datetime) -> Iterator[Finding]:
    policy, evidence = hearing.policy, hearing.evidence
    subject = evidence.subject
    identities = {name: identity.about(subject) for name, identity in policy.identities.items()}
    standing = Standing.of(evidence.verified, (), subject, now)
    shown = Scene(evidence, standing, identities, hearing.components, policy.unresolved is Leniency.WARN)
    held: dict[str, Held] = {}
    for rule in policy.rules:
        own = rule.about(subject)
        scene = replace(shown, standing=standing.with_revokers(shown.by(own.revokers)))
        weighed: list[Weighed] = []
        refusal = own.unanswerable(scene)
        if refusal is None:
            weighed = combine(own, [weigh(own, item, scene) for item in sorted(evidence.verified, key=_digest)])
            finding = _apply(own, scene, weighed, policy.name)
        else:
            finding = _unanswered(own, refusal, subject, policy.name)
        held[rule.id] = Held(own, finding.outcome, tuple(item for item in weighed if item.fate is Fate.COUNTED))
        yield _waived(finding, policy, shown)
    for item in policy.checks:
        yield _waived(check.apply(item, held, evidence, policy.name), policy, shown)
    if evidence.subject.looked_up:
        yield Finding(
            policy=policy.name,
            rule=None,
            code=Code.SUBJECT_UNRESOLVED,
            outcome=Outcome.INCONCLUSIVE,
            # A store could hide what those said who may say it, so that there is nothing to forgive.
            mode=Mode.ENFORCE if policy.unresolved is Leniency.DENY or policy.resolvers else Mode.WARN,
            message="no digest was given, and only the store says which artifacts this package has",
            remedy="name the artifact with --digest or its file, or trust the store's listing with --resolve",
        )


def _waived(finding: Finding, policy: Policy, scene: Scene) -> Finding:
    """With the waiver that is about it, if it needs one."""
    if finding.outcome is Outcome.ADMITTED or finding.rule is None:
        return finding
    return replace(finding, waived=waivers.find(policy.waivers, finding.rule, scene.subject, scene.standing.now))


def _unanswered(rule: Rule[Any], refusal: Refusal, subject: Subject, policy: str) -> Finding:
    """Of a rule that cannot be asked about the subject: no evidence is looked at."""
    remedy = remedies.learning(subject)
    return Finding(policy, rule.id, refusal.code, Outcome.DENIED, rule.mode, refusal.why, remedy=remedy)


def _apply(rule: Rule[Any], scene: Scene, weighed: list[Weighed], policy: str) -> Finding:
    evidence = scene.evidence
    considered = [*map(reported, weighed), *map(_rejected, evidence.rejected)]
    considered.sort(key=lambda item: (item.digest, item.fate, item.reason))
    answer = _unwanted(rule, scene, weighed) if rule.threshold == 0 else _wanted(rule, scene, weighed, considered)
    return Finding(
        policy,
        rule.id,
        answer.code,
        answer.outcome,
        rule.mode,
        answer.message,
        answer.evidence,
        tuple(considered),
        answer.remedy,
        components=rule.components(scene),
    )


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a finding says, beside which rule it is about and what was considered."""

    code: Code
    outcome: Outcome
    message: str
    evidence: tuple[Digest, ...] = ()
    remedy: str | None = None


def _wanted(rule: Rule[Any], scene: Scene, weighed: list[Weighed], considered: list[Considered]) -> _Answer:
    """Of a rule that wants evidence."""
    evidence, noun = scene.evidence, rule.noun
    counting = [item for item in weighed if item.fate is Fate.COUNTED]
    counted = frozenset(signer for item in counting for signer in item.counts)
    keys = frozenset(
        Signer(who.name, key_principal(item.item.proof.author)) for item in counting for who in item.counts
    )
    # Who has a key and a certificate for it is one signer, and so is one subject with certificates for two keys.
    have, signed = min(distinct(counted), distinct(keys)), {signer.name for signer in counted}
    needed = f"{have} of {rule.threshold} needed"
    told = f"{noun} by {', '.join(sorted(signed))}"
    digests = tuple(item.item.digest for item in counting)
    against = [item.refusal for item in weighed if item.fate is Fate.AGAINST and item.refusal]
    if have >= rule.threshold and not against:
        proof = None if rule.absence is None else absence.prove(rule.absence, rule.by, scene)
        if isinstance(proof, Refusal):
            message = f"{told} ({needed}), but something may be missing: {proof.why}"
            return _Answer(proof.code, Outcome.INCONCLUSIVE, message, digests, remedies.unproven(proof.code))
        how = f"{needed}; {proof.how}" if proof else needed
        notes = "; ".join(sorted({note for item in counting for note in item.notes}))
        message = f"{told} ({how}){f': {notes}' if notes else ''}"
        return _Answer(rule.holds, Outcome.ADMITTED, message, digests + (proof.seals if proof else ()))
    unfit = [item.refusal for item in weighed if item.refusal]
    if against:
        code = max(against, key=_nearness).code
        which = (
            f"the latest {noun} does not fit" if rule.match is Match.LATEST else f"{noun} that does not fit (all must)"
        )
        why = f"{which}: {_together(against)}"
    elif have:
        code, why = rule.short, f"{told} only ({needed}, distinct names and distinct keys)"
    elif unfit:
        nearest = max(unfit, key=_nearness)
        code, why = nearest.code, f"{noun} that does not fit: {nearest.why}"
    else:
        code, why = rule.missing, f"no verified {noun} by {' or '.join(rule.by)}"
    settled = evidence.complete or (against and rule.match is Match.ALL)
    denied = settled and code is not Code.DEPENDENCIES_INCONCLUSIVE
    return _Answer(
        code,
        Outcome.DENIED if denied else Outcome.INCONCLUSIVE,
        f"{why}; {found.summary(evidence, considered)}",
        digests,
        remedies.after(rule, code, evidence.subject, signed, scene.identities, now=scene.standing.now),
    )


def _unwanted(rule: Rule[Any], scene: Scene, weighed: list[Weighed]) -> _Answer:
    """Of a rule by which something must not be there."""
    assert rule.absence is not None
    against = [item for item in weighed if item.fate is Fate.AGAINST]
    if against:
        refusals = [item.refusal for item in against if item.refusal]
        digests = tuple(sorted({item.item.digest for item in against}))
        code = max(refusals, key=_nearness).code
        return _Answer(code, Outcome.DENIED, _together(refusals), digests, remedies.against(rule))
    proof = absence.prove(rule.absence, rule.by, scene)
    if isinstance(proof, Refusal):
        message = f"no {rule.noun} was shown, but that proves nothing: {proof.why}"
        return _Answer(proof.code, Outcome.INCONCLUSIVE, message, (), remedies.unproven(proof.code))
    return _Answer(rule.holds, Outcome.ADMITTED, f"no {rule.noun} ({proof.how})", proof.seals)


def _together(refusals: list[Refusal]) -> str:
    """Different reasons, the first few."""
    whys = sorted({refusal.why for refusal in refusals})
    return "; ".join([*whys[:_SHOWN], *([f"and {len(whys) - _SHOWN} more"] if len(whys) > _SHOWN else [])])


def _digest(item: Verified) -> Digest:
    return item.digest


def _nearness(refusal: Refusal) -> tuple[int, str]:
    return refusal.code.rank, refusal.why


def _rejected(item: Rejected) -> Considered:
    reason = f"{item.check}: {item.reason}"
    places, check = item.found.places, item.check
    return Considered(item.digest, places, item.claims, (), None, Fate.REJECTED, reason, failed=check.value)
