"""`require: dependencies`: what an image or a package is made of is decided by another policy, the whole tree of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest import limits, names
from attest.errors import PolicyError, StoreUnavailable
from attest.evidence.attach import attach_bundle, push_anchor
from attest.evidence.lookup import subject_of
from attest.evidence.model import Subject
from attest.oci.descriptor import EMPTY, EMPTY_BYTES
from attest.oci.digest import Digest
from attest.oci.manifest import write_image
from attest.packages import placement
from attest.packages.anchors import version_anchor
from attest.packages.digest import ArtifactDigest
from attest.packages.purl import Purl
from attest.policy import components_tree
from attest.policy.codes import Code
from attest.policy.decide import decide, judges_of
from attest.policy.document import Policy, load, parse
from attest.policy.evaluate import Hearing, evaluate_all
from attest.policy.lint import lint
from attest.policy.verdict import Finding, Outcome, Verdict
from attest.report.json import verdict_json
from attest.report.schemas import schema
from attest.signing.sign import KeySigner, sign_statement
from attest.statements.release import Artifact, Release, write
from attest.stores.memory import MemoryStore
from attest.stores.protocol import Referrers, Store
from tests.evidence_factory import NOW, bundle_of, key, signed
from tests.policy.conftest import HEAD

CODES = {
    Code.DEPENDENCIES_MISSING,
    Code.DEPENDENCIES_MALFORMED,
    Code.DEPENDENCIES_INCONCLUSIVE,
    Code.DEPENDENCIES_UNRESOLVED,
    Code.DEPENDENCIES_DENIED,
    Code.DEPENDENCIES_THRESHOLD,
    Code.DEPENDENCIES_VERIFIED,
}
"""All are produced here."""
SIGNED = "  - {id: signed, require: signature, by: [release]}\n"
WHOLE = "rules:\n" + SIGNED + "  - {id: parts, require: dependencies, by: [release], policy: tree.yaml}\n"
"""A policy that asks the same of components, and of theirs."""
OURS = HEAD.replace('"pkg:npm/*"', '"pkg:npm/**", "registry.example/app"')


def purl(name: str) -> Purl:
    return Purl.parse(f"pkg:npm/{name}@1.0.0")


def digest(name: str) -> ArtifactDigest:
    return ArtifactDigest("sha512", hashlib.sha512(name.encode()).hexdigest())


def artifact(name: str) -> Subject:
    return subject_of(purl(name), digest(name))


def component(name: str, *hashes: ArtifactDigest, **members: Any) -> dict[str, Any]:
    found = [{"alg": item.algorithm.upper().replace("SHA", "SHA-"), "content": item.hex} for item in hashes]
    return {"type": "library", "name": name, "version": "1.0.0", "purl": str(purl(name)), "hashes": found, **members}


@dataclass
class Counting(MemoryStore):
    """Counts what is asked, and fails where it is told to, or says that it did not list all."""

    asked: list[str] = field(default_factory=list)
    broken: set[Digest] = field(default_factory=set)
    partial: set[Digest] = field(default_factory=set)

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.broken, self.partial = [], set(), set()

    def referrers(self, repository: str, subject: Digest, *, artifact_type: str | None = None) -> Referrers:
        self.asked.append(f"{repository}@{subject}")
        if subject in self.broken:
            raise StoreUnavailable("connection refused")
        found = super().referrers(repository, subject, artifact_type=artifact_type)
        return replace(found, complete=False, problems=("page 2 failed",)) if subject in self.partial else found


@dataclass
class World:
    """A store, and policies in a directory."""

    folder: Path
    store: Counting = field(default_factory=Counting)

    def publish(self, name: str, *parts: dict[str, Any] | str, sign: bool = True, bom: bool = True) -> Subject:
        """A package with its signature and its SBOM, as wanted."""
        push_anchor(self.store, f"npm/{name}", "1.0.0", purl(name), digest(name))
        if sign:
            self.attach(artifact(name), names.PREDICATE_COSIGN_SIGN, {})
        if bom:
            self.list_parts(artifact(name), *parts)
        return artifact(name)

    def list_parts(self, subject: Subject, *parts: dict[str, Any] | str, by: str = "release", **members: Any) -> None:
        listed = [component(part, digest(part)) if isinstance(part, str) else part for part in parts]
        document = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": listed, **members}
        self.attach(subject, names.PREDICATE_CYCLONEDX, document, by)

    def attach(self, subject: Subject, kind: str, predicate: dict[str, Any], by: str = "release") -> None:
        bundle = bundle_of(signed(by, kind, predicate, subject=subject)).raw
        repository = self.place(subject.purl)[1] if subject.purl is not None else "app"
        attach_bundle(self.store, repository, subject.manifest, bundle, predicate_type=kind, created=NOW)

    def image(self, *parts: dict[str, Any] | str) -> Subject:
        self.store.push("app", EMPTY, EMPTY_BYTES)
        manifest = write_image(artifact_type="application/vnd.example", config=EMPTY, layers=[EMPTY])
        self.store.push("app", manifest.descriptor(), manifest.raw)
        subject = Subject(manifest.descriptor(), name="registry.example/app:1", image="registry.example/app")
        self.list_parts(subject, *parts)
        return subject

    def release(self, name: str, *digests: dict[str, str], by: str = "release") -> None:
        files = [Artifact(f"{name}-{given['sha512'][:8]}.tgz", given) for given in digests]
        bundle = sign_statement(write(Release(purl(name), tuple(files))), KeySigner(key(by)))
        push_anchor(self.store, f"npm/{name}", "1.0.0", purl(name), digest(name))
        anchor = version_anchor(purl(name)).descriptor()
        attach_bundle(self.store, f"npm/{name}", anchor, bundle, predicate_type=names.PREDICATE_RELEASE, created=NOW)

    def place(self, package: Purl) -> tuple[Store, str]:
        return self.store, placement.repository(package)

    def policy(self, text: str, *, head: str = OURS, parts: str = "", name: str = "gate.yaml") -> Policy:
        """A policy, beside `parts.yaml` and `tree.yaml`."""
        (self.folder / "parts.yaml").write_text(parts or f"{OURS}rules:\n{SIGNED}", "utf-8")
        (self.folder / "tree.yaml").write_text(OURS + WHOLE, "utf-8")
        (self.folder / name).write_text(head + text, "utf-8")
        return load(self.folder / name)

    def finding(self, subject: Subject, policy: Policy) -> Finding:
        (found,) = (item for item in self.verdict(subject, policy).findings if item.rule == "parts")
        return found

    def json(self, subject: Subject, policy: Policy) -> Any:
        verdict = verdict_json(self.verdict(subject, policy))
        jsonschema.Draft202012Validator(schema("verdict")).validate(DOCUMENT | {"verdicts": [verdict]})
        return verdict["findings"][1]

    def verdict(self, subject: Subject, policy: Policy) -> Verdict:
        judges = judges_of([policy], offline=True, now=NOW)
        repository = self.place(subject.purl)[1] if subject.purl is not None else "app"
        return decide(self.store, repository, subject, judges, now=NOW, near=self.place)


DOCUMENT = {
    "lockfiles": [],
    "withoutDigest": [],
    "counts": {"admitted": 0, "denied": 1, "inconclusive": 0, "withoutDigest": 0},
    "reasons": [],
    "outcome": "denied",
}
PARTS = (
    "rules:\n"
    + SIGNED.replace("signed", "first")
    + ("  - {id: parts, require: dependencies, by: [release], policy: parts.yaml}\n")
)
SOFT = PARTS + "unresolved: warn\n"
RESOLVING = f"{OURS}rules:\n{SIGNED}resolve: {{by: [release]}}\n"
LISTING = RESOLVING.replace("resolve: {", "resolve: {absence: listing, ")


@pytest.fixture
def world(keys: Path, tmp_path: Path) -> World:
    for name in ("release", "security", "builder"):
        (tmp_path / f"{name}.pub").write_bytes((keys / f"{name}.pub").read_bytes())
    return World(tmp_path)


def test_all_components_are_admitted(world: World) -> None:
    for name in ("a", "b"):
        world.publish(name)
    finding = world.finding(world.image("a", "b"), world.policy(PARTS))
    assert (finding.code, finding.outcome) == (Code.DEPENDENCIES_VERIFIED, Outcome.ADMITTED)
    assert finding.message == (
        "SBOM by release (1 of 1 needed; as far as the store lists): 2 of 2 components are admitted"
    )


def test_one_component_is_denied(world: World) -> None:
    world.publish("a")
    world.publish("b", sign=False)
    finding = world.finding(world.image("a", "b"), world.policy(PARTS))
    assert (finding.code, finding.outcome) == (Code.DEPENDENCIES_DENIED, Outcome.DENIED)
    assert (
        "1 of 2 components are denied: pkg:npm/b@1.0.0: signature-missing: no verified signature by release; "
        "1 referrer found: 1 verified SBOM by release"
    ) in finding.message
    assert finding.remedy is not None
    assert finding.remedy.startswith("replace the components that are denied")


def test_a_handful_is_told_and_the_rest_counted(world: World) -> None:
    many = [f"p{number}" for number in range(9)]
    finding = world.finding(world.image(*many), world.policy(PARTS))
    assert "9 of 9 components are denied: pkg:npm/p0@1.0.0: " in finding.message
    assert "pkg:npm/p2@1.0.0: " in finding.message
    assert "pkg:npm/p3@1.0.0: " not in finding.message
    assert "; and 6 more" in finding.message


def test_an_artifact_with_another_digest_is_another(world: World) -> None:
    world.publish("a")
    other = component("a", digest("something else"))
    assert world.finding(world.image(other), world.policy(PARTS)).code is Code.DEPENDENCIES_DENIED


def test_what_the_policy_of_components_is_not_for_is_denied(world: World) -> None:
    world.publish("a")
    policy = world.policy(PARTS, parts=f"{OURS}rules:\n{SIGNED}".replace("pkg:npm/**", "pkg:pypi/**"))
    finding = world.finding(world.image("a"), policy)
    assert finding.code is Code.DEPENDENCIES_DENIED
    assert "policy-not-applicable" in finding.message


@pytest.mark.parametrize("members", [{"purl": "pkg:npm/a@1.0.0?arch=x"}, {"purl": "pkg:npm/a@1.0.0#sub"}])
def test_qualifiers_name_no_other_package(world: World, members: dict[str, str]) -> None:
    world.publish("a")
    finding = world.finding(world.image(component("a", digest("a"), **members)), world.policy(PARTS))
    assert finding.outcome is Outcome.ADMITTED


NO_DIGEST = {
    "none": component("a"),
    "of another kind": component("a", ArtifactDigest("sha256", "11" * 32)),
    "no purl": {"type": "library", "name": "a", "version": "1.0.0"},
    "no purl that is read": {"type": "library", "name": "a", "purl": "not a purl"},
}


@pytest.mark.parametrize("case", NO_DIGEST)
def test_without_a_digest_a_component_is_denied_unless_the_policy_says_otherwise(world: World, case: str) -> None:
    world.publish("a")
    world.publish("b")
    image = world.image(NO_DIGEST[case], "b")
    finding = world.finding(image, world.policy(PARTS))
    assert (finding.code, finding.outcome) == (Code.DEPENDENCIES_UNRESOLVED, Outcome.DENIED)
    assert "1 of 2 components are not resolved: " in finding.message
    soft = world.finding(image, world.policy(SOFT))
    assert soft.outcome is Outcome.ADMITTED
    assert "1 of 2 components are admitted, 1 are not resolved" in soft.message


def test_a_denied_component_is_denied_also_where_others_may_be_unresolved(world: World) -> None:
    world.publish("b", sign=False)
    finding = world.finding(world.image(component("a"), "b"), world.policy(SOFT))
    assert finding.code is Code.DEPENDENCIES_DENIED


def test_release_statements_resolve(world: World) -> None:
    world.publish("a")
    policy = world.policy(PARTS, parts=RESOLVING)
    image = world.image(component("a"))
    assert world.finding(image, policy).outcome is Outcome.INCONCLUSIVE
    world.release("a", {"sha512": digest("a").hex}, by="security")
    assert world.finding(image, policy).outcome is Outcome.INCONCLUSIVE
    world.release("a", {"sha512": digest("a").hex})
    assert world.finding(image, policy).outcome is Outcome.ADMITTED


@pytest.mark.parametrize(
    "case",
    [
        (RESOLVING, "none", Outcome.INCONCLUSIVE),
        (RESOLVING, "of another kind", Outcome.INCONCLUSIVE),
        (RESOLVING, "no purl", Outcome.ADMITTED),
        (LISTING, "none", Outcome.ADMITTED),
        (LISTING, "of another kind", Outcome.ADMITTED),
        (LISTING, "no purl", Outcome.ADMITTED),
    ],
)
@pytest.mark.parametrize("others", [False, True])
def test_what_is_hidden_is_not_forgiven(world: World, case: tuple[str, str, Outcome], others: bool) -> None:
    """`unresolved: warn` lets pass what nobody could resolve, and what is proven that nobody did."""
    parts, name, expected = case
    if others and name == "of another kind":  # what is said of another file says nothing of this one
        world.publish("a")
        world.release("a", {"sha512": digest("a").hex, "sha256": "22" * 32})
    policy = world.policy(SOFT, parts=parts)
    world.publish("b")
    image = world.image(NO_DIGEST[name], "b")
    finding = world.finding(image, policy)
    assert finding.outcome is expected
    if expected is Outcome.INCONCLUSIVE:
        assert finding.code is Code.DEPENDENCIES_INCONCLUSIVE
        world.release("a", {"sha512": digest("gone").hex, "sha256": "11" * 32})
        assert world.finding(image, policy).code is Code.DEPENDENCIES_DENIED  # which was hidden


def test_a_listing_that_was_half_read_proves_nothing(world: World) -> None:
    policy = world.policy(SOFT, parts=LISTING)
    world.publish("b")
    image = world.image(NO_DIGEST["none"], "b")
    assert world.finding(image, policy).outcome is Outcome.ADMITTED
    world.store.partial.add(version_anchor(purl("a")).digest)
    finding = world.finding(image, policy)
    assert finding.code is Code.DEPENDENCIES_INCONCLUSIVE
    assert "it has no digest; a release statement may be missing: page 2 failed" in finding.message


def test_every_artifact_of_what_is_resolved_must_be_admitted(world: World) -> None:
    world.publish("a")
    world.release("a", {"sha512": digest("a").hex}, {"sha512": digest("never published").hex})
    finding = world.finding(world.image(component("a")), world.policy(PARTS, parts=RESOLVING))
    assert finding.code is Code.DEPENDENCIES_DENIED


def test_two_digests_that_two_files_have_mean_both(world: World) -> None:
    """A Go module is named by neither: which of the two it is, is not for whoever listed them to say."""
    module = Purl.parse("pkg:golang/example.com/m@v1.0.0")
    repository = placement.repository(module)
    named = {hex_: ArtifactDigest("dirHash1", hex_ * 32) for hex_ in ("aa", "bb")}
    files = tuple(
        Artifact(f"{kind}.zip", {"dirHash1": own.hex, kind: kind_digest})
        for own, (kind, kind_digest) in zip(named.values(), (("sha256", "11" * 32), ("sha512", "22" * 64)), strict=True)
    )
    push_anchor(world.store, repository, "v1.0.0", module, named["aa"])
    bundle = sign_statement(write(Release(module, files)), KeySigner(key("release")))
    anchor = version_anchor(module).descriptor()
    attach_bundle(world.store, repository, anchor, bundle, predicate_type=names.PREDICATE_RELEASE, created=NOW)
    world.attach(subject_of(module, named["aa"]), names.PREDICATE_COSIGN_SIGN, {})
    both = component("m", ArtifactDigest("sha256", "11" * 32), ArtifactDigest("sha512", "22" * 64), purl=str(module))
    image = world.image(both)
    policy = world.policy(PARTS, parts=RESOLVING.replace("pkg:npm/**", "pkg:golang/**"))
    assert world.finding(image, policy).code is Code.DEPENDENCIES_DENIED
    world.attach(subject_of(module, named["bb"]), names.PREDICATE_COSIGN_SIGN, {})
    assert world.finding(image, policy).code is Code.DEPENDENCIES_VERIFIED


def test_a_digest_of_another_kind_is_resolved_to_that_file(world: World) -> None:
    world.publish("a")
    world.release("a", {"sha512": digest("a").hex, "sha256": "11" * 32}, {"sha512": digest("other").hex})
    policy = world.policy(PARTS, parts=RESOLVING)
    assert world.finding(world.image(NO_DIGEST["of another kind"]), policy).outcome is Outcome.ADMITTED
    other = component("a", ArtifactDigest("sha256", "22" * 32))
    assert world.finding(world.image(other), policy).code is not Code.DEPENDENCIES_VERIFIED


def test_an_sbom_without_components_says_nothing(world: World) -> None:
    finding = world.finding(world.image(), world.policy(PARTS))
    assert (finding.code, finding.outcome) == (Code.DEPENDENCIES_MALFORMED, Outcome.DENIED)


def spdx(*described: str, lists: Sequence[str]) -> dict[str, Any]:
    def package(name: str) -> dict[str, Any]:
        locator = {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": str(purl(name))}
        checksum = {"algorithm": "SHA512", "checksumValue": digest(name).hex}
        return {"SPDXID": f"SPDXRef-{name}", "name": name, "externalRefs": [locator], "checksums": [checksum]}

    return {
        "spdxVersion": "SPDX-2.3",
        "SPDXID": "SPDXRef-DOCUMENT",
        "creationInfo": {"created": "2026-01-01T00:00:00Z", "creators": ["Tool: x"]},
        "packages": [package(name) for name in (*described, *lists)],
        "relationships": [
            {
                "spdxElementId": "SPDXRef-DOCUMENT",
                "relationshipType": "DESCRIBES",
                "relatedSpdxElement": f"SPDXRef-{name}",
            }
            for name in described
        ],
    }


@pytest.mark.parametrize("hidden", ["b", "gone"])
def test_what_is_described_beside_the_subject_is_a_component(world: World, hidden: str) -> None:
    """SPDX describes as many as it likes: none is hidden there."""
    world.publish("a")
    world.publish("b")
    subject = world.publish("top", bom=False)
    world.attach(subject, names.PREDICATE_SPDX, spdx("top", hidden, lists=["a"]))
    finding = world.finding(subject, world.policy(PARTS))
    assert finding.code is (Code.DEPENDENCIES_VERIFIED if hidden == "b" else Code.DEPENDENCIES_DENIED)
    assert " of 2 components " in finding.message


def test_another_package_that_alone_is_described_is_a_component(world: World) -> None:
    """Whatever a document is about, all that stands in it is asked about."""
    world.publish("a")
    subject = world.publish("top", bom=False)
    world.attach(subject, names.PREDICATE_SPDX, spdx("other-name", lists=["a"]))
    world.list_parts(subject, "a", metadata={"component": component("third-name", digest("third-name"))})
    finding = world.finding(subject, world.policy(PARTS))
    assert finding.code is Code.DEPENDENCIES_DENIED
    assert "1 of 2 components are denied: pkg:npm/other-name@1.0.0: " in finding.message
    assert "1 of 2 components are denied: pkg:npm/third-name@1.0.0: " in finding.message


def test_what_is_described_beside_the_subject_needs_nothing_that_is_listed(world: World) -> None:
    world.publish("b")
    subject = world.publish("top", bom=False)
    world.attach(subject, names.PREDICATE_SPDX, spdx("top", "b", lists=[]))
    assert "1 of 1 components are admitted" in world.finding(subject, world.policy(PARTS)).message


@pytest.mark.parametrize(
    "kind",
    [
        *("application", "container", "device", "device-driver", "firmware", "framework", "machine-learning-model"),
        *("operating-system", "platform", None, "new", ["library"]),
    ],
)
def test_software_without_a_purl_is_not_resolved(world: World, kind: object) -> None:
    """Of whatever type: it is not left out without a word."""
    world.publish("a")
    finding = world.finding(world.image("a", {"type": kind, "name": "base"}), world.policy(PARTS))
    assert finding.code is Code.DEPENDENCIES_UNRESOLVED
    assert "1 of 2 components are not resolved: base: it has no purl" in finding.message


@pytest.mark.parametrize("kind", ["file", "data", "cryptographic-asset"])
def test_what_is_no_software_needs_no_policy_but_its_purl_does(world: World, kind: str) -> None:
    world.publish("a")
    policy = world.policy(PARTS)
    nothing = {"type": kind, "name": "a key"}
    assert "1 of 1 components are admitted" in world.finding(world.image("a", nothing), policy).message
    hidden = component("gone", digest("gone"), type=kind)
    assert world.finding(world.image("a", hidden), policy).code is Code.DEPENDENCIES_DENIED


def test_an_sbom_by_a_stranger_counts_for_nothing(world: World) -> None:
    world.publish("a")
    subject = world.image("a")
    world.list_parts(subject, "b", by="security")
    assert world.finding(subject, world.policy(PARTS)).outcome is Outcome.ADMITTED
    only = world.policy(PARTS.replace("dependencies, by: [release]", "dependencies, by: [builder]"))
    finding = world.finding(subject, only)
    assert (finding.code, finding.outcome) == (Code.DEPENDENCIES_MISSING, Outcome.DENIED)


def test_all_sboms_must_fit_unless_the_rule_says_otherwise(world: World) -> None:
    world.publish("a")
    subject = world.image("a")
    world.list_parts(subject, "a", "gone")
    assert world.finding(subject, world.policy(PARTS)).code is Code.DEPENDENCIES_DENIED
    softer = world.policy(PARTS.replace("policy: parts.yaml", "policy: parts.yaml, match: any"))
    assert world.finding(subject, softer).outcome is Outcome.ADMITTED


def test_threshold(world: World) -> None:
    world.publish("a")
    two = PARTS.replace("by: [release], policy", "by: [release, security], threshold: 2, policy")
    subject = world.image("a")
    assert world.finding(subject, world.policy(two)).code is Code.DEPENDENCIES_THRESHOLD
    world.list_parts(subject, "a", by="security")
    assert world.finding(subject, world.policy(two)).outcome is Outcome.ADMITTED


def test_a_store_that_cannot_be_asked_about_a_component_leaves_doubt(world: World) -> None:
    world.publish("a")
    world.publish("b")
    world.store.broken.add(artifact("b").manifest.digest)
    image = world.image("a", "b")
    finding = world.finding(image, world.policy(PARTS))
    assert (finding.code, finding.outcome) == (Code.DEPENDENCIES_INCONCLUSIVE, Outcome.INCONCLUSIVE)
    assert "1 of 2 components are in doubt: pkg:npm/b@1.0.0: " in finding.message
    world.list_parts(image, "a", "b", "denied")
    assert world.finding(image, world.policy(PARTS)).outcome is Outcome.DENIED


def test_a_store_that_cannot_be_asked_for_release_statements_leaves_doubt(world: World) -> None:
    world.store.broken.add(version_anchor(purl("a")).digest)
    finding = world.finding(world.image(component("a")), world.policy(PARTS, parts=RESOLVING))
    assert finding.code is Code.DEPENDENCIES_INCONCLUSIVE


TREE = PARTS.replace("parts.yaml", "tree.yaml")


def test_components_of_components_are_decided(world: World) -> None:
    world.publish("leaf", "self")
    world.publish("self", "leaf")
    world.publish("mid", "leaf")
    world.publish("top", "mid")
    assert world.finding(world.image("top"), world.policy(TREE)).outcome is Outcome.ADMITTED


def test_what_is_denied_below_denies_above(world: World) -> None:
    world.publish("bad", "bad2", sign=False)
    world.publish("bad2", "bad")
    world.publish("mid", "bad2")
    world.publish("top", "mid")
    finding = world.finding(world.image("top"), world.policy(TREE))
    assert finding.code is Code.DEPENDENCIES_DENIED
    assert "pkg:npm/top@1.0.0: dependencies-denied" in finding.message


def test_a_component_without_an_sbom_of_its_own(world: World) -> None:
    world.publish("top", bom=False)
    finding = world.finding(world.image("top"), world.policy(TREE))
    assert finding.code is Code.DEPENDENCIES_DENIED
    assert "dependencies-missing" in finding.message


def test_a_package_that_lists_itself_harms_nothing(world: World) -> None:
    subject = world.publish("a", "a", "b")
    world.publish("b", "a")
    assert world.finding(subject, world.policy(TREE)).outcome is Outcome.ADMITTED


def chain(world: World, length: int) -> Subject:
    for number in range(length):
        world.publish(f"c{number}", f"c{number + 1}")
    world.publish(f"c{length}", "end")
    world.publish("end", f"c{length}")
    return world.image("c0")


def test_what_is_just_deep_enough_is_decided(world: World) -> None:
    near = chain(world, limits.COMPONENT_DEPTH - 2)
    assert world.finding(near, world.policy(TREE)).outcome is Outcome.ADMITTED


def test_one_deeper_leaves_doubt(world: World) -> None:
    finding = world.finding(chain(world, limits.COMPONENT_DEPTH - 1), world.policy(TREE))
    assert (finding.code, finding.outcome) == (Code.DEPENDENCIES_INCONCLUSIVE, Outcome.INCONCLUSIVE)


def test_too_many_leave_doubt(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "COMPONENTS", 3)
    for name in "abcd":
        world.publish(name)
    assert world.finding(world.image("a", "b", "c"), world.policy(PARTS)).outcome is Outcome.ADMITTED
    finding = world.finding(world.image("a", "b", "c", "d"), world.policy(PARTS))
    assert finding.code is Code.DEPENDENCIES_INCONCLUSIVE
    assert "pkg:npm/d@1.0.0: it was not looked at: there are too many components, or too deep" in finding.message


def test_shared_work_is_done_once(world: World) -> None:
    world.publish("shared", "a")
    for name in "abc":
        world.publish(name, "shared")
    image, policy = world.image("a", "b", "c", "shared"), world.policy(TREE)
    world.store.asked.clear()
    assert world.finding(image, policy).outcome is Outcome.ADMITTED
    about = [text for text in world.store.asked if text.endswith(str(artifact("shared").manifest.digest))]
    assert len(about) == 1


def evaluations(world: World, subject: Subject, policy: Policy, monkeypatch: pytest.MonkeyPatch) -> tuple[Finding, int]:
    """How often a component was weighed until all was decided."""
    asked: list[object] = []

    def counting(hearings: Sequence[Hearing], *, now: datetime) -> Verdict:
        asked.append(hearings)
        return evaluate_all(hearings, now=now)

    monkeypatch.setattr(components_tree, "evaluate_all", counting)
    return world.finding(subject, policy), len(asked)


@pytest.mark.parametrize("turned", [False, True])
def test_each_is_weighed_a_few_times_however_they_are_listed(
    world: World, monkeypatch: pytest.MonkeyPatch, turned: bool
) -> None:
    """A chain whose end is denied, and others that each list all of it: each change is one of all that list it."""
    links, lists = [f"c{number:02}" for number in range(16)], [f"r{number}" for number in range(4)]
    for name, following in zip(links, [*links[1:], "nowhere"], strict=True):
        world.publish(name, following)
    for name in lists:
        world.publish(name, *reversed(links))
    listed = [*lists, *links]
    image = world.image(*(reversed(listed) if turned else listed))
    finding, count = evaluations(world, image, world.policy(TREE), monkeypatch)
    assert finding.code is Code.DEPENDENCIES_DENIED
    assert "20 of 20 components are denied" in finding.message
    assert count <= 3 * (len(listed) + 1)  # first, when something below is denied, and last


def test_longer_lists_than_are_counted_leave_doubt(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.publish("a", "b", "c")
    world.publish("b", "a", "c")
    world.publish("c", "a")
    image, policy = world.image("a", "b", "c"), world.policy(TREE)
    monkeypatch.setattr(limits, "COMPONENTS_LISTED", 5)
    assert world.finding(image, policy).outcome is Outcome.ADMITTED
    monkeypatch.setattr(limits, "COMPONENTS_LISTED", 4)
    finding = world.finding(image, policy)
    assert (finding.code, finding.outcome) == (Code.DEPENDENCIES_INCONCLUSIVE, Outcome.INCONCLUSIVE)
    assert "pkg:npm/c@1.0.0: its own components were not looked at: the SBOMs list too many in all" in finding.message


def test_the_policies_of_components_stand_in_the_verdict(world: World) -> None:
    policy = world.policy(TREE)
    assert [file.name for file in policy.files] == ["tree.yaml"]
    assert set(policy.components) == {(world.folder / "tree.yaml").resolve()}
    assert next(iter(policy.components.values())).name == "gate"


def test_two_policies_that_name_each_other(world: World) -> None:
    one = OURS + WHOLE.replace("tree.yaml", "two.yaml")
    (world.folder / "two.yaml").write_text(OURS + WHOLE.replace("tree.yaml", "one.yaml"), "utf-8")
    (world.folder / "one.yaml").write_text(one, "utf-8")
    policy = world.policy(PARTS.replace("parts.yaml", "one.yaml"))
    assert [path.name for path in policy.components] == ["one.yaml", "two.yaml"]
    world.publish("a", "b")
    world.publish("b", "a")
    assert world.finding(world.image("a"), policy).outcome is Outcome.ADMITTED


def test_too_many_policies_are_refused(world: World) -> None:
    for number in range(limits.COMPONENT_POLICIES + 1):
        text = OURS + WHOLE.replace("tree.yaml", f"t{number + 1}.yaml")
        (world.folder / f"t{number}.yaml").write_text(text, "utf-8")
    with pytest.raises(PolicyError, match=f"more than {limits.COMPONENT_POLICIES} policies of components"):
        world.policy(PARTS.replace("parts.yaml", "t0.yaml"))


REFUSED = {
    "missing": ("", "'policy' is missing"),
    "gone": (", policy: gone.yaml", "cannot read the policy"),
    "no policy": (", policy: release.pub", "release.pub"),
    "a list": (", policy: [parts.yaml]", "'policy': expected text"),
    "unknown": (", policy: parts.yaml, depth: 3", "unknown key 'depth'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(world: World, case: str) -> None:
    terms, message = REFUSED[case]
    with pytest.raises(PolicyError) as caught:
        world.policy(PARTS.replace(", policy: parts.yaml", terms))
    assert message in str(caught.value)


def test_lint_reads_it(world: World) -> None:
    world.policy(PARTS)
    text = (OURS + PARTS).replace("  security: {key: security.pub}\n  builder: {key: builder.pub}\n", "")
    assert lint(text.encode(), where="gate.yaml", base=world.folder, now=NOW) == []


def test_a_policy_in_text_finds_its_neighbours(world: World, keys: Path) -> None:
    policy = parse((OURS + PARTS).encode(), where="gate.yaml", base=keys)
    assert list(policy.components) == [(keys / "parts.yaml").resolve()]


graphs = st.fixed_dictionaries(
    {name: st.tuples(st.booleans(), st.frozensets(st.sampled_from("abcd"), min_size=1)) for name in "abcd"}
)


@given(graph=graphs, top=st.frozensets(st.sampled_from("abcd"), min_size=1))
def test_a_tree_is_admitted_iff_all_that_is_reached_is_signed(
    policies: Callable[[], World], graph: dict[str, tuple[bool, frozenset[str]]], top: frozenset[str]
) -> None:
    """Counted another way, over graphs with circles."""
    world = policies()
    for name, (sign, parts) in graph.items():
        world.publish(name, *sorted(parts), sign=sign)
    reached: set[str] = set()
    pending = set(top)
    while pending:
        name = pending.pop()
        reached.add(name)
        pending |= graph[name][1] - reached
    finding = world.finding(world.image(*sorted(top)), load(world.folder / "gate.yaml"))
    # A package whose SBOM lists only itself lists nothing else, which is as good as being signed.
    assert (finding.outcome is Outcome.ADMITTED) == all(graph[name][0] for name in reached)


@pytest.fixture(scope="module")
def policies(keys: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], World]:
    folder = tmp_path_factory.mktemp("policies")
    for name in ("release", "security", "builder"):
        (folder / f"{name}.pub").write_bytes((keys / f"{name}.pub").read_bytes())
    World(folder).policy(TREE)
    return lambda: World(folder)


def test_the_json_has_all_of_them(world: World) -> None:
    world.publish("a")
    policy = world.policy(SOFT)
    told = world.json(world.image("a", "gone", component("b")), policy)["components"]
    assert [(item["name"], item["outcome"]) for item in told] == [
        ("pkg:npm/a@1.0.0", "admitted"),
        ("pkg:npm/b@1.0.0", "unresolved"),
        ("pkg:npm/gone@1.0.0", "denied"),
    ]
    assert told[0] == {
        "name": "pkg:npm/a@1.0.0",
        "purl": "pkg:npm/a@1.0.0",
        "digests": [str(digest("a"))],
        "outcome": "admitted",
        "why": "",
    }
    assert told[1]["why"] == "it has no digest; its policy has no 'resolve'"
