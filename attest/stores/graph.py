"""The graph that hangs together with a manifest: what `copy` carries, `--verify` compares and a pack holds.

From a manifest there lead on: the members of an index; the referrers; cosign's older tags (``sha256-<hex>.sig``,
`.att`, `.sbom`); and from an anchor its version anchor, with what refers to that, but not the version's other
artifacts: each of those is a subject of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Final

from attest import limits, names
from attest.errors import FormatError, NotFound, StoreError
from attest.oci.descriptor import Descriptor
from attest.oci.digest import Digest
from attest.oci.manifest import Manifest
from attest.oci.reference import Reference
from attest.stores.parallel import in_parallel
from attest.stores.protocol import Store

_HEX_DIGITS: Final = {"sha256": 64, "sha512": 128}
_COSIGN_TAG: Final = re.compile(r"(sha256|sha512)-([0-9a-f]+)\.(?:sig|att|sbom)")


@dataclass(frozen=True, slots=True)
class Node:
    """A manifest and what leads on from it: its referrers sorted by digest, and cosign's older tags about it."""

    descriptor: Descriptor
    manifest: Manifest
    referrers: tuple[Descriptor, ...]
    cosign: Mapping[str, Descriptor]

    @property
    def blobs(self) -> tuple[Descriptor, ...]:
        """Config and layers; an index has none."""
        return () if self.manifest.is_index else self.manifest.children()

    @property
    def before(self) -> tuple[Digest, ...]:
        """The manifests that are written before this one: an index's members, and the subject."""
        subject = self.manifest.subject
        return tuple(item.digest for item in (*self.manifest.manifests, *(() if subject is None else (subject,))))

    def leads_to(self, *, from_below: bool) -> Iterator[tuple[Descriptor, bool]]:
        """The next manifests, and whether each is reached from below, as the version of an artifact."""
        for item in (*self.manifest.manifests, *self.cosign.values()):
            yield item, False
        for item in self.referrers:
            if not from_below or item.artifact_type != names.ANCHOR:
                yield item, False
        if self.manifest.artifact_type == names.ANCHOR and self.manifest.subject is not None:
            yield self.manifest.subject, True


@dataclass(frozen=True, slots=True)
class Graph:
    """The manifests that were reached, and for those that could not be read, or not wholly listed, the reasons."""

    nodes: Mapping[Digest, Node]
    problems: Mapping[Digest, tuple[str, ...]]

    def reached(self, roots: Iterable[Digest]) -> frozenset[Digest]:
        """Everything that hangs together with ``roots``, also what could not be read."""
        seen = dict.fromkeys(roots, False)
        pending = list(seen.items())
        while pending:
            digest, below = pending.pop()
            node = self.nodes.get(digest)
            for item, from_below in () if node is None else node.leads_to(from_below=below):
                if _is_news(seen, item.digest, from_below):
                    seen[item.digest] = from_below
                    pending.append((item.digest, from_below))
        return frozenset(seen)

    def only(self, digests: frozenset[Digest]) -> Graph:
        """The part of the graph with these manifests."""
        return Graph(
            {digest: node for digest, node in self.nodes.items() if digest in digests},
            {digest: why for digest, why in self.problems.items() if digest in digests},
        )

    def generations(self) -> Iterator[tuple[Node, ...]]:
        """The manifests in an order in which they can be written: none needs one of its own or a later generation."""
        order = TopologicalSorter(
            {digest: [item for item in node.before if item in self.nodes] for digest, node in self.nodes.items()}
        )
        order.prepare()
        while order.is_active():
            ready = sorted(order.get_ready())
            yield tuple(self.nodes[digest] for digest in ready)
            order.done(*ready)

    def cosign_tags(self) -> dict[str, Digest]:
        """cosign's older tags about these manifests."""
        return {tag: item.digest for node in self.nodes.values() for tag, item in node.cosign.items()}


def walk(store: Store, repository: str, roots: Iterable[Descriptor], *, tags: Iterable[str] = ()) -> Graph:
    """Read the graph of ``roots``. ``tags`` are the repository's, among which cosign's older ones are looked for.

    What cannot be read is a problem of the graph and stops nothing else. ``store`` must take many threads: see
    `attest.stores.threads`.
    """
    reader = _Reader(store, repository, tags)
    seen: dict[Digest, bool] = {}
    nodes: dict[Digest, Node] = {}
    problems: dict[Digest, tuple[str, ...]] = {}
    pending = [(root, False) for root in roots]
    while pending:
        following: dict[Digest, Descriptor] = {}
        for item, from_below in pending:
            if _is_news(seen, item.digest, from_below):
                following[item.digest] = item
                seen[item.digest] = from_below
        if len(seen) > limits.GRAPH_MANIFESTS:
            why = f"more than {limits.GRAPH_MANIFESTS} manifests hang together"
            problems |= dict.fromkeys(following, (why,))
            break
        unread = [item for digest, item in following.items() if digest not in nodes and digest not in problems]
        for item, (node, found) in zip(unread, in_parallel(reader.read, unread), strict=True):
            if node is not None:
                nodes[item.digest] = node
            if found:
                problems[item.digest] = found
        pending = [
            lead for digest in following if digest in nodes for lead in nodes[digest].leads_to(from_below=seen[digest])
        ]
    return Graph({digest: nodes[digest] for digest in sorted(nodes)}, dict(sorted(problems.items())))


def _is_news(seen: Mapping[Digest, bool], digest: Digest, from_below: bool) -> bool:
    """A version that was reached from below is looked at again when it is reached otherwise: then wholly."""
    return digest not in seen or (seen[digest] and not from_below)


class _Reader:
    """Reads single manifests of one repository."""

    def __init__(self, store: Store, repository: str, tags: Iterable[str]) -> None:
        self._store = store
        self._repository = repository
        self._cosign: dict[Digest, list[str]] = {}
        for tag in tags:
            about = cosign_subject(tag)
            if about is not None:
                self._cosign.setdefault(about, []).append(tag)

    def read(self, descriptor: Descriptor) -> tuple[Node | None, tuple[str, ...]]:
        """The manifest with its listing, and what is wrong with either."""
        problems: list[str] = []
        try:
            manifest = self._manifest(descriptor)
        except (StoreError, FormatError) as error:
            return None, (f"{descriptor.digest}: {error}",)
        referrers = self._referrers(descriptor.digest, problems)
        cosign = self._cosign_tags(descriptor.digest, problems)
        return Node(descriptor.plain(), manifest, referrers, cosign), tuple(problems)

    def _manifest(self, descriptor: Descriptor) -> Manifest:
        if descriptor.size > limits.MANIFEST:
            raise FormatError("too large for a manifest", why=f"{descriptor.size} of {limits.MANIFEST} bytes")
        return Manifest.parse(self._store.fetch(self._repository, descriptor.plain()), media_type=descriptor.media_type)

    def _referrers(self, digest: Digest, problems: list[str]) -> tuple[Descriptor, ...]:
        try:
            listing = self._store.referrers(self._repository, digest)
        except StoreError as error:
            problems.append(f"{digest}: its referrers cannot be listed: {error}")
            return ()
        problems += listing.problems
        if not listing.complete and not listing.problems:
            problems.append(f"{digest}: its referrers are not all listed")
        return tuple(item.descriptor for item in listing.items)

    def _cosign_tags(self, digest: Digest, problems: list[str]) -> dict[str, Descriptor]:
        found = {}
        for tag in sorted(self._cosign.get(digest, ())):
            try:
                found[tag] = self._store.resolve(Reference(self._repository, tag))
            except NotFound:
                continue  # deleted since the tags were listed
            except (StoreError, FormatError) as error:
                problems.append(f"{tag}: {error}")
        return found


def cosign_subject(tag: str) -> Digest | None:
    """The manifest that one of cosign's older tags is about; None for any other tag."""
    match = _COSIGN_TAG.fullmatch(tag)
    if match is None or len(match[2]) != _HEX_DIGITS[match[1]]:
        return None
    return Digest(match[1], match[2])


def differences(source: Graph, destination: Graph) -> tuple[tuple[Digest, str], ...]:
    """What only one of the two graphs has, in words, each with the manifest that it is about."""
    return (*_missing(source, destination, "the destination"), *_missing(destination, source, "the source"))


def _missing(one: Graph, other: Graph, where: str) -> Iterator[tuple[Digest, str]]:
    for digest, node in one.nodes.items():
        twin = other.nodes.get(digest)
        if twin is None:
            yield digest, f"{digest} is not at {where}"
            continue
        listed = {item.digest for item in node.referrers if item.digest in one.nodes}
        for item in sorted(listed - {item.digest for item in twin.referrers}):
            yield digest, f"{item} is not listed as a referrer of {digest} at {where}"
        for tag, named in node.cosign.items():
            if tag not in twin.cosign or twin.cosign[tag].digest != named.digest:
                yield digest, f"the tag {tag} does not name {named.digest} at {where}"
