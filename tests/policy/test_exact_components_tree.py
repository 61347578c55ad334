"""Which components are asked about, how far down, and in which words what came of them is told above."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from attest import limits, names
from attest.evidence.attach import attach_bundle, attach_document
from attest.evidence.collect import collect
from attest.evidence.seal import sealable
from attest.packages.digest import ArtifactDigest
from attest.policy.codes import Code
from attest.policy.components import Answer
from attest.policy.document import Policy
from attest.policy.verdict import Finding, Outcome
from attest.signing.sign import KeySigner, sign_statement
from attest.statements import lifecycle
from attest.statements.lifecycle import Seal
from attest.statements.statement import Subject as StatementSubject
from tests.evidence_factory import CYCLONEDX, NOW, bundle_of, key, signed
from tests.policy.test_dependencies import NO_DIGEST, OURS, PARTS, SIGNED, TREE, World, artifact, component, digest

SHA256 = ArtifactDigest("sha256", "11" * 32)


@pytest.fixture
def world(keys: Path, tmp_path: Path) -> World:
    for name in ("release", "security", "builder"):
        (tmp_path / f"{name}.pub").write_bytes((keys / f"{name}.pub").read_bytes())
    return World(tmp_path)


def told(finding: Finding) -> list[tuple[str, Answer, str]]:
    return [(part.name, decided.answer, decided.why) for part, decided in finding.components]


def asked(world: World, policy: Policy, *parts: str) -> list[str]:
    """The names of the components that are known, by the image's SBOM."""
    return [name for name, _, _ in told(world.finding(world.image(*parts), policy))]


@pytest.mark.parametrize(
    ("case", "answer", "why"),
    [
        ("denied", Answer.DENIED, "dependencies-denied"),
        ("broken", Answer.INCONCLUSIVE, "dependencies-inconclusive"),
        ("unresolved", Answer.DENIED, "dependencies-unresolved"),
    ],
)
def test_what_is_wrong_further_down_is_told_without_its_reasons(
    world: World, case: str, answer: Answer, why: str
) -> None:
    world.publish("low", "low", sign=case != "denied")
    if case == "broken":
        world.store.broken.add(artifact("low").manifest.digest)
    world.publish("top", component("low") if case == "unresolved" else "low")
    finding = world.finding(world.image("top"), world.policy(TREE))
    assert ("pkg:npm/top@1.0.0", answer, why) in told(finding)


def test_no_digest_and_none_by_which_it_is_named(world: World) -> None:
    for case, why in (
        ("none", "it has no digest; its policy has no 'resolve'"),
        ("of another kind", "it has no digest by which its ecosystem names it; its policy has no 'resolve'"),
        ("no purl", "it has no purl"),
    ):
        finding = world.finding(world.image(NO_DIGEST[case]), world.policy(PARTS))
        assert (why, Answer.UNRESOLVED) in [(item[2], item[1]) for item in told(finding)]


def test_circles_use_up_nothing_of_the_limit(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "COMPONENTS", 3)
    world.publish("a", "b")
    world.publish("b", "a", "c")
    world.publish("c", "b")
    assert world.finding(world.image("a"), world.policy(TREE)).outcome is Outcome.ADMITTED


def test_the_limit_is_for_all_levels_together(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "COMPONENTS", 2)
    world.publish("a", "b")
    world.publish("b", "c")
    world.publish("c", "b")
    assert told(world.finding(world.image("a"), world.policy(TREE))) == [
        ("pkg:npm/a@1.0.0", Answer.INCONCLUSIVE, "dependencies-inconclusive")
    ]


def test_one_artifact_under_two_names_is_asked_about_once(world: World) -> None:
    world.publish("a", "b")
    world.publish("b", component("a", digest("a"), SHA256))
    image, policy = world.image("a"), world.policy(TREE)
    world.store.asked.clear()
    assert world.finding(image, policy).outcome is Outcome.ADMITTED
    assert [item.endswith(str(artifact("a").manifest.digest)) for item in world.store.asked].count(True) == 1


def test_what_signs_the_documents_of_a_component_is_looked_at(world: World) -> None:
    """So that nothing of what its seal lists seems to be hidden."""
    subject, repository = world.publish("a", bom=False), "npm/a"
    raw, kind = json.dumps(CYCLONEDX).encode(), names.CYCLONEDX_JSON
    document = attach_document(
        world.store, repository, subject.manifest, raw, media_type=kind, title="bom.json", created=NOW
    ).descriptor()
    over = bundle_of(signed("release", subject=replace(subject, manifest=document))).raw
    attach_bundle(world.store, repository, document, over, predicate_type=names.PREDICATE_COSIGN_SIGN, created=NOW)
    anchor = subject.manifest.digest
    listed = sealable(collect(world.store, repository, subject, documents=True))
    seal = Seal(1, NOW - timedelta(hours=1), NOW + timedelta(days=1), {anchor: listed})
    kind, statement = lifecycle.write([StatementSubject(None, {anchor.algorithm: anchor.encoded})], seal)
    bundle = sign_statement(statement, KeySigner(key("release")), payload_type=lifecycle.payload_type(kind))
    attach_bundle(world.store, repository, subject.manifest, bundle, predicate_type=names.PREDICATE_SEAL, created=NOW)
    sealed = f"{OURS}rules:\n{SIGNED.replace('}', ', match: all, absence: seal}')}"
    assert told(world.finding(world.image("a"), world.policy(PARTS, parts=sealed))) == [
        ("pkg:npm/a@1.0.0", Answer.ADMITTED, "")
    ]


def test_the_reason_is_that_of_a_rule_that_decides(world: World) -> None:
    """Not of one that only warns, that holds, or that is waived."""
    head = OURS.replace("\nidentities:", "\nwaivers:\n  - {%s}\nidentities:")
    waiver = (
        f'rule: built, subject: "pkg:npm/a@1.0.0", digest: "{digest("a")}", reason: r, owner: o, expires: 2099-01-01'
    )
    rules = (
        "rules:\n"
        "  - {id: bom, require: sbom, by: [security], mode: warn}\n"
        "  - {id: built, require: provenance, by: [release]}\n"
        f"{SIGNED}"
        "  - {id: vsa, require: vsa, by: [release], verifier: https://verifier.example}\n"
    )
    world.publish("a")
    ((_, answer, why),) = told(world.finding(world.image("a"), world.policy(PARTS, parts=head % waiver + rules)))
    assert (answer, why.partition(":")[0]) == (Answer.DENIED, "vsa-missing")


def test_the_reason_is_one_of_a_denial_and_not_of_a_doubt(world: World) -> None:
    doubt = "  - {id: kept, require: no-revocation, by: [security], absence: seal}\n"
    world.publish("a", sign=False)
    ((_, answer, why),) = told(
        world.finding(world.image("a"), world.policy(PARTS, parts=f"{OURS}rules:\n{doubt}{SIGNED}"))
    )
    assert (answer, why.partition(":")[0]) == (Answer.DENIED, "signature-missing")


def test_a_policy_that_asks_nothing_about_components_is_decided_as_it_is(world: World) -> None:
    policy = world.policy(f"rules:\n{SIGNED}")
    verdict = world.verdict(world.publish("a", "b"), policy)
    assert (verdict.outcome, [item.components for item in verdict.findings]) == (Outcome.ADMITTED, [()])


def test_only_sboms_by_whom_the_rule_names_are_gone_through(world: World) -> None:
    world.publish("a")
    image = world.image("a")
    world.list_parts(image, "by-a-stranger", by="security")
    listing = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [component("b", digest("b"))]}
    world.attach(image, "https://type.example/v1", listing)
    finding = world.finding(image, world.policy(PARTS))
    assert told(finding) == [("pkg:npm/a@1.0.0", Answer.ADMITTED, "")]


def test_an_author_with_two_names_is_the_one_that_the_rule_names(world: World) -> None:
    world.publish("a")
    head = OURS.replace("  security:", "  also: {key: release.pub}\n  security:")
    assert asked(world, world.policy(PARTS, head=head), "a") == ["pkg:npm/a@1.0.0"]


def test_sboms_that_cannot_be_read_hide_no_others(world: World) -> None:
    image = world.image()
    for name in "abcdef":
        world.publish(name)
        world.list_parts(image, name)
        world.attach(image, names.PREDICATE_CYCLONEDX, {"bomFormat": "CycloneDX", "components": name})
    found = world.finding(image, world.policy(PARTS))
    assert found.code is Code.DEPENDENCIES_MALFORMED
    assert [name for name, _, _ in told(found)] == [f"pkg:npm/{name}@1.0.0" for name in "abcdef"]
