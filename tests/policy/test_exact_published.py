"""For which name a policy in a registry was signed, and what its manifest has to have."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from attest import names
from attest.errors import FormatError, VerificationError
from attest.evidence.model import Candidate, Subject
from attest.oci.descriptor import EMPTY, EMPTY_BYTES
from attest.oci.manifest import Manifest, write_image
from attest.policy.published import check_signed, pull, push
from attest.statements.statement import Subject as StatementSubject
from attest.stores.memory import MemoryStore
from tests.evidence_factory import NOW, key, signed
from tests.policy.test_exact_carried import about

REPOSITORY = "team/policy"
TAG = "registry.example/team/policy:v1"


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def manifest(store: MemoryStore) -> Manifest:
    return push(store, REPOSITORY, ("gate.yaml", b"policy"), {})


def sign(store: MemoryStore, manifest: Manifest, *subjects: tuple[str | None, Mapping[str, str]]) -> None:
    def make(subject: Subject) -> Candidate:
        return signed("release", subject=subject, about=[StatementSubject(name, given) for name, given in subjects])

    about(manifest, make, store)


def check(store: MemoryStore, manifest: Manifest, name: str | None) -> None:
    check_signed(store, REPOSITORY, manifest.descriptor(), key("release").public, now=NOW, name=name)


def refused(store: MemoryStore, manifest: Manifest, name: str) -> VerificationError:
    with pytest.raises(VerificationError) as error:
        check(store, manifest, name)
    return error.value


def test_it_has_to_be_signed_for_the_name(store: MemoryStore, manifest: Manifest) -> None:
    itself = {"sha256": manifest.digest.encoded}
    assert refused(store, manifest, TAG).found == "nothing attached"
    sign(store, manifest, (None, itself))
    check(store, manifest, None)
    unnamed = refused(store, manifest, TAG)
    assert unnamed.what == (f"the policy {manifest.digest} is signed by the key that was named, and not for {TAG}")
    assert (unnamed.expected, unnamed.found) == (f"a signature for {TAG}", "one that says no name")
    assert unnamed.next_step == "have it pushed there with attest policy push --key, or name it by digest"
    sign(store, manifest, ("registry.example/b:v1", itself), (None, itself))
    sign(store, manifest, ("registry.example/a:v1", itself), ("registry.example/b:v1", itself))
    assert refused(store, manifest, TAG).found == "registry.example/a:v1, registry.example/b:v1"
    check(store, manifest, "registry.example/a:v1")
    sign(store, manifest, (TAG, itself))
    check(store, manifest, TAG)
    check(store, manifest, None)


def test_what_is_named_beside_it_is_another(store: MemoryStore, manifest: Manifest) -> None:
    sign(store, manifest, ("x", {"sha256": manifest.digest.encoded}), (TAG, {"sha256": "0" * 64}))
    assert refused(store, manifest, TAG).found == "x"


@pytest.mark.parametrize(("length", "told"), [(511, 511), (512, 512), (513, 512)])
def test_how_much_of_a_name_is_told(store: MemoryStore, manifest: Manifest, length: int, told: int) -> None:
    sign(store, manifest, ("x" * length, {"sha256": manifest.digest.encoded}))
    assert refused(store, manifest, TAG).found == "x" * told


def test_a_manifest_without_layers(store: MemoryStore) -> None:
    empty = write_image(artifact_type=names.POLICY, config=EMPTY, layers=[])
    store.push(REPOSITORY, EMPTY, EMPTY_BYTES)
    store.push(REPOSITORY, empty.descriptor(), empty.raw)
    with pytest.raises(FormatError) as error:
        pull(store, REPOSITORY, empty.descriptor(), Path("/nonexistent"))
    assert (error.value.what, error.value.where) == ("not a policy", str(empty.digest))
    assert error.value.why == f"its type is {names.POLICY}"


def test_folders_within_folders(store: MemoryStore, tmp_path: Path) -> None:
    manifest = push(store, REPOSITORY, ("a/b/gate.yaml", b"policy"), {"a/b/c/d.pub": b"key"})
    assert pull(store, REPOSITORY, manifest.descriptor(), tmp_path) == tmp_path / "a/b/gate.yaml"
    assert (tmp_path / "a/b/c/d.pub").read_bytes() == b"key"
