"""`attest provenance` as a pipeline has it: printed, or signed and attached, and held against a policy."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from attest import names
from attest.statements.statement import Statement
from tests.cli.conftest import POLICY, Workplace
from tests.cli.test_cosign import OFFLINE, cosign
from tests.statements.ci_runs import BUILDKITE, CANARY, GITHUB, SECRETS, SHA
from tests.stores.programs import olareg

WHEEL = "dist/acme-1.0-py3-none-any.whl"
GIVEN = (
    *("--builder-id", "https://build.acme.test", "--build-type", "https://acme.test/make/v1"),
    *("--source", "https://git.acme.test/app", "--commit", SHA),
)
KEY = ("--key", "release.key")
GATE = (
    POLICY
    + """\
  - {id: built, require: provenance, by: [release], builders: [hosted], slsa: 2, ref: "refs/heads/feature-branch-1",
     source: "https://github.com/octocat/Hello-World", workflow: ".github/workflows/my-workflow.yml",
     parameters: {inputs.target: prod}}
builders:
  hosted: {identity: release, id: "https://github.com/actions/runner/github-hosted", slsa: 2}
"""
)


@pytest.fixture
def github(attest: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    """The workplace is a run, with secrets in it."""
    assert attest.directory == Path.cwd()
    for name, value in {**dict.fromkeys(set(SECRETS) - {"PATH", "HOME", "ATTEST_PASSWORD"}, CANARY), **GITHUB}.items():
        monkeypatch.setenv(name, value)


def statements(text: str) -> list[Statement]:
    return [Statement.parse(line.encode()) for line in text.splitlines()]


def digests(attest: Workplace, *files: str | Path) -> list[str]:
    """Of each file its anchor, then its own."""
    anchors = attest.ok("anchor", *files, "--dry-run", "--json").json["anchors"]
    return [digest.partition(":")[2] for item in anchors for digest in (item["anchor"], item["digest"])]


@pytest.mark.usefixtures("github")
def test_a_run_is_printed_built_by_whom_it_says(attest: Workplace) -> None:
    result = attest.ok("provenance", WHEEL)
    (statement,) = statements(result.out)
    assert statement.predicate_type == names.PREDICATE_SLSA_V1
    assert [item.digests["sha256"] for item in statement.subjects] == digests(attest, WHEEL)
    assert {item.name for item in statement.subjects} == {"pkg:pypi/acme@1.0"}
    assert statement.predicate is not None
    assert statement.predicate["runDetails"]["builder"] == {"id": "https://github.com/actions/runner/github-hosted"}
    assert CANARY not in result.out + result.err


@pytest.mark.usefixtures("github")
def test_one_for_each_file_or_one_for_all(attest: Workplace) -> None:
    other = attest.wheel("other")
    each = statements(attest.ok("provenance", WHEEL, other).out)
    assert [len(item.subjects) for item in each] == [2, 2]
    (together,) = statements(attest.ok("provenance", WHEEL, other, "--together").out)
    assert [item.digests["sha256"] for item in together.subjects] == digests(attest, WHEEL, other)
    assert [item.name for item in together.subjects] == ["pkg:pypi/acme@1.0"] * 2 + ["pkg:pypi/other@1.0"] * 2


def test_of_a_purl_and_of_an_image(attest: Workplace) -> None:
    digest = attest.ok("anchor", WHEEL, "--json").json["anchors"][0]["digest"]
    by_purl = attest.ok("provenance", "pkg:pypi/acme@1.0", "--digest", digest, *GIVEN).out
    assert by_purl == attest.ok("provenance", WHEEL, *GIVEN).out
    (of_image,) = statements(attest.ok("provenance", "oci:.attest/pypi/acme:1.0", *GIVEN).out)
    assert [item.name for item in of_image.subjects] == ["oci:.attest/pypi/acme:1.0"]


def test_what_is_given_is_enough(attest: Workplace) -> None:
    more = (
        *("--ref", "refs/tags/v1.0", "--workflow", "Makefile", "--param", "target=prod", "--param", "empty="),
        *(
            "--invocation",
            "run 7",
            "--started-on",
            "2026-11-20T12:00:00+01:00",
            "--finished-on",
            "2026-11-20T11:05:00.9Z",
        ),
    )
    predicate = json.loads(attest.ok("provenance", "--predicate", *GIVEN, *more).out)
    assert predicate == {
        "buildDefinition": {
            "buildType": "https://acme.test/make/v1",
            "externalParameters": {
                "workflow": {"repository": "https://git.acme.test/app", "ref": "refs/tags/v1.0", "path": "Makefile"},
                "inputs": {"target": "prod", "empty": ""},
            },
            "resolvedDependencies": [
                {"uri": "git+https://git.acme.test/app@refs/tags/v1.0", "digest": {"gitCommit": SHA}}
            ],
        },
        "runDetails": {
            "builder": {"id": "https://build.acme.test"},
            "metadata": {
                "invocationId": "run 7",
                "startedOn": "2026-11-20T11:00:00Z",
                "finishedOn": "2026-11-20T11:05:00Z",
            },
        },
    }


def test_to_a_file(attest: Workplace) -> None:
    printed = attest.ok("provenance", WHEEL, *GIVEN).out
    assert attest.ok("provenance", WHEEL, *GIVEN, "--output", "provenance.json").out == ""
    assert Path("provenance.json").read_text(encoding="utf-8") == printed
    assert "cannot write the file" in attest.refused("provenance", WHEEL, *GIVEN, "-o", "no/such/place")
    assert "cannot write the file" in attest.refused("provenance", WHEEL, *GIVEN, "-o", "dist")
    assert sorted(item.name for item in Path().iterdir() if item.name.startswith(".")) == []


@pytest.mark.usefixtures("github")
def test_attached_it_is_what_a_policy_asks_for(attest: Workplace) -> None:
    attest.write("gate.yaml", GATE)
    attest.ok("sign", WHEEL, *KEY)
    attest.ok("provenance", WHEEL, "--attach", *KEY)
    assert attest("verify", WHEEL, "--policy", "gate.yaml").code == 1
    written = attest.ok("provenance", WHEEL, "--attach", "--param", "target=prod", *KEY, "--json").json["written"]
    assert [item["type"] for item in written] == [names.PREDICATE_SLSA_V1]
    assert attest.ok("verify", WHEEL, "--policy", "gate.yaml").out.startswith("admitted")


@pytest.mark.usefixtures("github")
@pytest.mark.peer("cosign", "olareg")
def test_one_statement_for_all_counts_for_each(attest: Workplace) -> None:
    attest.write("gate.yaml", GATE)
    other = attest.wheel("other")
    attest.ok("sign", WHEEL, other, *KEY)
    written = attest.ok(
        "provenance", WHEEL, other, "--together", "--attach", "--param", "target=prod", *KEY, "--json"
    ).json["written"]
    assert len({item["referrer"] for item in written}) == 2
    bundles = {layer(item) for item in written}
    assert len(bundles) == 1, "one statement, signed once"
    assert attest.ok("verify", WHEEL, other, "--policy", "gate.yaml").out.count("admitted") == 2
    with olareg(Path(".attest")) as registry:
        for item in written:
            reference = f"{registry.host}/{item['repository']}@{item['manifest']}"
            cosign(
                attest,
                *("verify-attestation", "--key", "release.pub", "--type", "slsaprovenance1", *OFFLINE, reference),
            )


def layer(written: Any) -> str:
    blobs = Path(".attest") / written["repository"] / "blobs/sha256"
    manifest = json.loads((blobs / written["referrer"].partition(":")[2]).read_bytes())
    digest: str = manifest["layers"][0]["digest"]
    return digest


def test_a_predicate_is_what_cosign_and_attach_take(attest: Workplace) -> None:
    attest.ok("provenance", "--predicate", *GIVEN, "-o", "predicate.json")
    attest.ok("attach", WHEEL, "predicate.json", *KEY)
    attest.ok("attach", WHEEL, "predicate.json", "--type", "slsaprovenance1", *KEY)
    attest.ok("provenance", WHEEL, *GIVEN, "-o", "statement.json")
    attest.ok("attach", WHEEL, "statement.json", *KEY)
    assert attest.ok("list", WHEEL).out.count("slsa.dev/provenance/v1") == 3


def test_another_service_than_the_one_that_runs(attest: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**GITHUB, **BUILDKITE}.items():
        monkeypatch.setenv(name, value)
    assert "could be a run of GitHub Actions or of Buildkite" in attest.refused("provenance", WHEEL)
    assert "buildkite.com/acme-inc" in attest.ok("provenance", WHEEL, "--ci", "buildkite").out
    assert "nobody says who built this" in attest.refused("provenance", WHEEL, "--ci", "none")
    alone = attest.ok("provenance", WHEEL, "--ci", "none", *GIVEN).out
    assert "buildkite" not in alone
    assert "github" not in alone


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((WHEEL,), "nobody says who built this"),
        (
            (WHEEL, "--builder-id", "https://build.example/1"),
            "not all is said of the build that provenance needs: this is no run of a CI service that is known "
            "(next: give --build-type, --source, --commit)",
        ),
        (
            (WHEEL, "--ci", "jenkins"),
            "Jenkins does not say everything: it did not set JENKINS_URL, GIT_URL, GIT_COMMIT",
        ),
        ((WHEEL, *GIVEN, *KEY), "what is printed is not signed"),
        ((WHEEL, *GIVEN, "--attach"), "--attach wants to know who signs"),
        ((WHEEL, *GIVEN, "--attach", *KEY, "-o", "x"), "--output is for what is printed"),
        ((WHEEL, *GIVEN, "--predicate"), "a predicate names no SUBJECT"),
        (GIVEN, "a statement names what it is about"),
        ((WHEEL, *GIVEN, "--param", "target"), "--param: not KEY=VALUE: target"),
        ((WHEEL, *GIVEN, "--param", "a=1", "--param", "a=2"), "--param: a is given twice"),
        ((WHEEL, *GIVEN, "--ref", "v1.0"), "--ref: not a whole ref"),
        ((WHEEL, *GIVEN, "--finished-on", "now"), "--finished-on: not a time: 'now'"),
        ((WHEEL, *GIVEN[:-1], "HEAD"), "--commit: not a commit"),
        (("pkg:pypi/acme@1.0", *GIVEN, "--attach", *KEY), "no digest"),
    ],
)
def test_what_is_refused_writes_nothing(attest: Workplace, arguments: tuple[str, ...], said: str) -> None:
    assert said in attest.refused("provenance", *arguments)
    assert not Path(".attest").exists()


def test_credentials_in_options_do_not_get_out(attest: Workplace) -> None:
    given = shlex.split(
        " ".join(GIVEN)
        .replace("https://git", f"https://me:{CANARY}@git")
        .replace("https://build", f"https://{CANARY}@build")
    )
    out = attest.ok("provenance", WHEEL, *given).out
    assert CANARY not in out
    assert out == attest.ok("provenance", WHEEL, *GIVEN).out
