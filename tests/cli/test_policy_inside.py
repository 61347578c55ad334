"""A policy out of a registry says the same on every machine: nothing that lies on this one has a part in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from attest.policy import published
from attest.stores.registry import RegistryStore
from attest.stores.registry.credentials import UserCredentials
from tests.cli.conftest import POLICY, Workplace
from tests.stores.registry import real

WHEEL = "dist/acme-1.0-py3-none-any.whl"
RULE = "  - {id: parts, require: dependencies, by: [release], policy: sub/parts.yaml}\n"
GATE = POLICY + RULE
PARTS = POLICY.replace("name: gate", "name: parts").replace("release.pub", "../release.pub")
TEAM = "version: 1\nname: team\nextends: more.yaml\n"
MORE = POLICY.replace("name: gate", "name: more").replace("release.pub", "../release.pub")
INSIDE = {"gate.yaml": GATE, "sub/parts.yaml": PARTS}
OUT = "OUT/"
"""Stands for a way that leads out of wherever the policy is put."""
CASES = {
    "what it extends": {"gate.yaml": f"version: 1\nname: gate\nextends: {OUT}sub/more.yaml\n"},
    "the policy of components": {**INSIDE, "gate.yaml": GATE.replace("sub/parts.yaml", f"{OUT}sub/parts.yaml")},
    "a key": {**INSIDE, "gate.yaml": GATE.replace("key: release.pub", f"key: {OUT}release.pub")},
    "what the policy of components extends": {**INSIDE, "sub/parts.yaml": TEAM.replace("more", f"{OUT}sub/more")},
    "a key of the policy of components": {
        **INSIDE,
        "sub/parts.yaml": PARTS.replace("../release.pub", f"{OUT}release.pub"),
    },
    "the policy of components of components": {**INSIDE, "sub/parts.yaml": PARTS + RULE.replace("sub/", f"{OUT}sub/")},
    "a key of what the policy of components extends": {
        **INSIDE,
        "sub/parts.yaml": TEAM,
        "sub/more.yaml": MORE.replace("../release.pub", f"{OUT}release.pub"),
    },
}
ABSENT = {
    "what it extends": ({"gate.yaml": TEAM}, "more.yaml"),
    "the policy of components": ({"gate.yaml": GATE}, "sub/parts.yaml"),
    "a key": (INSIDE, "release.pub"),
}


@pytest.fixture
def host(tmp_path: Path) -> Iterator[str]:
    with real.olareg(tmp_path / "registry") as host:
        yield host


@pytest.fixture
def signed(attest: Workplace) -> Workplace:
    """A wheel that is signed, and beside it all that a policy could want."""
    attest.ok("sign", WHEEL, "--key", "release.key")
    attest.write("bom.json", '{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"name": "x"}]}')
    for name, text in {"sub/parts.yaml": PARTS, "sub/more.yaml": MORE}.items():
        attest.write(name, text)
    return attest


def put(attest: Workplace, host: str, files: dict[str, str], *, keys: bool = True) -> str:
    """Push what `attest policy push` would refuse."""
    out = f"{'../' * 30}{str(attest.directory)[1:]}/"
    written = {name: text.replace(OUT, out).encode() for name, text in files.items()}
    if keys:
        written["release.pub"] = (attest.directory / "release.pub").read_bytes()
    gate = written.pop("gate.yaml")
    with closing(RegistryStore(host, name=host, credentials=UserCredentials({}, attest.directory))) as store:
        manifest = published.push(store, "team/policy", ("gate.yaml", gate), written)
    return f"oci:{host}/team/policy@{manifest.digest}"


def asked(attest: Workplace, way: str, named: str) -> str:
    """A policy that is the one in the registry, or extends it, or has it for components."""
    if way == "--policy":
        return named
    text = f'version: 1\nname: mine\nextends: "{named}"\n'
    if way == "components":
        attest.write("of-parts.yaml", text.replace("mine", "theirs"))
        text = POLICY + RULE.replace("sub/parts.yaml", "of-parts.yaml")
    attest.write("mine.yaml", text)
    return "mine.yaml"


WAYS = ("--policy", "extends", "components")


@pytest.mark.peer("olareg")
@pytest.mark.parametrize("way", WAYS)
def test_nothing_of_this_machine_is_read(signed: Workplace, host: str, way: str) -> None:
    for what, files in CASES.items():
        refused = signed.refused("verify", WHEEL, "--policy", asked(signed, way, put(signed, host, files)))
        assert "a path leads out of the policy" in refused, what
    for what, (files, missing) in ABSENT.items():
        named = put(signed, host, files, keys=what != "a key")
        refused = signed.refused("verify", WHEEL, "--policy", asked(signed, way, named))
        assert f"without a file that it names: {missing}" in refused, (
            what
        )  # although one of that name lies where the command runs


@pytest.mark.peer("olareg")
@pytest.mark.parametrize("way", WAYS)
def test_what_it_has_with_it_is_read(signed: Workplace, host: str, way: str) -> None:
    named = asked(signed, way, put(signed, host, {**INSIDE, "sub/parts.yaml": TEAM, "sub/more.yaml": MORE}))
    (signed.directory / "sub/parts.yaml").unlink()
    result = signed("verify", WHEEL, "--policy", named, "--json").json["verdicts"][0]
    assert {item["code"] for item in result["findings"]} == {"signature-verified", "dependencies-missing"}


@pytest.mark.parametrize("what", CASES)
def test_a_policy_on_disk_may_name_what_lies_elsewhere(signed: Workplace, what: str, tmp_path: Path) -> None:
    """Whoever wrote it said so."""
    for name, text in CASES[what].items():
        signed.write(f"own/{name}", text.replace(OUT, f"{signed.directory}/"))
    signed.write("own/release.pub", (signed.directory / "release.pub").read_bytes())
    result = signed("verify", WHEEL, "--policy", "own/gate.yaml", "--json")
    assert "signature-verified" in {item["code"] for item in result.json["verdicts"][0]["findings"]}
