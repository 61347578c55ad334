"""What `copy`, `pack` and `unpack` have in common: find the subjects, read their graphs, judge them, deliver them."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from attest import names
from attest.cli.options import store_texts
from attest.cli.subjects import Image, Named
from attest.cli.targets import computed_subject
from attest.errors import FormatError, NotFound, StoreError, UsageError
from attest.evidence.lookup import subject_of
from attest.evidence.model import Subject
from attest.evidence.pack import complete
from attest.evidence.patterns import image_name
from attest.evidence.seal import whole_store
from attest.oci.digest import Digest
from attest.oci.reference import Reference, is_tag
from attest.packages import placement
from attest.packages.anchors import read_anchor, read_version_anchor, version_anchor
from attest.packages.purl import Purl
from attest.packages.table import ecosystem
from attest.policy.decide import decide, judges_of, with_seals
from attest.policy.document import Policy
from attest.policy.verdict import Verdict
from attest.stores.archive import ArchiveStore
from attest.stores.graph import Graph, cosign_subject, walk
from attest.stores.location import SERVICES, Location, Scheme, open_store
from attest.stores.parallel import in_parallel
from attest.stores.protocol import Store
from attest.stores.transfer import Side
from attest.stores.union import Member, UnionStore


@dataclass(frozen=True, slots=True)
class Source:
    """Subjects in one repository. ``tags`` are those that lead to them, with what they name; ``loose`` are those of
    cosign's older tags. Where every package has a repository of its own, ``package`` is that. ``sealed`` is where seals
    of the whole store lie; None for the repository itself."""

    side: Side
    subjects: tuple[Subject, ...]
    tags: Mapping[str, Digest] = field(default_factory=dict)
    loose: tuple[Subject, ...] = ()
    package: str | None = None
    sealed: str | None = None


@dataclass(frozen=True, slots=True)
class Gathered:
    """A source and the graph of its subjects."""

    source: Source
    graph: Graph
    subjects: tuple[Subject, ...]


def open_source(location: Location, stack: ExitStack) -> Store:
    """A store to read from, closed with ``stack``. Raises `StoreUnavailable` for a pack that is not what it lists."""
    store = stack.enter_context(closing(open_store(location, create=False)))
    if isinstance(store, ArchiveStore):
        complete(store)
    return store


def open_all(arguments: argparse.Namespace, stack: ExitStack) -> Store:
    """All stores of the command line, read as one whose repositories are the packages' own."""
    locations = [Location.parse(text) for text in store_texts(arguments)]
    return UnionStore([Member(open_source(location, stack), location.repository) for location in locations])


def of_packages(store: Store, repository_of: Callable[[str], str], named: Iterable[Named]) -> list[Source]:
    """The packages that the user named, those of one repository together; ``repository_of`` a package's own repository
    is where it lies in ``store``. Raises `UsageError` for what is no package."""
    found: dict[str, list[Subject]] = {}
    for item in named:
        if isinstance(item, Image):
            raise UsageError("not a package", where=item.text, next_step="name packages; copy an image by SRC alone")
        subject = computed_subject(item)
        assert subject is not None
        found.setdefault(placement.repository(item.purl), []).append(replace(subject, looked_up=False))
    sealed = repository_of(names.SEALED_REPOSITORY)
    return [
        Source(Side(store, repository_of(package)), tuple(subjects), sealed=sealed)
        for package, subjects in sorted(found.items())
    ]


def of_seals(store: Store, repository: str) -> Source | None:
    """The seals of a whole store; None where it has none, or cannot say."""
    subject = whole_store()
    try:
        store.resolve(Reference(repository, digest=subject.manifest.digest))
    except StoreError:
        return None  # without them a policy that needs them does not admit
    return Source(Side(store, repository), (subject,))


def parse_source(text: str) -> tuple[Location, Reference | None]:
    """``STORE``, or one manifest as ``STORE:TAG`` or ``STORE@DIGEST``. Raises `UsageError`."""
    scheme, colon, _ = text.partition(":")
    if colon and scheme in SERVICES:
        return Location.parse(text), None
    prefix = f"{scheme}:" if colon and scheme in (Scheme.DIRECTORY, Scheme.ARCHIVE) else ""
    path, at, digest = text.removeprefix(prefix).partition("@")
    tag = None
    if not at and ":" in path.rpartition("/")[2] and not (prefix and Path(path).exists()):
        path, _, tag = path.rpartition(":")
    location = Location.parse(f"{prefix}{path}")
    if not at and tag is None:
        return location, None
    if location.per_package or (tag is not None and not is_tag(tag)):
        raise UsageError("not one manifest", where=text, next_step="write STORE:TAG or STORE@DIGEST, or name SUBJECTs")
    try:
        named = Digest.parse(digest) if at else None
    except FormatError as error:
        raise UsageError(error.what, where=text, why=error.why) from None
    return location, Reference(location.repository(""), tag, named, "" if prefix else location.root)


def of_store(location: Location, store: Store, repositories: Iterable[str]) -> list[Source]:
    """Everything tagged in these repositories of a store. Raises `StoreError` where one cannot be read."""
    return list(in_parallel(lambda repository: _everything(location, store, repository), list(repositories)))


def of_registry(location: Location, store: Store) -> list[Source]:
    """Everything tagged in a registry with a repository for each package, as far as its catalogue names them.

    Raises `UsageError` where it does not say which repositories it has, `NotFound` where it has none, `StoreError`.
    """
    from attest.stores.registry import RegistryOptions
    from attest.stores.registry.catalog import catalog
    from attest.stores.registry.credentials import UserCredentials

    options = RegistryOptions.from_environment(os.environ)
    below = location.repository("")
    repositories = catalog(location.root, options, UserCredentials(os.environ, Path.home()), below=below)
    if repositories is None:
        raise UsageError(
            "the registry does not say which repositories it has",
            where=location.text,
            why="it has no catalogue, or not for this user",
            next_step="name the packages after DST, as pkg:TYPE/NAME@VERSION or as files",
        )

    def everything(repository: str) -> Source | None:
        try:
            return _everything(location, store, repository)
        except NotFound:
            return None  # catalogues keep the names of repositories that were emptied

    sources = [source for source in in_parallel(everything, repositories) if source is not None]
    if not any(source.subjects or source.loose for source in sources):
        raise NotFound("the catalogue names no repository with a tag", where=location.text)
    return sources


def of_reference(location: Location, store: Store, reference: Reference) -> Source:
    """The one manifest that a tag or digest names. Raises `StoreError`."""
    descriptor = store.resolve(reference)
    subject = Subject(
        descriptor,
        name=str(reference) if reference.host else f"{location.text}:{reference.tag or reference.digest}",
        image=image_name(reference),
    )
    tags = {} if reference.tag is None else {reference.tag: descriptor.digest}
    return Source(Side(store, reference.repository), (subject,), tags)


def gather(source: Source, *, artifacts: bool = False) -> Gathered:
    """Read the graph of a source. With ``artifacts`` each artifact of a version becomes a subject of its own."""
    side = source.side
    roots = [subject.manifest for subject in (*source.subjects, *source.loose)]
    problems: dict[Digest, tuple[str, ...]] = {}
    tags: Iterable[str] = ()
    try:
        tags = list(side.store.tags(side.repository))
    except NotFound:
        pass  # no such repository: what is wanted will not be found either
    except StoreError as error:
        why = f"the tags cannot be listed, so that cosign's older ones may be missing: {error}"
        problems = {root.digest: (why,) for root in roots}
    graph = walk(side.store, side.repository, roots, tags=tags)
    graph = Graph(graph.nodes, {**problems, **graph.problems})
    reached = graph.reached(subject.manifest.digest for subject in source.subjects)
    loose = [subject for subject in source.loose if subject.manifest.digest not in reached]
    subjects = (known for subject in (*source.subjects, *loose) for known in _known(graph, subject, artifacts))
    return Gathered(source, graph, tuple({subject.manifest.digest: subject for subject in subjects}.values()))


def judge(gathered: Gathered, policies: Sequence[Policy], now: datetime) -> Iterator[tuple[Subject, Verdict]]:
    """The verdict on each subject, by the evidence beside it."""
    side = gathered.source.side
    sealed = gathered.source.sealed
    place = side.repository if sealed is None else sealed
    judges = with_seals(judges_of(policies, offline=False, now=now), side.store, place, now=now)

    def verdict(subject: Subject) -> Verdict:
        return decide(side.store, side.repository, subject, judges, now=now)

    return zip(gathered.subjects, in_parallel(verdict, gathered.subjects), strict=True)


def place(location: Location, gathered: Gathered, subject: Subject) -> str | None:
    """The repository at ``location`` for a subject; None where it has no place, because it is no package."""
    if not location.per_package:
        return location.repository("")
    if subject.purl is not None:
        return location.repository(placement.repository(subject.purl))
    return None if gathered.source.package is None else location.repository(gathered.source.package)


def tags_at(location: Location, gathered: Gathered, subject: Subject, part: Graph) -> dict[str, Digest]:
    """The tags to set with a subject whose graph is ``part``: the package's own hint, cosign's older ones, and where
    both sides are laid out alike every other tag of the source."""
    tags = part.cosign_tags()
    if subject.purl is not None:
        tag = placement.hint(subject.purl, per_package=location.per_package)
        tags[tag] = _tagged(subject, subject.purl, part)
    if location.per_package == (gathered.source.package is not None):
        tags |= gathered.source.tags
    return {tag: digest for tag, digest in tags.items() if digest in part.nodes}


def _tagged(subject: Subject, purl: Purl, part: Graph) -> Digest:
    """What the hint of a package names: its anchor where a version has only one, else the version anchor."""
    if ecosystem(purl.type).one_artifact:
        anchors = [digest for digest, node in part.nodes.items() if node.manifest.artifact_type == names.ANCHOR]
        if subject.digest is not None:
            return subject.manifest.digest
        if len(anchors) == 1:
            return anchors[0]
    return version_anchor(purl).digest


def _everything(location: Location, store: Store, repository: str) -> Source:
    host = location.root if location.scheme is Scheme.REGISTRY else ""
    references = [Reference(repository, tag, host=host) for tag in store.tags(repository)]
    subjects: dict[Digest, Subject] = {}
    loose: dict[Digest, Subject] = {}
    tags = {}
    for reference, descriptor in zip(references, in_parallel(store.resolve, references), strict=True):
        tag = str(reference.tag)
        tags[tag] = descriptor.digest
        kind = subjects if cosign_subject(tag) is None else loose
        kind.setdefault(descriptor.digest, Subject(descriptor, name=str(reference), image=image_name(reference)))
    package = repository.removeprefix(location.repository("")) if location.per_package else None
    sealed = location.repository(names.SEALED_REPOSITORY)
    return Source(Side(store, repository), tuple(subjects.values()), tags, tuple(loose.values()), package, sealed)


def _known(graph: Graph, subject: Subject, artifacts: bool) -> Iterator[Subject]:
    """The subject with what its manifest says that it is."""
    if subject.purl is None:
        subject = _recognised(graph, subject)
    found = []
    if artifacts and subject.purl is not None and subject.digest is None and subject.manifest.digest in graph.nodes:
        referrers = (_recognised(graph, Subject(item)) for item in graph.nodes[subject.manifest.digest].referrers)
        found = [item for item in referrers if item.purl == subject.purl and item.digest is not None]
        subject = replace(subject, looked_up=True)
    yield from found or [subject]


def _recognised(graph: Graph, subject: Subject) -> Subject:
    node = graph.nodes.get(subject.manifest.digest)
    kind = None if node is None else node.manifest.artifact_type
    try:
        if node is not None and kind == names.ANCHOR:
            return subject_of(*read_anchor(node.manifest))
        if node is not None and kind == names.VERSION_ANCHOR:
            purl = read_version_anchor(node.manifest)
            return Subject(node.descriptor, purl, None, str(purl))
    except FormatError:
        pass  # it only looks like an anchor: then it is a manifest like any other
    return subject
