"""What a pack lists, what it is held against, whose word counts for it, and which paths its files may have."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from attest import limits, names
from attest.errors import DigestMismatch, FormatError, StoreUnavailable, VerificationError
from attest.evidence import pack, pack_signature
from attest.evidence.attach import attach_bundle, push_anchor
from attest.evidence.lookup import subject_of
from attest.evidence.model import Subject
from attest.evidence.pack import Pack
from attest.oci.descriptor import EMPTY, Descriptor
from attest.oci.digest import Digest
from attest.oci.manifest import Manifest, write_image
from attest.oci.reference import Reference
from attest.packages.anchors import version_anchor
from attest.packages.digest import ArtifactDigest
from attest.packages.purl import Purl
from attest.signing.bundle import Bundle
from attest.signing.sign import KeySigner, sign_statement
from attest.statements.statement import Subject as StatementSubject
from attest.statements.statement import write_statement
from attest.stores.archive import ArchiveStore
from attest.stores.graph import walk
from tests.evidence_factory import DIGEST, NOW, PURL, SUBJECT, bundle_of, key, signed

OTHER_PURL = Purl.parse("pkg:npm/right-pad@1.0.0")
OTHER_DIGEST = ArtifactDigest("sha512", "cd" * 64)
POLICY = ("gate/policy.yaml", b"version: 1\n")
TRUSTED = {"gate/z.pub": b"z", "gate/a.pub": b"a"}


def opened(file: Path) -> ArchiveStore:
    return ArchiveStore(file, "oci-archive:x", create=True)


def filled(store: ArchiveStore) -> list[Subject]:
    """Two packages, one of them with evidence."""
    other = push_anchor(store, "", "right", OTHER_PURL, OTHER_DIGEST)
    anchor = push_anchor(store, "", "left", PURL, DIGEST)
    bundle = bundle_of(signed("release")).raw
    attach_bundle(store, "", anchor, bundle, predicate_type=names.PREDICATE_COSIGN_SIGN, created=NOW)
    return [SUBJECT, Subject(other, OTHER_PURL, OTHER_DIGEST, str(OTHER_PURL))]


def made(store: ArchiveStore, *, policy: bool = True) -> Pack:
    subjects = filled(store)
    graph = walk(store, "", [subject.manifest for subject in subjects])
    return pack.write(store, graph, subjects, policy=POLICY if policy else None, trusted=TRUSTED if policy else None)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "evidence.pack"


@pytest.fixture
def store(file: Path) -> ArchiveStore:
    return opened(file)


def again(store: ArchiveStore, file: Path) -> ArchiveStore:
    store.close()
    return opened(file)


def altered(store: ArchiveStore, file: Path, change: Callable[[dict[str, bytes]], None]) -> ArchiveStore:
    """The archive written anew with other members."""
    store.close()
    with tarfile.open(file) as tar:
        members = {name: data.read() for name in tar.getnames() if (data := tar.extractfile(name)) is not None}
    change(members)
    with tarfile.open(file, "w") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return opened(file)


def test_what_it_lists(store: ArchiveStore, file: Path) -> None:
    written = made(store)
    found = pack.complete(again(store, file))
    assert found == written
    assert (found.policy, found.digest) == (POLICY[0], written.manifest.digest)
    assert list(found.subjects) == sorted(found.subjects)
    assert len(found.subjects) == 2
    config = found.manifest.config
    assert config is not None
    contents = json.loads(opened(file).fetch("", config))
    assert [(item["subject"], item["manifest"]) for item in contents["subjects"]] == sorted(
        [(str(PURL), str(SUBJECT.manifest.digest)), (str(OTHER_PURL), manifest_of(OTHER_PURL, OTHER_DIGEST))],
        key=lambda item: item[1],
    )
    mine = next(item for item in contents["subjects"] if item["subject"] == str(PURL))
    assert mine["evidence"] == sorted(mine["evidence"])
    assert str(SUBJECT.manifest.digest) not in mine["evidence"]
    assert str(version_anchor(PURL).digest) in mine["evidence"]
    listed = {Digest.parse(item["digest"]): item["size"] for item in contents["blobs"]}
    assert listed == {blob.digest: blob.size for blob in found.blobs}
    own = {found.digest, config.digest}
    assert {f"blobs/sha256/{digest.encoded}" for digest in {*listed, *own}} | {"index.json", "oci-layout"} == set(
        opened(file).contents()
    )


def manifest_of(purl: Purl, digest: ArtifactDigest) -> str:
    return str(subject_of(purl, digest).manifest.digest)


def test_a_pack_without_a_policy(store: ArchiveStore) -> None:
    written = made(store, policy=False)
    assert (written.policy, written.manifest.layers) == (None, (EMPTY,))
    assert pack.files(store, written, written.digest) == {}


def test_a_pack_of_evidence_about_an_image_brings_what_its_own_manifest_names(store: ArchiveStore) -> None:
    config = Descriptor.of(names.OCI_IMAGE_CONFIG, b"{ }")
    image = write_image(artifact_type="text/x", config=config, layers=[Descriptor.of("text/x", b"x")])
    for part, data in ((config, b"{ }"), (image.layers[0], b"x"), (image.descriptor(), image.raw)):
        store.push("", part, data)
    subject = Subject(image.descriptor(), name="image")
    written = pack.write(store, walk(store, "", [subject.manifest]), [subject])
    assert EMPTY.digest in {blob.digest for blob in written.blobs}
    assert pack.complete(store) == written


def test_an_archive_that_is_no_pack(store: ArchiveStore) -> None:
    filled(store)
    assert (pack.find(store), pack.complete(store)) == (None, None)


def test_whose_word_counts(store: ArchiveStore, file: Path) -> None:
    written = made(store)
    for by in (Digest("sha256", "1a" * 32), Digest("sha512", written.digest.encoded * 2)):
        with pytest.raises(DigestMismatch, match="another pack"):
            pack.files(store, written, by)
    everything = dict([POLICY, *TRUSTED.items()])
    assert pack.files(store, written, written.digest) == everything
    packer, stranger = key("packer").public, key("stranger").public
    with pytest.raises(VerificationError, match=r"not signed by the key.*found none"):
        pack.vouch(store, written, packer)
    pack_signature.sign(store, written.manifest, KeySigner(key("packer")))
    with pytest.raises(VerificationError, match="1 by others"):
        pack.files(store, written, stranger)
    pack_signature.sign(store, written.manifest, KeySigner(key("stranger")))
    store = again(store, file)
    assert pack.complete(store) == written
    for by_key in (packer, stranger):
        assert pack.files(store, written, by_key) == everything


def blob(members: dict[str, bytes], text: bytes) -> str:
    (name,) = (name for name, data in members.items() if data == text)
    return name


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda members: members.pop(blob(members, POLICY[1])), "is missing"),
        (lambda members: members.update({blob(members, POLICY[1]): b"version: 2\n"}), "was changed"),
        (lambda members: members.update({blob(members, POLICY[1]): b"version: 1\n\n"}), "was changed"),
        (lambda members: members.update({"blobs/sha256/" + Digest.of(b"x").encoded: b"x"}), "was added"),
    ],
    ids=["missing", "changed", "longer", "added"],
)
@pytest.mark.parametrize("is_signed", [False, True])
def test_what_is_not_as_it_is_listed(
    store: ArchiveStore, file: Path, change: Callable[[dict[str, bytes]], None], why: str, is_signed: bool
) -> None:
    written = made(store)
    if is_signed:
        pack_signature.sign(store, written.manifest, KeySigner(key("packer")))
    store = altered(store, file, change)
    with pytest.raises(StoreUnavailable, match=f"the pack is not what its list says: blobs/.* {why}"):
        pack.complete(store)


def tagged(store: ArchiveStore, manifest: Manifest) -> None:
    store.push("", manifest.descriptor(), manifest.raw)
    store.tag(Reference("", names.PACK_TAG), manifest.descriptor())


def test_what_is_tagged_as_a_pack_and_is_none(store: ArchiveStore) -> None:
    contents = b'{"subjects":[],"blobs":[]}'
    config = Descriptor.of(names.PACK_CONTENTS, contents)
    for descriptor, data in ((EMPTY, b"{}"), (config, contents)):
        store.push("", descriptor, data)
    for manifest in (
        write_image(artifact_type="text/x", config=config, layers=[EMPTY]),
        write_image(artifact_type=names.PACK, config=EMPTY, layers=[EMPTY]),
    ):
        tagged(store, manifest)
        with pytest.raises(StoreUnavailable, match="not the manifest of a pack"):
            pack.find(store)
    with pytest.raises(FormatError, match="not the manifest of a pack"):
        pack.read(store, Manifest.parse(write_index_of(config)))
    good = write_image(artifact_type=names.PACK, config=config, layers=[EMPTY])
    tagged(store, good)
    found = pack.find(store)
    assert found is not None
    assert (found.manifest.digest, found.subjects, found.blobs) == (good.digest, (), ())


def write_index_of(config: Descriptor) -> bytes:
    value = {
        "schemaVersion": 2,
        "mediaType": names.OCI_INDEX,
        "artifactType": names.PACK,
        "manifests": [{"mediaType": names.OCI_MANIFEST, "digest": str(config.digest), "size": config.size}],
    }
    return json.dumps(value).encode()


@pytest.mark.parametrize("which", ["manifest", "list"])
def test_a_part_of_a_pack_that_is_damaged(store: ArchiveStore, file: Path, which: str) -> None:
    written = made(store)
    config = written.manifest.config
    assert config is not None
    digest = written.digest if which == "manifest" else config.digest
    name = f"blobs/sha256/{digest.encoded}"
    changed = altered(store, file, lambda members: members.update({name: members[name].replace(b"sha256", b"sha512")}))
    with pytest.raises(StoreUnavailable, match="the pack is not what its list says"):
        pack.find(changed)


@pytest.mark.parametrize("path", ["", "/etc/x", "../x", "a/../../x", "a/..", "a\\b", "a\0b"])
def test_a_path_that_leads_elsewhere(store: ArchiveStore, path: str) -> None:
    subjects = filled(store)
    graph = walk(store, "", [subject.manifest for subject in subjects])
    written = pack.write(store, graph, subjects, policy=(path, b"x"))
    with pytest.raises(FormatError, match="not a relative path"):
        pack.files(store, written, written.digest)
    with pytest.raises(FormatError, match="not a relative path"):
        _ = written.policy


def hung(store: ArchiveStore, written: Pack, bundle: bytes, *, layers: int = 1, predicate: str = "") -> Manifest:
    """A bundle in the form in which a pack's signature is one, unless it is said otherwise."""
    layer = Descriptor.of(names.BUNDLE_V03, bundle)
    more = [Descriptor.of("text/x", b"more")] * (layers - 1)
    for part, data in ((layer, bundle), *((item, b"more") for item in more), (EMPTY, b"{}")):
        store.push("", part, data)
    manifest = write_image(
        artifact_type=names.BUNDLE_V03,
        config=EMPTY,
        layers=[layer, *more],
        subject=written.manifest.descriptor(),
        annotations={
            names.ANNOTATION_BUNDLE_CONTENT: names.BUNDLE_CONTENT_DSSE,
            names.ANNOTATION_BUNDLE_PREDICATE: predicate or names.PREDICATE_PACK,
        },
    )
    store.push("", manifest.descriptor(), manifest.raw)
    return manifest


def says(
    written: Pack,
    *,
    payload_type: str = names.PACK_PAYLOAD,
    predicate: str = names.PREDICATE_PACK,
    digests: dict[str, str] | None = None,
    times: int = 1,
) -> bytes:
    about = StatementSubject(names.PACK_TAG, {"sha256": written.digest.encoded} if digests is None else digests)
    statement = write_statement([about] * times, predicate, {"artifactType": names.PACK})
    return sign_statement(statement, KeySigner(key("packer")), payload_type=payload_type)


def test_what_signs_a_pack_is_that_and_nothing_else(store: ArchiveStore) -> None:
    written = made(store)
    other = {"sha256": "1a" * 32}
    more = {"sha256": written.digest.encoded, "sha512": "1a" * 64}
    for bundle in (
        says(written, payload_type=names.IN_TOTO_PAYLOAD),
        says(written, predicate="https://x.example/v1"),
        says(written, digests=other),
        says(written, digests=more),
        b"no bundle",
    ):
        hung(store, written, bundle)
    hung(store, written, says(written), layers=2)
    value = json.loads(hung(store, written, b"no layer").raw)
    empty = Manifest.parse(json.dumps({**value, "layers": []}).encode())
    store.push("", empty.descriptor(), empty.raw)
    hung(store, written, says(written), predicate="https://x.example/v1")
    assert pack_signature.signatures(store, written.manifest) == ()
    assert pack_signature.members(store, written.manifest) == frozenset()
    with pytest.raises(VerificationError):
        pack.vouch(store, written, key("packer").public)
    good = hung(store, written, says(written))
    (found,) = pack_signature.signatures(store, written.manifest)
    assert (found.manifest.digest, found.bundle) == (good.digest, Bundle.parse(says_of(store, good)))
    pack.vouch(store, written, key("packer").public)
    members = pack_signature.members(store, written.manifest)
    assert {f"blobs/sha256/{item.encoded}" for item in (good.digest, good.layers[0].digest)} < members
    assert len(members) == 3


def test_what_is_no_signature_hides_none_whichever_is_listed_first(store: ArchiveStore) -> None:
    written = made(store)
    good = hung(store, written, says(written))
    for layers in (1, 2):
        bad = (hung(store, written, b"no bundle %d" % number, layers=layers) for number in count())
        _ = next(item for item in bad if item.digest < good.digest)  # it is listed first
        _ = next(item for item in bad if item.digest > good.digest)
    found = pack_signature.signatures(store, written.manifest)
    assert [item.manifest.digest for item in found] == [good.digest]


def says_of(store: ArchiveStore, manifest: Manifest) -> bytes:
    return store.fetch("", manifest.layers[0].plain())


def test_a_signature_may_be_as_large_as_other_evidence(store: ArchiveStore, monkeypatch: pytest.MonkeyPatch) -> None:
    written = made(store)
    bundle = says(written)
    hung(store, written, bundle)
    for limit, number in ((len(bundle), 1), (len(bundle) - 1, 0)):
        monkeypatch.setattr(limits, "EVIDENCE_BLOB", limit)
        assert len(pack_signature.signatures(store, written.manifest)) == number
