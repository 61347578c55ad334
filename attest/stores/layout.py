"""One OCI image layout (image-spec, image-layout.md) as a repository, over whatever holds its files.

Order of writes: blob first, `index.json` last; a delete the other way round. So at every moment the layout is valid,
and what is listed is there. How referrers are noted is in `attest.stores.layout_referrers`; reading is in
`attest.stores.layout_reading`.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from attest import limits, names
from attest.errors import FormatError, NotFound, StoreRefused, UsageError
from attest.oci.descriptor import Descriptor
from attest.oci.digest import Digest
from attest.oci.manifest import MANIFEST_TYPES, Manifest, write_index
from attest.oci.reference import Reference, is_tag
from attest.stores import layout_referrers
from attest.stores.layout_index import LayoutIndex
from attest.stores.layout_reading import INDEX, MARKER, LayoutReading, Readable
from attest.stores.layout_survey import blob_path
from attest.stores.protocol import Referrers

_MARKER_BYTES: Final = json.dumps({"imageLayoutVersion": names.LAYOUT_VERSION}).encode()


class Files(Readable, Protocol):
    """Files that can be written, too, which raises `StoreRefused`. A written file is whole or not there."""

    def write(self, path: str, data: bytes) -> None: ...
    def remove(self, path: str) -> None: ...
    def writing(self) -> AbstractContextManager[None]:
        """Hold the layout alone; it is made if it is missing."""
        ...


@dataclass(slots=True)
class _Changes:
    """What was written while the layout is held and `index.json` does not say yet. ``index`` is what it does say, None
    while nothing was written; ``referrers`` are by subject."""

    index: LayoutIndex | None = None
    listed: dict[Digest, Descriptor] = field(default_factory=dict)
    referrers: dict[Digest, dict[Digest, Descriptor]] = field(default_factory=dict)
    tags: dict[str, Descriptor] = field(default_factory=dict)


class Layout:
    """See `Store` for the methods; ``store`` is its name."""

    def __init__(self, files: Files, store: str) -> None:
        self._files = files
        self._reading = LayoutReading(files, store)
        self._writing = threading.RLock()
        self._changes: _Changes | None = None

    def resolve(self, reference: Reference) -> Descriptor:
        return self._reading.resolve(reference)

    def fetch(self, descriptor: Descriptor) -> bytes:
        return self._reading.fetch(descriptor)

    def referrers(self, subject: Digest, artifact_type: str | None) -> Referrers:
        return self._reading.referrers(subject, artifact_type)

    def told(self, subject: Digest) -> Referrers | None:
        """See `LayoutReading.told`."""
        return self._reading.told(subject)

    def tags(self) -> Iterator[str]:
        return self._reading.tags()

    def push(self, descriptor: Descriptor, data: bytes) -> None:
        descriptor.check(data)
        manifest = None
        if descriptor.media_type in MANIFEST_TYPES:
            manifest = Manifest.parse(data, media_type=descriptor.media_type)
        with self._held() as changes:
            if manifest is not None:
                self._check_children(manifest)
            if changes.index is None:
                changes.index = self._index_or_new()
            self._put(blob_path(descriptor.digest), data)
            if manifest is not None:
                listing = replace(manifest.listing_descriptor(), digest=descriptor.digest)
                changes.listed[descriptor.digest] = replace(listing, annotations={})
                if manifest.subject is not None:
                    changes.referrers.setdefault(manifest.subject.digest, {})[descriptor.digest] = listing

    def tag(self, tag: str, descriptor: Descriptor) -> None:
        if not is_tag(tag) or layout_referrers.is_fallback_tag(tag):
            raise UsageError(f"not a tag: {tag!r}", why="see distribution-spec <reference>; fallback tags are reserved")
        self._reading.index()  # what is not there is not made
        with self._held() as changes:
            if changes.index is None:
                changes.index = self._reading.index()
            changes.tags[tag] = self._reading.manifest(descriptor.digest)

    def delete(self, digest: Digest) -> None:
        self._reading.index()
        with self._held() as changes:
            self._commit(changes)  # what was written before must not be listed after
            index = self._reading.index()
            there = self._files.has(blob_path(digest))
            changed = index.without(lambda entry: entry.descriptor.digest == digest)
            if not there and changed.entries == index.entries:
                raise NotFound(f"no manifest {digest}", where=self._files.where)
            subject = self._reading.subject_of(digest)
            if subject is not None:
                kept = self._reading.known_referrers(index, subject, self._files.blobs())
                kept.pop(digest, None)
                changed = layout_referrers.answering(changed, {subject: self._response(subject, kept)})
            self._replace(index, changed)
            if there:
                self._files.remove(blob_path(digest))

    @contextmanager
    def together(self) -> Iterator[None]:
        """Hold the layout; what is written within is listed at the end, all of it at once.

        Until then it lies there unlisted, so a reader sees it or not, and a writer that is killed has listed nothing
        that is not there. Raises `StoreRefused` at the end if it cannot be listed.
        """
        with self._held():
            yield

    # --- writing; all of it while the layout is held ---

    @contextmanager
    def _held(self) -> Iterator[_Changes]:
        """The changes of the outermost block of this thread, which commits them."""
        with self._writing:
            if self._changes is not None:
                yield self._changes
                return
            with self._files.writing():
                self._changes = _Changes()
                try:
                    yield self._changes
                finally:
                    changes, self._changes = self._changes, None
                    self._commit(changes)

    def _commit(self, changes: _Changes) -> None:
        """Write the responses that changed, then `index.json`."""
        index = changes.index
        if index is None:
            return
        there = self._files.blobs() if changes.referrers else frozenset()
        answers = {
            subject: self._response(subject, self._reading.known_referrers(index, subject, there) | new)
            for subject, new in changes.referrers.items()
        }
        changed = layout_referrers.answering(index.listing(changes.listed.values()), answers)
        self._replace(index, changed.tagging(changes.tags))
        changes.index = None
        for written in (changes.listed, changes.referrers, changes.tags):
            written.clear()

    def _index_or_new(self) -> LayoutIndex:
        try:
            index = self._reading.index()
        except NotFound:
            index = LayoutIndex()
            self._files.write(INDEX, index.write())
        if not self._files.has(MARKER):
            self._files.write(MARKER, _MARKER_BYTES)
        return index

    def _check_children(self, manifest: Manifest) -> None:
        for child in manifest.children():
            try:
                size = self._files.size(blob_path(child.digest))
            except NotFound:
                size = None
            if size != child.size:
                raise StoreRefused(
                    "the manifest names what is not there",
                    where=self._files.where,
                    why=f"{child.digest} is missing" if size is None else f"{child.digest} has {size} bytes",
                    next_step="push its config and layers first",
                )

    def _put(self, path: str, data: bytes) -> None:
        """Write a blob unless it is there already, whole."""
        try:
            if self._files.read(path, len(data)) == data:
                return
        except NotFound:
            pass
        self._files.write(path, data)

    def _response(self, subject: Digest, listed: Mapping[Digest, Descriptor]) -> Descriptor | None:
        """Write the response that lists these; None where there are none."""
        if not listed:
            return None
        try:
            response = write_index(listed[digest] for digest in sorted(listed))
        except FormatError as error:
            raise StoreRefused(f"too many referrers of {subject}", where=self._files.where, why=str(error)) from None
        self._put(blob_path(response.digest), response.raw)
        return response.descriptor()

    def _replace(self, old: LayoutIndex, new: LayoutIndex) -> None:
        """Write `index.json`, then drop the responses that it replaces.

        Not in a converted layout: a running olareg may still answer from them, and collects them later itself.
        """
        if new.entries == old.entries:
            return
        raw = new.write()
        if len(raw) > limits.INDEX:
            raise StoreRefused("index.json would be too large", where=self._files.where, why=f"{len(raw)} bytes")
        self._files.write(INDEX, raw)
        self._reading.remember(raw, new)
        if not layout_referrers.is_converted(new):
            replaced = {response.descriptor.digest for response in layout_referrers.responses(old)}
            for digest in replaced.difference(entry.descriptor.digest for entry in new.entries):
                if self._files.has(blob_path(digest)):
                    self._files.remove(blob_path(digest))
