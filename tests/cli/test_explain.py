"""``attest verify --explain``: for each candidate under each rule the first check that fails, and what it wants."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from attest import names
from attest.report.schemas import schema
from tests.cli.conftest import POLICY, Workplace
from tests.cli.test_cosign import BOM, WHEEL

KEY = ("--key", "release.key")
GATE = ("--policy", "gate.yaml")
RULES = """\
  - {id: built, require: provenance, by: [release], builders: [own], slsa: 2, source: "https://github.com/acme/app"}
  - {id: other, require: signature, by: [second]}
"""
BUILDERS = "builders:\n  own: {identity: release, id: https://acme.example/builder, slsa: 2}\nrules:"
SECOND = "release: {key: release.pub}\n  second: {key: second.pub}"
WHOLE = POLICY.replace("rules:", BUILDERS).replace("release: {key: release.pub}", SECOND) + RULES


def explained(attest: Workplace) -> Any:
    value = attest("verify", WHEEL, *GATE, "--explain", "--json").json
    Draft202012Validator(schema("explain")).validate(value)
    return value


def test_each_candidate_under_each_rule(attest: Workplace) -> None:
    for name in ("second", "stranger"):
        attest.ok("key", "generate", name)
    attest.write("gate.yaml", WHOLE)
    attest.write("bom.json", BOM)
    attest.ok("sign", WHEEL, *KEY)
    attest.ok("sign", WHEEL, "--key", "stranger.key")
    attest.ok("attach", WHEEL, "bom.json", "--unsigned")
    attest.write(
        "built.json",
        json.dumps(
            {
                "buildDefinition": {"buildType": "https://acme.example/build", "externalParameters": {}},
                "runDetails": {"builder": {"id": "https://elsewhere.example/builder"}},
            }
        ),
    )
    attest.ok("attach", WHEEL, "built.json", "--type", "slsaprovenance1", *KEY)
    value = explained(attest)
    (verdict,) = value["explained"]
    assert value["outcome"] == verdict["outcome"] == "denied"
    cells = {
        (rule["rule"], item["type"], item["fate"]): (item["check"], item["expected"])
        for rule in verdict["rules"]
        for item in rule["candidates"]
    }
    sign, bom = names.PREDICATE_COSIGN_SIGN, names.CYCLONEDX_JSON
    assert cells == {
        ("signed", sign, "counted"): (None, None),
        ("signed", sign, "rejected"): ("author", "made by release"),
        ("signed", bom, "rejected"): ("signed", "a signature"),
        ("signed", names.PREDICATE_SLSA_V1, "other"): ("kind", "signature"),
        ("built", sign, "other"): ("kind", "provenance"),
        ("built", sign, "rejected"): ("author", "made by release"),
        ("built", bom, "rejected"): ("signed", "a signature"),
        ("built", names.PREDICATE_SLSA_V1, "unfit"): (
            "provenance-builder",
            "built by https://acme.example/builder",
        ),
        ("other", sign, "other"): ("signer", "made by second"),
        ("other", sign, "rejected"): ("author", "made by second"),
        ("other", bom, "rejected"): ("signed", "a signature"),
        ("other", names.PREDICATE_SLSA_V1, "other"): ("kind", "signature"),
    }
    built = next(item for item in verdict["rules"][1]["candidates"] if item["fate"] == "unfit")
    assert built["found"].startswith("built by https://elsewhere.example/builder, not ")
    assert built["fix"].startswith("build with a builder that the policy names, then attest attach pkg:pypi/acme@1.0 ")
    # People are told the same.
    text = attest("verify", WHEEL, *GATE, "--explain").out
    for rule in verdict["rules"]:
        assert rule["found"] in text
        for item in rule["candidates"]:
            assert item["found"] in text
            assert item["digest"] in text
            if item["expected"] is not None:
                assert f"        {item['check']}: expected {item['expected']}\n" in text
            if item["fix"] is not None:
                assert f"        next: {item['fix']}\n" in text


def test_the_fix_for_each_candidate_is_one_that_works(attest: Workplace) -> None:
    attest.write("gate.yaml", POLICY)
    attest.ok("key", "generate", "stranger")
    attest.ok("sign", WHEEL, "--key", "stranger.key")
    (verdict,) = explained(attest)["explained"]
    (candidate,) = verdict["rules"][0]["candidates"]
    assert candidate["fix"].endswith(" --key KEY (KEY: the private key of release)")
    command = candidate["fix"].partition(" (KEY")[0].removeprefix("attest ").replace("KEY", "release.key").split()
    attest.ok(*command)
    verdict = explained(attest)["explained"][0]
    assert verdict["outcome"] == "admitted"


def test_what_a_policy_says_of_no_evidence_has_no_candidates(attest: Workplace) -> None:
    attest.write("gate.yaml", POLICY.replace("pypi", "npm"))
    (rule,) = explained(attest)["explained"][0]["rules"]
    assert (rule["rule"], rule["code"], rule["candidates"]) == (None, "policy-not-applicable", [])


@pytest.mark.parametrize("form", ["sarif", "junit", "markdown"])
def test_where_there_is_no_place_for_it(attest: Workplace, form: str) -> None:
    said = attest.refused("verify", WHEEL, "--policy", "policy.yaml", "--explain", "--format", form)
    assert said == (
        f"attest: --explain does not go with --format {form}: that has no place for what became of each candidate "
        "(next: use --format text or json)"
    )
