"""``require: dependencies``: each component of the SBOM is admitted by another policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final, Self

from attest.policy.codes import Code
from attest.policy.components import Answer, Decided, Part, parts_of
from attest.policy.rules import terms
from attest.policy.rules.rule import Claim, Fit, Refusal, Scene, Written
from attest.policy.rules.sbom import RuleOfSboms
from attest.policy.shapes import File, Key, Table
from attest.statements.sbom import Sbom

_SHOWN: Final = 3
_LONGEST: Final = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class DependenciesRule(RuleOfSboms):
    """``policy`` is the path of the policy that each component has to satisfy. What it says of them is worked out
    before this rule is asked (`attest.policy.components_tree`). All SBOMs by ``by`` must fit, unless the rule says
    otherwise."""

    KEYS: ClassVar[Table] = {
        **terms.WANTED,
        "policy": Key(File(policy=True), "The policy that each component has to satisfy.", required=True),
    }
    missing: ClassVar[Code] = Code.DEPENDENCIES_MISSING
    short: ClassVar[Code] = Code.DEPENDENCIES_THRESHOLD
    holds: ClassVar[Code] = Code.DEPENDENCIES_VERIFIED
    malformed: ClassVar[Code] = Code.DEPENDENCIES_MALFORMED

    policy: Path

    @classmethod
    def read(cls, written: Written) -> Self:
        """Raises `PolicyError`."""
        path = written.context.base / written.fields.string("policy")
        return cls(**terms.wanted(written, forbids=True), policy=path.resolve())

    def components(self, scene: Scene) -> tuple[tuple[Part, Decided], ...]:
        """Of all SBOMs that it looks at."""
        return tuple(scene.components.by(self.policy))

    def judge(self, content: Sbom, claim: Claim) -> Fit | Refusal:
        """All signers of an SBOM whose components are all admitted. One without components says nothing of them."""
        scene = claim.scene
        parts = parts_of(content, scene.subject)
        if not parts and not content.components:
            return Refusal(Code.DEPENDENCIES_MALFORMED, "the SBOM lists no components")
        decided = [(part, scene.components.of(self.policy, part)) for part in parts]
        for answer, code, words in _REFUSING:
            found = [item for item in decided if item[1].answer is answer]
            if found and not (answer is Answer.UNRESOLVED and scene.unresolved):
                return Refusal(code, f"{len(found)} of {len(parts)} components {words}: {_told(found)}")
        admitted = sum(item.answer is Answer.ADMITTED for _, item in decided)
        left = [f"{len(parts) - admitted} are not resolved"] if admitted < len(parts) else []
        return Fit(claim.signers, (", ".join([f"{admitted} of {len(parts)} components are admitted", *left]),))


_REFUSING: Final = (
    (Answer.DENIED, Code.DEPENDENCIES_DENIED, "are denied"),
    (Answer.UNRESOLVED, Code.DEPENDENCIES_UNRESOLVED, "are not resolved"),
    (Answer.INCONCLUSIVE, Code.DEPENDENCIES_INCONCLUSIVE, "are in doubt"),
)


def _told(found: Sequence[tuple[Part, Decided]]) -> str:
    shown = [f"{part.name}: {decided.why[:_LONGEST]}" for part, decided in found[:_SHOWN]]
    return "; ".join([*shown, *([f"and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else [])])
