"""Which artifacts a version has, by release statements of those whom the policy names in `resolve`.

What a store lists is only what it chose to show; what somebody signed whom the policy trusts with it is not
(docs/decisions/0019-release-statements.md).
"""

from __future__ import annotations

from datetime import datetime

from attest.evidence.collect import collect
from attest.evidence.model import Kind, Subject
from attest.evidence.released import Released, released
from attest.evidence.trust import Trust
from attest.evidence.verify import verify
from attest.packages.anchors import version_anchor
from attest.packages.purl import Purl
from attest.policy.document import Policy
from attest.policy.standing import Standing
from attest.stores.protocol import Store


def resolve(store: Store, repository: str, purl: Purl, policy: Policy, trust: Trust, *, now: datetime) -> Released:
    """The artifacts of ``purl``; none where nobody says it whom the policy's `resolve` names, or revoked it.

    Raises `StoreUnavailable` where the store cannot be asked.
    """
    subject = Subject(version_anchor(purl).descriptor(), purl, None, str(purl))
    evidence = verify(collect(store, repository, subject), trust, now=now)
    standing = Standing.of(evidence.verified, policy.revokers, subject, now)
    named = [policy.identities[name] for name in policy.resolvers]
    counted = [
        item
        for item in evidence.verified
        if item.kind is Kind.RELEASE and standing.speaks(named, item) and standing.against(item) is None
    ]
    if not counted:
        return Released(purl, {}, (f"no release statement by {' or '.join(policy.resolvers)}",))
    return released(purl, counted)
