"""A release with all its evidence: made, signed, asked before the policy, stored, tagged; or none of it."""

from __future__ import annotations

import http.client
import json
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from attest import names
from attest.report.schemas import schema
from attest.stores.registry.options import Clock
from tests.cli.conftest import POLICY, Workplace
from tests.cli.test_attach import signed
from tests.cli.test_cosign import cosign
from tests.cli.test_provenance import GIVEN, KEY, layer
from tests.packages.build import PACKAGE_JSON, tgz
from tests.statements.ci_runs import CANARY, GITHUB, GITLAB, SECRETS
from tests.stores.programs import olareg
from tests.stores.registry.scripted import Answer, Asked, Scripted, error

WHEEL = "dist/acme-1.0-py3-none-any.whl"
PURL = "pkg:pypi/acme@1.0"
GATE = POLICY.replace('"pkg:pypi/**"', '"pkg:pypi/**", "pkg:npm/**"') + (
    """\
  - {id: sbom, require: sbom, by: [release], includes_package: true}
  - {id: built, require: provenance, by: [release], builders: [ours], slsa: 3, source: "https://git.acme.test/app"}
builders:
  ours: {identity: release, id: "https://build.acme.test", slsa: 3}
resolve: {by: [release]}
"""
)
POLICED = ("--policy", "gate.yaml")


@pytest.fixture(autouse=True)
def gate(attest: Workplace) -> None:
    attest.write("gate.yaml", GATE)


def released(attest: Workplace, *arguments: str | Path) -> dict[str, Any]:
    answer = attest.ok("release", *arguments, "--json").json
    jsonschema.validate(answer, schema("release"))
    (found,) = answer["released"]
    assert isinstance(found, dict)
    return found


def types(attest: Workplace, *subject: str | Path) -> list[str]:
    listed = attest.ok("list", *subject, "--json").json["subjects"][0]["referrers"]
    return sorted(item["type"] for item in listed)


def test_everything_that_a_policy_asks_for_in_one_step(attest: Workplace) -> None:
    found = released(attest, WHEEL, *POLICED, *KEY, *GIVEN)
    assert types(attest, WHEEL) == sorted(
        [names.PREDICATE_COSIGN_SIGN, names.PREDICATE_CYCLONEDX, names.PREDICATE_SLSA_V1]
    )
    assert [item["name"] for item in found["policies"]] == ["gate"]
    (file,) = found["files"]
    assert all(file[name].startswith("sha256:") for name in ("signature", "sbom", "provenance"))
    (command,) = found["verify"]
    assert "--policy gate.yaml" in command
    assert attest.ok(*shlex.split(command)[1:]).out.startswith("admitted")
    assert attest.ok("verify", PURL, *POLICED).out.startswith("admitted"), "the release statement names the file"


@pytest.mark.parametrize("store", ["oci:one", "oci-archive:one.tar"])
def test_in_one_layout_or_archive(attest: Workplace, store: str) -> None:
    where = ("--store", store)
    denied = attest("release", WHEEL, *POLICED, "--key", "release.key", "--no-provenance", *where)
    assert (denied.code, sorted(item.name for item in Path().glob("one*"))) == (1, [])
    first = released(attest, WHEEL, *POLICED, *KEY, *GIVEN, *where)
    assert attest.ok("verify", WHEEL, *POLICED, *where).out.startswith("admitted")
    assert released(attest, WHEEL, *POLICED, *KEY, *GIVEN, *where) == first


def test_one_statement_says_who_built_all_files(attest: Workplace) -> None:
    other = attest.wheel(note="1")
    other = other.rename(other.with_name("acme-1.0-1-py3-none-any.whl"))
    files = released(attest, WHEEL, other, *KEY, *GIVEN)["files"]
    repository = {"repository": "pypi/acme"}
    assert len({layer({**repository, "referrer": file["provenance"]}) for file in files}) == 1
    assert len({layer({**repository, "referrer": file["sbom"]}) for file in files}) == 2
    _, statement = signed(attest, {**repository, "referrer": files[0]["provenance"]})
    expected = [digest for file in files for digest in (file["anchor"], file["digest"])]
    assert [f"sha256:{item['digest']['sha256']}" for item in statement["subject"]] == expected
    assert attest.ok("verify", WHEEL, other, *POLICED).out.count("admitted") == 2


def test_in_a_ci_run_provenance_needs_no_word(attest: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = dict.fromkeys(set(SECRETS) - {"PATH", "HOME", "ATTEST_PASSWORD"}, CANARY)
    for name, value in {**hidden, **GITHUB}.items():
        monkeypatch.setenv(name, value)
    (file,) = released(attest, WHEEL, *KEY)["files"]
    _, statement = signed(attest, {"repository": "pypi/acme", "referrer": file["provenance"]})
    assert statement["predicate"]["runDetails"]["builder"]["id"] == "https://github.com/actions/runner/github-hosted"
    stored = b"".join(path.read_bytes() for path in Path(".attest").rglob("*") if path.is_file())
    assert CANARY.encode() not in stored


def test_elsewhere_there_is_none_and_that_is_told(attest: Workplace) -> None:
    result = attest.ok("release", WHEEL, *KEY, "--json")
    assert result.err == "no provenance: this is no CI run, and no option says who built it\n"
    assert result.json["released"][0]["files"][0]["provenance"] is None
    assert attest.ok("release", WHEEL, *KEY, "--no-provenance").err == ""


def test_what_is_not_wanted_is_not_made(attest: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GITLAB.items():
        monkeypatch.setenv(name, value)
    (file,) = released(attest, WHEEL, *KEY, "--no-sbom", "--no-provenance")["files"]
    assert (file["sbom"], file["provenance"]) == (None, None)
    assert types(attest, WHEEL) == [names.PREDICATE_COSIGN_SIGN]
    (file,) = released(attest, WHEEL, *KEY, "--sbom-format", "spdx", "--no-provenance")["files"]
    assert file["sbom"] is not None
    assert types(attest, WHEEL) == sorted([names.PREDICATE_COSIGN_SIGN, names.PREDICATE_SPDX])


def test_an_sbom_made_at_another_time_is_not_signed_again(attest: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    for form in ("cyclonedx", "spdx"):
        again = (WHEEL, *KEY, *GIVEN, "--sbom-format", form)
        monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
        first = released(attest, *again)
        monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")
        assert released(attest, *again) == first
    other = released(attest, WHEEL, *KEY, *GIVEN[:-1], "cd" * 20)
    assert other["files"][0]["provenance"] != first["files"][0]["provenance"], "another build"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((*KEY, *GIVEN, "--no-sbom"), "sbom-missing"),
        ((*KEY, "--no-provenance"), "provenance-missing"),
        ((*KEY, "--builder-id", "https://build.stranger.test", *GIVEN[2:]), "built by https://build.stranger.test"),
        (("--key", "stranger.key", *GIVEN), "signature-missing"),
    ],
)
def test_what_a_policy_denies_is_not_even_stored(attest: Workplace, arguments: tuple[str, ...], said: str) -> None:
    attest.ok("key", "generate", "stranger")
    result = attest("release", WHEEL, *POLICED, *arguments)
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith(f"denied  {PURL}  sha256:")
    assert said in result.err
    assert result.err.endswith("attest: nothing was released: the policy does not admit it\n")
    assert not Path(".attest").exists()


def test_one_file_that_is_denied_denies_all(attest: Workplace) -> None:
    attest.write("semver.tgz", tgz([("package/package.json", PACKAGE_JSON)]))
    attest.write("npm.yaml", GATE.replace('"pkg:pypi/**", ', "").replace("name: gate", "name: npm"))
    result = attest("release", "semver.tgz", WHEEL, "--policy", "npm.yaml", *KEY, *GIVEN)
    assert result.code == 1
    assert f"denied  {PURL}" in result.err
    assert "pkg:npm/semver" not in result.err, "that one is admitted"
    assert not Path(".attest").exists()
    assert attest("release", "semver.tgz", WHEEL, *POLICED, "--policy", "npm.yaml", *KEY, *GIVEN).code == 0


def test_what_cannot_be_decided_is_not_released(attest: Workplace) -> None:
    alive = "\n  - {id: alive, require: no-revocation, by: [release], absence: seal}\nbuilders:"
    attest.write("gate.yaml", GATE.replace("\nbuilders:", alive))
    result = attest("release", WHEEL, *POLICED, *KEY, *GIVEN)
    assert (result.code, result.out) == (3, "")
    assert not Path(".attest").exists()


def test_what_is_attached_already_counts(attest: Workplace) -> None:
    attest.ok("key", "generate", "second")
    both = GATE.replace("release: {key: release.pub}", "release: {key: release.pub}\n  second: {key: second.pub}")
    attest.write(
        "gate.yaml", both.replace("signature, by: [release]", "signature, by: [release, second], threshold: 2")
    )
    assert attest("release", WHEEL, *POLICED, *KEY, *GIVEN).code == 1
    attest.ok("sign", WHEEL, "--key", "second.key")
    assert [item["name"] for item in released(attest, WHEEL, *POLICED, *KEY, *GIVEN)["policies"]] == ["gate"]


def test_without_the_library_for_sboms(attest: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cyclonedx", None)
    assert "pip install '.[sbom]', or --sbom-format spdx, or --no-sbom" in attest.refused("release", WHEEL, *KEY)
    assert released(attest, WHEEL, *KEY, "--sbom-format", "spdx")["files"][0]["sbom"] is not None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--policy", "none.yaml", *KEY), "none.yaml"),
        (("--provenance", *KEY), "nobody says who built this"),
        (("--commit", "HEAD", *KEY), "--commit: not a commit"),
        (("--builder-id", "https://build.test", *KEY), "give --build-type, --source, --commit"),
    ],
)
def test_what_cannot_be_used_stops_it_before_anything_is_signed(
    attest: Workplace, arguments: tuple[str, ...], said: str
) -> None:
    assert said in attest.refused("release", WHEEL, *arguments)
    assert not Path(".attest").exists()


def test_what_is_printed_for_people(attest: Workplace) -> None:
    out = attest.ok("release", WHEEL, *POLICED, *KEY, *GIVEN).out.splitlines()
    assert out[0].startswith(f"released {PURL} sha256:")
    assert out[2].startswith("  admitted by gate sha256:")
    assert out[3] == "to verify:"
    assert "--policy gate.yaml" in out[4]


@pytest.mark.peer("cosign", "olareg")
def test_every_command_for_consumers_holds(attest: Workplace) -> None:
    """As they are printed, in a registry; and none of them for a stranger."""
    attest.ok("key", "generate", "stranger")
    Path("registry").mkdir()
    with olareg(Path("registry")) as registry:
        found = released(attest, WHEEL, *POLICED, *KEY, *GIVEN, "--store", f"{registry.host}/{{package}}")
        own, *others = map(shlex.split, found["verify"])
        assert attest(*own[1:]).code == 0
        checks = [" ".join(command[1 : 4 if command[1] == "verify-attestation" else 2]) for command in others]
        assert checks == [
            "verify",
            "verify-attestation --type cyclonedx",
            "verify-attestation --type slsaprovenance1",
        ]
        for command in others:
            cosign(attest, *command[1:])
            cosign(attest, *["stranger.pub" if word == "release.pub" else word for word in command[1:]], code=1)


@contextmanager
def failing(host: str, after: int, how: Answer) -> Iterator[Scripted]:
    """A registry that answers as the one at ``host``, up to its ``after``-th write, and from then on fails."""
    writes = 0

    def forward(asked: Asked) -> Answer:
        nonlocal writes
        if asked.method in ("PUT", "POST", "PATCH"):
            writes += 1
            if writes > after:
                return how
        connection = http.client.HTTPConnection(host, timeout=10)
        passed = {name: value for name, value in asked.headers.items() if name not in ("host", "connection")}
        connection.request(asked.method, asked.path, asked.body, passed)
        answer = connection.getresponse()
        kept = {
            name: value for name, value in answer.getheaders() if name.lower() not in ("content-length", "connection")
        }
        length = answer.getheader("Content-Length")
        body = answer.read()
        return Answer(answer.status, body, kept, length=int(length) if asked.method == "HEAD" and length else None)

    with Scripted().running() as proxy:
        proxy.default = forward
        yield proxy


@pytest.mark.peer("olareg")
@pytest.mark.parametrize(
    "how", [error(503, "UNAVAILABLE"), error(403, "DENIED"), Answer(gone=True)], ids=["503", "403", "gone"]
)
def test_a_network_that_fails_leaves_nothing_tagged(
    attest: Workplace, monkeypatch: pytest.MonkeyPatch, how: Answer
) -> None:
    monkeypatch.setattr(Clock, "sleep", lambda clock, seconds: None)
    Path("registry").mkdir()
    with olareg(Path("registry")) as registry:
        code, after = 3, 0
        while code == 3:
            assert "1.0" not in tagged(registry.host), after
            with failing(registry.host, after, how) as proxy:
                code = attest("release", WHEEL, *POLICED, *KEY, *GIVEN, "--store", f"{proxy.host}/{{package}}").code
            after += 2
        assert (code, after > 10) == (0, True), "what was stored before is not stored again"
        assert "1.0" in tagged(registry.host)
        store = ("--store", f"{registry.host}/{{package}}")
        assert attest.ok("verify", PURL, *POLICED, *store).out.startswith("admitted")


def tagged(host: str) -> list[str]:
    connection = http.client.HTTPConnection(host, timeout=10)
    connection.request("GET", "/v2/pypi/acme/tags/list")
    answer = connection.getresponse()
    found = json.loads(answer.read())
    return found.get("tags") or [] if answer.status == 200 else []
