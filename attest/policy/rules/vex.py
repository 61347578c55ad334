"""``require: vex``: somebody who should know says of vulnerabilities that none of them affects the package any more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final, Self

from attest.evidence.model import Kind
from attest.evidence.verify import Verified
from attest.policy.codes import Code
from attest.policy.rules import terms
from attest.policy.rules.rule import Claim, Fit, Refusal, Rule, Written
from attest.policy.shapes import Table
from attest.policy.vex import Heard
from attest.statements.vex import is_vex, read_vex
from attest.statements.vex_statements import Vex

_SHOWN: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class VexRule(Rule[Vex]):
    """A VEX document by one of ``by``, and nothing in any of theirs that was not taken back: of what all of them say
    about one vulnerability the latest counts. What nobody speaks of is not asked; that is for `scan`."""

    KEYS: ClassVar[Table] = terms.WANTED
    kind: ClassVar[Kind] = Kind.VEX
    missing: ClassVar[Code] = Code.VEX_MISSING
    short: ClassVar[Code] = Code.VEX_THRESHOLD
    holds: ClassVar[Code] = Code.VEX_VERIFIED
    malformed: ClassVar[Code] = Code.VEX_MALFORMED

    @classmethod
    def read(cls, written: Written) -> Self:
        """It has no terms of its own. Raises `PolicyError`."""
        return cls(**terms.wanted(written, forbids=True, weighs=True))

    def looks_at(self, item: Verified) -> bool:
        """VEX documents of all formats."""
        return is_vex(item.statement.predicate_type, item.statement.predicate)

    def content(self, item: Verified) -> Vex:
        """What it says."""
        return read_vex(item.statement.predicate)

    def made_at(self, content: Vex) -> datetime | None:
        """When the document was made."""
        return content.time

    def judge(self, content: Vex, claim: Claim) -> Fit | Refusal:
        """All signers of one of which nothing stands open."""
        if not content.statements:
            return Refusal(Code.VEX_MALFORMED, "it speaks of no vulnerability")
        heard = Heard.of(self.by, claim.scene)
        told = sorted(set(_open(content, heard)))
        if told:
            more = [f"and {len(told) - _SHOWN} more"] if len(told) > _SHOWN else []
            return Refusal(Code.VEX_AFFECTED, ", ".join([*told[:_SHOWN], *more]))
        return Fit(claim.signers, (f"{len(content.statements)} statements, and nothing open",))


def _open(content: Vex, heard: Heard) -> Iterator[str]:
    for item in content.statements:
        if heard.leaves_open(item):
            reason = "" if item.justification or item.status is not item.status.NOT_AFFECTED else " without a reason"
            yield f"{min(item.vulnerabilities, default='a vulnerability')[:80]} is {item.status}{reason}"
