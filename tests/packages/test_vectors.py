"""The code against the committed vectors, and the vectors against design.md §4 written down a second time, by hand."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any
from urllib.parse import unquote

import pytest

from attest.errors import UsageError
from attest.packages.purl import Purl
from attest.packages.table import TABLE
from tests.packages import vectors

DOCUMENT = json.loads(vectors.VECTORS.read_text())
VECTORS: list[dict[str, Any]] = DOCUMENT["vectors"]
COMPONENT = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*")
ONE_ARTIFACT = {"npm", "cargo", "hex", "pub", "golang", "nuget", "cpan"}


def test_the_committed_file_is_what_the_code_makes() -> None:
    assert vectors.VECTORS.read_text() == vectors.text()


def test_every_row_of_the_table_has_a_vector() -> None:
    assert len(VECTORS) >= 60
    assert {vector["purl"].split("/")[0].removeprefix("pkg:") for vector in VECTORS} >= set(TABLE)
    assert len(TABLE) == 17


@pytest.mark.parametrize("written", DOCUMENT["refused"])
def test_what_is_no_purl_of_a_version_is_refused_with_reason_and_remedy(written: str) -> None:
    with pytest.raises(UsageError) as caught:
        Purl.parse(written)
    assert caught.value.why
    assert caught.value.next_step


def by_hand(annotations: dict[str, str], artifact_type: str, subject: dict[str, Any] | None) -> str:
    """The manifest; for plain ASCII, sorted keys without spaces are RFC 8785."""
    empty = {
        "data": "e30=",
        "digest": "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
        "mediaType": "application/vnd.oci.empty.v1+json",
        "size": 2,
    }
    value = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "artifactType": artifact_type,
        "config": empty,
        "layers": [empty],
        "annotations": annotations,
    }
    if subject is not None:
        value["subject"] = subject
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["written"][:60])
def test_manifests_by_hand(vector: dict[str, Any]) -> None:
    version = by_hand({"dev.attest.purl": vector["purl"]}, "application/vnd.attest.version.v1", None)
    assert vector["version_anchor"]["manifest"] == version
    digest = "sha256:" + hashlib.sha256(version.encode()).hexdigest()
    assert vector["version_anchor"]["digest"] == digest
    subject = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest, "size": len(version)}
    annotations = {"dev.attest.purl": vector["purl"], "dev.attest.digest": vector["digest"]}
    artifact = by_hand(annotations, "application/vnd.attest.artifact.v1", subject)
    assert vector["anchor"]["manifest"] == artifact
    assert vector["anchor"]["digest"] == "sha256:" + hashlib.sha256(artifact.encode()).hexdigest()


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["written"][:60])
def test_places_by_hand(vector: dict[str, Any]) -> None:
    package, _, version = vector["purl"].removeprefix("pkg:").rpartition("@")
    parts = [unquote(part) for part in package.split("/")]
    path = "/".join(
        part
        if COMPONENT.fullmatch(part)
        and len(part) <= 64
        and part not in ("blobs", "index.json", "oci-layout")
        and not re.search("--[0-9a-f]{32}$", part)
        else hashed(part, part, 30)
        for part in parts
    )
    if len(path) > 160:
        path = path.split("/")[0] + "/" + hashed(parts[-1], "pkg:" + package, 30)
    assert vector["repository"] == path
    version = unquote(version)
    plain = re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}", version)
    lower = version.lower()
    if plain and version != "blobs" and not re.search("--[0-9a-f]{32}$", lower):
        expected = version if not re.match("sha(256|512)-[0-9a-f]", lower) else hashed("x", version, 90)
    elif re.match("sha(256|512)[^a-z0-9]+[0-9a-f]", lower):
        expected = hashed("x", version, 90)
    else:
        expected = hashed(version, version, 90)
    assert vector["tag"] == expected
    assert vector["shared_tag"] == hashed(vector["purl"], vector["purl"], 90)
    assert (vector["tag_names"] == "anchor") == (parts[0] in ONE_ARTIFACT)


def hashed(shown: str, meant: str, longest: int) -> str:
    lower = re.sub("[A-Z]", lambda letter: letter[0].lower(), shown)
    slug = re.sub("[^a-z0-9]+", "-", lower).strip("-")[:longest].strip("-") or "x"
    return slug + "--" + hashlib.sha256(meant.encode()).hexdigest()[:32]


def test_one_vector_down_to_the_bytes() -> None:
    """Digests taken with sha256sum over text typed in by hand."""
    semver = VECTORS[0]
    assert semver["purl"] == "pkg:npm/semver@7.6.3"
    assert semver["version_anchor"]["digest"] == (
        "sha256:8933f19e49458a69e6b8abbc9f3f93d9d36953ffaf5da43bb773b9d6f827d569"
    )
    assert len(semver["version_anchor"]["manifest"]) == 516
