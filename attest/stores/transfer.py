"""Carry a graph from one repository to another: first a plan of what is missing there, then the transfer.

Nothing is written before what it needs, so a copy that is interrupted leaves a valid repository, and doing it again
carries over only the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Final, ParamSpec, TypeVar

from attest import limits
from attest.errors import AttestError, DigestMismatch, FormatError, NotFound, StoreError, UsageError
from attest.oci.descriptor import Descriptor
from attest.oci.digest import Digest
from attest.oci.reference import Reference
from attest.stores.graph import Graph, Node, differences, walk
from attest.stores.parallel import in_parallel
from attest.stores.protocol import Store, Where
from attest.stores.threads import Batched, Remote

T = TypeVar("T")
R = TypeVar("R")
P = ParamSpec("P")

_NOTED: Final = frozenset({Where.API, Where.FALLBACK_TAG})
"""A referrer that was found only by searching a layout is written again: other programs may not find it."""

_PORTION: Final = 256
"""Most contents read before they are written; their sizes are bounded too, by `limits.BLOB` and one content more."""

_TOGETHER: Final = 500
"""Most subjects or contents that are written while others wait for the repository: some seconds on a slow disk."""

_BYTES: Final = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Side:
    """A repository in a store that takes many threads."""

    store: Store
    repository: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What is missing: ``generations`` of manifests to write, ``blobs`` to carry over first, tags to set last.

    ``present`` counts the manifests that are there already. ``problems`` say where the destination did not answer; it
    is then taken for empty there.
    """

    generations: tuple[tuple[Node, ...], ...]
    blobs: Mapping[Digest, Descriptor]
    tags: Mapping[str, Descriptor]
    present: int
    problems: tuple[str, ...]

    @property
    def manifests(self) -> int:
        return sum(map(len, self.generations))

    @property
    def size(self) -> int:
        """Bytes of all manifests and blobs that are to be carried over."""
        nodes = (node for generation in self.generations for node in generation)
        return sum(node.descriptor.size for node in nodes) + sum(blob.size for blob in self.blobs.values())


def plan(graph: Graph, destination: Side, tags: Mapping[str, Digest]) -> Plan:
    """Look what of the graph, and of the tags on it, the destination lacks. Writes nothing.

    Where none of the manifests is there that are written first, the others are not asked for: no copy left them there,
    and writing again what somebody else did changes nothing.
    """
    problems: list[str] = []
    nodes = list(graph.nodes.values())
    asked = nodes if _is_begun(graph, destination) else []
    about = list({node.manifest.subject.digest for node in asked if node.manifest.subject is not None})
    listed = dict(zip(about, _asked(lambda digest: _listed(destination, digest), about, problems), strict=True))
    there = _asked(lambda node: _resolves(destination, node.descriptor), asked, problems)
    with_blobs = {node.descriptor.digest for node, found in zip(asked, there, strict=True) if found}
    missing = {node.descriptor.digest for node in nodes if not _is_done(node, with_blobs, listed)}
    wanted = {
        blob.digest: blob
        for node in nodes
        if node.descriptor.digest in missing and node.descriptor.digest not in with_blobs
        for blob in node.blobs
    }
    held = _asked(lambda blob: has(destination, blob), list(wanted.values()), problems)
    named = _asked(lambda tag: _names(destination, tag), list(tags), problems)
    return Plan(
        generations=tuple(
            chosen
            for generation in graph.generations()
            if (chosen := tuple(node for node in generation if node.descriptor.digest in missing))
        ),
        blobs={digest: blob for (digest, blob), found in zip(wanted.items(), held, strict=True) if not found},
        tags={
            tag: graph.nodes[digest].descriptor
            for (tag, digest), now in zip(tags.items(), named, strict=True)
            if digest != now and digest in graph.nodes
        },
        present=len(nodes) - len(missing),
        problems=tuple(dict.fromkeys(problems)),
    )


def _is_begun(graph: Graph, destination: Side) -> bool:
    """Whether one of the first manifests is there, or it cannot be said."""
    problems: list[str] = []
    first = next(graph.generations(), ())
    return any(_asked(lambda node: _resolves(destination, node.descriptor), first, problems)) or bool(problems)


def transfer(plan: Plan, source: Side, destination: Side, *, mount: bool = False) -> dict[Digest, str]:
    """Carry out the plan. The result says which blobs and manifests were not written, or not tagged, and why.

    With ``mount`` both sides are repositories of one registry, which then need not move blobs.
    """
    failed: dict[Digest, str] = {}
    for portion in _portions([_as_blob(blob) for blob in plan.blobs.values()]):
        failed |= _carry(portion, source, destination, mount=mount)
    for generation in plan.generations:
        failed |= {
            node.descriptor.digest: f"{node.descriptor.digest} needs {lost}, which was not copied"
            for node in generation
            if (lost := next((item for item in _needs(node) if item in failed), None)) is not None
        }
        failed |= _write([node for node in generation if node.descriptor.digest not in failed], destination)
    tags = [(tag, descriptor) for tag, descriptor in plan.tags.items() if descriptor.digest not in failed]
    failed |= _spread(lambda pair: _tag(destination, *pair), tags, destination)
    return failed


def unproven(graph: Graph, roots: Iterable[Digest], destination: Side, tags: Mapping[str, Digest]) -> dict[Digest, str]:
    """Why the destination does not hold the same graph, by the manifest that it is about; empty where it does.

    Everything is asked for again: manifests and what is on disk are read and hashed, a registry is asked for its blobs.
    """
    present = [graph.nodes[root].descriptor for root in roots if root in graph.nodes]
    twin = walk(destination.store, destination.repository, present, tags=tags)
    found = {digest: "; ".join(why) for digest, why in twin.problems.items()} | dict(differences(graph, twin))
    blobs = {blob.digest: (node.descriptor.digest, blob) for node in graph.nodes.values() for blob in node.blobs}
    lost: list[str] = []
    held = _asked(lambda blob: has(destination, blob), [blob for _, blob in blobs.values()], lost)
    found |= {
        about: f"the blob {blob.digest} is not at the destination"
        for (about, blob), there in zip(blobs.values(), held, strict=True)
        if not there
    }
    named = _asked(lambda tag: _names(destination, tag), list(tags), lost)
    found |= {
        digest: f"the tag {tag} does not name {digest} at the destination"
        for (tag, digest), now in zip(tags.items(), named, strict=True)
        if digest != now
    }
    return found


def has(side: Side, blob: Descriptor) -> bool:
    """Whether the blob is there: a registry is asked for it, a file is read."""
    if isinstance(side.store, Remote):
        return side.store.has(side.repository, blob.digest)
    try:
        side.store.fetch(side.repository, _as_blob(blob))
    except (NotFound, DigestMismatch):
        return False
    return True


def _needs(node: Node) -> Iterator[Digest]:
    yield from (blob.digest for blob in node.blobs)
    yield from node.before


def _as_blob(blob: Descriptor) -> Descriptor:
    """A layer may claim the media type of a manifest: among the blobs it is one."""
    return Descriptor(_BYTES, blob.digest, blob.size, data=blob.data)


def _carry(blobs: Sequence[Descriptor], source: Side, destination: Side, *, mount: bool) -> dict[Digest, str]:
    """Read many at once, then write them. The result says what could not be carried over."""

    def read(blob: Descriptor) -> bytes | None:
        far = destination.store
        if mount and isinstance(far, Remote) and far.mount(destination.repository, blob.digest, source.repository):
            return None
        return source.store.fetch(source.repository, blob) if blob.data is None else blob.data

    def write(pair: tuple[Descriptor, bytes | AttestError | None]) -> dict[Digest, str]:
        blob, data = pair
        written = data
        if isinstance(data, bytes):
            written = _attempt(destination.store.push, destination.repository, blob, data)
        return {blob.digest: str(written)} if isinstance(written, AttestError) else {}

    contents = list(in_parallel(lambda blob: _attempt(read, blob), blobs))
    return _spread(write, list(zip(blobs, contents, strict=True)), destination)


def _write(nodes: Sequence[Node], destination: Side) -> dict[Digest, str]:
    """Write manifests, those with one subject one after the other: registries lose what is listed at the same moment
    (tried: olareg 0.1.2)."""
    groups: dict[Digest, list[Node]] = {}
    for node in nodes:
        subject = node.manifest.subject
        groups.setdefault(node.descriptor.digest if subject is None else subject.digest, []).append(node)

    def write(group: Sequence[Node]) -> dict[Digest, str]:
        failed = {}
        for node in group:
            why = _attempt(destination.store.push, destination.repository, node.descriptor, node.manifest.raw)
            if isinstance(why, AttestError):
                failed[node.descriptor.digest] = str(why)
        return failed

    return _spread(write, list(groups.values()), destination)


def _tag(destination: Side, tag: str, descriptor: Descriptor) -> dict[Digest, str]:
    why = _attempt(destination.store.tag, Reference(destination.repository, tag), descriptor)
    return {descriptor.digest: f"{tag}: {why}"} if isinstance(why, AttestError) else {}


def _spread(work: Callable[[T], dict[Digest, str]], items: Sequence[T], destination: Side) -> dict[Digest, str]:
    """Many writes at once to what is far away; elsewhere in order, so that a file is always the same, and together."""
    if isinstance(destination.store, Remote):
        return _all_of(in_parallel(work, items))
    failed: dict[Digest, str] = {}
    for start in range(0, len(items), _TOGETHER):
        portion = items[start : start + _TOGETHER]
        done = _attempt(_together, work, portion, destination)
        # what cannot be listed together may be listed one by one, but for that which is to blame
        failed |= _all_of(map(work, portion)) if isinstance(done, AttestError) else done
    return failed


def _together(work: Callable[[T], dict[Digest, str]], items: Sequence[T], destination: Side) -> dict[Digest, str]:
    store = destination.store
    with store.together(destination.repository) if isinstance(store, Batched) else nullcontext():
        return _all_of(map(work, items))


def _all_of(parts: Iterable[dict[Digest, str]]) -> dict[Digest, str]:
    return {digest: why for failed in parts for digest, why in failed.items()}


def _portions(items: Sequence[Descriptor]) -> Iterator[list[Descriptor]]:
    portion: list[Descriptor] = []
    for item in items:
        portion.append(item)
        if len(portion) >= _PORTION or sum(each.size for each in portion) > limits.BLOB:
            yield portion
            portion = []
    if portion:
        yield portion


def _attempt(work: Callable[P, R], *arguments: P.args, **named: P.kwargs) -> R | AttestError:
    """The error is the result: one failure must not stop the rest."""
    try:
        return work(*arguments, **named)
    except (StoreError, FormatError, UsageError) as error:
        return error


def _asked(work: Callable[[T], R], items: Sequence[T], problems: list[str]) -> list[R | None]:
    """The answers, None for "no such thing" and for no answer, which is a problem too."""
    answers: list[R | None] = []
    for answer in in_parallel(lambda item: _attempt(work, item), items):
        if isinstance(answer, AttestError):
            if not isinstance(answer, NotFound):
                problems.append(str(answer))
            answers.append(None)
        else:
            answers.append(answer)
    return answers


def _resolves(side: Side, descriptor: Descriptor) -> bool:
    return side.store.resolve(Reference(side.repository, digest=descriptor.digest)).digest == descriptor.digest


def _names(side: Side, tag: str) -> Digest:
    return side.store.resolve(Reference(side.repository, tag)).digest


def _listed(side: Side, subject: Digest) -> frozenset[Digest]:
    listing = side.store.referrers(side.repository, subject)
    return frozenset(
        item.descriptor.digest for item in listing.items if any(place.where in _NOTED for place in item.places)
    )


def _is_done(node: Node, there: set[Digest], listed: Mapping[Digest, frozenset[Digest] | None]) -> bool:
    """Whether the manifest is there, and listed as a referrer if it is one."""
    if node.descriptor.digest not in there:
        return False
    subject = node.manifest.subject
    return subject is None or node.descriptor.digest in (listed[subject.digest] or ())
