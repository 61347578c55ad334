"""One piece of verified evidence under one rule: for whom it counts, or why it does not, and from when it is.

Age counts from the earlier of the document's own time and its verified time; what says that it is from the future has
no age (design.md §6).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from attest.errors import FormatError
from attest.evidence.identity import Signer, principal
from attest.evidence.verify import Verified
from attest.policy.ages import age_words
from attest.policy.codes import Code
from attest.policy.nouns import NOUNS
from attest.policy.rules.rule import Claim, Fit, Match, Refusal, Rule, Scene
from attest.policy.verdict import Considered, Fate, Step

_AGED: Final = (Code.EVIDENCE_UNDATED, Code.EVIDENCE_STALE)
"""What is only old is not forbidden."""
_NEVER: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Weighed:
    """``counts`` are the signers for whom it counts. ``when`` is None where nothing says or proves from when it is, or
    where it cannot be believed. ``refusal`` stands with every fate by which it does not fit, ``step`` with what a rule
    does not look into."""

    item: Verified
    fate: Fate
    reason: str
    counts: frozenset[Signer] = frozenset()
    notes: tuple[str, ...] = ()
    refusal: Refusal | None = None
    when: datetime | None = None
    step: Step | None = None

    @property
    def failed(self) -> str | None:
        """As `Considered` has it."""
        if self.step is not None:
            return self.step.value
        return None if self.refusal is None else self.refusal.code.value


def weigh(rule: Rule[Any], item: Verified, scene: Scene) -> Weighed:
    """``item`` by itself, whatever lies beside it."""
    if not rule.looks_at(item):
        return Weighed(item, Fate.OTHER, f"{NOUNS[item.kind]}, not {rule.noun}", step=Step.KIND)
    signers = _speaking(rule, item, scene)
    if not signers:
        named = ", ".join(sorted({signer.name for signer in item.signers}))
        return Weighed(item, Fate.OTHER, f"by {named}, who may not speak in this rule", step=Step.SIGNER)
    revoking = scene.standing.against(item)
    if revoking is not None:
        return Weighed(item, Fate.REVOKED, revoking.words, step=Step.REVOCATION)
    own: datetime | None = None
    try:
        content = rule.content(item)
        own = rule.made_at(content)
        answer = rule.judge(content, Claim(item, signers, scene))
    except FormatError as error:
        answer = Refusal(rule.malformed, str(error))
    when = min((time for time in (own, item.proof.time) if time is not None), default=None)
    future = any(time is not None and time > scene.standing.now for time in (own, item.proof.time))
    if isinstance(answer, Fit):
        dated = _dated(rule, when, future, scene.standing.now)
        if dated is None:
            reason = "; ".join((f"bound by {item.binding}", *answer.notes))
            return Weighed(item, Fate.COUNTED, reason, answer.signers, answer.notes, when=when)
        answer = dated
    return Weighed(item, Fate.UNFIT, answer.why, refusal=answer, when=None if future else when)


def combine(rule: Rule[Any], weighed: list[Weighed]) -> list[Weighed]:
    """What all of it comes to: under `all` and `latest` what does not fit stands against the package, and under
    `latest` only the latest of each signer counts."""
    if rule.match is Match.ANY:
        return weighed
    looked_at = [item for item in weighed if item.fate in (Fate.COUNTED, Fate.UNFIT)]
    if rule.match is Match.LATEST:
        chosen = _latest(looked_at, rule.threshold)
        passed = {item.item.digest for item in looked_at} - {item.item.digest for item in chosen}
        weighed = [_passed_over(item) if item.item.digest in passed else item for item in weighed]
    return [_against(rule, item) for item in weighed]


def reported(weighed: Weighed) -> Considered:
    """How a finding tells it."""
    item = weighed.item
    return Considered(
        digest=item.digest,
        places=item.found.places,
        claims=item.statement.predicate_type,
        signers=tuple(sorted({signer.name for signer in item.signers})),
        binding=item.binding,
        fate=weighed.fate,
        reason=weighed.reason,
        proof=item.proof,
        failed=weighed.failed,
    )


def _speaking(rule: Rule[Any], item: Verified, scene: Scene) -> frozenset[Signer]:
    """The rule's identities that made ``item`` and may speak about the subject, as the policy itself defines them."""
    who = principal(item.proof.author)
    return frozenset(Signer(name, who) for name in rule.by if scene.standing.speaks([scene.identities[name]], item))


def _dated(rule: Rule[Any], when: datetime | None, future: bool, now: datetime) -> Refusal | None:
    """What is wrong with its age, if the rule looks at ages."""
    if rule.max_age is None and rule.match is not Match.LATEST:
        return None
    if future:
        return Refusal(Code.EVIDENCE_FUTURE, f"it says that it is from the future, and now is {now:%Y-%m-%dT%H:%M:%SZ}")
    if rule.max_age is None:
        return None
    if when is None:
        return Refusal(Code.EVIDENCE_UNDATED, "nothing says from when it is, and nothing proves it")
    if now - when > rule.max_age:
        age = f"{age_words(now - when)} ago, and may be {age_words(rule.max_age)} old"
        return Refusal(Code.EVIDENCE_STALE, f"it is from {when:%Y-%m-%dT%H:%M:%SZ}, {age}")
    return None


def _latest(items: list[Weighed], signers: int) -> list[Weighed]:
    """The latest of each of the ``signers`` who spoke last. What has no time may be later than everything else, and may
    as well not be, so that the latest of the others is looked at too."""
    by_author: dict[str, list[Weighed]] = {}
    for item in items:
        by_author.setdefault(principal(item.item.proof.author), []).append(item)
    latest: list[tuple[datetime, list[Weighed]]] = []
    for own in by_author.values():
        undated = [item for item in own if item.when is None]
        times = [item.when for item in own if item.when is not None]
        last = [item for item in own if item.when is not None and item.when == max(times)]
        latest.append((_NEVER if undated else max(times), [*undated, *last]))
    spoken = sorted((time for time, _ in latest), reverse=True)[:signers]
    return [item for time, own in latest if time >= spoken[-1] for item in own]


def _passed_over(item: Weighed) -> Weighed:
    return Weighed(item.item, Fate.OTHER, "there is a later one", when=item.when, step=Step.LATEST)


def _against(rule: Rule[Any], item: Weighed) -> Weighed:
    if item.refusal is None or (rule.match is Match.ALL and item.refusal.code in _AGED):
        return item
    return replace(item, fate=Fate.AGAINST)
