"""Entries of lockfiles about which there can be no verdict: nothing pins what will be installed for them."""

from __future__ import annotations

from typing import Final

from attest.packages.lockfiles.lock import Entry
from attest.policy.codes import Code
from attest.policy.document import Leniency, Policy
from attest.policy.rules.rule import Mode
from attest.policy.verdict import Finding, Outcome

_REMEDY: Final = "pin it by a digest that the registry gives, or let the policy say undigested: warn"


def judge(policy: Policy, entry: Entry) -> Finding:
    """What the policy says of an entry with a `gap`: denied, or shown only. Whom it applies to is not asked."""
    assert entry.gap is not None
    mode = Mode.ENFORCE if policy.undigested is Leniency.DENY else Mode.WARN
    return Finding(None, Code.SUBJECT_UNDIGESTED, Outcome.DENIED, mode, entry.gap, remedy=_REMEDY)
