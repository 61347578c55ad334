"""Digests as people, lockfiles and go.sum write them."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest.errors import UsageError
from attest.packages.digest import ArtifactDigest
from attest.packages.table import TABLE, ecosystem

LENGTHS = {"sha256": 64, "sha512": 128, "nugetContentHash": 128, "dirHash1": 64, "gitCommit": 40}


@given(st.sampled_from(sorted(LENGTHS)), st.data())
def test_writing_and_reading_is_identity(algorithm: str, data: st.DataObject) -> None:
    raw = data.draw(st.binary(min_size=LENGTHS[algorithm] // 2, max_size=LENGTHS[algorithm] // 2))
    digest = ArtifactDigest.parse(f"{algorithm}:{raw.hex()}")
    assert digest == ArtifactDigest(algorithm, raw.hex())
    assert ArtifactDigest.parse(str(digest)) == digest
    encoded = base64.b64encode(raw).decode()
    if algorithm in ("sha256", "sha512"):
        assert ArtifactDigest.parse(f"{algorithm}-{encoded}") == digest
    if algorithm == "dirHash1":
        assert ArtifactDigest.parse(f"h1:{encoded}") == digest


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sha256",
        "sha256:",
        "sha256:" + "a" * 63,
        "sha256:" + "A" * 64,
        "sha256:" + "g" * 64,
        "sha256:" + "a" * 64 + "\n",
        "SHA256:" + "a" * 64,
        "sha384:" + "a" * 96,
        "gitCommit:" + "a" * 41,
        "nugetContentHash:" + "a" * 64,
        "sha512-" + base64.b64encode(bytes(63)).decode(),
        "sha512-" + base64.b64encode(bytes(64)).decode() + " sha512-x",
        "sha512-" + base64.b64encode(bytes(64)).decode().replace("A==", "B=="),  # spare bits
        "sha512-" + base64.b64encode(bytes(64)).decode().rstrip("="),
        "sha384-" + base64.b64encode(bytes(48)).decode(),
        "h1-" + base64.b64encode(bytes(32)).decode(),
        "sha256-é",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="not a package digest"):
        ArtifactDigest.parse(text)


@pytest.mark.parametrize(
    "text", ["sha1:" + "a" * 40, "md5:" + "a" * 32, "SHA1-AAAA", "sha1-" + base64.b64encode(bytes(20)).decode()]
)
def test_broken_hashes_are_refused_with_the_reason(text: str) -> None:
    with pytest.raises(UsageError, match="two files with the same"):
        ArtifactDigest.parse(text)


EXPECTED = {
    "npm": {"sha512"},
    "nuget": {"nugetContentHash"},
    "golang": {"dirHash1"},
    "swift": {"gitCommit", "sha256"},
}


@pytest.mark.parametrize("kind", [*TABLE, "generic"])
@pytest.mark.parametrize("algorithm", sorted(LENGTHS))
def test_each_row_takes_its_own_algorithm_only(kind: str, algorithm: str) -> None:
    digest = ArtifactDigest(algorithm, "a" * LENGTHS[algorithm])
    expected = EXPECTED.get(kind, {"sha256"})
    if algorithm in expected:
        ecosystem(kind).check_digest(digest)
    else:
        with pytest.raises(UsageError) as caught:
            ecosystem(kind).check_digest(digest)
        assert all(name in str(caught.value) for name in expected)
