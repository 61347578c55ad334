"""What is fetched out of a registry: exactly what a digest names, or what somebody signed for a tag."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pytest

from attest.errors import AttestError, PolicyError, StoreError, UsageError, VerificationError
from attest.evidence.model import Candidate, Subject
from attest.oci.digest import Digest
from attest.oci.manifest import Manifest
from attest.oci.reference import Reference
from attest.policy.fetching import Fetching
from attest.policy.published import push
from attest.statements.statement import Subject as StatementSubject
from attest.stores.memory import MemoryStore
from attest.stores.protocol import Store
from tests.evidence_factory import NOW, key, signed
from tests.policy.test_exact_carried import about
from tests.stores.registry.scripted import Answer, Asked, Script, Scripted, error, index_answer, manifest_answer

REPOSITORY = "team/policy"
POLICY = b"""\
version: 1
name: gate
applies_to: ["pkg:npm/*"]
trust: {keys_only: true}
identities:
  release: {key: keys/release.pub}
rules:
  - {id: signed, require: signature, by: [release]}
"""
KEYS = {"keys/release.pub": key("release").public.pem()}


def showing(store: MemoryStore) -> Script:
    """A registry that has what ``store`` has in `REPOSITORY`."""

    def answer(asked: Asked) -> Answer:
        kind, _, name = asked.path.partition("?")[0].removeprefix(f"/v2/{REPOSITORY}/").partition("/")
        try:
            if kind == "referrers":
                found = store.referrers(REPOSITORY, Digest.parse(name)).items
                return index_answer(*(item.descriptor for item in found))
            if kind == "blobs":
                return Answer(200, store._repository(REPOSITORY).blobs[Digest.parse(name)])
            named = Reference(REPOSITORY, digest=Digest.parse(name)) if ":" in name else Reference(REPOSITORY, name)
            descriptor = store.resolve(named)
            data = store.fetch(REPOSITORY, descriptor)
            return manifest_answer(Manifest.parse(data, media_type=descriptor.media_type))
        except (StoreError, KeyError):
            return error(404, "MANIFEST_UNKNOWN")

    return answer


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def host(store: MemoryStore) -> Iterator[str]:
    with Scripted().running() as registry:
        registry.default = showing(store)
        yield registry.host


def put(store: Store, policy: bytes = POLICY, needed: Mapping[str, bytes] = KEYS, tag: str = "v1") -> Manifest:
    manifest = push(store, REPOSITORY, ("gate.yaml", policy), needed)
    store.tag(Reference(REPOSITORY, tag), manifest.descriptor())
    return manifest


def signs(store: MemoryStore, manifest: Manifest, by: str, *names: str) -> None:
    """A signature of a pushed policy, for the names that it says."""

    def make(subject: Subject) -> Candidate:
        digests = {"sha256": subject.manifest.digest.encoded}
        return signed(by, subject=subject, about=[StatementSubject(name, digests) for name in names])

    about(manifest, make, store)


def test_what_a_digest_names(store: MemoryStore, host: str) -> None:
    named = f"oci:{host}/{REPOSITORY}@{put(store).digest}"
    with Fetching(offline=False) as fetching:
        fetched = fetching.fetch(named)
        again = fetching.fetch(named)
        assert (fetched.name, fetched.path) == (named, fetched.folder / "gate.yaml")
        assert fetched.folder != again.folder
        assert fetched.path.read_bytes() == again.path.read_bytes() == POLICY
        assert (fetched.folder / "keys/release.pub").read_bytes() == KEYS["keys/release.pub"]
    assert not fetched.folder.exists()
    assert not again.folder.exists()


def test_a_tag_beside_a_digest_says_nothing(store: MemoryStore, host: str) -> None:
    manifest = put(store)
    put(store, POLICY + b"# changed\n")
    with Fetching(offline=False) as fetching:
        fetched = fetching.fetch(f"oci:{host}/{REPOSITORY}:v1@{manifest.digest}")
        assert fetched.name == f"oci:{host}/{REPOSITORY}@{manifest.digest}"
        assert fetched.path.read_bytes() == POLICY


def test_what_is_signed_for_a_tag(store: MemoryStore, host: str) -> None:
    manifest, release = put(store), key("release").public
    tagged, other = f"{host}/{REPOSITORY}:v1", f"{host}/{REPOSITORY}:dev"

    def fetch(name: str) -> str:
        with Fetching(offline=False) as fetching:
            return fetching.fetch_signed(f"oci:{name}", release, NOW).name

    def refused(name: str) -> AttestError:
        with pytest.raises(VerificationError) as caught:
            fetch(name)
        return caught.value

    assert "is not signed by the key" in refused(tagged).what
    signs(store, manifest, "security", tagged)
    assert "is not signed by the key" in refused(tagged).what
    signs(store, manifest, "release", other)
    assert f"and not for {tagged}" in refused(tagged).what
    assert fetch(f"{host}/{REPOSITORY}@{manifest.digest}") == f"oci:{host}/{REPOSITORY}@{manifest.digest}"
    signs(store, manifest, "release", tagged)
    assert fetch(tagged) == f"oci:{host}/{REPOSITORY}@{manifest.digest}"


def test_what_is_asked_is_not_signed_without_a_key(store: MemoryStore, host: str) -> None:
    with Fetching(offline=False) as fetching, pytest.raises(UsageError) as caught:
        fetching.fetch(f"oci:{host}/{REPOSITORY}:v1", otherwise=", or do otherwise")
    assert caught.value.next_step == "write oci:HOST/REPO@sha256:…, or do otherwise"


def test_what_did_not_come_along(store: MemoryStore, host: str) -> None:
    named = f"oci:{host}/{REPOSITORY}@{put(store, needed={}).digest}"
    with Fetching(offline=False) as fetching, pytest.raises(PolicyError) as caught:
        fetching.fetch(named)
    assert (caught.value.what, caught.value.where) == (
        "the policy came without a file that it names",
        f"{named}/gate.yaml:6",
    )


def test_files_that_cannot_lie_beside_each_other(store: MemoryStore, host: str) -> None:
    named = f"oci:{host}/{REPOSITORY}@{put(store, needed={**KEYS, 'a': b'', 'a/b': b''}).digest}"
    with Fetching(offline=False) as fetching, pytest.raises(StoreError) as caught:
        fetching.fetch(named)
    assert (caught.value.what, caught.value.where) == ("cannot read the policy", named)
    assert "exists" in str(caught.value.why)


def test_what_is_not_there(store: MemoryStore, host: str) -> None:
    put(store)
    with Fetching(offline=False) as fetching, pytest.raises(StoreError):
        fetching.fetch(f"oci:{host}/{REPOSITORY}@sha256:{'0' * 64}")


@pytest.mark.parametrize("ask", [Fetching.fetch, lambda it, name: it.fetch_signed(name, key("release").public, NOW)])
def test_nobody_is_asked_offline(store: MemoryStore, host: str, ask: Callable[[Fetching, str], object]) -> None:
    named = f"oci:{host}/{REPOSITORY}@{put(store).digest}"
    with Fetching(offline=True) as fetching, pytest.raises(UsageError) as caught:
        ask(fetching, named)
    assert (caught.value.what, caught.value.where) == ("a policy in a registry needs a network", named)
