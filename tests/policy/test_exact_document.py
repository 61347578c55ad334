"""Of which files a policy is made where it names policies of components, and what it needs to be decided."""

from __future__ import annotations

from pathlib import Path

import pytest

from attest import limits
from attest.errors import PolicyError
from attest.oci.digest import Digest
from attest.policy.document import load, load_fetched, parse
from attest.policy.fetching import Fetching
from attest.policy.files import Fetched
from tests.policy.conftest import HEAD, Read
from tests.policy.test_extends import BASE, CHILD, Write, refused
from tests.policy.test_extends import write as write  # the fixture
from tests.stores.registry.scripted import Scripted

SIGNED = "rules:\n  - {id: signed, require: signature, by: [release]}\n"
PARTS = "  - {id: parts, require: dependencies, by: [release], policy: POLICY}\n"


def digest(path: Path) -> Digest:
    return Digest.of(path.read_bytes())


@pytest.mark.parametrize("where", ["", "deep/"])
def test_policies_of_components_are_named_with_their_files(write: Write, tmp_path: Path, where: str) -> None:
    key = "keys/" if not where else "../keys/"
    base, child = BASE.replace("keys/", key), CHILD
    write(**{f"{where}base".replace("/", "__"): base, f"{where}parts".replace("/", "__"): child})
    path = write(gate=BASE.replace("name: base", "name: gate") + PARTS.replace("POLICY", f"{where}parts.yaml"))
    found = [(file.name, file.digest) for file in load(path).files]
    assert found == [
        (f"{where}parts.yaml", digest(tmp_path / f"{where}parts.yaml")),
        (f"{where}parts.yaml: base.yaml", digest(tmp_path / f"{where}base.yaml")),
    ]


def test_one_that_lies_elsewhere_is_named_without_its_directory(write: Write, tmp_path: Path) -> None:
    write(parts=BASE)
    text = BASE.replace("keys/", "../keys/").replace("name: base", "name: gate")
    path = write(deep__gate=text + PARTS.replace("POLICY", "../parts.yaml"))
    assert [(file.name, file.digest) for file in load(path).files] == [("parts.yaml", digest(tmp_path / "parts.yaml"))]


def test_policies_of_components_are_each_read_once_and_no_more_than_the_limit(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One may name itself, and one that names it."""
    texts = {name: BASE + PARTS.replace("POLICY", f"{to}.yaml") for name, to in ("ab", "bc", "ca", "xx")}
    write(**texts)
    monkeypatch.setattr(limits, "COMPONENT_POLICIES", 3)
    assert [file.name for file in load(tmp_path / "x.yaml").files] == ["x.yaml"]
    policy = load(tmp_path / "a.yaml")
    assert [path.name for path in policy.components] == ["a.yaml", "b.yaml", "c.yaml"]
    assert all(not part.components for part in policy.components.values())
    assert len({policy, load(tmp_path / "a.yaml")}) == 1
    monkeypatch.setattr(limits, "COMPONENT_POLICIES", 2)
    assert refused(tmp_path / "a.yaml").what == "more than 2 policies of components"


def test_errors_in_a_policy_of_components_have_its_line(write: Write, tmp_path: Path) -> None:
    write(parts=BASE.replace("require: signature", "require: signatures"))
    path = write(gate=BASE + PARTS.replace("POLICY", "parts.yaml"))
    for columns in (False, True):
        with pytest.raises(PolicyError) as caught:
            parse(path.read_bytes(), where="gate.yaml", base=tmp_path, columns=columns)
        assert caught.value.where == f"{tmp_path.resolve() / 'parts.yaml'}:10"


def test_registries_are_asked_unless_it_is_offline(write: Write) -> None:
    with Scripted().running() as registry:
        path = write(child=CHILD.replace("base.yaml", f"oci:{registry.host}/p@sha256:{'0' * 64}"))
        with pytest.raises(PolicyError, match="needs a network"):
            load(path, offline=True)
        assert registry.requests() == []
        with pytest.raises(PolicyError):
            load(path)
        assert registry.requests()
        registry.asked.clear()
        with pytest.raises(PolicyError):
            parse(path.read_bytes(), where="child.yaml", base=path.parent)
        assert registry.requests()


def test_it_is_verified_by_the_identities_of_the_policy(write: Write) -> None:
    policy = load(write(base=BASE))
    assert policy.trust().identities == tuple(policy.identities.values())


def test_without_any_there_are_none(write: Write) -> None:
    policy = load(write(base=BASE))
    assert (policy.files, dict(policy.components)) == ((), {})


def test_out_of_a_registry_it_is_the_same_policy(write: Write, tmp_path: Path) -> None:
    path = write(base=BASE, parts=BASE, gate=f"{CHILD}rules:\n{PARTS.replace('POLICY', 'parts.yaml')}")
    with Fetching(offline=True) as fetching:
        policy = load_fetched(Fetched("oci:registry.example/p@sha256:0", path, tmp_path), fetching)
    assert (policy.name, [rule.id for rule in policy.rules]) == ("child", ["signed", "parts"])
    assert [file.name for file in policy.files] == ["oci:registry.example/p@sha256:0/base.yaml", "parts.yaml"]
    assert list(policy.components) == [(tmp_path / "parts.yaml").resolve()]


@pytest.mark.parametrize(("absence", "seals"), [("seal", True), ("listing", False)])
def test_whether_it_needs_seals_and_absence(read: Read, absence: str, seals: bool) -> None:
    plain = read(HEAD + SIGNED)
    assert (plain.needs_seals, plain.needs_absence) == (False, False)
    rule = f"  - {{id: kept, require: no-revocation, by: [security], absence: {absence}}}\n"
    policy = read(HEAD + SIGNED + rule)
    assert (policy.needs_seals, policy.needs_absence) == (seals, True)


def test_checks_may_stand_before_the_rules_that_they_name(read: Read) -> None:
    check = "  - {id: same, check: 'signed.author == signed.author'}\n"
    policy = read(HEAD + SIGNED.replace("rules:\n", f"rules:\n{check}"))
    assert ([rule.id for rule in policy.rules], [item.id for item in policy.checks]) == (["signed"], ["same"])


def test_two_of_one_name(write: Write) -> None:
    twice = BASE + BASE[BASE.index("  - {id") :]
    assert refused(write(base=twice)).why is None
    both = refused(write(base=BASE, child=f"{CHILD}{BASE[BASE.index('rules:') :]}"))
    assert both.why == "in this file and in one that it extends, or in two of these"


def test_who_extends_waives_only_its_own(write: Write) -> None:
    waiver = (
        f'waivers:\n  - {{rule: %s, subject: "pkg:npm/a@1", digest: "sha512:{"ab" * 64}", reason: r, owner: o, '
        "expires: 2027-01-01}\n"
    )
    own = f"{CHILD}rules:\n  - {{id: own, require: signature, by: [release]}}\n"
    assert [item.rule for item in load(write(base=BASE, child=own + waiver % "own")).waivers] == ["own"]
    assert refused(write(child=own + waiver % "signed")).what == "waiver 1: no rule 'signed' in this file"
