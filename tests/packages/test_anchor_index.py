from __future__ import annotations

import json
from itertools import permutations

from attest.oci.manifest import Manifest
from attest.packages.anchor_index import Member, anchor_index
from attest.packages.anchors import anchor
from attest.packages.digest import ArtifactDigest
from attest.packages.purl import Purl

PURL = Purl.parse("pkg:pypi/acme@1.0")
MEMBERS = [
    Member(ArtifactDigest("sha256", "11" * 32), "acme-1.0-py3-none-any.whl", "py3-none-any"),
    Member(ArtifactDigest("sha256", "22" * 32), "acme-1.0-win.whl", "cp311-cp311-win_amd64"),
    Member(ArtifactDigest("sha256", "33" * 32), "acme-1.0-mac.whl", "cp311-cp311-macosx_10_9_universal2"),
    Member(ArtifactDigest("sha256", "44" * 32)),
]


def test_what_is_written_on_the_wire() -> None:
    value = json.loads(anchor_index(PURL, MEMBERS).raw)
    assert {name: item for name, item in value.items() if name != "manifests"} == {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "annotations": {"dev.attest.purl": "pkg:pypi/acme@1.0"},
    }
    assert [
        (item.get("platform"), item["annotations"].get("org.opencontainers.image.title")) for item in value["manifests"]
    ] == [
        ({"os": "darwin", "architecture": "amd64"}, "acme-1.0-mac.whl"),
        ({"os": "darwin", "architecture": "arm64"}, "acme-1.0-mac.whl"),
        ({"os": "windows", "architecture": "amd64"}, "acme-1.0-win.whl"),
        (None, None),
        (None, "acme-1.0-py3-none-any.whl"),
    ]
    first = anchor(PURL, MEMBERS[2].digest)
    assert value["manifests"][0] == {
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "artifactType": "application/vnd.attest.artifact.v1",
        "digest": str(first.digest),
        "size": len(first.raw),
        "platform": {"os": "darwin", "architecture": "amd64"},
        "annotations": {
            "dev.attest.digest": "sha256:" + "33" * 32,
            "dev.attest.platform": "cp311-cp311-macosx_10_9_universal2",
            "org.opencontainers.image.title": "acme-1.0-mac.whl",
        },
    }


def test_it_is_a_function_of_what_it_lists() -> None:
    assert len({anchor_index(PURL, order).digest for order in permutations(MEMBERS)}) == 1


def test_it_can_be_read_again() -> None:
    index = anchor_index(PURL, MEMBERS)
    assert Manifest.parse(index.raw).manifests == index.manifests
