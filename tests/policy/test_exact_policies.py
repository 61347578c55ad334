"""Which policies a run has: those of files, of directories and of registries, in their order, each once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from attest import limits
from attest.errors import PolicyError, UsageError, VerificationError
from attest.policy.policies import load_all
from attest.signing.keys import PublicKey
from attest.stores.memory import MemoryStore
from tests.evidence_factory import key
from tests.policy.test_exact_fetching import KEYS, POLICY, REPOSITORY, put, showing, signs
from tests.stores.registry.scripted import Scripted

RELEASE = key("release").public


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def host(store: MemoryStore) -> Iterator[str]:
    with Scripted().running() as registry:
        registry.default = showing(store)
        yield registry.host


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory, with a directory ``more`` of two policies, and one beside it."""
    monkeypatch.chdir(tmp_path)
    for folder in (tmp_path, tmp_path / "more"):
        (folder / "keys").mkdir(parents=True)
        (folder / "keys/release.pub").write_bytes(KEYS["keys/release.pub"])
    for path in ("one.yaml", "more/two.yaml", "more/three.yml"):
        (tmp_path / path).write_bytes(policy(Path(path).stem))
    return tmp_path


def policy(name: str) -> bytes:
    return POLICY.replace(b"gate", name.encode())


def loaded(*names: str, offline: bool = False, key: PublicKey | None = None) -> list[str]:
    return [policy.name for policy in load_all(names, offline=offline, key=key)]


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["one.yaml", "more"], ["one", "three", "two"]),
        (["more", "one.yaml"], ["three", "two", "one"]),
        (["more/two.yaml", "./more", "one.yaml"], ["two", "three", "one"]),
        (["one.yaml", "more/../one.yaml", "./one.yaml", "more/two.yaml"], ["one", "two"]),
    ],
)
def test_each_once_and_in_order(here: Path, names: Sequence[str], found: list[str]) -> None:
    assert loaded(*names) == found
    assert loaded(*(str(here / name) for name in names), offline=True) == found


def test_how_many(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "POLICIES", 3)
    assert len(loaded("one.yaml", "more", "more", "one.yaml")) == 3
    monkeypatch.setattr(limits, "POLICIES", 2)
    with pytest.raises(UsageError, match="too many policies") as caught:
        loaded("one.yaml", "more")
    assert (caught.value.where, caught.value.why) == ("more/two.yaml", "more than the limit of 2")


def test_a_name_means_one(here: Path) -> None:
    (here / "other.yaml").write_bytes(policy("one"))
    with pytest.raises(PolicyError, match="two policies are named 'one'") as caught:
        loaded("more", "one.yaml", "other.yaml")
    assert (caught.value.where, caught.value.why) == ("other.yaml", "the other one is one.yaml")


def test_one_of_a_registry_beside_files(here: Path, store: MemoryStore, host: str) -> None:
    named = f"oci:{host}/{REPOSITORY}@{put(store).digest}"
    assert loaded("one.yaml", named, named, "more/two.yaml") == ["one", "gate", "two"]
    (policy,) = load_all([named])
    assert [rule.id for rule in policy.rules] == ["signed"]
    with pytest.raises(UsageError, match="a policy in a registry needs a network"):
        loaded(named, offline=True)
    (here / "mine.yaml").write_text(f'version: 1\nname: mine\nextends: "{named}"\n')
    assert loaded("mine.yaml") == ["mine"]
    with pytest.raises(PolicyError, match="a policy in a registry needs a network"):
        loaded("mine.yaml", offline=True)


def test_a_name_in_a_registry_means_it_whatever_lies_here(here: Path, store: MemoryStore, host: str) -> None:
    digest, other = put(store).digest, put(store, policy("other")).digest
    local = here / f"oci:{host}/team"
    local.mkdir(parents=True)
    names = [f"oci:{host}/{REPOSITORY}@{digest}", f"oci:{host}/{REPOSITORY}@{other}"]
    Path(names[0]).mkdir()
    Path(names[1]).symlink_to(here / names[0])
    assert loaded(*names) == ["gate", "other"]


def test_a_tag_needs_a_key(store: MemoryStore, host: str) -> None:
    manifest, tag = put(store), f"{host}/{REPOSITORY}:v1"
    with pytest.raises(UsageError, match="a policy in a registry without a digest") as caught:
        loaded(f"oci:{tag}")
    assert caught.value.next_step == (
        "write oci:HOST/REPO@sha256:…, or name the key that has to have signed it: --policy-key FILE"
    )
    with pytest.raises(VerificationError, match="is not signed by the key that was named"):
        loaded(f"oci:{tag}", key=RELEASE)
    signs(store, manifest, "release", tag)
    assert loaded(f"oci:{tag}", key=RELEASE) == ["gate"]


def test_a_key_is_for_those_of_registries(here: Path, store: MemoryStore, host: str) -> None:
    manifest = put(store)
    named = f"oci:{host}/{REPOSITORY}@{manifest.digest}"
    signs(store, manifest, "release")
    assert loaded("one.yaml", named, key=RELEASE) == ["one", "gate"]
    with pytest.raises(UsageError, match="--policy-key is for policies in registries") as caught:
        loaded("one.yaml", "more", key=RELEASE)
    assert caught.value.next_step == "name one: --policy oci:HOST/REPO"
