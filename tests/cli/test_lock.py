"""Whole lockfiles at the command line: nothing in them is dropped, and every artifact they may install is decided."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from attest.report.schemas import schema
from attest.stores import processes
from tests.cli.conftest import POLICY, Workplace

NPM_POLICY = POLICY.replace("pkg:pypi/**", "pkg:npm/**")
GIT = {"version": "1.0.0", "resolved": "git+ssh://git@example.com/a/b.git#0123"}


def sha512(name: str) -> bytes:
    return hashlib.sha512(name.encode()).digest()


def package(name: str, **more: Any) -> dict[str, Any]:
    integrity = f"sha512-{base64.b64encode(sha512(name)).decode()}"
    return {"version": "1.0.0", "integrity": integrity, **more}


def lock(attest: Workplace, entries: dict[str, Any], name: str = "package-lock.json") -> Path:
    packages = {"": {"name": "app"}, **{f"node_modules/{key}": value for key, value in entries.items()}}
    return attest.write(name, json.dumps({"lockfileVersion": 3, "packages": packages}, indent=1))


def sign(attest: Workplace, *packages: str, store: str = "oci:.attest/{package}") -> None:
    for name in packages:
        digest = f"sha512:{sha512(name).hex()}"
        attest.ok("sign", f"pkg:npm/{name}@1.0.0", "--digest", digest, "--key", "release.key", "--store", store)


@pytest.fixture
def npm(attest: Workplace) -> Workplace:
    attest.write("gate.yaml", NPM_POLICY)
    attest.write("lenient.yaml", NPM_POLICY + "undigested: warn\n")
    return attest


def verify(attest: Workplace, *options: str, policy: str = "gate.yaml", file: str = "package-lock.json") -> Any:
    result = attest("verify", "--lock", file, "--policy", policy, "--format", "json", *options)
    jsonschema.Draft202012Validator(schema("verdict")).validate(result.json)
    codes = {"admitted": 0, "denied": 1, "inconclusive": 3}
    assert result.code == codes[result.json["outcome"]]
    return result.json


def outcomes(answer: Any) -> dict[str, str]:
    return {verdict["subject"]: verdict["outcome"] for verdict in answer["verdicts"]}


MIXED = {
    "good": package("good"),
    "other/node_modules/good": package("good"),
    "unsigned": package("unsigned"),
    "git": GIT,
    "windows": package("windows", optional=True, os=["win32"]),
}


def test_everything_in_a_lockfile_is_accounted_for(npm: Workplace) -> None:
    lock(npm, MIXED)
    sign(npm, "good", "windows")
    answer = verify(npm)
    assert answer["outcome"] == "denied"
    assert outcomes(answer) == {
        "pkg:npm/good@1.0.0": "admitted",
        "pkg:npm/unsigned@1.0.0": "denied",
        "pkg:npm/windows@1.0.0": "admitted",
    }
    assert answer["counts"] == {"admitted": 2, "denied": 1, "inconclusive": 0, "withoutDigest": 1}
    assert answer["reasons"] == [{"outcome": "denied", "code": "signature-missing", "count": 1}]
    (gap,) = answer["withoutDigest"]
    assert (gap["name"], gap["finding"]["code"], gap["finding"]["mode"]) == ("git", "subject-undigested", "enforce")
    assert "node_modules/git" in gap["place"]
    (locked,) = answer["lockfiles"]
    assert (locked["path"], locked["entries"], locked["artifacts"]) == ("package-lock.json", 6, 3)
    assert [item["name"] for item in locked["covered"]] == ["app"]
    assert [item["place"] for item in locked["repeated"]] == ["lockfile.packages.node_modules/other/node_modules/good"]
    assert [(item["name"], item["condition"]) for item in locked["conditional"]] == [("windows", "optional; os win32")]


def test_for_people_what_is_admitted_is_counted_and_the_rest_is_told(npm: Workplace) -> None:
    lock(npm, MIXED)
    sign(npm, "good", "windows")
    shown = npm("verify", "--lock", "package-lock.json", "--policy", "gate.yaml")
    assert shown.code == 1
    assert "pkg:npm/unsigned@1.0.0" in shown.out
    assert "subject-undigested: a git dependency" in shown.out
    assert "pkg:npm/good@1.0.0" not in shown.out
    assert "  1 denied: 1 × signature-missing\n" in shown.out
    assert shown.out.endswith("  2 admitted\n  1 denied: 1 × signature-missing\n  0 inconclusive\n  1 without digest\n")
    explained = npm("verify", "--lock", "package-lock.json", "--policy", "gate.yaml", "--explain")
    for told in ("pkg:npm/good@1.0.0", "the project itself", "os win32"):
        assert told in explained.out


def test_an_entry_without_digest_is_denied_unless_the_policy_only_warns(npm: Workplace) -> None:
    lock(npm, {"good": package("good"), "git": GIT})
    sign(npm, "good")
    assert verify(npm)["outcome"] == "denied"
    lenient = verify(npm, policy="lenient.yaml")
    assert lenient["outcome"] == "admitted"
    assert lenient["counts"]["withoutDigest"] == 1
    assert lenient["withoutDigest"][0]["finding"]["mode"] == "warn"
    lock(npm, {"git": GIT})
    assert verify(npm)["outcome"] == "denied"


def test_a_lockfile_that_installs_nothing_needs_nothing(npm: Workplace) -> None:
    lock(npm, {})
    assert verify(npm)["outcome"] == "admitted"


def test_every_file_that_may_be_installed_must_be_admitted(attest: Workplace) -> None:
    wheel = "dist/acme-1.0-py3-none-any.whl"
    own = hashlib.sha256((attest.directory / wheel).read_bytes()).hexdigest()
    attest.ok("sign", wheel, "--key", "release.key")
    attest.write("requirements.txt", f"acme==1.0 --hash=sha256:{own}\n")
    assert verify(attest, policy="policy.yaml", file="requirements.txt")["counts"]["admitted"] == 1
    attest.write("requirements.txt", f"acme==1.0 --hash=sha256:{own} --hash=sha256:{'1' * 64}\n")
    answer = verify(attest, policy="policy.yaml", file="requirements.txt")
    assert (answer["outcome"], answer["counts"]["admitted"], answer["counts"]["denied"]) == ("denied", 1, 1)


def test_only_what_is_new_since_an_older_lockfile(npm: Workplace) -> None:
    lock(npm, {"good": package("good"), "git": GIT}, "older/package-lock.json")
    lock(npm, {"good": package("good"), "unsigned": package("unsigned"), "git": GIT})
    sign(npm, "elsewhere")
    answer = verify(npm, "--changed-since", "older/package-lock.json", policy="lenient.yaml")
    assert outcomes(answer) == {"pkg:npm/unsigned@1.0.0": "denied"}
    assert answer["lockfiles"][0]["unchanged"] == 1
    assert answer["counts"]["withoutDigest"] == 1  # it may be another commit by now
    npm.write("copy/package-lock.json", (npm.directory / "package-lock.json").read_text())
    same = verify(npm, "--changed-since", "copy/package-lock.json", policy="lenient.yaml")
    assert (same["outcome"], same["verdicts"]) == ("admitted", [])
    (npm.directory / "link.json").symlink_to("package-lock.json")
    asked = ("verify", "--lock", "package-lock.json", "--policy", "lenient.yaml", "--changed-since")
    for old in ("package-lock.json", "./older/../package-lock.json", "link.json"):
        assert f"{old}: --lock and --changed-since name the same file" in npm.refused(*asked, old)
    changed = package("good") | {"integrity": package("evil")["integrity"]}
    lock(npm, {"good": changed})
    answer = verify(npm, "--changed-since", "older/package-lock.json")
    assert outcomes(answer) == {"pkg:npm/good@1.0.0": "denied"}


def test_several_lockfiles_and_a_subject_at_once(npm: Workplace) -> None:
    lock(npm, {"good": package("good")})
    lock(npm, {"good": package("good"), "more": package("more")}, "b/package-lock.json")
    sign(npm, "good", "more")
    digest = f"sha512:{sha512('alone').hex()}"
    answer = verify(npm, "--lock", "b/package-lock.json", "pkg:npm/alone@1.0.0", "--digest", digest)
    assert sorted(outcomes(answer).items()) == [
        ("pkg:npm/alone@1.0.0", "denied"),
        ("pkg:npm/good@1.0.0", "admitted"),
        ("pkg:npm/more@1.0.0", "admitted"),
    ]
    assert [item["artifacts"] for item in answer["lockfiles"]] == [1, 2]


def test_anchored_packed_and_verified_without_a_network(npm: Workplace) -> None:
    lock(npm, {"good": package("good"), "more": package("more"), "git": GIT})
    anchored = npm.ok("anchor", "--lock", "package-lock.json")
    assert [line.split()[0] for line in anchored.out.splitlines()] == ["pkg:npm/good@1.0.0", "pkg:npm/more@1.0.0"]
    assert "no anchor for git: a git dependency" in anchored.err
    assert npm.ok("anchor", "--lock", "package-lock.json", "--dry-run").out == anchored.out
    sign(npm, "good", "more")
    npm.ok("pack", "--lock", "package-lock.json", "--output", "evidence.tar")
    offline = ["--offline", "--store", "oci-archive:evidence.tar"]
    answer = verify(npm, *offline, policy="lenient.yaml")
    assert (answer["outcome"], answer["counts"]["admitted"]) == ("admitted", 2)
    assert verify(npm, *offline)["outcome"] == "denied"


@pytest.mark.parametrize("store", ["oci:evidence", "oci-archive:evidence.tar", "oci:evidence/{package}"])
def test_anchors_of_a_lockfile_in_every_kind_of_store_at_hand(npm: Workplace, store: str) -> None:
    lock(npm, {name: package(name) for name in ("a", "b", "c")})
    for _ in range(2):
        npm.ok("anchor", "--lock", "package-lock.json", "--store", store)
    for name in ("a", "b", "c"):
        options = ["--resolve", "--policy", "gate.yaml", "--store", store, "--json"]
        found = npm("verify", f"pkg:npm/{name}@1.0.0", *options)
        assert found.json["verdicts"][0]["digest"] == f"sha512:{sha512(name).hex()}"


@pytest.mark.parametrize("store", ["127.0.0.1:1/evidence/{package}", "npm:"])
def test_offline_refuses_what_needs_a_network(npm: Workplace, store: str) -> None:
    lock(npm, {"good": package("good")})
    said = npm.refused("verify", "--lock", "package-lock.json", "--policy", "gate.yaml", "--offline", "--store", store)
    assert "needs a network" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "package-lock.json"),
        ('{"lockfileVersion": 9}', "not a lockfile of a known version"),
        ('{"lockfileVersion": 3, "packages": {"node_modules/a": 1}}', "package-lock.json"),
    ],
)
def test_a_malformed_lockfile_is_a_usage_error(npm: Workplace, text: str, said: str) -> None:
    npm.write("package-lock.json", text)
    for command in (["verify", "--policy", "gate.yaml"], ["anchor"], ["pack", "--output", "x.tar"]):
        assert said in npm.refused(*command, "--lock", "package-lock.json")


def test_two_digests_of_one_package_are_a_usage_error(npm: Workplace) -> None:
    twice = package("good") | {"integrity": package("evil")["integrity"]}
    lock(npm, {"good": package("good"), "a/node_modules/good": twice})
    assert "two different digests" in npm.refused("verify", "--lock", "package-lock.json", "--policy", "gate.yaml")


def test_a_store_that_cannot_be_asked_leaves_doubt_about_every_package(npm: Workplace) -> None:
    lock(npm, {"a": package("a"), "b": package("b")})
    answer = verify(npm, "--store", "oci:missing/{package}")
    assert set(outcomes(answer).values()) == {"inconclusive"}
    npm.write("bad.tar", "not a tar")
    assert set(outcomes(verify(npm, "--store", "oci-archive:bad.tar")).values()) == {"inconclusive"}


def test_something_must_be_named(npm: Workplace) -> None:
    assert "nothing named" in npm.refused("verify", "--policy", "gate.yaml")
    assert "nothing named" in npm.refused("anchor")
    lock(npm, {})
    since = ["--changed-since", "package-lock.json"]
    assert "--lock" in npm.refused("verify", "pkg:npm/a@1.0.0", *since, "--policy", "gate.yaml")


def test_several_processes_give_the_same_answer(npm: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"p{number}" for number in range(12)]
    lock(npm, {name: package(name) for name in names})
    npm.ok("anchor", "--lock", "package-lock.json", "--store", "oci-archive:evidence.tar")
    sign(npm, *names[::2], store="oci-archive:evidence.tar")
    alone = verify(npm, "--store", "oci-archive:evidence.tar")
    monkeypatch.setattr(processes, "shares", lambda items: 3)
    shared = verify(npm, "--store", "oci-archive:evidence.tar")
    for answer in (alone, shared):
        for verdict in answer["verdicts"]:
            verdict["now"] = verdict["listing"]["listedAt"] = None
    assert shared == alone
    assert [item["subject"] for item in shared["verdicts"]] == [f"pkg:npm/{name}@1.0.0" for name in names]
    assert list(outcomes(shared).values()) == ["admitted", "denied"] * 6


def test_anchors_are_those_of_the_files_that_are_locked(attest: Workplace) -> None:
    wheel = attest.directory / "dist" / "acme-1.0-py3-none-any.whl"
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    attest.write("requirements.txt", f"Acme == 1.0 --hash=sha256:{digest}\n")
    by_lock = attest.ok("anchor", "--lock", "requirements.txt", "--dry-run").out
    assert by_lock == attest.ok("anchor", wheel, "--dry-run").out
