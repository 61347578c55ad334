"""What other programs write into a layout is read here, and what is written here they read."""

from __future__ import annotations

import json
import tarfile
import time
from pathlib import Path

import pytest

from attest import names
from attest.oci.descriptor import Descriptor
from attest.oci.digest import Digest
from attest.oci.manifest import Manifest
from attest.oci.reference import Reference
from attest.stores.archive import ArchiveStore
from attest.stores.directory import DirectoryStore
from attest.stores.layout_referrers import fallback_tag
from attest.stores.protocol import Where
from tests.stores.graphs import NOTE_TYPE, SBOM_TYPE, as_sha512, attach, listed, push, subject
from tests.stores.programs import Olareg, olareg, oras_referrers, regctl_referrers, run

REPOSITORY = "team/thing"
OLAREG_LOOKS_AGAIN = 1.2
"""Seconds after which a running olareg looks whether `index.json` changed (its freqCheck is one second)."""


class Shared:
    """A directory store with one tagged subject."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.layout = root / REPOSITORY
        self.of = push(self.store, REPOSITORY, subject())
        self.store.tag(Reference(REPOSITORY, "v1"), self.of)

    @property
    def store(self) -> DirectoryStore:
        """Opened anew: nothing is remembered."""
        return DirectoryStore(self.root, "shared", create=True)

    def attach(self, *labels: str) -> set[Digest]:
        return {attach(self.store, REPOSITORY, self.of, label).digest for label in labels}

    def listed(self) -> set[Digest]:
        return listed(self.store, REPOSITORY, self.of.digest)

    def index(self) -> str:
        return (self.layout / "index.json").read_text()

    def oras_attach(self, target: str, name: str, *options: str) -> Digest:
        (self.root / name).write_text(name)
        arguments = ("attach", *options, "--artifact-type", NOTE_TYPE, "--format", "json", target, name)
        return Digest.parse(json.loads(run("oras", *arguments, cwd=self.root))["digest"])


@pytest.fixture
def shared(tmp_path: Path) -> Shared:
    return Shared(tmp_path / "store")


def places(shared: Shared) -> dict[Digest, set[Where]]:
    listing = shared.store.referrers(REPOSITORY, shared.of.digest)
    return {item.descriptor.digest: {place.where for place in item.places} for item in listing.items}


@pytest.mark.peer("oras")
def test_oras_reads_and_writes(shared: Shared) -> None:
    ours = shared.attach("one", "two")
    assert oras_referrers(shared.layout, shared.of.digest) == ours
    theirs = shared.oras_attach(f"{shared.layout}:v1", "theirs", "--oci-layout")
    assert places(shared)[theirs] == {Where.LAYOUT}
    more = shared.attach("three")
    assert shared.listed() == oras_referrers(shared.layout, shared.of.digest) == ours | more | {theirs}
    assert run("oras", "manifest", "fetch", "--oci-layout", f"{shared.layout}:v1").encode() == subject().raw


@pytest.mark.peer("regctl")
def test_regctl_reads_and_writes(shared: Shared) -> None:
    ours = shared.attach("one", "two")
    assert regctl_referrers(shared.layout, shared.of.digest) == ours
    (shared.root / "theirs").write_text("theirs")
    target = f"ocidir://{shared.layout}:v1"
    run("regctl", "artifact", "put", "--artifact-type", NOTE_TYPE, "--subject", target, "-f", shared.root / "theirs")
    (theirs,) = shared.listed() - ours
    assert Where.FALLBACK_TAG in places(shared)[theirs]
    more = shared.attach("three")
    assert shared.listed() == regctl_referrers(shared.layout, shared.of.digest) == ours | more | {theirs}
    assert list(shared.store.tags(REPOSITORY)) == ["v1"]


@pytest.mark.peer("olareg", "regctl", "oras")
def test_a_layout_that_olareg_takes_over_and_gives_back(shared: Shared) -> None:
    ours = shared.attach("one", "two")
    with olareg(shared.root) as registry:
        assert registry.referrers(REPOSITORY, shared.of.digest) == ours
        theirs = shared.oras_attach(f"{registry.host}/{REPOSITORY}:v1", "theirs", "--plain-http")
    assert names.ANNOTATION_OLAREG_CONVERTED in shared.index()
    assert shared.listed() == ours | {theirs}

    more = shared.attach("three", "four")
    everything = ours | more | {theirs}
    assert shared.listed() == everything
    assert regctl_referrers(shared.layout, shared.of.digest) == everything
    assert oras_referrers(shared.layout, shared.of.digest) == everything
    with olareg(shared.root) as registry:
        assert registry.referrers(REPOSITORY, shared.of.digest) == everything
        assert registry.get(f"{REPOSITORY}/manifests/v1") == json.loads(subject().raw)
        last = shared.oras_attach(f"{registry.host}/{REPOSITORY}:v1", "last", "--plain-http")
    assert shared.listed() == everything | {last}


@pytest.mark.peer("olareg")
def test_a_running_olareg_serves_what_is_written_beside_it(shared: Shared) -> None:
    ours = shared.attach("one")
    with olareg(shared.root) as registry:
        assert registry.referrers(REPOSITORY, shared.of.digest) == ours
        for label in ("two", "three"):
            ours |= shared.attach(label)
            # Stale, but never empty: a filtered answer is made anew from the response that olareg still knows.
            assert registry.referrers(REPOSITORY, shared.of.digest, artifact_type=SBOM_TYPE)
            wait_for(registry, shared, ours)
        new = push(shared.store, "team/new", subject("new"))
        first = attach(shared.store, "team/new", new)
        assert registry.referrers("team/new", new.digest) == {first.digest}


def wait_for(registry: Olareg, shared: Shared, expected: set[Digest]) -> None:
    deadline = time.monotonic() + 5 * OLAREG_LOOKS_AGAIN
    while (found := registry.referrers(REPOSITORY, shared.of.digest)) != expected and time.monotonic() < deadline:
        time.sleep(0.1)
    assert found == expected


@pytest.mark.peer("olareg")
def test_olareg_forgets_what_was_deleted(shared: Shared) -> None:
    (gone,) = shared.attach("gone")
    kept = shared.attach("kept")
    with olareg(shared.root) as registry:
        assert registry.referrers(REPOSITORY, shared.of.digest) == {gone} | kept
    shared.store.delete(REPOSITORY, gone)
    with olareg(shared.root) as registry:
        assert registry.referrers(REPOSITORY, shared.of.digest) == kept == shared.listed()
    shared.store.delete(REPOSITORY, *kept)
    with olareg(shared.root) as registry:
        assert registry.referrers(REPOSITORY, shared.of.digest) == set() == shared.listed()


@pytest.mark.peer("olareg")
def test_olareg_serves_referrers_of_a_sha512_subject(shared: Shared) -> None:
    manifest = subject("sha512")
    of = as_sha512(manifest)
    shared.store.push(REPOSITORY, of, manifest.raw)
    ours = attach(shared.store, REPOSITORY, of)
    assert fallback_tag(of.digest) in shared.index()
    with olareg(shared.root) as registry:
        assert registry.referrers(REPOSITORY, of.digest) == {ours.digest}
    more = attach(shared.store, REPOSITORY, of, "more")
    with olareg(shared.root) as registry:
        assert registry.referrers(REPOSITORY, of.digest) == {ours.digest, more.digest}


@pytest.mark.peer("olareg")
def test_a_response_without_types_is_mended_before_olareg_sees_it(shared: Shared) -> None:
    """Entries as older cosign writes them, without annotations: olareg hangs on them, so the next write mends them."""
    ours = shared.attach("one")
    mutilate(shared)
    assert shared.listed() == ours
    (found,) = shared.store.referrers(REPOSITORY, shared.of.digest).items
    assert found.descriptor.artifact_type is not None
    assert found.descriptor.annotations == {"label": "one"}
    more = shared.attach("two")
    with olareg(shared.root) as registry:
        assert registry.referrers(REPOSITORY, shared.of.digest) == ours | more


def mutilate(shared: Shared) -> None:
    """Take types and annotations from the response about the subject."""
    index = json.loads(shared.index())
    (entry,) = (
        item
        for item in index["manifests"]
        if item.get("annotations", {}).get(names.ANNOTATION_REF_NAME) == fallback_tag(shared.of.digest)
    )
    blobs = shared.layout / "blobs" / "sha256"
    response = json.loads((blobs / entry["digest"].removeprefix("sha256:")).read_bytes())
    for item in response["manifests"]:
        del item["artifactType"], item["annotations"]
    raw = json.dumps(response).encode()
    digest = Digest.of(raw)
    (blobs / digest.encoded).write_bytes(raw)
    entry.update(digest=str(digest), size=len(raw))
    (shared.layout / "index.json").write_text(json.dumps(index))


@pytest.mark.peer("cosign", "olareg", "oras")
def test_what_cosign_saves_is_found(tmp_path: Path) -> None:
    with olareg(tmp_path / "registry") as registry:
        image = f"{registry.host}/team/image"
        (tmp_path / "file").write_text("content")
        run("oras", "push", "--plain-http", f"{image}:v1", "file", "--artifact-type", "text/plain", cwd=tmp_path)
        digest = Digest.parse(run("oras", "resolve", "--plain-http", f"{image}:v1").strip())
        (tmp_path / "signing-config.json").write_text(run("cosign", "signing-config", "create"))
        run("cosign", "generate-key-pair", cwd=tmp_path, COSIGN_PASSWORD="")
        signing = ("--key", "cosign.key", "--signing-config", "signing-config.json", "--yes")
        run("cosign", "sign", *signing, f"{image}@{digest}", cwd=tmp_path, COSIGN_PASSWORD="")
        (signature,) = registry.referrers("team/image", digest)
        run("cosign", "save", "--dir", "saved", f"{image}@{digest}", cwd=tmp_path)
    store = DirectoryStore(tmp_path / "saved", "saved")
    assert str(signature) not in (tmp_path / "saved" / "index.json").read_text()
    assert listed(store, "", digest) == {signature}
    (found,) = store.referrers("", digest).items
    assert found.descriptor.artifact_type == names.BUNDLE_V03
    assert store.resolve(Reference("", digest=signature)) == found.descriptor.plain()
    manifest = Manifest.parse(store.fetch("", found.descriptor))
    assert manifest.subject is not None
    assert manifest.subject.digest == digest


@pytest.mark.peer("oras")
def test_oras_reads_an_archive(tmp_path: Path) -> None:
    archive = tmp_path / "pack.tar"
    store = ArchiveStore(archive, "pack", create=True)
    of = push(store, "", subject())
    store.tag(Reference("", "v1"), of)
    ours = attach(store, "", of)
    store.close()
    assert oras_referrers(archive, of.digest) == {ours.digest}


@pytest.mark.peer("oras", "regctl")
def test_archives_of_oras_layouts_are_read(shared: Shared, tmp_path: Path) -> None:
    theirs = shared.oras_attach(f"{shared.layout}:v1", "theirs", "--oci-layout")
    archive = tmp_path / "their.tar"
    with tarfile.open(archive, "w") as tar:  # with directories and ./ before each name
        tar.add(shared.layout, arcname=".", filter=lambda member: None if ".attest" in member.name else member)
    store = ArchiveStore(archive, "theirs")
    assert listed(store, "", shared.of.digest) == {theirs}
    assert store.resolve(Reference("", "v1")) == shared.of
    more = attach(store, "", shared.of)
    store.close()
    assert listed(ArchiveStore(archive, "theirs"), "", shared.of.digest) == {theirs, more.digest}
    assert oras_referrers(archive, shared.of.digest) == {theirs, more.digest}
    exported = tmp_path / "exported.tar"
    run("regctl", "image", "export", f"ocidir://{shared.layout}:v1", exported)
    index = ArchiveStore(exported, "exported")
    assert index.fetch("", Descriptor(names.OCI_MANIFEST, shared.of.digest, shared.of.size)) == subject().raw
