"""``attest copy``: everything about a subject arrives, and nothing that is not admitted."""

from __future__ import annotations

from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from attest.oci.digest import Digest
from attest.oci.reference import Reference
from attest.report.schemas import schema
from attest.stores.registry import RegistryStore
from attest.stores.registry.credentials import UserCredentials
from tests.cli.conftest import Workplace
from tests.stores import graphs
from tests.stores.faults import Child, kill_self, nth, watched
from tests.stores.programs import oras_referrers, run
from tests.stores.registry import real

WHEEL = "dist/acme-1.0-py3-none-any.whl"
PURL = "pkg:pypi/acme@1.0"
OTHER = "dist/other-1.0-py3-none-any.whl"


@pytest.fixture
def signed(attest: Workplace) -> Workplace:
    """Two packages in the default store: one signed by the release key, the other by a stranger."""
    attest.wheel("other")
    attest.ok("key", "generate", "stranger")
    attest.ok("sign", WHEEL, "--key", "release.key")
    attest.ok("sign", OTHER, "--key", "stranger.key")
    return attest


def outcomes(value: Any) -> dict[str, str]:
    jsonschema.Draft202012Validator(schema("copy")).validate(value)
    return {item["subject"]: item["outcome"] for item in value["subjects"]}


def test_a_whole_store_and_back_through_every_shape(signed: Workplace) -> None:
    """From a repository a package to one for all and back, and into an archive; verified at every step."""
    stores = ("oci:.attest/{package}", "oci:shared", "oci-archive:evidence.tar", "oci:back/{package}")
    for source, destination in pairwise(stores):
        done = signed.ok("copy", source, destination, "--verify", "--json")
        assert outcomes(done.json) == {PURL: "copied", "pkg:pypi/other@1.0": "copied"}
        admitted = signed.ok("verify", WHEEL, "--policy", "policy.yaml", "--store", destination)
        assert admitted.out.startswith("admitted")
    tree = signed.ok("tree", PURL, "--json").json
    back = signed.ok("tree", PURL, "--json", "--store", stores[-1]).json
    assert [digests(item) for item in back["subjects"]] == [digests(item) for item in tree["subjects"]]
    again = signed.ok("copy", "oci:.attest/{package}", "oci:back/{package}", "--json").json
    assert set(outcomes(again).values()) == {"present"}
    assert again["missing"] == {"manifests": 0, "blobs": 0, "bytes": 0}
    said = "verified: both sides hold the same\n"
    assert signed.ok("copy", "oci:shared", "oci:back/{package}", "--verify").out.endswith(said)
    assert said not in signed.ok("copy", "oci:shared", "oci:new", "--verify", "--dry-run").out


def digests(branch: dict[str, Any]) -> list[Any]:
    return [(leaf["digest"], digests(leaf)) for leaf in branch["referrers"]]


def test_one_subject_only(signed: Workplace) -> None:
    signed.ok("copy", "oci:.attest/{package}", "oci:mirror/{package}", PURL)
    assert Path("mirror/pypi/acme").is_dir()
    assert not Path("mirror/pypi/other").exists()


def test_one_artifact_without_its_siblings(signed: Workplace) -> None:
    sibling = signed.wheel(note="changed")
    signed.ok("sign", sibling, "--key", "release.key")
    signed.ok("copy", "oci:.attest/{package}", "oci:mirror/{package}", WHEEL, "--verify")
    (subject,) = signed.ok("tree", PURL, "--store", "oci:mirror/{package}", "--json").json["subjects"]
    assert subject["digest"] == signed.ok("anchor", WHEEL, "--dry-run", "--json").json["anchors"][0]["digest"]


def test_a_dry_run_counts_and_writes_nothing(signed: Workplace) -> None:
    done = signed.ok("copy", "oci:.attest/{package}", "oci-archive:out/evidence.tar", "--dry-run", "--json").json
    assert set(outcomes(done).values()) == {"planned"}
    assert (done["missing"]["manifests"], done["dryRun"]) == (6, True)
    assert not Path("out").exists()
    assert (
        signed.ok("copy", "oci:.attest/{package}", "oci:mirror", "--dry-run")
        .out.splitlines()[-1]
        .startswith("to copy: 6")
    )
    assert not Path("mirror").exists()


def test_a_copy_that_was_killed_is_run_again(signed: Workplace, tmp_path: Path) -> None:
    """Killed at every tenth file operation of the destination: what is there is sound, and the rest follows."""
    for moment in range(0, 1000, 10):
        destination = f"oci:mirror-{moment}"

        def job(acknowledge: object, moment: int = moment, destination: str = destination) -> None:
            with watched(nth(moment, kill_self)):
                signed("copy", "oci:.attest/{package}", destination)

        finished, _ = Child(job).wait()
        done = signed.ok("copy", "oci:.attest/{package}", destination, "--verify", "--json").json
        assert set(outcomes(done)) == {PURL, "pkg:pypi/other@1.0"}
        assert done["missing"]["manifests"] + done["present"]["manifests"] == 6
        if finished:
            break
    assert 50 < moment < 990
    assert set(outcomes(done).values()) == {"present"}


def test_what_is_not_admitted_is_not_copied(signed: Workplace) -> None:
    done = signed("copy", "oci:.attest/{package}", "oci:mirror/{package}", "--policy", "policy.yaml", "--json")
    assert done.code == 1
    assert outcomes(done.json) == {PURL: "copied", "pkg:pypi/other@1.0": "denied"}
    assert signed.ok("verify", WHEEL, "--policy", "policy.yaml", "--store", "oci:mirror/{package}")
    assert not Path("mirror/pypi/other").exists()


def test_a_policy_is_asked_artifact_by_artifact(signed: Workplace) -> None:
    sibling = signed.wheel(note="changed")
    signed.ok("sign", sibling, "--key", "stranger.key")
    done = signed("copy", "oci:.attest/{package}", "oci:mirror/{package}", PURL, "--policy", "policy.yaml", "--json")
    assert (done.code, [item["outcome"] for item in done.json["subjects"]].count("copied")) == (1, 1)
    (subject,) = signed.ok("tree", PURL, "--store", "oci:mirror/{package}", "--json").json["subjects"]
    assert subject["digest"] == signed.ok("anchor", WHEEL, "--dry-run", "--json").json["anchors"][0]["digest"]


def test_what_is_damaged_is_told_and_the_rest_is_copied(signed: Workplace) -> None:
    evidence = signed.ok("list", OTHER, "--json").json["subjects"][0]["referrers"][0]["digest"]
    blob = Path(".attest/pypi/other/blobs/sha256") / evidence.removeprefix("sha256:")
    blob.chmod(0o644)
    blob.write_bytes(blob.read_bytes()[:-1])
    done = signed("copy", "oci:.attest/{package}", "oci:mirror/{package}", "--json")
    assert done.code == 3
    assert outcomes(done.json) == {PURL: "copied", "pkg:pypi/other@1.0": "incomplete"}


def test_registries_with_and_without_the_api(signed: Workplace, tmp_path: Path) -> None:
    with real.olareg(tmp_path / "olareg") as one, real.distribution(tmp_path / "distribution") as other:
        stores = ("oci:.attest/{package}", f"{one}/evidence", f"{other}/a/{{package}}", f"{other}/b/{{package}}")
        for source, destination in pairwise(stores):
            named = () if source == f"{one}/evidence" or source.startswith("oci:") else (PURL, "pkg:pypi/other@1.0")
            done = signed.ok("copy", source, destination, *named, "--verify", "--json")
            assert set(outcomes(done.json).values()) == {"copied"}
            assert signed.ok("verify", WHEEL, "--policy", "policy.yaml", "--store", destination)
        image = signed.ok("copy", f"{other}/a/pypi/acme:1.0", "oci:image", "--verify", "--json").json
        assert outcomes(image) == {PURL: "copied"}


def test_a_whole_registry_with_a_repository_for_each_package(signed: Workplace, tmp_path: Path) -> None:
    """Where it has a catalogue; what is no package keeps its place, and what lies beside the template stays away."""
    with real.distribution(tmp_path / "distribution") as host:
        signed.ok("copy", "oci:.attest/{package}", f"{host}/evidence/{{package}}")
        signed.ok("copy", "oci:.attest/{package}", f"{host}/beside/{{package}}", PURL)
        with closing(RegistryStore(host, name=host, credentials=UserCredentials({}, tmp_path))) as store:
            image = graphs.push(store, "evidence/team/app", graphs.subject())
            store.tag(Reference("evidence/team/app", "v1"), image)
            gone = graphs.push(store, "evidence/emptied", graphs.subject())
            store.tag(Reference("evidence/emptied", "v1"), gone)
            store.delete("evidence/emptied", gone.digest)
        done = signed.ok("copy", f"{host}/evidence/{{package}}", "oci:mirror/{package}", "--verify", "--json").json
        app = f"{host}/evidence/team/app:v1"
        assert outcomes(done) == dict.fromkeys((PURL, "pkg:pypi/other@1.0", app), "copied")
        assert {item["repository"] for item in done["subjects"]} == {"pypi/acme", "pypi/other", "team/app"}
        again = signed.ok("copy", f"{host}/evidence/{{package}}", f"{host}/all/{{package}}", "--json").json
        assert {item["repository"] for item in again["subjects"]} == {
            "all/pypi/acme",
            "all/pypi/other",
            "all/team/app",
        }
        assert "no repository" in signed.refused("copy", f"{host}/nothing/{{package}}", "oci:x", code=3)


def test_a_registry_that_does_not_say_what_it_has(signed: Workplace, tmp_path: Path) -> None:
    with real.olareg(tmp_path / "olareg") as host:
        signed.ok("copy", "oci:.attest/{package}", f"{host}/evidence/{{package}}")
        refused = signed.refused("copy", f"{host}/evidence/{{package}}", "oci:mirror/{package}")
        assert "does not say which repositories it has" in refused
        assert "name the packages after DST" in refused
        assert not Path("mirror").exists()
        signed.ok("copy", f"{host}/evidence/{{package}}", "oci:mirror/{package}", PURL)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("oci:.attest/{package}:1.0", "oci:x"), "not one manifest"),
        (("oci:.attest", "npm:"), "read-only"),
        (("--store", "oci:y", "copy", "oci:.attest", "oci:x"), "--store does not go with copy"),
        (("oci:.attest/{package}", "oci:x", "oci:.attest/pypi/acme:1.0"), "not a package"),
        (("oci:.attest/pypi/acme@sha256:1", "oci:x"), "not a sha256 digest"),
        (("oci:.attest/pypi/acme:1.0", "oci:x", PURL), "SRC names one manifest"),
    ],
)
def test_what_cannot_be_meant(signed: Workplace, arguments: tuple[str, ...], says: str) -> None:
    words = arguments if "copy" in arguments else ("copy", *arguments)
    assert says in signed.refused(*words)
    assert not Path("x").exists()


def test_what_is_not_there_is_inconclusive(signed: Workplace) -> None:
    assert "does not exist" in signed.refused("copy", "oci:nowhere", "oci:x", code=3)
    missing = signed("copy", "oci:.attest/{package}", "oci:x", "pkg:pypi/unheard-of@1", "--json")
    assert (missing.code, set(outcomes(missing.json).values())) == (3, {"incomplete"})
    assert signed("copy", "oci:.attest/pypi/acme:2.0", "oci:x").code == 3
    assert not Path("x").exists()


def test_an_image_does_not_fit_where_every_package_has_a_repository(signed: Workplace) -> None:
    evidence = signed.ok("list", WHEEL, "--json").json["subjects"][0]["referrers"][0]["digest"]
    source = f"oci:.attest/pypi/acme@{evidence}"
    refused = signed("copy", source, "oci:mirror/{package}", "--json")
    assert (refused.code, list(outcomes(refused.json).values())) == (3, ["incomplete"])
    signed.ok("copy", source, "oci:mirror")


def test_cosign_and_oras_read_what_was_copied(attest: Workplace, tmp_path: Path) -> None:
    """A bundle and an older signature by the real cosign, from a registry with the API to one without and to a tar."""
    signing = ("sign", "--key", "cosign.key", "--tlog-upload=false", "--use-signing-config=false", "--yes")
    checking = ("verify", "--key", "cosign.pub", "--insecure-ignore-tlog=true", "--private-infrastructure=true")
    formats = ("--new-bundle-format=true", "--new-bundle-format=false")
    run("cosign", "generate-key-pair", cwd=tmp_path, COSIGN_PASSWORD="")
    with real.olareg(tmp_path / "olareg") as one, real.distribution(tmp_path / "distribution") as other:
        with closing(RegistryStore(one, name=one, credentials=UserCredentials({}, tmp_path))) as store:
            image = graphs.push(store, "team/app", graphs.subject())
            store.tag(Reference("team/app", "v1"), image)
        for form in formats:
            source = f"{one}/team/app@{image.digest}"
            run("cosign", *signing, form, "--allow-http-registry", source, cwd=tmp_path, COSIGN_PASSWORD="")
        attest.ok("copy", f"{one}/team/app:v1", f"{other}/mirror/app", "--verify")
        for form in formats:
            run("cosign", *checking, form, "--allow-http-registry", f"{other}/mirror/app@{image.digest}", cwd=tmp_path)
        attest.ok("copy", f"{other}/mirror/app:v1", "oci-archive:app.tar", "--verify")
        assert len(oras_referrers(Path("app.tar"), image.digest)) == 1
        assert oras_referrers(Path("app.tar"), image.digest) == attached(attest, f"{other}/mirror/app:v1")


def attached(attest: Workplace, subject: str) -> set[Digest]:
    """The referrers: what cosign's older tags name are none."""
    (listed,) = attest.ok("list", subject, "--json").json["subjects"]
    return {
        Digest.parse(item["digest"])
        for item in listed["referrers"]
        if {place["where"] for place in item["found"]} != {"cosign-tag"}
    }
