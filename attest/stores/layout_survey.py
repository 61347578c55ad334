"""Which manifests lie in a layout and what each refers to, found by reading every manifest once.

Listed manifests are read first. A blob that nobody lists and no manifest names as its config or layer may be one too
(cosign `save` leaves referrers like that), so those are read as well, if small enough to be a manifest. In a layout
that `attest` or oras wrote there are none, and the search costs one directory listing.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from attest import limits
from attest.errors import FormatError, NotFound, StoreUnavailable
from attest.oci.descriptor import Descriptor
from attest.oci.digest import Digest
from attest.oci.manifest import MANIFEST_TYPES, Manifest
from attest.stores.layout_index import LayoutIndex

_EVERY_MANIFEST_HAS: Final = b'"schemaVersion"'


class Blobs(Protocol):
    """The blobs of one layout by path: `blobs/ALGORITHM/ENCODED`."""

    def read(self, path: str, limit: int) -> bytes: ...
    def size(self, path: str) -> int: ...
    def blobs(self) -> frozenset[str]: ...


@dataclass(frozen=True, slots=True)
class Node:
    """A manifest: how a listing shows it, what it refers to, and what it names."""

    descriptor: Descriptor
    subject: Digest | None
    blobs: frozenset[Digest]
    manifests: tuple[Descriptor, ...]


@dataclass(frozen=True, slots=True)
class Survey:
    """``referrers`` by subject; ``unread`` are listed manifests or possible ones, with the reason; ``cut`` is set
    when a cap ended the search."""

    referrers: Mapping[Digest, tuple[Descriptor, ...]]
    unread: Mapping[Digest, str]
    cut: str | None


def blob_path(digest: Digest) -> str:
    return f"blobs/{digest.algorithm}/{digest.encoded}"


class Surveyor:
    """Remembers what it read: a blob's content cannot change without its name changing, or it is damaged."""

    def __init__(self, files: Blobs) -> None:
        self._files = files
        self._nodes: dict[Digest, Node | None] = {}
        self._seen: tuple[LayoutIndex, frozenset[str]] | None = None
        self._survey = Survey({}, {}, None)
        self._alone = threading.RLock()
        self._bytes = 0

    def node(self, digest: Digest, *, sure: bool = True) -> Node | None:
        """The manifest, None for a blob that is no manifest; ``sure`` is False for a blob that nobody calls one.

        Raises `NotFound` and `StoreUnavailable`, and `FormatError` for a damaged blob.
        """
        with self._alone:
            if digest not in self._nodes:
                self._nodes[digest] = self._read(digest, sure)
            return self._nodes[digest]

    def survey(self, index: LayoutIndex) -> Survey:
        """Raises `StoreUnavailable`."""
        paths = self._files.blobs()
        with self._alone:  # many threads may ask at once, and one look is enough
            if self._survey.unread or not self._is_seen(index, paths):
                self._survey = self._look(index, paths)
                self._seen = index, paths
            return self._survey

    def _is_seen(self, index: LayoutIndex, paths: frozenset[str]) -> bool:
        if self._seen is None or self._seen[0] is not index:
            return False
        return self._seen[1] is paths or self._seen[1] == paths  # Python compares a set with itself member by member

    def _look(self, index: LayoutIndex, paths: frozenset[str]) -> Survey:
        nodes: dict[Digest, Node] = {}
        unread: dict[Digest, str] = {}
        named: set[Digest] = set()
        there = {digest for digest in map(_digest, paths) if digest is not None}
        listed = [entry.descriptor.digest for entry in index.entries if entry.descriptor.media_type in MANIFEST_TYPES]
        unread.update((digest, "it is listed but not there") for digest in listed if digest not in there)
        pending = [digest for digest in listed if digest in there]
        visited: set[Digest] = set()
        before = self._bytes
        while pending:
            if self._bytes - before > limits.LAYOUT_LISTED_BYTES:
                why = f"more listed manifests than are read: {len(pending)} are left after {self._bytes - before} bytes"
                return Survey(_by_subject(nodes), unread, why)
            digest = pending.pop()
            if digest in visited:
                continue
            visited.add(digest)
            node = self._node(digest, unread, sure=True)
            if node is not None:
                nodes[digest] = node
                named |= node.blobs
                pending.extend(child.digest for child in node.manifests if child.digest in there)

        damaged: dict[Digest, str] = {}
        cut = self._search(there - visited - named, nodes, damaged)
        for node in nodes.values():
            named |= node.blobs
        unread.update((digest, why) for digest, why in damaged.items() if digest not in named)
        return Survey(_by_subject(nodes), unread, cut)

    def _search(self, unnamed: set[Digest], nodes: dict[Digest, Node], damaged: dict[Digest, str]) -> str | None:
        """Read the blobs that nobody names; the reason, if it ended early."""
        files = size = 0
        for digest in sorted(unnamed):
            if digest not in self._nodes:
                try:
                    length = self._files.size(blob_path(digest))
                except NotFound:
                    continue
                except StoreUnavailable as error:  # a link, a pipe: a name as of a blob
                    damaged[digest] = str(error)
                    continue
                if length > limits.MANIFEST:
                    continue
                files, size = files + 1, size + length
                if files > limits.LAYOUT_SCAN_FILES or size > limits.LAYOUT_SCAN_BYTES:
                    return f"more unlisted blobs than are searched for referrers ({files} files, {size} bytes)"
            node = self._node(digest, damaged, sure=False)
            if node is not None:
                nodes[digest] = node
        return None

    def _node(self, digest: Digest, unread: dict[Digest, str], *, sure: bool) -> Node | None:
        try:
            return self.node(digest, sure=sure)
        except (NotFound, StoreUnavailable, FormatError) as error:
            unread[digest] = str(error)
            return None

    def _read(self, digest: Digest, sure: bool) -> Node | None:
        raw = self._files.read(blob_path(digest), limits.MANIFEST)
        self._bytes += len(raw)
        if len(raw) > limits.MANIFEST:
            return None
        digest.check(raw, where=str(digest))
        if not sure and _EVERY_MANIFEST_HAS not in raw:
            return None
        try:
            manifest = Manifest.parse(raw)
        except FormatError:
            return None
        listing = manifest.listing_descriptor()
        return Node(
            Descriptor(listing.media_type, digest, listing.size, listing.annotations, listing.artifact_type),
            None if manifest.subject is None else manifest.subject.digest,
            frozenset(() if manifest.is_index else (child.digest for child in manifest.children())),
            manifest.manifests,
        )


def _by_subject(nodes: Mapping[Digest, Node]) -> dict[Digest, tuple[Descriptor, ...]]:
    found: dict[Digest, list[Descriptor]] = {}
    for node in nodes.values():
        if node.subject is not None:
            found.setdefault(node.subject, []).append(node.descriptor)
    return {subject: tuple(descriptors) for subject, descriptors in found.items()}


def _digest(path: str) -> Digest | None:
    """None for a file whose name is no digest: somebody's temporary file."""
    _, algorithm, encoded = path.split("/")
    try:
        return Digest.parse(f"{algorithm}:{encoded}")
    except FormatError:
        return None
