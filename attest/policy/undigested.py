"""Entries of lockfiles about which there can be no verdict: nothing pins what will be installed for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from attest.evidence.model import Subject
from attest.packages.anchors import version_anchor
from attest.packages.lockfiles.lock import Entry
from attest.packages.purl import Purl
from attest.policy.codes import Code
from attest.policy.document import Policy
from attest.policy.rules.rule import Mode
from attest.policy.schema import Leniency
from attest.policy.verdict import Finding, Outcome

_REMEDY: Final = "pin it by a digest that the registry gives, or let the policy say undigested: warn"


def judge(policies: Sequence[Policy], entry: Entry) -> Finding:
    """What the policies say of an entry with a `gap`: denied, or shown only. One that denies is enough; of several,
    those are asked that apply to it, and where none does, or nobody knows, all."""
    assert entry.gap is not None
    asked = [policy for policy in policies if entry.purl is not None and policy.applies(_version(entry.purl))]
    asked = asked or list(policies)
    denying = next((policy for policy in asked if policy.undigested is Leniency.DENY), None)
    mode, policy = (Mode.WARN, asked[0]) if denying is None else (Mode.ENFORCE, denying)
    return Finding(policy.name, None, Code.SUBJECT_UNDIGESTED, Outcome.DENIED, mode, entry.gap, remedy=_REMEDY)


def _version(purl: Purl) -> Subject:
    return Subject(version_anchor(purl).descriptor(), purl)
