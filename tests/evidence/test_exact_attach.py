"""What is written when evidence is attached: every member of the manifests, what is pushed, and when."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from attest import limits, names
from attest.errors import UsageError
from attest.evidence.attach import attach_bundle, attach_document, creation_time, push_anchor, statement_subjects
from attest.evidence.attach_signature import attach_signature
from attest.evidence.lookup import subject_of
from attest.oci.descriptor import EMPTY, Descriptor
from attest.oci.digest import Digest
from attest.oci.reference import Reference
from attest.packages.anchors import version_anchor
from attest.packages.digest import ArtifactDigest
from attest.packages.purl import Purl
from attest.signing.notation.sign import Signed
from attest.stores.memory import MemoryStore
from tests.evidence_factory import DIGEST, NOW, PURL, SUBJECT

REPOSITORY = "npm/left-pad"
EMPTY_CONFIG = {"mediaType": names.OCI_EMPTY, "digest": str(EMPTY.digest), "size": 2}


class Noting(MemoryStore):
    """A store that notes in which order it is given what."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[Digest] = []

    def push(self, repository: str, descriptor: Descriptor, data: bytes) -> None:
        assert descriptor == descriptor.plain()
        self.given.append(descriptor.digest)
        super().push(repository, descriptor, data)


@pytest.fixture
def store() -> Noting:
    return Noting()


def written(raw: bytes) -> dict[str, object]:
    document = json.loads(raw)
    assert isinstance(document, dict)
    assert (document.pop("schemaVersion"), document.pop("mediaType")) == (2, names.OCI_MANIFEST)
    return document


SUBJECT_WRITTEN = {
    "mediaType": names.OCI_MANIFEST,
    "digest": str(SUBJECT.manifest.digest),
    "size": SUBJECT.manifest.size,
}


def test_a_bundle(store: Noting) -> None:
    anchor = push_anchor(store, REPOSITORY, "1.3.0", PURL, DIGEST)
    store.given.clear()
    manifest = attach_bundle(store, REPOSITORY, anchor, b"bundle", predicate_type="https://x.example/v1", created=NOW)
    layer = Digest.of(b"bundle")
    assert written(manifest.raw) == {
        "artifactType": names.BUNDLE_V03,
        "config": {**EMPTY_CONFIG, "artifactType": names.BUNDLE_V03},
        "layers": [{"mediaType": names.BUNDLE_V03, "digest": str(layer), "size": 6, "data": "YnVuZGxl"}],
        "subject": SUBJECT_WRITTEN,
        "annotations": {
            "org.opencontainers.image.created": "2026-11-21T12:00:00Z",
            "dev.sigstore.bundle.content": "dsse-envelope",
            "dev.sigstore.bundle.predicateType": "https://x.example/v1",
        },
    }
    assert store.given == [EMPTY.digest, layer, manifest.digest]


def test_a_document(store: Noting) -> None:
    manifest = attach_document(
        store, REPOSITORY, SUBJECT.manifest, b"{}\n", media_type="text/x", title="x.txt", created=NOW
    )
    layer = Digest.of(b"{}\n")
    title = {"org.opencontainers.image.title": "x.txt"}
    assert written(manifest.raw) == {
        "artifactType": "text/x",
        "config": EMPTY_CONFIG,
        "layers": [{"mediaType": "text/x", "digest": str(layer), "size": 3, "annotations": title}],
        "subject": SUBJECT_WRITTEN,
        "annotations": {"org.opencontainers.image.created": "2026-11-21T12:00:00Z"},
    }
    assert store.given == [EMPTY.digest, layer, manifest.digest]


def test_a_notation_signature(store: Noting) -> None:
    signed = Signed(b"envelope", names.NOTATION_JWS, ("ab", "cd"), {"more": "x"})
    manifest = attach_signature(store, REPOSITORY, SUBJECT.manifest, signed, created=NOW)
    layer = Digest.of(b"envelope")
    document = written(manifest.raw)
    assert document["layers"] == [
        {"mediaType": names.NOTATION_JWS, "digest": str(layer), "size": 8, "data": "ZW52ZWxvcGU="}
    ]
    assert document["subject"] == SUBJECT_WRITTEN
    assert document["annotations"] == {
        "more": "x",
        "org.opencontainers.image.created": "2026-11-21T12:00:00Z",
        "io.cncf.notary.x509chain.thumbprint#S256": '["ab","cd"]',
    }
    assert store.given == [EMPTY.digest, layer, manifest.digest]


@pytest.mark.parametrize(("size", "inline"), [(limits.INLINE_DATA, True), (limits.INLINE_DATA + 1, False)])
def test_what_is_small_is_written_inline_too(store: Noting, size: int, inline: bool) -> None:
    data = b"x" * size
    bundle = attach_bundle(store, REPOSITORY, SUBJECT.manifest, data, predicate_type="x", created=NOW)
    signed = Signed(data, names.NOTATION_JWS, ())
    signature = attach_signature(store, REPOSITORY, SUBJECT.manifest, signed, created=NOW)
    assert [item.layers[0].data is not None for item in (bundle, signature)] == [inline, inline]


def test_what_a_statement_is_about() -> None:
    manifest = SUBJECT.manifest.digest
    first, second = statement_subjects(SUBJECT)
    assert (first.name, first.digests) == (str(PURL), {"sha256": manifest.encoded})
    assert (second.name, second.digests) == (str(PURL), {"sha512": DIGEST.hex})
    assert statement_subjects(replace(SUBJECT, digest=None)) == [first]


def test_when_it_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    assert abs(datetime.now(UTC) - creation_time()) < timedelta(minutes=5)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert creation_time() == datetime(1970, 1, 2, tzinfo=UTC)
    for wrong in ("", "yesterday", "1e9", "9" * 30):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", wrong)
        with pytest.raises(UsageError, match="SOURCE_DATE_EPOCH is not a number of seconds"):
            creation_time()


def test_a_tag_names_the_artifact_where_a_version_has_one_only(store: Noting) -> None:
    wheel, digest = Purl.parse("pkg:pypi/acme@1.0"), ArtifactDigest("sha256", "ab" * 32)
    for purl, of, tagged in ((PURL, DIGEST, SUBJECT.manifest), (wheel, digest, version_anchor(wheel).descriptor())):
        anchor = push_anchor(store, REPOSITORY, "t", purl, of)
        assert anchor == subject_of(purl, of).manifest
        assert store.resolve(Reference(REPOSITORY, tag="t")).digest == tagged.digest
