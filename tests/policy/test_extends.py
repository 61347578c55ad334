"""``extends``: a policy adds to what it extends, and can soften nothing of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from attest import limits
from attest.errors import PolicyError
from attest.oci.digest import Digest
from attest.policy.codes import Code
from attest.policy.document import Policy, load
from attest.policy.evaluate import evaluate
from attest.policy.rules.rule import Mode
from attest.policy.schema import Leniency
from attest.policy.verdict import Outcome
from tests.evidence_factory import DIGEST, NOW, PURL, evidence, key, signed
from tests.policy.test_absence import judge, of, revocation, seal, withdrawal

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

WAIVER = (
    f'waivers:\n  - {{rule: signed, subject: "{PURL}", digest: "{DIGEST}", reason: r, owner: o, expires: 2027-01-01}}\n'
)


@pytest.mark.parametrize(
    ("more", "line", "says"),
    [
        (WAIVER, 5, "waiver 1: no rule 'signed' in this file"),
        ("rules:\n  - {id: signed, require: signature, by: [release]}\n", 5, "the rule id 'signed' stands twice"),
        (
            "identities:\n  release: {key: keys/security.pub}\n",
            5,
            "the identity 'release' stands in a file that this one extends, or in another one",
        ),
        (
            "identities:\n  security: {key: keys/security.pub}\nbuilders:\n  ci: {identity: security, id: ci}\n",
            7,
            "the builder 'ci' stands in a file that this one extends, or in another one",
        ),
        ("undigested: warn\n", 4, "policy: 'undigested' is softer than what it extends"),
        ("unresolved: warn\n", 4, "policy: 'unresolved' is softer than what it extends"),
        ("trust: {root: public-good}\n", 4, "'trust' is another than that of base.yaml"),
    ],
)
def test_nothing_of_a_parent_is_changed(write: Write, more: str, line: int, says: str) -> None:
    error = refused(write(base=BASE, child=CHILD + more))
    assert error.what == says
    assert str(error.where).endswith(f"child.yaml:{line}")


def test_a_parent_waives_its_own(write: Write) -> None:
    policy = load(write(base=BASE + WAIVER, child=OWN.replace("../keys", "keys")))
    verdict = evaluate(policy, evidence([], policy.identities.values()), now=NOW)
    assert [(item.code, item.waived is not None) for item in verdict.findings] == [
        (Code.SIGNATURE_MISSING, True),
        (Code.SIGNATURE_MISSING, False),
    ]
    assert verdict.outcome is Outcome.DENIED


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


# --- who revokes

LISTED = ", absence: listing}\n"
GUARDED = BASE.replace("rules:", "  security: {key: keys/security.pub}\nrules:").replace(
    "builders:\n  ci: {identity: release, id: ci}\n", ""
) + (f"  - {{id: not-withdrawn, require: no-withdrawal, by: [security]{LISTED}")
REVOKES = "{id: not-revoked, require: no-revocation, by: [team]"
TEAM = "identities:\n  team: {key: keys/team.pub}\n"


def test_a_child_takes_no_withdrawal_away_from_its_parent(write: Write) -> None:
    policy = load(write(base=GUARDED, child=f"{CHILD}{TEAM}rules:\n  - {REVOKES}{LISTED}"))
    made = withdrawal("security")
    verdict = judge(policy, signed("release"), made, revocation("team", made))
    assert of(verdict, "not-withdrawn").code is Code.WITHDRAWAL_FOUND
    assert judge(policy, signed("release"), made, revocation("security", made)).outcome is Outcome.ADMITTED


def test_a_child_takes_no_seal_away_from_its_parent(write: Write) -> None:
    """The latest seal says what is hidden; without it an older one of somebody else would do."""
    base = GUARDED.replace("[security], absence: listing", "[release, security], absence: seal")
    policy = load(write(base=base, child=f"{CHILD}{TEAM}rules:\n  - {REVOKES}{LISTED}"))
    good, hidden = signed("release"), signed("security")
    strict, lenient = seal("security", good, hidden), seal("release", good)
    verdict = judge(policy, good, strict, lenient, revocation("team", strict))
    assert of(verdict, "not-withdrawn").code is Code.ABSENCE_HIDDEN


def test_revokers_are_honoured_by_the_file_that_names_them_and_those_that_extend_it(write: Write) -> None:
    rule = "  - {id: %s, require: signature, by: [release]}\n"
    middle = f"version: 1\nname: middle\nextends: base.yaml\n{TEAM}rules:\n{rule % 'middle'}  - {REVOKES}{LISTED}"
    child = f"version: 1\nname: child\nextends: [middle.yaml, beside.yaml]\nrules:\n{rule % 'child'}"
    beside = f"version: 1\nname: beside\nextends: base.yaml\nrules:\n{rule % 'beside'}"
    policy = load(write(base=GUARDED, middle=middle, beside=beside, child=child))
    good = signed("release")
    verdict = judge(policy, good, revocation("team", good))
    admitted = {item.rule for item in verdict.findings if item.outcome is Outcome.ADMITTED}
    assert admitted == {"signed", "not-withdrawn", "beside"}
    assert of(verdict, "not-revoked").code is Code.REVOCATION_FOUND
    assert {item.rule for item in judge(policy, good).findings if item.outcome is not Outcome.ADMITTED} == set()


@pytest.mark.parametrize("mode", Mode)
def test_a_rule_that_decides_nothing_names_nobody_who_revokes(write: Write, mode: Mode) -> None:
    base = GUARDED.replace("rules:", f"  team: {{key: keys/team.pub}}\nrules:\n  - {REVOKES}, mode: {mode}{LISTED}")
    policy = load(write(base=base))
    made = withdrawal("security")
    outcome = judge(policy, signed("release"), made, revocation("team", made)).outcome
    assert outcome is (Outcome.ADMITTED if mode is Mode.ENFORCE else Outcome.DENIED)


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
