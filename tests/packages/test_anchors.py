"""Anchors are pure functions, and only their exact bytes are read as one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from attest.errors import FormatError, UsageError
from attest.oci.manifest import Manifest
from attest.packages.anchors import anchor, read_anchor, read_version_anchor, version_anchor
from attest.packages.digest import ArtifactDigest
from attest.packages.purl import Purl
from tests.packages.test_purl import PURLS
from tests.packages.vectors import SEMVER

PURL = Purl.parse("pkg:npm/semver@7.6.3")
DIGEST = ArtifactDigest.parse(SEMVER)
ANCHOR = anchor(PURL, DIGEST)


def test_hex_and_lockfile_give_the_same_bytes() -> None:
    sri = "sha512-oVekP1cKtI+CTDvHWYFUcMtsK/00wmAEfyqKfNdARm8u1wNVhSgaX7A8d4UuIlUI5e84iEwOhs7ZPYRmzU9U6A=="
    assert anchor(Purl.parse("pkg:npm/semver@7.6.3"), ArtifactDigest.parse(sri)).raw == ANCHOR.raw


@given(PURLS.filter(lambda purl: purl.type != "golang"))
def test_what_was_written_is_read(purl: Purl) -> None:
    digest = ArtifactDigest("sha256", "0" * 64)
    assert read_anchor(Manifest.parse(anchor(purl, digest).raw)) == (purl, digest)
    assert read_version_anchor(Manifest.parse(version_anchor(purl).raw)) == purl
    subject = anchor(purl, digest).subject
    assert subject is not None
    assert subject.digest == version_anchor(purl).digest


def test_a_digest_of_another_ecosystem_makes_no_anchor() -> None:
    with pytest.raises(UsageError, match="npm artifacts are named by sha512"):
        anchor(PURL, ArtifactDigest("sha256", "0" * 64))


def changed(**members: Any) -> bytes:
    value = json.loads(ANCHOR.raw)
    for name, member in members.items():
        if member is None:
            del value[name]
        else:
            value[name] = member
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def test_the_unchanged_bytes_are_an_anchor() -> None:
    assert changed() == ANCHOR.raw


ANNOTATIONS: dict[str, str] = dict(ANCHOR.annotations)


@pytest.mark.parametrize(
    "raw",
    [
        ANCHOR.raw + b"\n",
        json.dumps(json.loads(ANCHOR.raw)).encode(),
        changed(annotations={**ANNOTATIONS, "more": ""}),
        changed(annotations={**ANNOTATIONS, "dev.attest.purl": "pkg:npm/semver@7.6.4"}),
        changed(annotations={**ANNOTATIONS, "dev.attest.purl": "pkg:npm/%73emver@7.6.3"}),
        changed(annotations={**ANNOTATIONS, "dev.attest.purl": "no purl"}),
        changed(annotations={**ANNOTATIONS, "dev.attest.digest": "sha512:" + "0" * 127}),
        changed(annotations={**ANNOTATIONS, "dev.attest.digest": "sha256:" + "0" * 64}),
        changed(annotations={"dev.attest.purl": "pkg:npm/semver@7.6.3"}),
        changed(annotations={}),
        changed(annotations=None),
        changed(subject=None),
        changed(subject={**json.loads(ANCHOR.raw)["subject"], "size": 515}),
        changed(layers=[]),
        changed(artifactType="application/vnd.attest.version.v1"),
        changed(artifactType=None),
        version_anchor(PURL).raw,
    ],
)
def test_anything_else_is_no_anchor(raw: bytes) -> None:
    with pytest.raises(FormatError, match="not an anchor"):
        read_anchor(Manifest.parse(raw))


def test_an_anchor_is_no_version_anchor() -> None:
    with pytest.raises(FormatError, match="not an anchor"):
        read_version_anchor(ANCHOR)
