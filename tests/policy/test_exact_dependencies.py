"""How much is told of components, and which documents list any."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from attest import names
from attest.policy.carried import needed
from attest.policy.codes import Code
from attest.policy.verdict import Outcome
from tests.evidence_factory import NOW
from tests.policy.test_dependencies import OURS, PARTS, SIGNED, World
from tests.statements.scans import cyclonedx


@pytest.fixture
def world(keys: Path, tmp_path: Path) -> World:
    (tmp_path / "release.pub").write_bytes((keys / "release.pub").read_bytes())
    for name in ("security", "builder"):
        (tmp_path / f"{name}.pub").write_bytes((keys / f"{name}.pub").read_bytes())
    return World(tmp_path)


@pytest.mark.parametrize(("count", "more"), [(2, ""), (3, ""), (4, "; and 1 more"), (7, "; and 4 more")])
def test_three_are_told_and_others_counted(world: World, count: int, more: str) -> None:
    image = world.image(*(f"p{number}" for number in range(count)))
    message = world.finding(image, world.policy(PARTS)).message
    told = [
        f"pkg:npm/p{number}@1.0.0: signature-missing: no verified signature by release; nothing is attached"
        for number in range(min(count, 3))
    ]
    assert message.startswith(
        f"SBOM that does not fit (all must): {count} of {count} components are denied: {'; '.join(told)}"
    ), message
    assert message.split("nothing is attached")[-1].startswith(f"{more}; 1 referrer found"), message


def test_a_list_of_vulnerabilities_lists_no_components(world: World) -> None:
    world.publish("a")
    image = world.image("a")
    world.attach(
        image, names.PREDICATE_CYCLONEDX, {name: value for name, value in cyclonedx().items() if name != "components"}
    )
    finding = world.finding(image, world.policy(PARTS))
    assert (finding.code, finding.outcome) == (Code.DEPENDENCIES_VERIFIED, Outcome.ADMITTED)


def test_the_age_of_the_list(world: World) -> None:
    world.publish("a")
    policy = world.policy(PARTS.replace("policy: parts.yaml", "policy: parts.yaml, max_age: 7d"))
    for days, code in ((6, Code.DEPENDENCIES_VERIFIED), (8, Code.EVIDENCE_STALE)):
        made = (NOW - timedelta(days=days)).isoformat()
        image = world.publish(f"b{days}", "a", bom=False)
        world.list_parts(image, "a", metadata={"timestamp": made})
        assert world.finding(image, policy).code is code


def test_what_has_no_purl_is_ordered_and_told_by_its_name(world: World) -> None:
    world.publish("a")
    parts = [{"type": "library", "name": name, "version": "1"} for name in ("z", "y")]
    message = world.finding(world.image(*parts, "a"), world.policy(PARTS)).message
    assert "2 of 3 components are not resolved: z@1: it has no purl; y@1: it has no purl; " in message
    soft = world.finding(world.image(*parts, "a"), world.policy(PARTS + "unresolved: warn\n"))
    assert soft.message.endswith(": 1 of 3 components are admitted, 2 are not resolved")


def test_what_fits_says_how_many(world: World) -> None:
    world.publish("a")
    message = world.finding(world.image("a"), world.policy(PARTS)).message
    assert message.endswith(": 1 of 1 components are admitted")


def test_a_long_reason_is_cut(world: World) -> None:
    other = "b" * 200
    parts = OURS.replace('"pkg:npm/**"', f'"pkg:npm/{other}"') + f"rules:\n{SIGNED}"
    told = f"policy-not-applicable: policy gate is not for this package: it applies to pkg:npm/{other}"
    message = world.finding(world.image("a"), world.policy(PARTS, parts=parts)).message
    assert len(told) > 240
    assert f"denied: pkg:npm/a@1.0.0: {told[:240]}; 1 referrer found" in message, message


def test_one_that_cannot_be_read_hides_none(world: World) -> None:
    world.publish("a")
    image = world.image("a")
    world.attach(image, names.PREDICATE_CYCLONEDX, {"bomFormat": "CycloneDX", "components": 1})
    one = "match: any, policy: parts.yaml"
    for terms, code in (("policy: parts.yaml", Code.DEPENDENCIES_MALFORMED), (one, Code.DEPENDENCIES_VERIFIED)):
        assert world.finding(image, world.policy(PARTS.replace("policy: parts.yaml", terms))).code is code


def test_what_denies_is_told_before_what_is_in_doubt(world: World) -> None:
    world.publish("a", sign=False)
    sealed = "  - {id: kept, require: no-revocation, by: [release], absence: seal}\n"
    parts = f"{OURS}rules:\n{sealed}{SIGNED}"
    message = world.finding(world.image("a"), world.policy(PARTS, parts=parts)).message
    assert "1 of 1 components are denied: pkg:npm/a@1.0.0: signature-missing: " in message


def test_what_the_policy_of_components_needs_goes_along(world: World) -> None:
    parts = world.folder / "deep" / "parts.yaml"
    parts.parent.mkdir()
    parts.write_text(f"{OURS}rules:\n{SIGNED}".replace("{key: ", "{key: ../"), "utf-8")
    (world.folder / "team.pub").write_bytes((world.folder / "release.pub").read_bytes())
    parts.write_text(parts.read_text("utf-8").replace("release.pub", "team.pub"), "utf-8")
    world.policy(PARTS.replace("parts.yaml", "deep/parts.yaml"))
    along = [path.relative_to(world.folder.resolve()).as_posix() for path in needed(world.folder / "gate.yaml")]
    assert along == ["gate.yaml", "release.pub", "security.pub", "builder.pub", "deep/parts.yaml", "team.pub"]
