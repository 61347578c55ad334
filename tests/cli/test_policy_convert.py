"""``attest policy convert``, as a user runs it."""

from __future__ import annotations

from textwrap import indent

import jsonschema

from attest.report.schemas import schema
from tests.cli.conftest import Workplace

SCHEMA = jsonschema.Draft202012Validator(schema("convert"))


def cluster_image_policy(attest: Workplace, more: str = "") -> str:
    key = indent((attest.directory / "release.pub").read_text(), " " * 8)
    return (
        "apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\nmetadata: {name: acme}\nspec:\n"
        f"  images: [{{glob: 'registry.example/acme/*'}}]\n"
        f"  authorities:\n  - ctlog: {{}}\n    key:\n      data: |\n{key}{more}"
    )


def test_it_is_written_and_can_be_used(attest: Workplace) -> None:
    attest.write("in.yaml", cluster_image_policy(attest))
    result = attest.ok("policy", "convert", "in.yaml", "--output", "out")
    assert (result.out, result.err) == ("out/acme.yaml\n", "")
    assert sorted(path.name for path in (attest.directory / "out").iterdir()) == ["acme-signer-1.pub", "acme.yaml"]
    attest.ok("policy", "lint", "out/acme.yaml")
    said = attest.refused("policy", "convert", "in.yaml", "--output", "out")
    assert "there already (next: name another directory: --output DIR)" in said
    attest.write("in.yaml", f"{cluster_image_policy(attest)}---\n{cluster_image_policy(attest)}")
    assert "two policies have this name" in attest.refused("policy", "convert", "in.yaml", "--output", "twice")
    assert not (attest.directory / "twice").exists()


def test_what_is_left_out_has_to_be_wanted(attest: Workplace) -> None:
    attest.write("in.yaml", cluster_image_policy(attest, "  - static: {action: pass}\n"))
    result = attest("policy", "convert", "in.yaml", "--output", "out")
    assert (result.code, result.out) == (1, "")
    assert "in.yaml:14: authority-1: nothing is verified\n" in result.err
    assert result.err.endswith("nothing was written: --partial writes what can be carried over\n")
    assert not (attest.directory / "out").exists()
    result = attest.ok("policy", "convert", "in.yaml", "--output", "out", "--partial")
    assert result.out == "out/acme.yaml\n"
    assert (
        "# Left out: in.yaml:14: authority-1: nothing is verified\n" in (attest.directory / "out/acme.yaml").read_text()
    )


def test_nothing_that_could_be_carried_over(attest: Workplace) -> None:
    attest.write("in.yaml", cluster_image_policy(attest).replace("ctlog: {}", "name: a"))
    result = attest("policy", "convert", "in.yaml", "--partial", "--json")
    SCHEMA.validate(result.json)
    assert (result.code, result.json["written"], len(result.json["left"])) == (1, [], 1)
    assert attest.ok("policy", "convert", "in.yaml", "--keys-without-log", "--json").json["written"] == ["acme.yaml"]


def test_what_cannot_be_read(attest: Workplace) -> None:
    attest.write("in.yaml", "kind: Pod\n")
    assert "not a policy of a known engine" in attest.refused("policy", "convert", "in.yaml")
    assert "cannot read" in attest.refused("policy", "convert", "none.yaml")
    attest.write("in.yaml", cluster_image_policy(attest))
    assert "not an image pattern" in attest.refused("policy", "convert", "in.yaml", "--images", "registry.example/a*")
