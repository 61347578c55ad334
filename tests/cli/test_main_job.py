"""Anchor, sign, attach, list, tree, verify: the whole path, and what must be refused on it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from attest.report.schemas import schema
from tests.cli.conftest import POLICY, Workplace

WHEEL = "dist/acme-1.0-py3-none-any.whl"
PURL = "pkg:pypi/acme@1.0"
SIGN = "https://sigstore.dev/cosign/sign/v1"
BOM = json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "components": []})
PROVENANCE = json.dumps(
    {
        "buildDefinition": {"buildType": "https://build.example/v1", "externalParameters": {}},
        "runDetails": {"builder": {"id": "https://build.example"}},
    }
)
GATE = (
    POLICY
    + """\
  - {id: sbom, require: sbom, by: [release]}
  - {id: built, require: provenance, by: [release]}
"""
)


def valid(name: str, value: Any) -> Any:
    jsonschema.Draft202012Validator(schema(name)).validate(value)
    return value


def codes(value: Any) -> list[str]:
    (verdict,) = value["verdicts"]
    return [finding["code"] for finding in verdict["findings"]]


def test_the_whole_path(attest: Workplace) -> None:
    attest.write("bom.json", BOM)
    attest.write("provenance.json", PROVENANCE)
    attest.write("gate.yaml", GATE)
    anchored = attest.ok("anchor", WHEEL)
    assert anchored.out.startswith(f"{PURL} sha256:")
    attest.ok("sign", WHEEL, "--key", "release.key")
    attest.ok("attach", WHEEL, "bom.json", "--key", "release.key")
    attest.ok("attach", WHEEL, "provenance.json", "--key", "release.key")
    listed = valid("list", attest.ok("list", WHEEL, "--json").json)
    assert sorted(item["type"] for item in listed["subjects"][0]["referrers"]) == [
        "https://cyclonedx.org/bom",
        SIGN,
        "https://slsa.dev/provenance/v1",
    ]
    assert attest.ok("verify", WHEEL, "--policy", "gate.yaml").out.startswith("admitted")
    verdict = valid("verdict", attest.ok("verify", WHEEL, "--policy", "gate.yaml", "--json").json)
    assert codes(verdict) == ["signature-verified", "sbom-verified", "provenance-verified"]


def test_anchors_are_idempotent_and_need_no_store(attest: Workplace) -> None:
    dry = attest.ok("anchor", WHEEL, "--dry-run")
    assert not Path(".attest").exists()
    first = attest.ok("anchor", WHEEL)
    assert dry.out == first.out == attest.ok("anchor", WHEEL).out
    printed = valid("anchor", attest.ok("anchor", WHEEL, "--json").json)
    assert f"{printed['anchors'][0]['purl']} {printed['anchors'][0]['anchor']}\n" == first.out


def test_a_purl_with_its_digest_needs_no_file(attest: Workplace) -> None:
    attest.ok("sign", WHEEL, "--key", "release.key")
    digest = attest.ok("anchor", WHEEL, "--json").json["anchors"][0]["digest"]
    assert attest.ok("verify", PURL, "--digest", digest, "--policy", "policy.yaml").out.startswith("admitted")


def test_a_purl_without_digest_is_what_the_store_says(attest: Workplace) -> None:
    attest.ok("sign", WHEEL, "--key", "release.key")
    found = attest("verify", PURL, "--policy", "policy.yaml", "--json")
    assert (found.code, codes(found.json)) == (3, ["signature-verified", "subject-unresolved"])
    assert attest.ok("verify", PURL, "--policy", "policy.yaml", "--resolve").out.startswith("admitted")


def test_a_purl_that_nobody_anchored_is_denied(attest: Workplace) -> None:
    attest.ok("sign", WHEEL, "--key", "release.key")
    unknown = attest("verify", "pkg:pypi/unheard-of@1", "--policy", "policy.yaml", "--resolve")
    assert unknown.code == 1
    assert unknown.out.startswith("denied")
    assert attest.ok("tree", "pkg:pypi/unheard-of@1").err == "nothing is attached\n"


def test_an_unsigned_document_is_shown_and_seen_by_no_rule(attest: Workplace) -> None:
    attest.write("bom.json", BOM)
    attest.write("gate.yaml", POLICY.replace("require: signature", "require: sbom"))
    valid("written", attest.ok("attach", WHEEL, "bom.json", "--unsigned", "--json").json)
    assert "  cyclonedx+json  unsigned  sha256:" in attest.ok("list", WHEEL).out
    assert codes(attest("verify", WHEEL, "--policy", "gate.yaml", "--json").json) == ["sbom-missing"]


def test_a_signature_for_the_same_name_with_other_bytes_is_refused(attest: Workplace) -> None:
    attest.ok("sign", WHEEL, "--key", "release.key")
    other = attest.wheel(note="changed")
    denied = attest("verify", other, "--policy", "policy.yaml", "--json")
    assert (denied.code, codes(denied.json)) == (1, ["signature-missing"])


def test_a_strangers_signature_does_not_count(attest: Workplace) -> None:
    attest.ok("key", "generate", "stranger")
    attest.ok("sign", WHEEL, "--key", "stranger.key")
    denied = attest("verify", WHEEL, "--policy", "policy.yaml", "--json")
    assert (denied.code, codes(denied.json)) == (1, ["signature-missing"])
    assert "by no key that the policy names" in denied.out


def test_a_policy_for_another_package_denies(attest: Workplace) -> None:
    attest.ok("sign", WHEEL, "--key", "release.key")
    attest.write("other.yaml", POLICY.replace("pkg:pypi/**", "pkg:npm/**"))
    denied = attest("verify", WHEEL, "--policy", "other.yaml", "--json")
    assert (denied.code, codes(denied.json)) == (1, ["policy-not-applicable"])


def test_an_unreadable_store_is_inconclusive(attest: Workplace) -> None:
    unknown = attest("verify", WHEEL, "--policy", "policy.yaml", "--store", "oci:nowhere/{package}", "--json")
    assert unknown.code == 3
    assert codes(unknown.json) == ["signature-missing", "listing-incomplete"]


@pytest.mark.parametrize("damage", ["truncated", "changed"])
def test_damaged_evidence_is_rejected_and_hides_nothing(attest: Workplace, damage: str) -> None:
    attest.ok("sign", WHEEL, "--key", "release.key")
    first = attest.ok("list", WHEEL, "--json").json["subjects"][0]["referrers"][0]["digest"]
    attest.ok("sign", WHEEL, "--key", "release.key")
    blob = Path(".attest/pypi/acme/blobs/sha256") / first.removeprefix("sha256:")
    data = blob.read_bytes()
    blob.chmod(0o644)
    blob.write_bytes(data[:-1] if damage == "truncated" else data[:-1] + b" ")
    verdict = attest.ok("verify", WHEEL, "--policy", "policy.yaml", "--json").json["verdicts"][0]
    assert verdict["policies"][0]["rejected"] == 1
    listed = attest("list", WHEEL)
    assert (listed.code, "damaged" in listed.out) == (3, True), "what is not shown may be what speaks against it"


def test_the_tree_shows_evidence_about_evidence(attest: Workplace) -> None:
    attest.ok("sign", WHEEL, "--key", "release.key")
    tree = attest.ok("tree", PURL)
    assert tree.out.splitlines()[0].startswith(f"{PURL} sha256:")
    assert tree.out.splitlines()[1].startswith("└─ sigstore.dev/cosign/sign/v1  signed by key ")
    valid("tree", attest.ok("tree", PURL, "--json").json)


def test_the_store_may_be_named_before_and_after_the_command(attest: Workplace) -> None:
    attest.ok("--store", "oci:before/{package}", "anchor", WHEEL)
    attest.ok("anchor", WHEEL, "--store", "oci:after")
    assert Path("before/pypi/acme/index.json").exists()
    assert Path("after/index.json").exists()


def test_several_subjects_take_the_worst_exit_code(attest: Workplace) -> None:
    other = attest.wheel("other")
    attest.ok("sign", WHEEL, "--key", "release.key")
    both = attest("verify", WHEEL, other, "--policy", "policy.yaml")
    assert both.code == 1
    assert [line.split()[0] for line in both.out.splitlines() if line.startswith(("admitted", "denied"))] == [
        "admitted",
        "denied",
    ]
