"""For each ecosystem: from a file through anchor, release, verify and tree; and a file that contradicts its purl."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from attest import names
from attest.packages.table import TABLE
from tests.cli.conftest import Workplace, attest
from tests.packages.samples import SAMPLES, Sample
from tests.packages.test_files import pack
from tests.packages.test_given_names import make_dist
from tests.packages.test_golang import download

__all__ = ["attest"]

POLICY = """\
version: 1
name: gate
applies_to: ["pkg:{type}/**"]
trust: {{keys_only: true}}
resolve: {{by: [release]}}
identities:
  release: {{key: release.pub}}
rules:
  - {{id: signed, require: signature, by: [release]}}
"""
ALL = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.file_name)


def journey(attest: Workplace, file: str, purl: str, *, given: bool) -> Any:
    """From a file to the verdict, by file and by purl; what `anchor --json` says of it."""
    attest.write("gate.yaml", POLICY.format(type=purl.removeprefix("pkg:").partition("/")[0]))
    subject = [file, *(["--purl", purl] if given else [])]

    anchored = attest.ok("anchor", *subject, "--json").json["anchors"][0]
    assert anchored["purl"] == purl
    assert attest("verify", *subject, "--policy", "gate.yaml").code == 1

    attest.ok("release", *subject, "--key", "release.key")
    assert "admitted" in attest.ok("verify", *subject, "--policy", "gate.yaml").out
    assert anchored["digest"] in attest.ok("verify", purl, "--policy", "gate.yaml").out  # as the release statement says
    by_purl = [purl, "--digest", anchored["digest"]]
    attest.ok("verify", *by_purl, "--policy", "gate.yaml")
    tree = attest.ok("tree", *by_purl).out
    assert tree.startswith(f"{purl} {anchored['digest']}")
    assert tree.count("signed by key") == 2
    kinds = (names.PREDICATE_COSIGN_SIGN, names.PREDICATE_CYCLONEDX)
    assert [tree.count(kind.removeprefix("https://")) for kind in kinds] == [1, 1]
    assert attest.ok("anchor", *by_purl, "--dry-run", "--json").json["anchors"][0]["anchor"] == anchored["anchor"]
    return anchored


@ALL
def test_from_the_file_to_the_verdict(attest: Workplace, sample: Sample) -> None:
    attest.write(sample.file_name, sample.data)
    anchored = journey(attest, sample.file_name, sample.purl, given=sample.given)
    assert anchored["digest"].partition(":")[0] == sample.algorithm
    assert (anchored["registry_name"], anchored["platform"]) == (sample.registry_name, sample.platform)


@pytest.mark.slow
def test_a_module_that_go_downloads(attest: Workplace, tmp_path: Path) -> None:
    (module,) = download(tmp_path, "rsc.io/quote/v3@v3.1.0")
    journey(attest, module["Zip"], "pkg:golang/rsc.io/quote/v3@v3.1.0", given=False)


def test_a_distribution_that_perl_builds(attest: Workplace, tmp_path: Path) -> None:
    journey(attest, make_dist(tmp_path).name, "pkg:cpan/ACME/Acme-Widget@1.02", given=True)


@pytest.mark.slow
def test_a_package_that_npm_packs(attest: Workplace, tmp_path: Path) -> None:
    pack(tmp_path, "semver@7.6.3")
    journey(attest, "semver-7.6.3.tgz", "pkg:npm/semver@7.6.3", given=False)


@ALL
def test_a_file_that_contradicts_its_purl(attest: Workplace, sample: Sample) -> None:
    attest.write(sample.file_name, sample.data)
    for command in (["anchor"], ["sign", "--key", "release.key"], ["verify", "--policy", "policy.yaml"]):
        said = attest.refused(*command, sample.file_name, "--purl", sample.contradicted)
        assert said.startswith(f"attest: {sample.file_name}: the file is not {sample.contradicted}: ")
    assert not Path(".attest").exists()


@ALL
def test_a_file_that_does_not_say_all(attest: Workplace, sample: Sample) -> None:
    attest.write(sample.file_name, sample.data)
    if sample.given:
        said = attest.refused("anchor", sample.file_name)
        assert "does not say all of its name" in said
        assert f"give it with --purl pkg:{sample.type}/NAMESPACE/NAME@VERSION" in said
    else:
        attest.ok("anchor", sample.file_name, "--dry-run")


@ALL
def test_the_name_of_a_file_does_not_decide(attest: Workplace, sample: Sample) -> None:
    attest.write("download", sample.data)
    assert attest.ok("anchor", "download", "--purl", sample.purl, "--dry-run").out.startswith(f"{sample.purl} ")


def test_every_ecosystem_is_read() -> None:
    assert {sample.type for sample in SAMPLES} == {row.type for row in TABLE.values() if row.readers}
