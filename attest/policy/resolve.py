"""Which artifacts a version has, by release statements of those whom the policy names in `resolve`.

What a store lists is only what it chose to show; what somebody signed whom the policy trusts with it is not
(docs/decisions/0019-release-statements.md). That nobody said anything is believed only where absence is proven.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from attest.evidence.collect import collect
from attest.evidence.lookup import version_of
from attest.evidence.model import Kind, Subject
from attest.evidence.released import Released, released
from attest.evidence.verify import verify
from attest.packages.purl import Purl
from attest.policy import absence
from attest.policy.rules.rule import Absence, Refusal, Scene
from attest.policy.standing import Standing
from attest.stores.protocol import Store

if TYPE_CHECKING:
    from attest.policy.decide import Judge


def resolve_all(
    store: Store, repository: str, purl: Purl, judges: Iterable[Judge], listed: Sequence[Subject], *, now: datetime
) -> tuple[tuple[Subject, ...], tuple[str, ...]]:
    """The artifacts of ``purl`` by each policy that applies to it, and why some name none: then it is left with what
    the store ``listed``. What not all of them say is looked up, and so is all where somebody may have said more.

    Raises `StoreUnavailable` where the store cannot be asked.
    """
    said: list[Sequence[Subject]] = []
    problems: list[str] = []
    looked_up = tuple(replace(subject, looked_up=True) for subject in listed)
    trusted = None if any(subject.looked_up for subject in listed) else Absence.LISTING
    applying = [judge for judge in judges if judge.policy.applies(version_of(purl))]
    for judge in applying:
        found = Released(purl, {}, ())
        if judge.policy.resolvers:
            proof = judge.policy.resolve_absence or trusted
            found = resolve(store, repository, purl, judge, proof, now=now)
        problems += found.problems
        said.append(found.subjects or (looked_up if found.doubtful else listed))
    if not said:
        return tuple(listed), ()
    named = [{subject.manifest.digest for subject in some if not subject.looked_up} for some in said]
    every = {subject.manifest.digest: subject for some in said for subject in some}
    if any(subject.digest is not None for subject in every.values()):
        every = {digest: subject for digest, subject in every.items() if subject.digest is not None}
    subjects = (
        replace(subject, looked_up=not all(digest in some for some in named)) for digest, subject in every.items()
    )
    return tuple(subjects), tuple(dict.fromkeys(problems))


def resolve(
    store: Store, repository: str, purl: Purl, judge: Judge, proof: Absence | None, *, now: datetime
) -> Released:
    """The artifacts of ``purl``; none where nobody says it whom the policy's `resolve` names, or revoked it, nor where
    ``proof`` is wanted that no statement is missing and there is none.

    Raises `StoreUnavailable` where the store cannot be asked.
    """
    policy = judge.policy
    subject = version_of(purl)
    evidence = verify(collect(store, repository, subject, documents=True), judge.trust, now=now, seals=judge.seals)
    identities = {name: identity.about(subject) for name, identity in policy.identities.items()}
    standing = Standing.of(evidence.verified, [identities[name] for name in policy.revokers], subject, now)
    if proof is not None:
        proven = absence.prove(proof, policy.resolvers, Scene(evidence, standing, identities))
        if isinstance(proven, Refusal):
            why = f"a release statement may be missing: {proven.why}"
            return Released(purl, {}, (why,), doubtful=True)
    named = [identities[name] for name in policy.resolvers]
    counted = [
        item
        for item in evidence.verified
        if item.kind is Kind.RELEASE and standing.speaks(named, item) and standing.against(item) is None
    ]
    if not counted:
        shown = "" if proof else " was shown, and nothing proves that there is none"
        why = f"no release statement by {' or '.join(policy.resolvers)}{shown}"
        return Released(purl, {}, (why,), doubtful=proof is None)
    found = released(purl, counted)
    return replace(found, doubtful=proof is None or bool(found.problems))
