"""The small parts: Merkle paths, checkpoints, trusted roots, artifacts, upgrades."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest.errors import EnvelopeError, TrustError, UsageError
from attest.signing.bundle import Bundle
from attest.signing.sigstore.artifact import Artifact
from attest.signing.sigstore.material import Material
from attest.signing.sigstore.merkle import leaf_hash, root_from_path
from attest.signing.sigstore.trusted_root import TrustedRoot
from attest.signing.sigstore.upgrade import upgrade
from attest.signing.sigstore.verify import verify
from tests.material import sigstore_go
from tests.signing.sigstore.forge import NOW, Sigstore, keyless, rfc3339

SIGSTORE = Sigstore()


def tree_hash(leaves: list[bytes]) -> bytes:
    """RFC 6962 §2.1, as it is written there."""
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + tree_hash(leaves[:split]) + tree_hash(leaves[split:])).digest()


def path_of(index: int, leaves: list[bytes]) -> list[bytes]:
    """RFC 6962 §2.1.1."""
    if len(leaves) == 1:
        return []
    split = 1 << (len(leaves) - 1).bit_length() - 1
    if index < split:
        return [*path_of(index, leaves[:split]), tree_hash(leaves[split:])]
    return [*path_of(index - split, leaves[split:]), tree_hash(leaves[:split])]


@given(st.integers(1, 70).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1))), st.data())
def test_merkle_paths(place: tuple[int, int], data: st.DataObject) -> None:
    size, index = place
    leaves = [bytes([number]) for number in range(size)]
    path, root = path_of(index, leaves), tree_hash(leaves)
    assert root_from_path(leaves[index], index, size, path) == root
    assert root_from_path(b"another", index, size, path) != root
    assert root_from_path(leaves[index], index, size, [*path, root]) is None
    if path:
        assert root_from_path(leaves[index], index, size, path[:-1]) is None
        other = data.draw(st.integers(0, size - 1).filter(lambda number: number != index))
        assert root_from_path(leaves[index], other, size, path) != root
    assert root_from_path(leaves[index], size, size, path) is None


@pytest.mark.parametrize("version", ["0.1", "0.2"])
def test_upgrade_keeps_everything(version: str) -> None:
    old = keyless(SIGSTORE, version=version, chain=SIGSTORE.authority()).bundle()
    new = Bundle.parse(upgrade(old))
    assert new.version == "0.3"
    assert (new.content, new.key_hint) == (old.content, old.key_hint)
    before, after = Material.of(old), Material.of(new)
    assert after.certificates == before.certificates[:1]
    assert (after.entries, after.timestamps) == (before.entries, before.timestamps)
    assert verify(new, SIGSTORE.root()) == verify(old, SIGSTORE.root())
    assert upgrade(new) == new.raw


def test_upgrade_of_real_bundles() -> None:
    old = Bundle.parse(sigstore_go("pkg/testing/data/bundles/sigstore.js@2.0.0-provenance.sigstore.json").read_bytes())
    root = TrustedRoot.parse(sigstore_go("examples/trusted-root-public-good.json").read_bytes())
    assert verify(Bundle.parse(upgrade(old)), root) == verify(old, root)
    without = Bundle.parse(sigstore_go("examples/bundle-provenance.json").read_bytes())
    with pytest.raises(EnvelopeError, match="only the log can make one"):
        upgrade(without)


def exchange(value: dict[str, Any], path: tuple[str | int, ...], new: Any) -> None:
    target: Any = value
    for part in path[:-1]:
        target = target[part]
    if new is None:
        del target[path[-1]]
    else:
        target[path[-1]] = new


@pytest.mark.parametrize(
    ("path", "new", "why"),
    [
        (("mediaType",), "application/vnd.dev.sigstore.trustedroot+json;version=9", "known version"),
        (("mediaType",), None, "expected a string"),
        (("tlogs", 0, "publicKey", "validFor"), None, "validFor"),
        (("tlogs", 0, "publicKey", "validFor", "start"), None, "start"),
        (("tlogs", 0, "publicKey", "validFor", "start"), "2026-03-01", "not a time|has no time zone"),
        (("tlogs", 0, "publicKey", "validFor", "start"), "yesterday", "RFC 3339"),
        (("tlogs", 0, "publicKey", "rawBytes"), "e", "base64"),
        (("ctlogs", 0, "logId", "keyId"), None, "keyId"),
        (("certificateAuthorities", 0, "certChain", "certificates"), [], "without a certificate"),
        (("certificateAuthorities", 0, "certChain", "certificates"), [{"rawBytes": "e30="}], "not a certificate"),
        (("certificateAuthorities", 0, "validFor"), {"end": rfc3339(NOW)}, "start"),
    ],
)
def test_malformed_trusted_roots(path: tuple[str | int, ...], new: Any, why: str) -> None:
    value = SIGSTORE.root_json()
    exchange(value, path, new)
    with pytest.raises(TrustError, match=why):
        TrustedRoot.parse(json.dumps(value).encode())


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b"\xff", b'{"mediaType": 1}', b" " * (2 << 20)])
def test_what_is_no_trusted_root(raw: bytes) -> None:
    with pytest.raises(TrustError, match="cannot read the trusted root"):
        TrustedRoot.parse(raw)


def test_a_trusted_root_keeps_its_bytes() -> None:
    root = SIGSTORE.root()
    assert root.digest == hashlib.sha256(root.raw).hexdigest()
    assert TrustedRoot.parse(root.raw) == root
    assert [log.url for logs in root.logs.values() for log in logs] == ["https://rekor.example"]


def test_keys_of_unknown_kinds_are_left_out() -> None:
    """A root may name services that are newer than this reader; the others still count."""
    value = SIGSTORE.root_json()
    newer = json.loads(json.dumps(value["tlogs"][0]))
    newer["publicKey"] |= {"rawBytes": "MAA=", "keyDetails": "ML_DSA_65"}
    newer["logId"]["keyId"] = "MAA="
    value["tlogs"].insert(0, newer)
    root = TrustedRoot.parse(json.dumps(value).encode())
    assert len(root.logs) == 1
    assert verify(keyless(SIGSTORE).bundle(), root).time is not None


def test_artifacts(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"some bytes")
    for artifact in (Artifact.of_file(path), Artifact.of_bytes(b"some bytes")):
        assert artifact.digest("sha256") == hashlib.sha256(b"some bytes").digest()
        assert artifact.digest("sha512") == hashlib.sha512(b"some bytes").digest()
        assert artifact.digest("md5") is None
    only = Artifact.of_digest("sha256", "ab" * 32)
    assert (only.digest("sha256"), only.digest("sha512"), only.data) == (b"\xab" * 32, None, None)
    with pytest.raises(UsageError, match="cannot read"):
        Artifact.of_file(tmp_path)


def test_an_artifact_that_does_not_fit_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from attest import limits

    monkeypatch.setattr(limits, "EVIDENCE_BLOB", 1000)
    monkeypatch.setattr(limits, "MIB", 64)
    data = b"DSSEv1 " + bytes(5000)
    (tmp_path / "large").write_bytes(data)
    artifact = Artifact.of_file(tmp_path / "large")
    assert artifact.data is None
    assert artifact.is_envelope
    assert artifact.digest("sha384") == hashlib.sha384(data).digest()
