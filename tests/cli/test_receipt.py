"""Receipts: a recorded verdict follows from its inputs, or it is told where it does not."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from attest.report.schemas import schema
from tests.cli.conftest import POLICY, Workplace
from tests.cli.test_cosign import BOM, WHEEL
from tests.stores.programs import olareg

KEY = ("--key", "release.key")
GATE = ("--policy", "gate.yaml")
RECEIPT = "acme.receipt"
SEALED = POLICY + "  - {id: kept, require: no-revocation, by: [release], absence: seal}\n"
RICH = (
    POLICY
    + """\
  - {id: sbom, require: sbom, by: [release], mode: warn}
  - {id: built, require: provenance, by: [release]}
waivers:
  - {rule: built, subject: "pkg:pypi/acme@1.0", digest: "DIGEST", reason: r, owner: o, expires: 2099-01-01}
"""
)


@pytest.fixture(autouse=True)
def gate(attest: Workplace) -> None:
    attest.write("gate.yaml", POLICY)
    attest.write("bom.json", BOM)


def record(attest: Workplace, *arguments: str | Path, code: int = 0) -> Any:
    result = attest("verify", *arguments, "--receipt", RECEIPT)
    assert result.code == code, result.out
    return json.loads(Path(RECEIPT).read_text())


def check(attest: Workplace, *arguments: str, code: int = 0) -> list[str]:
    """The differences, in words."""
    result = attest("receipt", "check", RECEIPT, *arguments, "--json")
    assert result.code == code, result.out
    Draft202012Validator(schema("receipt")).validate(result.json)
    assert result.json["reproduced"] is not bool(result.json["differences"])
    differences: list[str] = result.json["differences"]
    return differences


def test_a_receipt_is_what_json_is(attest: Workplace) -> None:
    attest.ok("sign", WHEEL, *KEY)
    result = attest("verify", WHEEL, *GATE, "--json", "--receipt", RECEIPT)
    assert result.out == Path(RECEIPT).read_text()
    shown = attest.ok("receipt", "check", RECEIPT, *GATE).out
    digest = result.json["verdicts"][0]["digest"]
    assert shown == f"reproduced  {RECEIPT}\n  admitted  pkg:pypi/acme@1.0  {digest}\n"
    text = attest("verify", WHEEL, *GATE, "--explain", "--receipt", RECEIPT)
    assert text.out.startswith("admitted")
    assert check(attest, *GATE) == []


@pytest.mark.parametrize("policy", [POLICY, SEALED, RICH, POLICY.replace("pypi", "npm")], ids=range(4))
@pytest.mark.parametrize("signed", [False, True])
def test_every_outcome_comes_out_again_whatever_has_come_since(attest: Workplace, policy: str, signed: bool) -> None:
    attest.ok("key", "generate", "other")
    attest.ok("attach", WHEEL, "bom.json", "--unsigned")
    if signed:
        attest.ok("sign", WHEEL, *KEY)
        attest.ok("sign", WHEEL, "--key", "other.key")
        attest.ok("attach", WHEEL, "bom.json", *KEY)
        attest.ok("seal", WHEEL, *KEY, "--expires", "2h")
    digest = json.loads(attest("verify", WHEEL, *GATE, "--json").out)["verdicts"][0]["digest"]
    attest.write("gate.yaml", policy.replace("DIGEST", digest))
    result = attest("verify", WHEEL, *GATE, "--receipt", RECEIPT)
    assert check(attest, *GATE) == []
    assert attest.ok("receipt", "check", RECEIPT, *GATE).err == ""
    attest.ok("pack", WHEEL, "--output", "then.pack")
    attest.ok("sign", WHEEL, *KEY)
    attest.ok("withdraw", WHEEL, "--reason", "malicious", *KEY)
    evidence = json.loads(Path(RECEIPT).read_text())["verdicts"][0]["evidence"]
    attest.ok("revoke", evidence[0], "--of", WHEEL, "--reason", "no", *KEY)
    attest.ok("seal", WHEEL, *KEY, "--expires", "2h")
    assert check(attest, *GATE) == []
    assert check(attest, *GATE, "--offline", "--store", "oci-archive:then.pack") == []
    assert (
        result.code == {"admitted": 0, "denied": 1, "inconclusive": 3}[json.loads(Path(RECEIPT).read_text())["outcome"]]
    )


def test_evidence_that_is_gone_is_told(attest: Workplace) -> None:
    attest.ok("sign", WHEEL, *KEY)
    (verdict,) = record(attest, WHEEL, *GATE)["verdicts"]
    elsewhere = ("--store", "oci:elsewhere/{package}")
    attest.ok("anchor", WHEEL, *elsewhere)
    said = attest.refused("receipt", "check", RECEIPT, *GATE, *elsewhere, code=3)
    assert verdict["evidence"][0] in said
    assert "not all evidence that the verdict went by is there" in said


def test_another_policy_is_refused(attest: Workplace) -> None:
    attest.ok("sign", WHEEL, *KEY)
    record(attest, WHEEL, *GATE)
    attest.write("other.yaml", POLICY.replace("name: gate", "name: other"))
    assert "the receipt is by the policy 'gate'" in attest.refused(
        "receipt", "check", RECEIPT, "--policy", "other.yaml"
    )
    both = check(attest, *GATE, "--policy", "other.yaml", code=1)
    assert any(item.endswith("now signature-verified: signature by release (1 of 1 needed)") for item in both)
    attest.write("gate.yaml", POLICY + "# a comment\n")
    assert "the policy gate is not the one of the receipt" in attest.refused("receipt", "check", RECEIPT, *GATE)
    assert "is checked with its policy" in attest.refused("receipt", "check", RECEIPT)


def test_files_of_a_policy_are_part_of_it(attest: Workplace) -> None:
    attest.ok("sign", WHEEL, *KEY)
    attest.write(
        "base.yaml", "rules:\n  - {id: signed, require: signature, by: [release]}\n" + POLICY.split("rules:")[0]
    )
    attest.write("gate.yaml", "version: 1\nname: top\nextends: base.yaml\n")
    record(attest, WHEEL, *GATE)
    assert check(attest, *GATE) == []
    attest.write("base.yaml", Path("base.yaml").read_text() + "# a comment\n")
    assert "files that it is made of differ: base.yaml" in attest.refused("receipt", "check", RECEIPT, *GATE)


def test_several_policies_in_any_order(attest: Workplace) -> None:
    attest.ok("sign", WHEEL, *KEY)
    attest.write("other.yaml", POLICY.replace("name: gate", "name: other"))
    record(attest, WHEEL, *GATE, "--policy", "other.yaml")
    assert check(attest, "--policy", "other.yaml", *GATE) == []


def test_lockfiles_and_several_subjects(attest: Workplace) -> None:
    digest = json.loads(attest("verify", WHEEL, *GATE, "--json").out)["verdicts"][0]["digest"].partition(":")[2]
    other = attest.wheel("other")
    attest.ok("sign", WHEEL, *KEY)
    attest.write("requirements.txt", f"acme==1.0 --hash=sha256:{digest}\nloose==1\n")
    record(attest, other, "--lock", "requirements.txt", *GATE, code=1)
    result = attest("receipt", "check", RECEIPT, *GATE)
    assert (result.code, result.err) == (0, f"{RECEIPT}: what it says of lockfiles themselves was not looked at\n")
    value = json.loads(Path(RECEIPT).read_text())
    assert [len(value[name]) for name in ("verdicts", "lockfiles", "withoutDigest")] == [2, 1, 1]
    value["counts"]["withoutDigest"] = 0
    Path(RECEIPT).write_text(json.dumps(value, indent=2) + "\n")
    assert check(attest, *GATE, code=1) == ["receipt.counts.withoutDigest: recorded 0, now 1"]


def test_a_store_that_could_not_be_asked(attest: Workplace) -> None:
    record(attest, WHEEL, *GATE, "--store", "127.0.0.1:9/evidence/{package}", code=3)
    assert check(attest, *GATE) == []


def test_a_version_and_an_image(attest: Workplace) -> None:
    attest.ok("sign", WHEEL, *KEY)
    record(attest, "pkg:pypi/acme@1.0", *GATE, code=3)
    assert check(attest, *GATE) == []
    record(attest, "pkg:pypi/nothing@1.0", *GATE, code=1)
    assert check(attest, *GATE) == []
    with olareg(Path(".attest")) as registry:
        attest.write("gate.yaml", POLICY.replace("pkg:pypi/**", f"{registry.host}/pypi/acme"))
        anchor = attest.ok("anchor", WHEEL, "--dry-run").out.split()[1]
        record(attest, f"{registry.host}/pypi/acme@{anchor}", *GATE)
        assert check(attest, *GATE) == []


def paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from paths(value[key], (*path, key))


def changed(value: Any) -> list[Any]:
    """Other values of the same kind, and none."""
    match value:
        case bool():
            return [not value, None]
        case str():
            return [value + "x", "", None]
        case int():
            return [value + 1, None]
        case list() if value:
            return [[], value[:-1], [*value, value[0]]]
        case dict() if value:
            return [{}, {**value, "more": 1}, dict(reversed(value.items()))]
    return ["x"]


INPUTS = (
    ("now",),
    ("listing", "listedAt"),
    ("listing", "complete"),
    ("listing", "whole"),
    ("listing", "problems"),
    ("about", "readFromFile"),
    ("about", "lookedUp"),
)
"""Changed, they make another receipt, which may hold as well."""


def is_input(path: tuple[str | int, ...]) -> bool:
    inside = path[2:]
    return any(inside[: len(one)] == one for one in INPUTS) or "found" in inside or "sealProblems" in inside


def test_whatever_is_changed_is_refused_or_noticed(attest: Workplace) -> None:
    attest.ok("attach", WHEEL, "bom.json", "--unsigned")
    attest.ok("sign", WHEEL, *KEY)
    digest = json.loads(attest("verify", WHEEL, *GATE, "--json").out)["verdicts"][0]["digest"]
    attest.write("gate.yaml", RICH.replace("DIGEST", digest))
    value = record(attest, WHEEL, *GATE)
    tried = 0
    for path in paths(value):
        if not path or path[0] in ("lockfiles", "withoutDigest") or is_input(path):
            continue
        at: Any = value
        for key in path:
            at = at[key]
        for other in changed(at):
            twin = copy.deepcopy(value)
            inside: Any = twin
            for key in path[:-1]:
                inside = inside[key]
            inside[path[-1]] = other
            Path(RECEIPT).write_text(json.dumps(twin, indent=2) + "\n")
            result = attest("receipt", "check", RECEIPT, *GATE)
            assert result.code in (1, 2, 3), (path, at, other, result)
            tried += 1
    assert tried > 300
    text = json.dumps(value, indent=2) + "\n"
    for other in (text[:-1], text + "\n", json.dumps(value) + "\n", text.replace('"admitted"', '"\\u0061dmitted"', 1)):
        Path(RECEIPT).write_text(other)
        (said,) = check(attest, *GATE, code=1)
        assert said == "receipt: the same values, but not as attest verify --json writes them"


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"verdicts": []}', '{"verdicts": [{}]}', '{"verdicts": [7]}', '{"verdicts": 7}']
)
def test_what_is_no_receipt_is_refused(attest: Workplace, text: str) -> None:
    attest.write(RECEIPT, text)
    attest.refused("receipt", "check", RECEIPT, *GATE)


def test_what_is_listed_beside_it_is_told(attest: Workplace) -> None:
    """Whether it has come since, or somebody left it out of the receipt, nobody can say."""
    attest.ok("sign", WHEEL, *KEY)
    record(attest, WHEEL, *GATE)
    assert attest.ok("receipt", "check", RECEIPT, *GATE).err == ""
    attest.ok("withdraw", WHEEL, "--reason", "malicious", *KEY)
    assert attest.ok("receipt", "check", RECEIPT, *GATE).err == (
        f"{RECEIPT}: 1 more are listed now than it has: come since, or left out of it\n"
    )


def test_another_file_that_verify_wrote_is_told_apart(attest: Workplace) -> None:
    attest.write(RECEIPT, '{"verdicts": []}')
    said = attest.refused("receipt", "check", RECEIPT, *GATE)
    assert "(next: name the file that attest verify --receipt has written)" in said


def test_nobody_has_judged_in_the_future(attest: Workplace) -> None:
    attest.ok("sign", WHEEL, *KEY)
    value = record(attest, WHEEL, *GATE)
    value["verdicts"][0]["now"] = "2999-01-01T00:00:00.000000Z"
    Path(RECEIPT).write_text(json.dumps(value, indent=2) + "\n")
    said = attest.refused("receipt", "check", RECEIPT, *GATE)
    assert "a receipt from the future: nobody can have judged at 2999-01-01" in said


@pytest.mark.parametrize("name", ["lockfiles", "withoutDigest"])
def test_what_is_said_of_lockfiles_is_a_list(attest: Workplace, name: str) -> None:
    attest.ok("sign", WHEEL, *KEY)
    value = record(attest, WHEEL, *GATE)
    for other in list[Any]((7, True, "x", [7], {})):
        Path(RECEIPT).write_text(json.dumps({**value, name: other}, indent=2) + "\n")
        assert f"not a receipt: receipt.{name}" in attest.refused("receipt", "check", RECEIPT, *GATE)
