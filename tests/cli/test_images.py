"""Any manifest in a registry as a subject: signed, listed, verified by HOST/REPO, and accepted by cosign."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from attest import names
from attest.oci.descriptor import Descriptor
from attest.oci.reference import Reference
from attest.stores.registry import RegistryStore
from attest.stores.registry.credentials import UserCredentials
from tests.cli.conftest import PASSWORD, Workplace
from tests.peers import free_port
from tests.stores.programs import run
from tests.stores.registry import real

REPOSITORY = "team/app"
POLICY = """\
version: 1
name: images
applies_to: ["{pattern}"]
trust: {{keys_only: true}}
identities:
  release: {{key: release.pub}}
rules:
  - {{id: signed, require: signature, by: [release]}}
"""

Serving = Callable[[Path], AbstractContextManager[str]]


def kinds() -> dict[str, tuple[str, list[tuple[str, bytes]], bytes]]:
    """By name: media type, the blobs and manifests that it names, and the manifest, as other tools write them."""
    config, layer = b'{"architecture":"amd64","os":"linux"}', b"layer"

    def manifest(media_type: str, config_type: str, layer_type: str) -> bytes:
        def descriptor(kind: str, data: bytes) -> dict[str, Any]:
            return {"mediaType": kind, "size": len(data), "digest": f"sha256:{hashlib.sha256(data).hexdigest()}"}

        value = {"schemaVersion": 2, "mediaType": media_type, "config": descriptor(config_type, config)}
        return json.dumps({**value, "layers": [descriptor(layer_type, layer)]}, indent=3).encode()

    oci = manifest(names.OCI_MANIFEST, names.OCI_IMAGE_CONFIG, "application/vnd.oci.image.layer.v1.tar+gzip")
    docker = manifest(
        names.DOCKER_MANIFEST,
        "application/vnd.docker.container.image.v1+json",
        "application/vnd.docker.image.rootfs.diff.tar.gzip",
    )
    chart = manifest(
        names.OCI_MANIFEST,
        "application/vnd.cncf.helm.config.v1+json",
        "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
    )
    wasm = manifest(names.OCI_MANIFEST, "application/vnd.wasm.config.v0+json", "application/wasm")
    platforms = [
        {"mediaType": kind, "size": len(raw), "digest": f"sha256:{hashlib.sha256(raw).hexdigest()}"}
        for kind, raw in ((names.OCI_MANIFEST, oci),)
    ]
    index = json.dumps({"schemaVersion": 2, "mediaType": names.OCI_INDEX, "manifests": platforms}).encode()
    blobs = [("application/octet-stream", config), ("application/octet-stream", layer)]
    return {
        "image": (names.OCI_MANIFEST, blobs, oci),
        "docker": (names.DOCKER_MANIFEST, blobs, docker),
        "chart": (names.OCI_MANIFEST, blobs, chart),
        "wasm": (names.OCI_MANIFEST, blobs, wasm),
        "index": (names.OCI_INDEX, [*blobs, (names.OCI_MANIFEST, oci)], index),
    }


def push(host: str, kind: str, tag: str) -> str:
    """As another tool would have; the digest of what is then there."""
    media_type, before, raw = kinds()[kind]
    store = RegistryStore(host, name=host, credentials=UserCredentials({}, Path("/nonexistent")))
    for child_type, data in (*before, (media_type, raw)):
        store.push(REPOSITORY, Descriptor.of(child_type, data), data)
    store.tag(Reference(REPOSITORY, tag), Descriptor.of(media_type, raw))
    store.close()
    return str(Descriptor.of(media_type, raw).digest)


@pytest.fixture(
    scope="module", params=[real.olareg, real.distribution, real.crane], ids=lambda serving: serving.__name__
)
def host(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with request.param(tmp_path_factory.mktemp("registry")) as host:
        yield host


@pytest.mark.peer("olareg", "distribution", "crane", "cosign")
@pytest.mark.parametrize("kind", sorted(kinds()))
def test_any_manifest_is_a_subject(attest: Workplace, host: str, kind: str) -> None:
    digest = push(host, kind, kind)
    image = f"{host}/{REPOSITORY}:{kind}"
    attest.write("images.yaml", POLICY.format(pattern=f"{host}/team/*"))
    assert attest("verify", image, "--policy", "images.yaml").code == 1
    (written,) = attest.ok("sign", image, "--key", "release.key", "--json").json["written"]
    assert (written["manifest"], written["repository"]) == (digest, REPOSITORY)
    attest.write("notes.cdx.json", '{"bomFormat":"CycloneDX","specVersion":"1.6","components":[]}')
    attest.ok("attach", f"{host}/{REPOSITORY}@{digest}", "notes.cdx.json", "--unsigned")
    (shown,) = attest.ok("list", image, "--json").json["subjects"]
    assert (shown["subject"], shown["manifest"], len(shown["referrers"])) == (image, digest, 2)
    assert {place["store"] for item in shown["referrers"] for place in item["found"]} == {f"{host}/{REPOSITORY}"}
    (branch,) = attest.ok("tree", image, "--json").json["subjects"]
    assert len(branch["referrers"]) == 2
    answer = attest.ok("verify", image, f"{host}/{REPOSITORY}@{digest}", "--policy", "images.yaml", "--json").json
    assert [verdict["digest"] for verdict in answer["verdicts"]] == [digest, digest]
    run(
        "cosign", "verify", "--key", attest.directory / "release.pub", "--insecure-ignore-tlog=true",
        "--allow-insecure-registry", f"{host}/{REPOSITORY}@{digest}",
    )  # fmt: skip


def test_cosign_signs_and_attest_verifies(attest: Workplace, host: str) -> None:
    digest = push(host, "image", "by-cosign")
    image = f"{host}/{REPOSITORY}@{digest}"
    attest.write("images.yaml", POLICY.format(pattern=f"{host}/{REPOSITORY}"))
    run(
        "cosign", "sign", "--key", attest.directory / "release.key", "--tlog-upload=false",
        "--use-signing-config=false", "--allow-insecure-registry", "--yes", image, COSIGN_PASSWORD=PASSWORD,
    )  # fmt: skip
    attest.ok("verify", image, "--policy", "images.yaml")


def test_a_policy_for_another_repository_denies(attest: Workplace, host: str) -> None:
    push(host, "image", "v1")
    image = f"{host}/{REPOSITORY}:v1"
    attest.ok("sign", image, "--key", "release.key")
    for pattern in ("registry.example/team/app", f"{host}/team/other", f"{host}/team/app/*", "pkg:pypi/**"):
        attest.write("images.yaml", POLICY.format(pattern=pattern))
        result = attest("verify", image, "--policy", "images.yaml", "--json")
        assert result.code == 1
        assert [finding["code"] for finding in result.json["verdicts"][0]["findings"]] == ["policy-not-applicable"]


def test_an_image_that_is_not_there(attest: Workplace, host: str) -> None:
    said = attest.refused("list", f"{host}/{REPOSITORY}:absent", code=3)
    assert f"{host}/{REPOSITORY}: no manifest absent" in said


def test_without_a_tag_it_is_latest(attest: Workplace, host: str) -> None:
    digest = push(host, "chart", "latest")
    (shown,) = attest.ok("list", f"{host}/{REPOSITORY}", "--json").json["subjects"]
    assert shown["manifest"] == digest


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("registry.example/UPPER", "not a repository name: 'UPPER'"),
        ("registry.example/app:", "not a tag: ''"),
        ("registry.example/app@sha256:12", "not a sha256 digest"),
        ("dist/gone.whl", "no such file"),
        ("gone", "no such file"),
    ],
)
def test_what_is_no_reference(attest: Workplace, text: str, why: str) -> None:
    assert why in attest.refused("list", text)


def test_a_file_comes_before_a_reference(attest: Workplace) -> None:
    """An existing path is never asked for on the network."""
    attest.write("registry.example/app", "not a package")
    assert "registry.example/app: " in attest.refused("list", "registry.example/app")
    assert "--digest and --purl" in attest.refused("list", "registry.example/other", "--purl", "pkg:pypi/acme@1.0")


# --- several stores ---


def test_evidence_of_two_stores_is_one_verdict(attest: Workplace, host: str) -> None:
    mine, theirs = "oci:mine/{package}", f"{host}/two/stores"
    wheel = attest.wheel("acme", "2.0")
    attest.ok("key", "generate", "other")
    attest.ok("sign", wheel, "--key", "release.key", "--store", mine)
    attest.ok("sign", wheel, "--key", "other.key", "--store", theirs)
    two = POLICY.format(pattern="pkg:pypi/**").replace("[release]}", "[release, other], threshold: 2}")
    attest.write("two.yaml", two.replace("rules:", "  other: {key: other.pub}\nrules:"))
    for store in (mine, theirs):
        assert attest("verify", wheel, "--policy", "two.yaml", "--store", store).code == 1
    attest.ok("verify", wheel, "--policy", "two.yaml", "--store", mine, "--store", theirs)
    (shown,) = attest.ok("list", wheel, "--store", theirs, "--json", "--store", mine).json["subjects"]
    assert sorted({place["store"] for item in shown["referrers"] for place in item["found"]}) == sorted([mine, theirs])
    assert [len(item["found"]) > 0 for item in shown["referrers"]] == [True, True]


def test_the_first_store_is_written(attest: Workplace, host: str) -> None:
    wheel = attest.wheel("acme", "3.0")
    attest.ok("sign", wheel, "--key", "release.key", "--store", "oci:first/{package}", "--store", f"{host}/never")
    assert (attest.directory / "first" / "pypi" / "acme").is_dir()
    (shown,) = attest.ok("list", wheel, "--store", f"{host}/never", "--json").json["subjects"]
    assert shown["referrers"] == []


@pytest.mark.slow
def test_a_store_that_is_down_leaves_doubt_and_hides_nothing(attest: Workplace, host: str) -> None:
    wheel = attest.wheel("acme", "4.0")
    down = f"127.0.0.1:{free_port()}/evidence"
    stores = ("--store", f"{host}/up", "--store", down)
    assert attest("verify", wheel, "--policy", "policy.yaml", *stores).code == 3, "a signature may lie where it is down"
    attest.ok("sign", wheel, "--key", "release.key", *stores)
    attest.ok("verify", wheel, "--policy", "policy.yaml", *stores)
    result = attest("list", wheel, "--json", *stores)
    assert result.code == 3
    (shown,) = result.json["subjects"]
    assert (len(shown["referrers"]), shown["complete"]) == (1, False)
    assert "cannot connect" in shown["problems"][0]
    assert attest("verify", wheel, "--policy", "policy.yaml", "--store", down).code == 3
    assert "cannot connect" in attest.refused("list", wheel, "--store", down, code=3)


def test_content_is_cached_and_the_cache_can_be_moved_and_switched_off(
    attest: Workplace, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    push(host, "image", "cached")
    image = f"{host}/{REPOSITORY}:cached"
    attest.ok("sign", image, "--key", "release.key")
    cache = attest.directory / "kept"
    monkeypatch.setenv("ATTEST_CACHE", "off")
    attest.ok("list", image)
    monkeypatch.setenv("ATTEST_CACHE", str(cache))
    first = attest.ok("list", image, "--json").json["subjects"][0]["referrers"]
    kept = {path.name.replace("-", ":", 1) for path in (cache / "content").iterdir()}
    assert {item["digest"] for item in first} <= kept
    assert attest.ok("list", image, "--json").json["subjects"][0]["referrers"] == first
