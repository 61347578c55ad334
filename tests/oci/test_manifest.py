"""Manifests and descriptors over raw bytes."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest import limits, names
from attest.errors import DigestMismatch, FormatError, JSONError
from attest.oci.descriptor import EMPTY, EMPTY_BYTES, Descriptor
from attest.oci.digest import Digest
from attest.oci.manifest import Manifest, write_image, write_index
from attest.oci.strict_json import Fields

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
TYPES = st.from_regex(r"application/[a-z.+-]{1,20}", fullmatch=True)
ANNOTATIONS = st.dictionaries(TEXT, TEXT, max_size=4)
DESCRIPTORS = st.one_of(
    st.builds(Descriptor.of, TYPES, st.binary(max_size=50), inline=st.booleans()),
    st.builds(
        Descriptor,
        TYPES,
        st.binary(max_size=8).map(Digest.of),
        st.integers(0, 2**53 - 1),
        ANNOTATIONS,
        st.none() | TYPES,
        st.none(),
        st.none() | st.fixed_dictionaries({"os": TEXT, "architecture": TEXT}),
    ),
)
LAYERS = st.lists(DESCRIPTORS, max_size=4)


@given(TYPES, DESCRIPTORS, LAYERS, st.none() | DESCRIPTORS, ANNOTATIONS)
def test_images_are_read_as_written(
    artifact_type: str,
    config: Descriptor,
    layers: list[Descriptor],
    subject: Descriptor | None,
    annotations: dict[str, str],
) -> None:
    written = write_image(
        artifact_type=artifact_type, config=config, layers=layers, subject=subject, annotations=annotations
    )
    read = Manifest.parse(written.raw, media_type=names.OCI_MANIFEST)
    assert read.raw == written.raw
    assert (read.artifact_type, read.config, read.layers) == (artifact_type, config, tuple(layers))
    assert read.subject == (None if subject is None else subject.plain())
    assert dict(read.annotations) == annotations
    assert read.children() == (config, *layers)
    assert not read.is_index
    assert str(read.digest) == "sha256:" + hashlib.sha256(written.raw).hexdigest()
    assert read.descriptor() == Descriptor(names.OCI_MANIFEST, read.digest, len(written.raw))


@given(LAYERS, ANNOTATIONS)
def test_indexes_are_read_as_written(manifests: list[Descriptor], annotations: dict[str, str]) -> None:
    written = write_index(manifests, annotations=annotations)
    read = Manifest.parse(written.raw)
    assert read.is_index
    assert read.raw == written.raw
    assert read.children() == read.manifests == tuple(manifests)
    assert dict(read.annotations) == annotations


@given(LAYERS, st.sampled_from([None, 1, 4]), st.booleans())
def test_bytes_are_kept_however_they_were_written(
    layers: list[Descriptor], indent: int | None, ascii_only: bool
) -> None:
    """Other writers order and space differently; the digest is that of what they wrote."""
    value = json.loads(write_image(artifact_type="a/b", config=EMPTY, layers=layers, annotations={"é": "ü"}).raw)
    raw = json.dumps(dict(reversed(value.items())), indent=indent, ensure_ascii=ascii_only).encode()
    read = Manifest.parse(raw)
    assert read.raw == raw
    assert read.digest == Digest.of(raw)
    assert read.layers == tuple(layers)


def image(**members: Any) -> bytes:
    value: dict[str, Any] = json.loads(write_image(artifact_type="a/b", config=EMPTY, layers=[EMPTY]).raw)
    return json.dumps({**value, **members}).encode()


def index(**members: Any) -> bytes:
    value: dict[str, Any] = json.loads(write_index([EMPTY]).raw)
    return json.dumps({**value, **members}).encode()


WITHOUT_TYPE = b'{"schemaVersion":2,"config":%s,"layers":[],"manifests":[]}' % json.dumps(EMPTY.json()).encode()


@pytest.mark.parametrize(
    "raw",
    [
        image(manifests=[]),
        image(manifests=None),
        image(manifests=[EMPTY.json()]),
        index(config=EMPTY.json()),
        index(layers=[]),
        index(layers=None),
        WITHOUT_TYPE,
        image(schemaVersion=1),
        image(mediaType="application/vnd.example"),
    ],
)
def test_both_kinds_at_once_and_foreign_types_are_refused(raw: bytes) -> None:
    with pytest.raises(FormatError):
        Manifest.parse(raw)


def test_the_store_and_the_manifest_must_agree_on_the_type() -> None:
    Manifest.parse(image(), media_type=names.OCI_MANIFEST)
    for raw, called in ((image(), names.OCI_INDEX), (index(), names.OCI_MANIFEST), (image(), names.DOCKER_MANIFEST)):
        with pytest.raises(FormatError, match="contradicts its media type"):
            Manifest.parse(raw, media_type=called)


@pytest.mark.parametrize(
    "raw",
    [
        image(schemaVersion=True),
        image(schemaVersion="2"),
        image(schemaVersion=2.0),
        image(config=None),
        image(config=[]),
        image(layers={}),
        image(layers=[None]),
        image(subject=[]),
        image(annotations={"a": 1}),
        image(annotations={"a": None}),
        image(annotations=[]),
        image(artifactType=1),
        image()[:-1] + b',"layers":[]}',
        b"[]",
        b"",
    ],
)
def test_wrong_shapes_are_json_errors(raw: bytes) -> None:
    with pytest.raises(JSONError):
        Manifest.parse(raw)


def test_a_manifest_of_more_than_4_mib_is_refused() -> None:
    with pytest.raises(JSONError, match="more than the limit"):
        Manifest.parse(image(annotations={"a": "x" * limits.MANIFEST}))


def descriptor(**members: Any) -> Descriptor:
    value = {"mediaType": "a/b", "digest": str(EMPTY.digest), "size": 2, **members}
    return Descriptor.parse(Fields(value, "it"))


@pytest.mark.parametrize(
    ("members", "kind"),
    [
        ({"size": -1}, FormatError),
        ({"size": True}, JSONError),
        ({"size": 2.0}, JSONError),
        ({"size": None}, JSONError),
        ({"digest": "sha256:00"}, FormatError),
        ({"digest": None}, JSONError),
        ({"mediaType": None}, JSONError),
        ({"data": "e30"}, FormatError),
        ({"data": "e3 0="}, FormatError),
        ({"data": "é"}, FormatError),
        ({"data": "e30=", "size": 3}, DigestMismatch),
        ({"data": "W10="}, DigestMismatch),
        ({"data": 1}, JSONError),
    ],
)
def test_what_is_no_descriptor(members: dict[str, Any], kind: type[FormatError]) -> None:
    with pytest.raises(kind):
        descriptor(**members)


def test_inline_data_is_checked_or_left_out() -> None:
    assert descriptor(data=base64.b64encode(EMPTY_BYTES).decode()).data == EMPTY_BYTES
    assert descriptor(data="e30=", digest="blake3:" + "0" * 64).data is None


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_content_is_checked_against_size_and_digest(data: bytes, other: bytes) -> None:
    known = Descriptor.of("a/b", data)
    known.check(data)
    if other != data:
        with pytest.raises(DigestMismatch):
            known.check(other)


def test_the_empty_descriptor_is_that_of_the_specification() -> None:
    assert str(EMPTY.digest) == "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    assert (EMPTY.media_type, EMPTY.size) == ("application/vnd.oci.empty.v1+json", 2)


def test_the_artifact_type_of_a_listing() -> None:
    without = json.loads(image())
    del without["artifactType"]
    assert Manifest.parse(json.dumps(without).encode()).effective_artifact_type == names.OCI_EMPTY
    assert Manifest.parse(index()).effective_artifact_type is None
    listed = Manifest.parse(image(annotations={"a": "b"})).listing_descriptor()
    assert (listed.artifact_type, dict(listed.annotations)) == ("a/b", {"a": "b"})
