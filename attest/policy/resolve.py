"""Which artifacts a version has, by release statements of those whom the policy names in `resolve`.

What a store lists is only what it chose to show; what somebody signed whom the policy trusts with it is not
(docs/decisions/0019-release-statements.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from attest.evidence.collect import collect
from attest.evidence.model import Kind, Subject
from attest.evidence.released import Released, released
from attest.evidence.verify import verify
from attest.packages.anchors import version_anchor
from attest.packages.purl import Purl
from attest.policy.standing import Standing
from attest.stores.protocol import Store

if TYPE_CHECKING:
    from attest.policy.decide import Judge


def resolve_all(
    store: Store, repository: str, purl: Purl, judges: Iterable[Judge], listed: Sequence[Subject], *, now: datetime
) -> tuple[tuple[Subject, ...], tuple[str, ...]]:
    """The artifacts of ``purl`` by each policy that applies to it, and why some name none: then it is left with what
    the store ``listed``. What not all of them say is looked up.

    Raises `StoreUnavailable` where the store cannot be asked.
    """
    said: list[Sequence[Subject]] = []
    problems: list[str] = []
    applying = [judge for judge in judges if judge.policy.applies(Subject(version_anchor(purl).descriptor(), purl))]
    for judge in applying:
        found = resolve(store, repository, purl, judge, now=now) if judge.policy.resolvers else Released(purl, {}, ())
        problems += found.problems
        said.append(found.subjects or listed)
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


def resolve(store: Store, repository: str, purl: Purl, judge: Judge, *, now: datetime) -> Released:
    """The artifacts of ``purl``; none where nobody says it whom the policy's `resolve` names, or revoked it.

    Raises `StoreUnavailable` where the store cannot be asked.
    """
    policy = judge.policy
    subject = Subject(version_anchor(purl).descriptor(), purl, None, str(purl))
    evidence = verify(collect(store, repository, subject), judge.trust, now=now)
    revokers = [policy.identities[name].about(subject) for name in policy.revokers]
    standing = Standing.of(evidence.verified, revokers, subject, now)
    named = [policy.identities[name].about(subject) for name in policy.resolvers]
    counted = [
        item
        for item in evidence.verified
        if item.kind is Kind.RELEASE and standing.speaks(named, item) and standing.against(item) is None
    ]
    if not counted:
        return Released(purl, {}, (f"no release statement by {' or '.join(policy.resolvers)}",))
    return released(purl, counted)
