"""Packs: one archive with everything that is needed to verify a set of packages, and a list of what must be inside.

A pack is an OCI layout in a tar. Under the tag `attest-pack` lies its manifest (`application/vnd.attest.pack.v1`): its
config is the list of contents, its layers are a policy and the files that the policy needs. The digest of that manifest
fixes every byte but those of `index.json`, which only repeats what the manifests themselves say.

A pack proves nothing by itself: who made it is anyone. So its policy is used only by those who know its digest, or a
key that signed it (`attest.evidence.pack_signature`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from attest import limits, names
from attest.errors import DigestMismatch, FormatError, NotFound, StoreUnavailable
from attest.evidence import pack_signature
from attest.evidence.model import Subject
from attest.oci import strict_json
from attest.oci.descriptor import EMPTY, EMPTY_BYTES, Descriptor
from attest.oci.digest import Digest
from attest.oci.manifest import Manifest, write_image
from attest.oci.reference import Reference
from attest.oci.strict_json import Fields
from attest.stores.archive import ArchiveStore
from attest.stores.graph import Graph
from attest.stores.layout_reading import INDEX, MARKER
from attest.stores.layout_survey import blob_path

if TYPE_CHECKING:
    from attest.signing.keys import PublicKey

_BYTES: Final = "application/octet-stream"
_ANY_LAYOUT: Final = frozenset({INDEX, MARKER})


@dataclass(frozen=True, slots=True)
class Pack:
    """The manifest of a pack and its list: the subjects' manifests, and every blob but the manifest and the list."""

    manifest: Manifest
    subjects: tuple[Digest, ...]
    blobs: tuple[Descriptor, ...]

    @property
    def digest(self) -> Digest:
        return self.manifest.digest

    @property
    def policy(self) -> str | None:
        """The path of the policy among the `files`."""
        return next((_title(layer) for layer in self.manifest.layers if layer.media_type == names.PACK_POLICY), None)


def vouch(store: ArchiveStore, pack: Pack, by: Digest | PublicKey) -> None:
    """Raises `DigestMismatch` if this is another pack than the one with that digest, `VerificationError` if it is not
    signed by that key."""
    if not isinstance(by, Digest):
        pack_signature.check(store, pack.manifest, by)
    elif pack.digest != by:
        raise DigestMismatch("another pack", where=store.name, why=f"its digest is {pack.digest}, not {by}")


def write(
    store: ArchiveStore,
    graph: Graph,
    subjects: Iterable[Subject],
    *,
    policy: tuple[str, bytes] | None = None,
    trusted: Mapping[str, bytes] | None = None,
) -> Pack:
    """Make a pack of an archive that holds ``graph`` and nothing else. Files are named by relative path."""
    layers = []
    store.push("", EMPTY, EMPTY_BYTES)
    files = [(names.PACK_POLICY, *policy)] if policy is not None else []
    files += [(names.PACK_TRUSTED, path, data) for path, data in sorted((trusted or {}).items())]
    for media_type, path, data in files:
        layer = Descriptor(media_type, Digest.of(data), len(data), {names.ANNOTATION_TITLE: path})
        store.push("", layer.plain(), data)
        layers.append(layer)
    contents = strict_json.write(
        {
            "subjects": [
                _subject(subject, graph) for subject in sorted(subjects, key=lambda item: item.manifest.digest)
            ],
            "blobs": [{"digest": str(blob.digest), "size": blob.size} for blob in _blobs(store)],
        }
    )
    config = Descriptor.of(names.PACK_CONTENTS, contents)
    manifest = write_image(artifact_type=names.PACK, config=config, layers=layers or [EMPTY])
    store.push("", config, contents)
    store.push("", manifest.descriptor(), manifest.raw)
    store.tag(Reference("", names.PACK_TAG), manifest.descriptor())
    return read(store, manifest)


def find(store: ArchiveStore) -> Pack | None:
    """The pack that the archive is; None for an archive that is none. Raises `StoreUnavailable` for a damaged one."""
    try:
        descriptor = store.resolve(Reference("", names.PACK_TAG))
        raw = store.fetch("", descriptor)
    except NotFound:
        return None
    except FormatError as error:
        raise _damaged(store, str(error)) from None
    try:
        return read(store, Manifest.parse(raw, media_type=descriptor.media_type))
    except (FormatError, NotFound) as error:
        raise _damaged(store, str(error)) from None


def read(store: ArchiveStore, manifest: Manifest) -> Pack:
    """Raises `FormatError` for what is no pack's manifest or list, `NotFound` where the list is missing."""
    config = manifest.config
    if manifest.artifact_type != names.PACK or config is None or config.media_type != names.PACK_CONTENTS:
        raise FormatError("not the manifest of a pack", why=f"its artifact type is {manifest.artifact_type}")
    raw = store.fetch("", config)
    fields = Fields(strict_json.read_object(raw, where="contents", limit=limits.BLOB), "contents")
    return Pack(
        manifest,
        tuple(Digest.parse(item.string("manifest")) for item in fields.objects("subjects")),
        tuple(
            Descriptor(_BYTES, Digest.parse(item.string("digest")), item.integer("size"))
            for item in fields.objects("blobs")
        ),
    )


def check(store: ArchiveStore, pack: Pack) -> None:
    """Hold the archive against its list: every member is read. Raises `StoreUnavailable` that says what is missing,
    changed or added."""
    manifest, config = pack.manifest.descriptor(), pack.manifest.config
    assert config is not None
    wanted = {blob_path(blob.digest): blob for blob in (*pack.blobs, config, manifest)}
    members = store.contents().keys()
    for path in sorted(wanted.keys() - members):
        raise _damaged(store, f"{path} is missing")
    added = members - wanted.keys() - _ANY_LAYOUT
    for path in sorted(added - pack_signature.members(store, pack.manifest) if added else added):
        raise _damaged(store, f"{path} was added")
    for path, blob in wanted.items():
        try:
            store.fetch("", blob)
        except DigestMismatch as error:
            raise _damaged(store, f"{path} was changed: {error.why}") from None


def complete(store: ArchiveStore) -> Pack | None:
    """The pack, held against its list; None for an archive that is none. Raises `StoreUnavailable`."""
    pack = find(store)
    if pack is not None:
        check(store, pack)
    return pack


def files(store: ArchiveStore, pack: Pack, by: Digest | PublicKey) -> dict[str, bytes]:
    """The policy and what it needs, by relative path, for those who know the pack's digest or a key that signed it.

    Raises what `vouch` raises, and `FormatError` for a path that leads elsewhere.
    """
    vouch(store, pack, by)
    layers = [layer for layer in pack.manifest.layers if layer.media_type in (names.PACK_POLICY, names.PACK_TRUSTED)]
    return {_title(layer): store.fetch("", layer.plain()) for layer in layers}


def _subject(subject: Subject, graph: Graph) -> dict[str, Any]:
    reached = graph.reached([subject.manifest.digest]) - {subject.manifest.digest}
    return {
        "subject": str(subject),
        "manifest": str(subject.manifest.digest),
        "evidence": [str(digest) for digest in sorted(reached)],
    }


def _blobs(store: ArchiveStore) -> list[Descriptor]:
    """Everything that is in the archive now."""
    found = []
    for path, size in store.contents().items():
        if path not in _ANY_LAYOUT:
            _, algorithm, encoded = path.split("/")
            found.append(Descriptor(_BYTES, Digest(algorithm, encoded), size))
    return found


def _title(layer: Descriptor) -> str:
    """The relative path of a file; never one that leads out of the folder it is put into."""
    title = layer.annotations.get(names.ANNOTATION_TITLE, "")
    path = PurePosixPath(title)
    if not title or path.is_absolute() or ".." in path.parts or "\\" in title or "\0" in title:
        raise FormatError("not a relative path", where="pack", why=repr(title[:160]))
    return title


def _damaged(store: ArchiveStore, why: str) -> StoreUnavailable:
    return StoreUnavailable(
        "the pack is not what its list says", where=store.name, why=why, next_step="get the pack again, or make it anew"
    )
