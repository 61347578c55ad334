"""Policies in real registries: pushed with all that they need, taken by digest, or by tag if they are signed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from attest import limits, names
from attest.oci.descriptor import EMPTY, EMPTY_BYTES, Descriptor
from attest.oci.digest import Digest
from attest.oci.manifest import write_image
from attest.oci.reference import Reference
from attest.stores.registry import RegistryStore
from attest.stores.registry.credentials import UserCredentials
from tests.cli.conftest import POLICY, Workplace
from tests.stores.registry import real

WHEEL = "dist/acme-1.0-py3-none-any.whl"
BASE = POLICY.replace("name: gate", "name: base").replace("release.pub", "../release.pub")
CHILD = "version: 1\nname: child\nextends: policies/base.yaml\n"


@pytest.fixture(params=["olareg", "distribution"])
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with getattr(real, request.param)(tmp_path / "registry") as host:
        yield host


@pytest.fixture
def signed(attest: Workplace) -> Workplace:
    """A wheel that is signed, another key, and a policy that extends one in a directory."""
    attest.ok("sign", WHEEL, "--key", "release.key")
    attest.ok("key", "generate", "people")
    attest.write("policies/base.yaml", BASE)
    attest.write("child.yaml", CHILD)
    return attest


def push(attest: Workplace, host: str, *more: str, file: str = "child.yaml", tag: str = ":v1") -> str:
    out = attest.ok("policy", "push", file, f"{host}/team/policy{tag}", *more).out
    return out.removeprefix("pushed ").strip()


@pytest.mark.peer("olareg", "distribution")
def test_by_digest(signed: Workplace, host: str) -> None:
    named = push(signed, host)
    assert named == push(signed, host, tag="")
    for path in ("policies/base.yaml", "child.yaml", "release.pub"):
        (signed.directory / path).unlink()
    verdict = signed.ok("verify", WHEEL, "--policy", named, "--json").json["verdicts"][0]
    (policy,) = verdict["policies"]
    assert policy["name"] == "child"
    assert policy["digest"] == str(Digest.of(CHILD.encode()))
    assert policy["files"] == [{"name": f"{named}/policies/base.yaml", "digest": str(Digest.of(BASE.encode()))}]


@pytest.mark.peer("olareg", "distribution")
def test_extends_by_digest(signed: Workplace, host: str) -> None:
    named = push(signed, host)
    signed.write("mine.yaml", f'version: 1\nname: mine\nextends: "{named}"\n')
    verdict = signed.ok("verify", WHEEL, "--policy", "mine.yaml", "--json").json["verdicts"][0]
    assert [file["name"] for file in verdict["policies"][0]["files"]] == [f"{named}/policies/base.yaml", named]
    signed.write("mine.yaml", f"version: 1\nname: mine\nextends: oci:{host}/team/policy:v1\n")
    assert "mine.yaml:3" in signed.refused("verify", WHEEL, "--policy", "mine.yaml")
    signed.write("both.yaml", f'version: 1\nname: both\nextends: ["{named}", "{named}/"]\n')
    assert "both.yaml:3" in signed.refused("verify", WHEEL, "--policy", "both.yaml")


@pytest.mark.peer("olareg", "distribution")
def test_by_tag_it_has_to_be_signed(signed: Workplace, host: str) -> None:
    push(signed, host, "--key", "people.key")
    tag = f"oci:{host}/team/policy:v1"
    asked = ("verify", WHEEL, "--policy", tag)
    assert signed.ok(*asked, "--policy-key", "people.pub").out.startswith("admitted")
    assert "without a digest" in signed.refused(*asked)
    other = signed.refused(*asked, "--policy-key", "release.pub", code=1)
    assert "is not signed by the key that was named" in other
    signed.write("child.yaml", CHILD.replace("child", "changed"))
    push(signed, host)  # the tag now means what nobody signed
    refused = signed.refused(*asked, "--policy-key", "people.pub", code=1)
    assert "found nothing attached" in refused
    push(signed, host, "--key", "release.key")
    signed.refused(*asked, "--policy-key", "people.pub", code=1)


@pytest.mark.peer("olareg", "distribution")
def test_it_is_signed_for_its_tag(signed: Workplace, host: str) -> None:
    """Whoever may push cannot put what is meant for tests where what is meant for production lies."""
    named = push(signed, host, "--key", "people.key", tag=":dev")
    with closing(RegistryStore(host, name=host, credentials=UserCredentials({}, signed.directory))) as store:
        digest = Digest.parse(named.partition("@")[2])
        store.tag(Reference("team/policy", "prod"), store.resolve(Reference("team/policy", digest=digest)))
    key = ("--policy-key", "people.pub")
    prod, dev = f"{host}/team/policy:prod", f"{host}/team/policy:dev"
    refused = signed.refused("verify", WHEEL, "--policy", f"oci:{prod}", *key, code=1)
    assert f"is signed by the key that was named, and not for {prod}" in refused
    assert f"expected a signature for {prod}, found {dev}" in refused
    for name in (f"oci:{dev}", named, f"oci:{prod}@{digest}"):
        signed.ok("verify", WHEEL, "--policy", name, *key)
    signed.ok("sign", prod, "--key", "people.key")
    signed.ok("verify", WHEEL, "--policy", f"oci:{prod}", *key)
    signed.ok("copy", f"{host}/team/policy:dev", f"{host}/other/policy")
    elsewhere = f"oci:{host}/other/policy:dev"
    assert "and not for" in signed.refused("verify", WHEEL, "--policy", elsewhere, *key, code=1)


@pytest.mark.peer("olareg", "distribution")
def test_a_revoked_signature_is_none(signed: Workplace, host: str) -> None:
    named = push(signed, host, "--key", "people.key")
    asked = ("verify", WHEEL, "--policy", named, "--policy-key", "people.pub")
    signed.ok(*asked)
    digest = named.partition("@")[2]
    listed = signed.ok("list", f"{host}/team/policy@{digest}", "--json").json
    (referrer,) = (item["digest"] for subject in listed["subjects"] for item in subject["referrers"])
    subject = f"{host}/team/policy@{digest}"
    signed.ok("revoke", referrer, "--of", subject, "--reason", "superseded", "--key", "people.key")
    signed.refused(*asked, code=1)


@pytest.mark.peer("olareg", "distribution")
def test_what_is_no_policy(signed: Workplace, host: str) -> None:
    def put(manifest_of: list[Descriptor], artifact_type: str = names.POLICY) -> str:
        with closing(RegistryStore(host, name=host, credentials=UserCredentials({}, signed.directory))) as store:
            store.push("team/policy", EMPTY, EMPTY_BYTES)
            for layer, data in blobs.items():
                store.push("team/policy", layer, data)
            manifest = write_image(artifact_type=artifact_type, config=EMPTY, layers=manifest_of)
            store.push("team/policy", manifest.descriptor(), manifest.raw)
            store.tag(Reference("team/policy", "bad"), manifest.descriptor())
            return f"oci:{host}/team/policy@{manifest.digest}"

    data = POLICY.encode()
    blobs = {Descriptor.of(names.POLICY_DOCUMENT, data): data, Descriptor.of(names.POLICY_FILE, b"x"): b"x"}

    def layer(title: str, media_type: str = names.POLICY_DOCUMENT, content: bytes = data) -> Descriptor:
        return Descriptor(media_type, Digest.of(content), len(content), {names.ANNOTATION_TITLE: title})

    def says(named: str, words: str) -> None:
        assert words in signed.refused("verify", WHEEL, "--policy", named)

    says(put([layer("gate.yaml")], "application/x"), "not a policy")
    says(put([]), "not a policy")
    says(put([layer("gate.yaml", names.POLICY_FILE)]), "not a policy")
    for title in ("../gate.yaml", "/gate.yaml", "", "a/../b", ".", "a\\b"):
        says(put([layer(title)]), "not a relative path")
    says(put([layer("gate.yaml"), layer("gate.yaml", names.POLICY_FILE, b"x")]), "two files of one name")
    says(put([layer("gate.yaml"), layer("x", "application/x", b"x")]), "a layer of another type")
    many = [layer(f"k{number}", names.POLICY_FILE, b"x") for number in range(limits.POLICY_FILES)]
    says(put([layer("gate.yaml"), *many]), "carries too much")
    says(put([layer("gate.yaml")]), "release.pub")  # its key did not come along, and none from here is taken
    outside = f"key: {signed.directory}/release.pub"
    for text in (POLICY.replace("key: release.pub", outside), POLICY.replace("release.pub", "../../x.pub")):
        data = text.encode()
        blobs = {Descriptor.of(names.POLICY_DOCUMENT, data): data}
        says(put([layer("gate.yaml", content=data)]), "a path leads out of the policy")


@pytest.mark.peer("olareg")
def test_what_is_not_asked(signed: Workplace, tmp_path: Path) -> None:
    with real.olareg(tmp_path / "olareg") as host:
        named = push(signed, host)
        assert "needs a network" in signed.refused("verify", WHEEL, "--policy", named, "--offline")
        nothing = named[:-4] + ("0000" if not named.endswith("0000") else "1111")
        signed.refused("verify", WHEEL, "--policy", nothing, code=3)
        unused = signed.refused("verify", WHEEL, "--policy", "policy.yaml", "--policy-key", "people.pub")
        assert "--policy-key is for policies in registries" in unused


@pytest.mark.peer("olareg")
def test_what_is_not_pushed(signed: Workplace, tmp_path: Path) -> None:
    with real.olareg(tmp_path / "olareg") as host:
        reference = f"{host}/team/policy:v1"
        signed.write("bad.yaml", POLICY.replace("by:", "bye:"))
        assert "bad.yaml:8" in signed.refused("policy", "push", "bad.yaml", reference)
        absolute = POLICY.replace("key: release.pub", f"key: {signed.directory}/release.pub")
        signed.write("absolute.yaml", absolute)
        assert "an absolute path" in signed.refused("policy", "push", "absolute.yaml", reference)
        digest = f"{host}/team/policy@sha256:{'0' * 64}"
        assert "a digest is what comes of it" in signed.refused("policy", "push", "child.yaml", digest)
        said = signed.ok("policy", "push", "child.yaml", reference, "--key", "people.key", "--json").json
        assert said["files"] == ["child.yaml", "policies/base.yaml", "release.pub"]
        assert (said["tag"], said["signedBy"][:7]) == ("v1", "sha256:")


@pytest.mark.peer("olareg")
def test_policies_of_components_come_along(signed: Workplace, tmp_path: Path) -> None:
    with real.olareg(tmp_path / "olareg") as host:
        rule = "  - {id: parts, require: dependencies, by: [release], policy: policies/base.yaml}\n"
        signed.write("gate.yml", POLICY + rule)
        untagged = signed.ok("policy", "push", "gate.yml", f"{host}/team/policy", "--json")
        said, tagged = untagged.json, signed.ok("policy", "push", "gate.yml", f"{host}/team/policy:v1")
        assert (untagged.err, "nobody can take it by the tag v1: that needs --key" in tagged.err) == ("", True)
        assert said["files"] == ["gate.yml", "release.pub", "policies/base.yaml"]
        for path in ("policies/base.yaml", "gate.yml", "release.pub"):
            (signed.directory / path).unlink()
        result = signed("verify", WHEEL, "--policy", said["policy"])
        assert (result.code, "dependencies-missing" in result.out) == (1, True)


@pytest.mark.peer("olareg")
def test_every_command_that_takes_one_takes_its_key(signed: Workplace, tmp_path: Path) -> None:
    with real.olareg(tmp_path / "olareg") as host:
        push(signed, host, "--key", "people.key")
        tag = f"oci:{host}/team/policy:v1"
        gate, key = ("--policy", tag), ("--policy-key", "people.pub")
        signed.ok("verify", WHEEL, *gate, *key, "--receipt", "acme.json")
        replay = ("policy", "replay", WHEEL, "--old", "policy.yaml", "--new", tag)
        asked: list[tuple[str, ...]] = [
            ("receipt", "check", "acme.json", *gate),
            replay,
            ("copy", "oci:.attest/{package}", "oci:mirror/{package}", WHEEL, *gate),
            ("release", WHEEL, "--key", "release.key", "--no-sbom", *gate),
        ]
        for words in asked:
            assert "--policy-key FILE" in signed.refused(*words)
            assert "is not signed by the key" in signed.refused(*words, "--policy-key", "release.pub", code=1)
            done = signed.ok(*words, *key)
        assert f"--policy {tag} --policy-key people.pub" in done.out
        unused = signed.refused(*replay[:-1], "policy.yaml", *key)
        assert "--policy-key is for policies in registries" in unused


@pytest.mark.parametrize(
    "words", [("policy", "lint"), ("policy", "test"), ("pack", WHEEL, "--output", "p", "--policy")]
)
def test_where_a_file_is_wanted(signed: Workplace, words: tuple[str, ...]) -> None:
    said = signed.refused(*words, "oci:registry.example/team/policy:v1")
    assert "oci:registry.example/team/policy:v1" in said
    assert "a policy in a registry, where a file is wanted" in said
