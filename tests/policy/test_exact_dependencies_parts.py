"""What a rule of dependencies says of an SBOM, without a policy around it: of no components, of all, of some."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from attest.errors import PolicyError
from attest.evidence.identity import Signer
from attest.policy.codes import Code
from attest.policy.components import Answer, Components, Decided, Part, parts_of
from attest.policy.rules.dependencies import DependenciesRule
from attest.policy.rules.rule import Claim, Fit, Refusal, Scene
from attest.policy.shapes import File
from attest.policy.standing import Standing
from attest.statements.sbom import Sbom, read_sbom
from tests.evidence_factory import NOW, SUBJECT, evidence, identity, signed
from tests.policy.conftest import HEAD, Read

PATH = Path("/parts.yaml")
RULE = DependenciesRule(id="it", by=("release",), policy=PATH)
SHOWN = evidence([signed("release")], [identity("release")])
WHO = frozenset({Signer("release", "key:x")})


def sbom(*names: str, type: str = "library", described: bool = False) -> Sbom:
    parts = [{"type": type, "name": name, "version": "1"} for name in names]
    document: dict[str, Any] = {"bomFormat": "CycloneDX", "specVersion": "1.6"}
    if described:
        document["metadata"] = {"component": {**parts[0], "purl": f"pkg:npm/{names[0]}@1.0.0"}}
    else:
        document["components"] = parts
    return read_sbom(document)


def judged(content: Sbom, *answers: Answer, unresolved: bool = False) -> Fit | Refusal:
    known: dict[tuple[Path, Part], Decided] = {
        (PATH, part): Decided(answer, f"why {part.name}")
        for part, answer in zip(parts_of(content, SUBJECT), answers, strict=True)
    }
    scene = Scene(SHOWN, Standing.of((), (), SUBJECT, NOW), {}, Components(known), unresolved)
    assert RULE.components(scene) == tuple(sorted(((part, known[PATH, part]) for _, part in known), key=str))
    return RULE.judge(content, Claim(SHOWN.verified[0], WHO, scene))


def fit(text: str) -> Fit:
    return Fit(WHO, (text,))


def test_an_sbom_of_nothing() -> None:
    empty = Refusal(Code.DEPENDENCIES_MALFORMED, "the SBOM lists no components")
    assert judged(sbom()) == empty
    assert judged(sbom("a.txt", type="file")) == fit("0 of 0 components are admitted")
    assert judged(sbom("other", described=True), Answer.ADMITTED) == fit("1 of 1 components are admitted")


def test_what_came_of_components() -> None:
    yes, no, open_, doubt = Answer.ADMITTED, Answer.DENIED, Answer.UNRESOLVED, Answer.INCONCLUSIVE
    assert judged(sbom("a", "b"), yes, yes) == fit("2 of 2 components are admitted")
    assert judged(sbom("a", "b", "c"), doubt, open_, no) == Refusal(
        Code.DEPENDENCIES_DENIED, "1 of 3 components are denied: c@1: why c@1"
    )
    assert judged(sbom("a", "b"), doubt, open_) == Refusal(
        Code.DEPENDENCIES_UNRESOLVED, "1 of 2 components are not resolved: b@1: why b@1"
    )
    assert judged(sbom("a", "b"), yes, open_, unresolved=True) == fit(
        "1 of 2 components are admitted, 1 are not resolved"
    )
    assert judged(sbom("a", "b"), doubt, open_, unresolved=True) == Refusal(
        Code.DEPENDENCIES_INCONCLUSIVE, "1 of 2 components are in doubt: a@1: why a@1"
    )
    assert judged(sbom("a"), no, unresolved=True) == Refusal(
        Code.DEPENDENCIES_DENIED, "1 of 1 components are denied: a@1: why a@1"
    )


@pytest.mark.parametrize(("number", "more"), [(2, ""), (3, ""), (4, "; and 1 more"), (6, "; and 3 more")])
def test_three_are_told(number: int, more: str) -> None:
    names = [f"p{n}" for n in range(number)]
    told = "; ".join(f"{name}@1: why {name}@1" for name in names[:3])
    assert judged(sbom(*names), *[Answer.DENIED] * number) == Refusal(
        Code.DEPENDENCIES_DENIED, f"{number} of {number} components are denied: {told}{more}"
    )


def test_the_policy_of_components_must_be_named(read: Read) -> None:
    (rule,) = read(f"{HEAD}rules:\n  - {{id: it, require: dependencies, by: [release], policy: parts.yaml}}\n").rules
    assert isinstance(rule, DependenciesRule)
    assert rule.policy.name == "parts.yaml"
    with pytest.raises(PolicyError, match="'policy' is missing"):
        read(f"{HEAD}rules:\n  - {{id: it, require: dependencies, by: [release]}}\n")
    key = DependenciesRule.KEYS["policy"]
    assert (key.required, key.shape) == (True, File(policy=True))
