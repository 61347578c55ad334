"""One OCI image layout (image-spec, image-layout.md) as a repository, over whatever holds its files.

Order of writes: blob first, `index.json` last; a delete the other way round. So at every moment the layout is valid,
and what is listed is there. How referrers are noted is in `attest.stores.layout_referrers`.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final, Protocol

from attest import limits, names
from attest.errors import AttestError, FormatError, NotFound, StoreRefused, StoreUnavailable, UsageError
from attest.oci import strict_json
from attest.oci.descriptor import Descriptor
from attest.oci.digest import Digest
from attest.oci.manifest import MANIFEST_TYPES, Manifest, write_index
from attest.oci.reference import Reference, is_tag
from attest.stores import layout_referrers
from attest.stores.layout_index import LayoutIndex
from attest.stores.layout_survey import Blobs, Surveyor, blob_path
from attest.stores.protocol import Found, Place, Referrers, Where, unite

MARKER: Final = "oci-layout"
INDEX: Final = "index.json"
_MARKER_BYTES: Final = json.dumps({"imageLayoutVersion": names.LAYOUT_VERSION}).encode()
_MARKER_LIMIT: Final = 4096
_ATTEMPTS: Final = 5


class Files(Blobs, Protocol):
    """The files of one layout, by path relative to it. ``where`` names it in messages.

    Reading raises `NotFound` and `StoreUnavailable`, writing `StoreRefused`. A written file is whole or not there.
    """

    @property
    def where(self) -> str: ...
    def has(self, path: str) -> bool: ...
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
        self._store = store
        self._surveyor = Surveyor(files)
        self._read: tuple[bytes, LayoutIndex] | None = None
        self._responses = layout_referrers.Responses(LayoutIndex())
        self._writing = threading.RLock()
        self._changes: _Changes | None = None

    def resolve(self, reference: Reference) -> Descriptor:
        index = self._index()
        if reference.digest is not None:
            return self._manifest(reference.digest)
        named = None if reference.tag is None else index.tagged(reference.tag)
        if named is None:
            raise NotFound(f"no tag {reference.tag}", where=self._files.where)
        if named.size > limits.MANIFEST:
            raise FormatError(
                f"the tag {reference.tag} names no manifest", where=self._files.where, why="it is too large"
            )
        self.fetch(named)
        return named.plain()

    def fetch(self, descriptor: Descriptor) -> bytes:
        path = blob_path(descriptor.digest)
        data = self._files.read(path, descriptor.size)
        descriptor.check(data, where=f"{self._files.where}/{path}")
        return data

    def referrers(self, subject: Digest, artifact_type: str | None) -> Referrers:
        for _ in range(_ATTEMPTS):
            try:
                index = self._index()
            except NotFound:
                return Referrers((), True, datetime.now(UTC))
            listing = self._referrers(index, subject, artifact_type)
            if listing.complete or self._index() is index:
                break  # else a writer replaced what was being read
        return listing

    def told(self, subject: Digest) -> Referrers | None:
        """What the responses about ``subject`` list, as they list it; None where there is none that can be read.

        All of it may be there, but nobody looked for more.
        """
        try:
            entries = list(self._responded(self._index(), subject))
        except (NotFound, StoreUnavailable, FormatError):
            return None  # why, is for `referrers` to say
        items = unite(self._found(where, entry) for where, entry in entries)
        return Referrers(items[: limits.REFERRERS], True, datetime.now(UTC)) if items else None

    def tags(self) -> Iterator[str]:
        found = {entry.tag for entry in self._index().entries}
        yield from sorted(tag for tag in found if tag and is_tag(tag) and not layout_referrers.is_fallback_tag(tag))

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
        self._index()  # what is not there is not made
        with self._held() as changes:
            if changes.index is None:
                changes.index = self._index()
            changes.tags[tag] = self._manifest(descriptor.digest)

    def delete(self, digest: Digest) -> None:
        self._index()
        with self._held() as changes:
            self._commit(changes)  # what was written before must not be listed after
            index = self._index()
            there = self._files.has(blob_path(digest))
            changed = index.without(lambda entry: entry.descriptor.digest == digest)
            if not there and changed.entries == index.entries:
                raise NotFound(f"no manifest {digest}", where=self._files.where)
            subject = self._subject(digest)
            if subject is not None:
                kept = self._known_referrers(index, subject, self._files.blobs())
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

    # --- reading ---

    def _index(self) -> LayoutIndex:
        """Parsed again only when it changed. Raises `NotFound` where no layout is."""
        files = self._files
        try:
            raw = files.read(INDEX, limits.INDEX)
        except NotFound:
            if files.has(MARKER) or files.has("blobs"):
                raise _damaged(f"{files.where}/{INDEX}", "it is missing") from None
            raise
        if self._read is None or self._read[0] != raw:
            try:
                index = LayoutIndex.parse(raw, where=f"{files.where}/{INDEX}")
            except FormatError as error:
                raise _damaged(f"{files.where}/{INDEX}", str(error)) from None
            self._check_version()
            self._read = raw, index
        return self._read[1]

    def _check_version(self) -> None:
        where = f"{self._files.where}/{MARKER}"
        try:
            marker = strict_json.read_object(self._files.read(MARKER, _MARKER_LIMIT), where=where, limit=_MARKER_LIMIT)
        except NotFound:
            return  # a writer was killed before its first blob; the next write completes it
        except FormatError as error:
            raise _damaged(where, str(error)) from None
        if marker.get("imageLayoutVersion") != names.LAYOUT_VERSION:
            raise _damaged(where, f"expected imageLayoutVersion {names.LAYOUT_VERSION}")

    def _manifest(self, digest: Digest) -> Descriptor:
        """Media type from the manifest itself, so that an unlisted one is found too."""
        node = self._surveyor.node(digest)
        if node is None or not self._files.has(blob_path(digest)):
            raise NotFound(f"no manifest {digest}", where=self._files.where)
        return node.descriptor.plain()

    def _referrers(self, index: LayoutIndex, subject: Digest, artifact_type: str | None) -> Referrers:
        survey = self._surveyor.survey(index)
        items = [self._found(Where.LAYOUT, item) for item in survey.referrers.get(subject, ())]
        good = {item.descriptor.digest: item.descriptor for item in items}
        hidden = {digest: why for digest, why in survey.unread.items() if digest != subject}
        problems: list[str] = []
        for where, entry in self._responded(index, subject, skipping=(NotFound, StoreUnavailable, FormatError)):
            known = good.get(entry.digest)
            if known is not None:
                items.append(self._found(where, known))
            elif self._is_lost(entry.digest, hidden):
                items.append(self._found(where, entry))
                problems.append(f"{entry.digest}: {hidden.pop(entry.digest, 'it is listed but not there')}")
                if artifact_type not in (None, entry.artifact_type):
                    hidden[entry.digest] = "what type it has cannot be known"
            else:
                problems.append(f"{entry.digest}: it is listed, but has another subject")
        problems += [f"{digest}: {why}" for digest, why in sorted(hidden.items())]
        if survey.cut is not None:
            problems.append(survey.cut)
        chosen = unite(item for item in items if artifact_type in (None, item.descriptor.artifact_type))
        if len(chosen) > limits.REFERRERS:
            problems.append(f"{len(chosen)} referrers, more than the limit of {limits.REFERRERS}")
        complete = not hidden and survey.cut is None and len(chosen) <= limits.REFERRERS
        return Referrers(chosen[: limits.REFERRERS], complete, datetime.now(UTC), tuple(dict.fromkeys(problems)))

    def _subject(self, digest: Digest) -> Digest | None:
        try:
            node = self._surveyor.node(digest)
        except (NotFound, FormatError):
            return None
        return None if node is None else node.subject

    def _responded(
        self,
        index: LayoutIndex,
        subject: Digest,
        *,
        skipping: tuple[type[AttestError], ...] = (NotFound, FormatError),
    ) -> Iterator[tuple[Where, Descriptor]]:
        """What the responses about ``subject`` list. A response that cannot be read is among the survey's unread."""
        responses = self._responses
        if responses.index is not index:
            responses = self._responses = layout_referrers.Responses(index)
        for response in responses.about(subject):
            try:
                node = self._surveyor.node(response.descriptor.digest)
            except skipping:
                continue
            for entry in () if node is None else node.manifests:
                yield response.where, entry

    def _is_lost(self, digest: Digest, unread: Mapping[Digest, str]) -> bool:
        return digest in unread or not self._files.has(blob_path(digest))

    def _found(self, where: Where, descriptor: Descriptor) -> Found:
        return Found(descriptor, (Place(self._store, where),))

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
            subject: self._response(subject, self._known_referrers(index, subject, there) | new)
            for subject, new in changes.referrers.items()
        }
        changed = layout_referrers.answering(index.listing(changes.listed.values()), answers)
        self._replace(index, changed.tagging(changes.tags))
        changes.index = None
        for written in (changes.listed, changes.referrers, changes.tags):
            written.clear()

    def _index_or_new(self) -> LayoutIndex:
        try:
            index = self._index()
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

    def _known_referrers(self, index: LayoutIndex, subject: Digest, there: frozenset[str]) -> dict[Digest, Descriptor]:
        """What the responses about ``subject`` list, as the manifests themselves say it."""
        listed: dict[Digest, Descriptor] = {}
        for _, entry in self._responded(index, subject):
            try:
                node = self._surveyor.node(entry.digest)
            except (NotFound, FormatError):
                continue
            if node is not None and node.subject == subject and blob_path(entry.digest) in there:
                listed[entry.digest] = node.descriptor
        return listed

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
        self._read = raw, new
        if not layout_referrers.is_converted(new):
            replaced = {response.descriptor.digest for response in layout_referrers.responses(old)}
            for digest in replaced.difference(entry.descriptor.digest for entry in new.entries):
                if self._files.has(blob_path(digest)):
                    self._files.remove(blob_path(digest))


def _damaged(where: str, why: str) -> StoreUnavailable:
    return StoreUnavailable(
        "the layout is damaged", where=where, why=why, next_step="restore the file from a copy of the layout"
    )
