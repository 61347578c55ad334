"""``require: scan``: somebody looked for vulnerabilities, lately enough, and found none that the policy denies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar, Final, Self

from attest.errors import PolicyError
from attest.evidence.model import Kind
from attest.evidence.verify import Verified
from attest.policy.codes import Code
from attest.policy.expressions import Type, Value
from attest.policy.fields import Fields
from attest.policy.rules import terms
from attest.policy.rules.rule import Claim, Fit, Refusal, Rule, Written
from attest.policy.shapes import Choice, Key, Number, Record, Several, Table
from attest.policy.vex import Heard
from attest.statements.findings import Finding, Scan, Severity
from attest.statements.scan import is_scan, read_scan

_SHOWN: Final = 5
_DENIABLE: Final = {str(item): item for item in Severity if item is not Severity.NONE}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRule(Rule[Scan]):
    """``deny`` is the least severity that is denied, ``max_score`` the highest score that is not. A finding of which
    neither is known counts as the worst. ``vex`` are the names whose VEX documents take findings away."""

    KEYS: ClassVar[Table] = {
        **terms.WANTED,
        "deny": Key(
            Several(Choice(_DENIABLE)), "Severities of findings that are denied, the worst and all down to one."
        ),
        "max_score": Key(Number(10), "The highest CVSS score that is not denied."),
        "vex": Key(Record({"by": terms.BY}), "Whose VEX documents take findings away."),
    }
    SAYS: ClassVar[Mapping[str, Type]] = {"tool": Type.TEXT, "findings": Type.NUMBER}
    kind: ClassVar[Kind] = Kind.SCAN
    missing: ClassVar[Code] = Code.SCAN_MISSING
    short: ClassVar[Code] = Code.SCAN_THRESHOLD
    holds: ClassVar[Code] = Code.SCAN_VERIFIED
    malformed: ClassVar[Code] = Code.SCAN_MALFORMED

    deny: Severity | None = None
    max_score: Decimal | None = None
    vex: tuple[str, ...] = ()

    @classmethod
    def read(cls, written: Written) -> Self:
        """Raises `PolicyError`, also for a rule that denies something and lets pass what is worse."""
        fields = written.fields
        limits = fields.has("deny") or fields.has("max_score")
        vex: tuple[str, ...] = ()
        if fields.has("vex"):
            entry = Fields(fields.node("vex"), f"{fields.what}: 'vex'")
            vex = terms.identities(entry, written.context)
            if not limits:
                raise PolicyError(
                    f"{fields.what}: 'vex' takes nothing away",
                    where=fields.line_of("vex"),
                    why="the rule denies no finding",
                    next_step="write what it denies, such as deny: [critical, high]",
                )
        return cls(
            **terms.wanted(written, forbids=limits, weighs=bool(vex)),
            deny=_deny(fields) if fields.has("deny") else None,
            max_score=fields.decimal("max_score") if fields.has("max_score") else None,
            vex=vex,
        )

    def looks_at(self, item: Verified) -> bool:
        """Scans, and CycloneDX documents with vulnerabilities."""
        return is_scan(item.statement.predicate_type, item.statement.predicate)

    def content(self, item: Verified) -> Scan:
        """What it found."""
        return read_scan(item.statement.predicate_type, item.statement.predicate)

    def made_at(self, content: Scan) -> datetime | None:
        """When the scan ended."""
        return content.time

    def says(self, content: Scan) -> Mapping[str, Value | None]:
        """By what, and how much it found."""
        return {"tool": content.tool, "findings": len(content.findings)}

    def judge(self, content: Scan, claim: Claim) -> Fit | Refusal:
        """All signers of a scan without findings that are denied."""
        denied = [item for item in content.findings if self._denies(item)]
        heard = Heard.of(self.vex, claim.scene) if self.vex and denied else None
        left = [item for item in denied if heard is None or not heard.clears(item)]
        if left:
            return Refusal(Code.SCAN_FINDING, f"{content.tool[:80]} found {_told(left)}")
        notes = [f"{len(content.findings)} findings by {content.tool[:80]}"] if content.findings else []
        notes += [f"{len(denied)} taken away by VEX of {' or '.join(self.vex)}"] if denied else []
        return Fit(claim.signers, tuple(notes))

    def _denies(self, finding: Finding) -> bool:
        worst, highest = finding.worst, finding.highest
        if self.deny is not None and (worst is None or worst >= self.deny):
            return True
        return self.max_score is not None and (highest is None or Decimal(str(highest)) > self.max_score)


def _told(findings: list[Finding]) -> str:
    ordered = sorted({(-(item.worst if item.worst is not None else 9), str(item)) for item in findings})
    parts = [text for _, text in ordered[:_SHOWN]]
    parts += [f"and {len(ordered) - _SHOWN} more"] if len(ordered) > _SHOWN else []
    unknown = "; what has no known severity counts as the worst" if any(item.worst is None for item in findings) else ""
    return ", ".join(parts) + unknown


def _deny(fields: Fields) -> Severity:
    named = fields.each("deny", _DENIABLE.__getitem__)
    left_out = [item for item in Severity if item > min(named) and item not in named]
    if left_out:
        raise PolicyError(
            f"{fields.what}: 'deny' leaves out {left_out[-1]}",
            where=fields.line_of("deny"),
            why=f"it denies {min(named)}, which is less",
            next_step=f"write deny: [{', '.join(str(item) for item in reversed(Severity) if item >= min(named))}]",
        )
    return min(named)
