"""What is known of a signed file, by its size."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from attest import limits
from attest.signing.sigstore.artifact import ALGORITHMS, Artifact


@pytest.mark.parametrize("size", [0, 1, 99, 100, 101, 107, 108, 115])
def test_all_bytes_of_a_file_or_their_digests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(limits, "EVIDENCE_BLOB", 100)
    monkeypatch.setattr(limits, "MIB", 7)
    data = bytes(range(size))
    (tmp_path / "file").write_bytes(data)
    artifact = Artifact.of_file(tmp_path / "file")
    assert {name: artifact.digest(name) for name in ALGORITHMS} == {
        name: hashlib.new(name, data).digest() for name in ("sha256", "sha384", "sha512")
    }
    if size <= 100:
        assert artifact == Artifact.of_bytes(data)
    else:
        assert artifact.data is None


@pytest.mark.parametrize(("data", "is_envelope"), [(b"DSSEv1 28 x", True), (b"DSSEv2 28 x", False), (b"", False)])
def test_what_begins_as_an_envelope(tmp_path: Path, data: bytes, is_envelope: bool) -> None:
    (tmp_path / "file").write_bytes(data)
    assert Artifact.of_file(tmp_path / "file").is_envelope is is_envelope
    assert Artifact.of_bytes(data).is_envelope is is_envelope
    assert not Artifact.of_digest("sha256", "ab" * 32).is_envelope


def test_artifacts_can_be_keys() -> None:
    assert len({Artifact.of_bytes(b"a"), Artifact.of_bytes(b"a"), Artifact.of_bytes(b"b")}) == 2
