"""``extends``: a policy adds to what it extends, and can soften nothing of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from attest import limits
from attest.errors import PolicyError
from attest.oci.digest import Digest
from attest.policy.document import Policy, load
from attest.policy.evaluate import evaluate
from attest.policy.schema import Leniency
from attest.policy.verdict import Outcome
from tests.evidence_factory import NOW, evidence, key, signed

TOP = 'version: 1\nname: {name}\napplies_to: ["pkg:npm/*"]\ntrust: {{keys_only: true}}\n'
BASE = (
    TOP.format(name="base")
    + "identities:\n  release: {key: keys/release.pub}\nbuilders:\n  ci: {identity: release, id: ci}\n"
    + "rules:\n  - {id: signed, require: signature, by: [release]}\n"
)
CHILD = "version: 1\nname: child\nextends: base.yaml\n"
OWN = CHILD + (
    "identities:\n  security: {key: ../keys/security.pub}\n"
    "rules:\n  - {id: reviewed, require: signature, by: [security]}\n"
)

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write files below a directory with two keys; where the last one lies."""
    for name in ("release", "security", "team"):
        path = tmp_path / "keys" / f"{name}.pub"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(key(name).public.pem())

    def write(**files: str) -> Path:
        for name, text in files.items():
            path = tmp_path / f"{name.replace('__', '/')}.yaml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return path

    return write


def refused(path: Path) -> PolicyError:
    with pytest.raises(PolicyError) as caught:
        load(path)
    return caught.value


def admits(policy: Policy, *names: str) -> Outcome:
    return evaluate(policy, evidence(map(signed, names), policy.identities.values()), now=NOW).outcome


def test_a_child_adds_rules(write: Write, tmp_path: Path) -> None:
    path = write(base=BASE, team__child=OWN.replace("base.yaml", "../base.yaml"))
    policy = load(path)
    assert [rule.id for rule in policy.rules] == ["signed", "reviewed"]
    assert (policy.name, policy.digest) == ("child", Digest.of(path.read_bytes()))
    base = (tmp_path / "base.yaml").read_bytes()
    assert [(file.name, file.digest) for file in policy.files] == [("../base.yaml", Digest.of(base))]
    assert admits(policy, "release", "security") is Outcome.ADMITTED
    assert admits(policy, "release") is admits(policy, "security") is Outcome.DENIED
    verdict = evaluate(policy, evidence([], policy.identities.values()), now=NOW)
    assert verdict.policies[0].files == policy.files


def test_a_child_may_use_what_its_parents_define(write: Write) -> None:
    rule = "rules:\n  - {id: built, require: provenance, by: [release], builders: [ci]}\n"
    assert [item.id for item in load(write(base=BASE, child=CHILD + rule)).rules] == ["signed", "built"]


def test_a_child_without_rules_is_its_parents(write: Write) -> None:
    policy = load(write(base=BASE, child=CHILD))
    assert [rule.id for rule in policy.rules] == ["signed"]
    assert [str(pattern) for pattern in policy.applies_to] == ["pkg:npm/*"]


def test_a_parent_may_only_define_names(write: Write) -> None:
    names = "version: 1\nname: people\nidentities:\n  release: {key: keys/release.pub}\n"
    rules = (
        TOP.format(name="child") + "extends: base.yaml\nrules:\n  - {id: signed, require: signature, by: [release]}\n"
    )
    assert admits(load(write(base=names, child=rules)), "release") is Outcome.ADMITTED
    error = refused(write(base=names, child=CHILD + "trust: {keys_only: true}\n"))
    assert error.what == "policy: 'rules' is missing"
    assert "'applies_to' is missing" in refused(write(child=rules.replace('applies_to: ["pkg:npm/*"]\n', ""))).what


def test_parents_do_not_see_one_another(write: Write) -> None:
    """What a file says does not depend on who extends it along with what."""
    stranger = "version: 1\nname: b\nrules:\n  - {id: b, require: signature, by: [release]}\n"
    error = refused(write(a=BASE, b=stranger, child=CHILD.replace("base.yaml", "[a.yaml, b.yaml]")))
    assert error.what == "rule 'b': no identity 'release'"
    assert str(error.where).endswith("b.yaml:4")


@pytest.mark.parametrize("extends", ["[a.yaml, b.yaml]", "parts"])
def test_several_and_directories(write: Write, extends: str) -> None:
    a = BASE.replace("keys/", "../keys/" if extends == "parts" else "keys/")
    b = a.replace("release", "security").replace("ci", "other").replace("signed", "reviewed")
    folder = "parts__" if extends == "parts" else ""
    policy = load(write(**{f"{folder}a": a, f"{folder}b": b, "child": CHILD.replace("base.yaml", extends)}))
    prefix = folder.replace("__", "/")
    assert [file.name for file in policy.files] == [f"{prefix}a.yaml", f"{prefix}b.yaml"]
    assert [rule.id for rule in policy.rules] == ["signed", "reviewed"]


def test_what_two_extend_is_read_once(write: Write) -> None:
    left, right = (f"version: 1\nname: {name}\nextends: base.yaml\n" for name in ("left", "right"))
    policy = load(write(base=BASE, left=left, right=right, child=CHILD.replace("base.yaml", "[left.yaml, right.yaml]")))
    assert [file.name for file in policy.files] == ["base.yaml", "left.yaml", "right.yaml"]
    assert len(policy.rules) == 1


# --- nothing is softened


@pytest.mark.parametrize(
    ("base", "child", "expected"),
    [
        ("", "", Leniency.DENY),
        ("undigested: warn\n", "", Leniency.WARN),
        ("undigested: warn\n", "undigested: deny\n", Leniency.DENY),
        ("undigested: warn\n", "undigested: warn\n", Leniency.WARN),
    ],
)
def test_a_child_may_be_stricter(write: Write, base: str, child: str, expected: Leniency) -> None:
    assert load(write(base=BASE + base, child=CHILD + child)).undigested is expected


def test_who_only_defines_names_has_no_opinion(write: Write) -> None:
    names = "version: 1\nname: people\nidentities:\n  release: {key: keys/release.pub}\n"
    rules = (
        TOP.format(name="child") + "extends: base.yaml\nrules:\n  - {id: signed, require: signature, by: [release]}\n"
    )
    assert load(write(base=names, child=rules + "undigested: warn\n")).undigested is Leniency.WARN
    assert load(write(base=names, child=rules)).undigested is Leniency.DENY


def test_one_says_what_a_version_has(write: Write) -> None:
    resolve = "resolve: {by: [release]}\n"
    assert load(write(base=BASE + resolve, child=CHILD)).resolvers == ("release",)
    assert load(write(base=BASE, child=CHILD + resolve)).resolvers == ("release",)
    assert (
        refused(write(base=BASE + resolve, child=CHILD + resolve)).what == "policy: 'resolve' stands in what it extends"
    )


# --- what cannot be read


def test_cycles_are_told_with_the_chain(write: Write) -> None:
    files = {name: f"version: 1\nname: {name}\nextends: {to}.yaml\n" for name, to in ("ab", "bc", "ca")}
    path = write(**files, child=CHILD.replace("base", "a"))
    error = refused(path)
    assert error.what == "the policy extends itself"
    assert error.why == "a.yaml extends b.yaml extends c.yaml extends a.yaml"
    assert str(error.where).endswith("c.yaml:3")
    assert refused(write(self=CHILD.replace("base", "self"))).why == "self.yaml extends self.yaml"
    os.symlink(path, path.parent / "again.yaml")
    assert refused(write(child=CHILD.replace("base", "again"))).what == "the policy extends itself"


def test_errors_name_the_file_that_has_them(write: Write) -> None:
    error = refused(write(base=BASE.replace("by: [release]", "bye: [release]"), child=CHILD))
    assert str(error.where).endswith("base.yaml:10")
    error = refused(write(child=CHILD.replace("base", "none")))
    assert (error.what, str(error.where)[-12:]) == ("'extends': cannot read the policy", "child.yaml:3")
    assert str(error.why).endswith("none.yaml: No such file or directory")
    (write(child=CHILD).parent / "parts").mkdir()
    assert refused(write(child=CHILD.replace("base.yaml", "parts"))).what == "no policy in the directory"


@pytest.mark.parametrize("text", ["3", "{a: b}", "[]", "[base.yaml, base.yaml]", "''", "[[base.yaml]]"])
def test_what_it_is_not(write: Write, text: str) -> None:
    assert "'extends'" in refused(write(base=BASE, child=CHILD.replace("base.yaml", text))).what


def test_a_registry_needs_a_digest(write: Write) -> None:
    error = refused(write(child=CHILD.replace("base.yaml", "oci:registry.example/policies/base:v1")))
    assert error.what.endswith("a policy in a registry without a digest")
    assert str(error.where).endswith("child.yaml:3")
    assert error.next_step == "write oci:HOST/REPO@sha256:…"  # a key on the command line is for what is named there
    assert "oci:x" in refused(write(child=CHILD.replace("base.yaml", "oci:x"))).what


def test_how_much(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    chain = {f"p{depth}": f"version: 1\nname: p{depth}\nextends: p{depth + 1}.yaml\n" for depth in range(8)}
    assert load(write(**chain, p8=BASE).parent / "p0.yaml").name == "p0"
    path = write(top=CHILD.replace("base", "p0"))
    assert refused(path).why == f"more than the limit of files that extend one another {limits.POLICY_DEPTH} deep"
    many = {f"parts__p{number}": f"version: 1\nname: p{number}\n" for number in range(limits.POLICY_FILES + 1)}
    path = write(**many, top=CHILD.replace("base.yaml", "parts"))
    assert refused(path).why == f"more than the limit of {limits.POLICY_FILES} files"
    monkeypatch.setattr(limits, "POLICY_TOTAL", 200)
    assert refused(write(base=BASE, child=CHILD)).why == "more than the limit of 200 bytes"


def test_how_many_rules(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "POLICY_RULES", 1)
    assert refused(write(base=BASE, child=OWN.replace("../keys", "keys"))).what == "2 rules"
