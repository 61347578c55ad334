"""A release as its pipeline makes it and as others find it: whole or not at all, and read by the tools that exist."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import jsonschema
import pytest

from attest import names
from attest.errors import NotFound
from attest.packages.anchors import version_anchor
from attest.packages.purl import Purl
from attest.report.schemas import schema
from attest.stores.directory import DirectoryStore
from tests.cli.conftest import PASSWORD, POLICY, Workplace
from tests.cli.test_cosign import OFFLINE, cosign
from tests.packages.build import PACKAGE_JSON, tgz, zipped
from tests.private_sigstore.stack import PrivateSigstore
from tests.stores.programs import olareg, run

STORE = "oci:store/{package}"
RESOLVING = POLICY + "resolve: {by: [release]}\n"
TAGS = {
    "linux/amd64": "cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64",
    "linux/arm64": "cp311-cp311-musllinux_1_2_aarch64",
    "darwin/arm64": "cp311-cp311-macosx_11_0_arm64",
    "windows/amd64": "cp311-cp311-win_amd64",
    "any": "py3-none-any",
}
CRASH = """
import os, signal, sys
from attest.cli.main import main
from attest.stores.directory import DirectoryStore

left = int(sys.argv[1])

def dying(write):
    def step(*arguments):
        global left
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1
        return write(*arguments)
    return step

DirectoryStore.push = dying(DirectoryStore.push)
DirectoryStore.tag = dying(DirectoryStore.tag)
code = main(sys.argv[2:])
print(left, file=sys.stderr)
sys.exit(code)
"""
"""Runs `attest` and kills it before the write with this number, as nothing can prepare for."""


def wheel(attest: Workplace, tag: str, version: str = "1.0", *, folder: str = "dist", note: str = "") -> Path:
    python, abi, platform = tag.split("-")
    info = f"acme-{version}.dist-info"
    tags = "".join(f"Tag: {python}-{abi}-{part}\n" for part in platform.split("."))
    members = {
        "acme.py": f"TAG = {tag + note!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: acme\nVersion: {version}\n",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: false\n{tags}",
    }
    path = attest.directory / folder / f"acme-{version}-{tag}.whl"
    path.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in members.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return path.relative_to(attest.directory)


@pytest.fixture
def wheels(attest: Workplace) -> list[Path]:
    shutil.rmtree(attest.directory / "dist")
    attest.write("policy.yaml", RESOLVING)
    return [wheel(attest, tag) for tag in TAGS.values()]


def release(attest: Workplace, files: Sequence[Path], *more: str, store: str = STORE) -> dict[str, object]:
    answer = attest.ok("release", *files, "--key", "release.key", "--store", store, "--json", *more).json
    jsonschema.validate(answer, schema("release"))
    (found,) = answer["released"]
    assert isinstance(found, dict)
    return found


def stored(attest: Workplace) -> DirectoryStore:
    return DirectoryStore(attest.directory / "store", "oci:store", create=True)


def statements(attest: Workplace) -> int:
    """How many release statements are attached."""
    listed = stored(attest).referrers("pypi/acme", version_anchor(Purl.parse("pkg:pypi/acme@1.0")).digest)
    claims = [item.descriptor.annotations.get(names.ANNOTATION_BUNDLE_PREDICATE) for item in listed.items]
    return claims.count(names.PREDICATE_RELEASE)


def tags(attest: Workplace) -> list[str]:
    try:
        return list(stored(attest).tags("pypi/acme"))
    except NotFound:
        return []


def test_a_purl_alone_is_enough_for_who_trusts_the_releaser(attest: Workplace, wheels: list[Path]) -> None:
    release(attest, wheels)
    verdicts = attest.ok("verify", "pkg:pypi/acme@1.0", "--policy", "policy.yaml", "--store", STORE, "--json").json
    assert len(verdicts["verdicts"]) == len(wheels)
    attest.write("plain.yaml", POLICY)
    assert attest("verify", "pkg:pypi/acme@1.0", "--policy", "plain.yaml", "--store", STORE).code == 3


def test_what_somebody_else_anchors_does_not_belong_to_the_version(attest: Workplace, wheels: list[Path]) -> None:
    release(attest, wheels[1:])
    attest.ok("anchor", wheels[0], "--store", STORE)
    verify = ("verify", "pkg:pypi/acme@1.0", "--policy", "policy.yaml", "--store", STORE, "--json")
    assert len(attest.ok(*verify).json["verdicts"]) == len(wheels) - 1
    assert attest("verify", wheels[0], "--policy", "policy.yaml", "--store", STORE).code == 1


def test_a_strangers_release_is_none(attest: Workplace, wheels: list[Path]) -> None:
    attest.ok("key", "generate", "stranger")
    attest.ok("release", *wheels, "--key", "stranger.key", "--store", STORE)
    asked = attest("verify", "pkg:pypi/acme@1.0", "--policy", "policy.yaml", "--store", STORE)
    assert asked.code == 1
    assert asked.err == (
        "pkg:pypi/acme@1.0: no release statement by release was shown, and nothing proves that there is none\n"
    )
    release(attest, wheels)  # what a stranger has signed word for word is signed again
    assert attest("verify", "pkg:pypi/acme@1.0", "--policy", "policy.yaml", "--store", STORE).code == 0


def test_contradicting_releases_prove_nothing(attest: Workplace, wheels: list[Path]) -> None:
    release(attest, wheels)
    release(attest, [wheel(attest, TAGS["any"], folder="again", note="!")])
    asked = attest("verify", "pkg:pypi/acme@1.0", "--policy", "policy.yaml", "--store", STORE)
    assert asked.code == 3
    assert "release statements contradict each other: two artifacts are acme-1.0-py3-none-any.whl" in asked.err


def test_doing_it_again_changes_nothing(attest: Workplace, wheels: list[Path]) -> None:
    first = release(attest, wheels, "--index")
    index = (attest.directory / "store/pypi/acme/index.json").read_bytes()
    assert release(attest, wheels, "--index") == first
    assert (attest.directory / "store/pypi/acme/index.json").read_bytes() == index


@pytest.mark.parametrize("store", ["oci:one", "oci-archive:one.tar"])
def test_where_all_lies_in_one_repository(attest: Workplace, wheels: list[Path], store: str) -> None:
    assert release(attest, wheels, "--index", store=store) == release(attest, wheels, "--index", store=store)
    verify = ("verify", "pkg:pypi/acme@1.0", "--policy", "policy.yaml", "--store", store, "--json")
    assert len(attest.ok(*verify).json["verdicts"]) == len(wheels)


def test_what_the_statement_says_of_a_file(attest: Workplace, wheels: list[Path]) -> None:
    found = release(attest, wheels, "--download-url", "https://files.example/{name}/{version}/{file}")
    assert isinstance(found["files"], list)
    last = found["files"][-1]
    assert (last["name"], last["platform"]) == ("acme-1.0-py3-none-any.whl", "py3-none-any")
    assert last["size"] == wheels[-1].stat().st_size
    assert last["download_url"] == "https://files.example/acme/1.0/acme-1.0-py3-none-any.whl"


def test_several_versions_at_once(attest: Workplace, wheels: list[Path]) -> None:
    second = wheel(attest, TAGS["any"], "2.0")
    done = attest.ok("release", wheels[0], second, "--key", "release.key", "--store", STORE, "--json").json["released"]
    assert [(item["purl"], item["tag"], len(item["files"])) for item in done] == [
        ("pkg:pypi/acme@1.0", "1.0", 1),
        ("pkg:pypi/acme@2.0", "2.0", 1),
    ]
    assert tags(attest) == ["1.0", "2.0"]


def test_what_is_printed_for_people(attest: Workplace, wheels: list[Path]) -> None:
    out = attest.ok("release", wheels[-1], "--key", "release.key", "--store", STORE, "--index").out.splitlines()
    assert out[0].startswith("released pkg:pypi/acme@1.0 sha256:")
    assert out[1].startswith("  acme-1.0-py3-none-any.whl sha256:")
    assert out[2].startswith("  index pypi/acme:platforms-1-0--")
    assert out[3:] == [
        "to verify, with a policy of one's own as POLICY:",
        f"  attest verify {wheels[-1]} --policy POLICY --store 'oci:store/{{package}}'",
    ]
    assert attest(*shlex.split(out[4].replace("POLICY", "policy.yaml"))[1:]).code == 0


def refusals() -> Iterator[tuple[tuple[str, ...], str]]:
    yield ("dist/a.whl", "again/a.whl"), "have one name"
    yield ("--purl", "pkg:pypi/acme@2.0", "dist/a.whl"), "the file is not pkg:pypi/acme@2.0"
    yield ("dist/a.whl", "--download-url", "dist/a.whl"), "not a URL"
    yield ("dist/a.whl", "--download-url", "https://me:secret@files.example/{file}"), "a URL with credentials"
    yield ("dist/a.whl", "--download-url", "https://files.example/{digest}"), "unknown: {digest}"
    yield ("dist/a.whl", "--download-url", "https://files.example/{file"), "unknown: {"
    yield ("dist/a.whl", "dist/b.whl", "--download-url", "https://files.example/"), "one URL for several files"
    yield ("dist/missing.whl",), "cannot read the file"
    yield ("policy.yaml",), "not a package of a known kind"


@pytest.mark.parametrize(("arguments", "why"), list(refusals()))
def test_nothing_is_written_of_what_is_refused(
    attest: Workplace, wheels: list[Path], arguments: tuple[str, ...], why: str
) -> None:
    again = wheel(attest, TAGS["any"], folder="again", note="!")
    files = {"dist/a.whl": str(wheels[-1]), "dist/b.whl": str(wheels[0]), "again/a.whl": str(again)}
    given = [files.get(argument, argument) for argument in arguments]
    if "--download-url" in given:  # an address, not a file
        given[given.index("--download-url") + 1] = arguments[arguments.index("--download-url") + 1]
    assert why in attest.refused("release", *given, "--key", "release.key", "--store", STORE)
    assert not (attest.directory / "store").exists()


def test_two_files_of_a_version_that_has_one_artifact(attest: Workplace) -> None:
    for name in ("a.tgz", "b.tgz"):
        attest.write(name, tgz([("package/package.json", PACKAGE_JSON), (name, b"")]))
    why = attest.refused("release", "a.tgz", "b.tgz", "--key", "release.key", "--store", STORE)
    assert why.startswith("attest: 2 files of pkg:npm/semver@7.6.3")


def test_a_file_with_the_content_of_another(attest: Workplace, wheels: list[Path]) -> None:
    shutil.copy(wheels[-1], "acme-1.0-0-py3-none-any.whl")
    why = attest.refused("release", wheels[-1], "acme-1.0-0-py3-none-any.whl", "--key", "release.key")
    assert "have one content" in why


def killed(attest: Workplace, after: int, *arguments: str | Path) -> int | None:
    """Kill `attest` before this write; None if it was, else how many writes it was short of."""
    done = subprocess.run(
        [sys.executable, "-c", CRASH, str(after), *map(str, arguments)],
        cwd=attest.directory,
        env={**os.environ, "ATTEST_PASSWORD": PASSWORD},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if done.returncode == -signal.SIGKILL:
        return None
    assert done.returncode == 0, done.stderr
    return int(done.stderr.splitlines()[-1])


def test_a_release_that_is_killed_leaves_nothing_tagged(attest: Workplace, wheels: list[Path]) -> None:
    """With everything that it can make, asked before by a policy."""
    attest.write("gate.yaml", RESOLVING.replace("rules:", "rules:\n  - {id: sbom, require: sbom, by: [release]}"))
    facts = ("--builder-id", "https://build.test", "--build-type", "https://build.test/make/v1")
    source = ("--source", "https://git.test/acme", "--commit", "ab" * 20, "--policy", "gate.yaml")
    sign = ("--key", "release.key", "--store", STORE)
    command: tuple[str | Path, ...] = ("release", *wheels[:2], *sign, *facts, *source)
    left = killed(attest, 1000, *command, "--index")
    assert left is not None
    writes = 1000 - left
    shutil.rmtree("store")
    for after in sorted({*range(0, writes - 3, writes // 5), writes - 3, writes - 2}):
        assert killed(attest, after, *command, "--index") is None
        assert tags(attest) == [], after
        shutil.rmtree("store", ignore_errors=True)
    assert killed(attest, writes - 1, *command, "--index") is None
    assert [name.startswith("platforms-") for name in tags(attest)] == [True]
    release(attest, wheels[:2], "--index", *facts, *source)
    assert tags(attest)[0] == "1.0"
    assert statements(attest) == 1, "what the killed one has signed is kept"


def test_a_signature_that_fails_leaves_nothing(attest: Workplace, wheels: list[Path]) -> None:
    refused = attest("release", *wheels, "--key", "missing.key", "--store", STORE)
    assert refused.code == 2
    assert not (attest.directory / "store").exists()


@pytest.mark.peer("cosign", "olareg")
def test_cosign_accepts_the_files_and_the_version(attest: Workplace, wheels: list[Path]) -> None:
    Path("registry").mkdir()
    attest.ok("key", "generate", "stranger")
    with olareg(Path("registry")) as registry:
        found = release(attest, wheels, store=f"{registry.host}/{{package}}")
        assert isinstance(found["verify"], list)
        own, *others = map(shlex.split, found["verify"])
        assert attest(*["policy.yaml" if word == "POLICY" else word for word in own[1:]]).code == 0
        assert [command[1] for command in others] == ["verify", "verify-attestation"] * len(wheels)
        for command in others:
            cosign(attest, *command[1:])
            cosign(attest, *["stranger.pub" if word == "release.pub" else word for word in command[1:]], code=1)
        version = f"{registry.host}/pypi/acme:1.0"
        cosign(attest, "verify", "--key", "release.pub", *OFFLINE, version)
        kind = "https://in-toto.io/attestation/release/v0.1"
        cosign(attest, "verify-attestation", "--key", "release.pub", "--type", kind, *OFFLINE, version)


@pytest.mark.peer("cosign", "olareg")
@pytest.mark.parametrize("go", [False, True])
def test_without_a_key(
    attest: Workplace, wheels: list[Path], private_sigstore: PrivateSigstore, monkeypatch: pytest.MonkeyPatch, go: bool
) -> None:
    """A Go module's own digest is one that logs do not take in statements."""
    monkeypatch.setenv("SIGSTORE_ID_TOKEN", private_sigstore.token("alice@example.test"))
    Path("registry").mkdir()
    shutil.copy(private_sigstore.trusted_root, "trusted_root.json")
    who = f"{{issuer: {private_sigstore.issuer.people}, subject: alice@example.test}}"
    gate = RESOLVING.replace("{key: release.pub}", who).replace("{keys_only: true}", "{root: trusted_root.json}")
    attest.write("policy.yaml", gate.replace("pkg:pypi/**", "pkg:golang/**" if go else "pkg:pypi/**"))
    files = (
        [attest.write("m.zip", zipped([("example.com/m@v1.0.0/go.mod", b"module example.com/m\n")]))]
        if go
        else wheels[:2]
    )
    purl = "pkg:golang/example.com/m@v1.0.0" if go else "pkg:pypi/acme@1.0"
    with olareg(Path("registry")) as registry:
        store = ("--store", f"{registry.host}/{{package}}")
        keyless = ("--keyless", "--trust-config", private_sigstore.client_trust_config)
        policed = ("--policy", "policy.yaml", "--json")
        (found,) = attest.ok("release", *files, *keyless, *store, *policed).json["released"]
        assert [item["name"] for item in found["policies"]] == ["gate"]
        own, *others = map(shlex.split, found["verify"])
        assert attest(*own[1:]).code == 0
        assert [command[1] for command in others] == ["verify", "verify-attestation"] * len(files)
        for command in others:
            cosign(attest, *command[1:])
        assert attest("verify", purl, "--policy", "policy.yaml", *store).code == 0


@pytest.mark.peer("crane", "oras", "regctl", "olareg")
@pytest.mark.parametrize("command", ["anchor", "release"])
def test_clients_that_select_by_platform(attest: Workplace, wheels: list[Path], command: str) -> None:
    Path("registry").mkdir()
    with olareg(Path("registry")) as registry:
        store = ("--store", f"{registry.host}/{{package}}", "--index", "--json")
        if command == "anchor":
            answer = attest.ok("anchor", *wheels, *store).json
            jsonschema.validate(answer, schema("anchor"))
            (index,) = answer["indexes"]
            anchors = [item["anchor"] for item in answer["anchors"]]
        else:
            (found,) = attest.ok("release", *wheels, "--key", "release.key", *store).json["released"]
            index, anchors = found["index"], [item["anchor"] for item in found["files"]]
        reference = index["reference"]
        tls = ("--host", f"reg={registry.host},tls=disabled")
        for platform, anchor in zip(TAGS, anchors, strict=True):
            if platform == "any":
                continue
            assert run("crane", "digest", "--platform", platform, reference).strip() == anchor
            assert run("regctl", "manifest", "head", *tls, "--platform", platform, reference).strip() == anchor
            fetched = run(
                "oras", "manifest", "fetch", "--plain-http", "--descriptor", "--platform", platform, reference
            )
            assert json.loads(fetched)["digest"] == anchor
        listed = json.loads(run("crane", "manifest", reference))["manifests"]
        assert [item["digest"] for item in listed if "platform" not in item] == [anchors[-1]]
        assert listed[-1]["annotations"]["dev.attest.platform"] == "py3-none-any"


def test_an_index_of_nothing_that_is_written(attest: Workplace, wheels: list[Path]) -> None:
    assert "--dry-run writes nothing" in attest.refused("anchor", wheels[0], "--index", "--dry-run")
