"""Whole graphs from store to store: everything arrives, nothing twice, and an interruption costs only the rest."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack, closing
from functools import partial
from itertools import permutations
from pathlib import Path

import pytest
import requests

from attest import limits
from attest.errors import NotFound, StoreUnavailable
from attest.oci.descriptor import EMPTY, EMPTY_BYTES, Descriptor
from attest.oci.digest import Digest
from attest.oci.manifest import Manifest, write_index
from attest.oci.reference import Reference
from attest.packages.anchors import anchor, version_anchor
from attest.packages.digest import ArtifactDigest
from attest.packages.purl import Purl
from attest.stores.directory import DirectoryStore
from attest.stores.graph import Graph, cosign_subject, differences, walk
from attest.stores.memory import MemoryStore
from attest.stores.parallel import in_parallel
from attest.stores.protocol import Store
from attest.stores.registry import RegistryStore
from attest.stores.registry.credentials import UserCredentials
from attest.stores.threads import for_threads
from attest.stores.transfer import Plan, Side, has, plan, transfer, unproven
from tests.stores import graphs
from tests.stores.factories import FACTORIES, Factory
from tests.stores.registry import real

SOURCE = "one/source"


def side(store: Store, repository: str) -> Side:
    return Side(for_threads(store), repository)


def read(at: Side) -> tuple[Graph, dict[str, Digest]]:
    """The graph of everything tagged, and the tags."""
    tags = {tag: at.store.resolve(Reference(at.repository, tag)) for tag in at.store.tags(at.repository)}
    graph = walk(at.store, at.repository, tags.values(), tags=tags)
    assert graph.problems == {}
    return graph, {tag: descriptor.digest for tag, descriptor in tags.items()}


def copy(source: Side, destination: Side) -> Plan:
    graph, tags = read(source)
    made = plan(graph, destination, tags)
    assert made.problems == ()
    assert transfer(made, source, destination) == {}
    return made


def hold_the_same(one: Side, other: Side) -> None:
    """Manifests, listings, tags and blobs, each to the byte."""
    (graph, tags), (twin, named) = read(one), read(other)
    assert {digest: node.manifest.raw for digest, node in graph.nodes.items()} == {
        digest: node.manifest.raw for digest, node in twin.nodes.items()
    }
    assert differences(graph, twin) == ()
    assert tags == named
    for node in graph.nodes.values():
        assert all(has(other, blob) for blob in node.blobs)


def some_of_everything(store: Store, repository: str) -> None:
    """An image index, evidence about evidence, cosign's older tags, two artifacts of a version."""
    image = graphs.push(store, repository, graphs.subject("linux"))
    index = write_index([image], annotations={"label": "index"})
    store.push(repository, index.descriptor(), index.raw)
    store.tag(Reference(repository, "v1"), index.descriptor())
    sbom = graphs.attach(store, repository, index.descriptor(), "sbom")
    graphs.attach(store, repository, graphs.attach(store, repository, sbom, "signature"), "of the signature")
    graphs.attach(store, repository, image, "of the platform")
    old = graphs.push(store, repository, graphs.subject("old signature"))
    store.tag(Reference(repository, f"sha256-{image.digest.encoded}.sig"), old)
    graphs.attach(store, repository, old, "of the old signature")
    for number in (1, 2):
        graphs.attach(store, repository, push_anchor(store, repository, "acme", number), f"evidence {number}")


def push_anchor(store: Store, repository: str, name: str, number: int = 1) -> Descriptor:
    purl = Purl.parse(f"pkg:pypi/{name}@1.0")
    digest = ArtifactDigest("sha256", hashlib.sha256(f"{name} {number}".encode()).hexdigest())
    version, artifact = version_anchor(purl), anchor(purl, digest)
    store.push(repository, EMPTY, EMPTY_BYTES)
    for manifest in (version, artifact):
        store.push(repository, manifest.descriptor(), manifest.raw)
    store.tag(Reference(repository, f"{name}-1.0"), version.descriptor())
    return artifact.descriptor()


@pytest.mark.parametrize(
    ("one", "other"),
    list(permutations(FACTORIES, 2)),
    ids=lambda factory: factory.name if isinstance(factory, Factory) else "",
)
def test_every_kind_of_store_to_every_other(one: Factory, other: Factory, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    with one.running(tmp_path / "one") as open_one, other.running(tmp_path / "other") as open_other:
        with closing(open_one()) as store:
            some_of_everything(store, one.repository)
        with closing(open_one()) as source, closing(open_other()) as destination:
            first = copy(side(source, one.repository), side(destination, other.repository))
        assert (first.manifests, first.present, len(first.tags)) == (13, 0, 3)
        with closing(open_one()) as source, closing(open_other()) as destination:
            hold_the_same(side(source, one.repository), side(destination, other.repository))
            again = copy(side(source, one.repository), side(destination, other.repository))
            assert (again.manifests, again.blobs, again.tags, again.present) == (0, {}, {}, 13)


class Breaking(MemoryStore):
    """A store whose connection breaks at a given write."""

    def __init__(self) -> None:
        super().__init__("breaking")
        self.writes = 0
        self.breaks_at = 0

    def push(self, repository: str, descriptor: Descriptor, data: bytes) -> None:
        self.writes += 1
        if self.writes == self.breaks_at:
            raise KeyboardInterrupt
        super().push(repository, descriptor, data)


@pytest.fixture
def source() -> Side:
    store = MemoryStore()
    some_of_everything(store, SOURCE)
    return side(store, SOURCE)


def test_an_interrupted_copy_goes_on_where_it_was(source: Side) -> None:
    """Interrupted at every write there is: nothing is broken, and only the rest is written."""
    graph, tags = read(source)
    whole = Breaking()
    transfer(plan(graph, side(whole, "r"), tags), source, side(whole, "r"))
    for breaks_at in range(1, whole.writes + 1):
        store = Breaking()
        destination = side(store, "r")
        store.breaks_at = breaks_at
        with pytest.raises(KeyboardInterrupt):
            transfer(plan(graph, destination, tags), source, destination)
        store.breaks_at = 0
        assert transfer(plan(graph, destination, tags), source, destination) == {}
        assert store.writes == whole.writes + 1
        hold_the_same(source, destination)


def test_a_plan_writes_nothing_and_counts(source: Side) -> None:
    graph, tags = read(source)
    store = MemoryStore()
    made = plan(graph, side(store, "r"), tags)
    blobs = {blob.digest: blob.size for node in graph.nodes.values() for blob in node.blobs}
    assert (made.manifests, made.present, len(made.tags)) == (13, 0, 3)
    assert made.size == sum(blobs.values()) + sum(len(node.manifest.raw) for node in graph.nodes.values())
    with pytest.raises(NotFound):
        list(store.tags("r"))


class Silent(MemoryStore):
    """A store that counts what it is asked, and can be out of order."""

    def __init__(self) -> None:
        super().__init__("silent")
        self.asked = 0
        self.broken = False

    def resolve(self, reference: Reference) -> Descriptor:
        self.asked += 1
        if self.broken:
            raise StoreUnavailable("out of order")
        return super().resolve(reference)


def test_of_an_empty_destination_only_the_first_manifests_are_asked(source: Side) -> None:
    graph, tags = read(source)
    store = Silent()
    made = plan(graph, side(store, "r"), tags)
    assert (made.manifests, len(made.tags), made.problems) == (13, 3, ())
    assert store.asked == len(next(graph.generations())) + len(tags)
    store.broken = True
    broken = plan(graph, side(store, "r"), tags)
    assert (broken.manifests, len(broken.problems)) == (13, 1)


def test_a_referrer_that_is_there_but_not_listed_is_listed(tmp_path: Path) -> None:
    """A writer that died between the manifest and the fallback tag, on a registry without the API."""
    origin = MemoryStore()
    subject = graphs.push(origin, SOURCE, graphs.subject())
    origin.tag(Reference(SOURCE, "v1"), subject)
    sbom = graphs.referrer(subject)
    graphs.push(origin, SOURCE, sbom)
    with real.distribution(tmp_path) as host, closing(_registry(host)) as store:
        graphs.push(store, SOURCE, graphs.subject())
        for data in (EMPTY_BYTES, b"referrer"):
            store.push(SOURCE, Descriptor.of("text/plain", data), data)
        url = f"http://{host}/v2/{SOURCE}/manifests/{sbom.digest}"
        assert requests.put(url, sbom.raw, headers={"Content-Type": sbom.media_type}, timeout=10).ok
        assert graphs.listed(store, SOURCE, subject.digest) == set()
        made = copy(side(origin, SOURCE), side(store, SOURCE))
        assert (made.manifests, made.blobs) == (1, {})
        assert graphs.listed(store, SOURCE, subject.digest) == {sbom.digest}


def test_many_referrers_of_one_subject_written_at_once_are_all_listed(tmp_path: Path) -> None:
    """olareg loses entries when referrers of one subject are put at the same moment."""
    origin = MemoryStore()
    subject = graphs.push(origin, SOURCE, graphs.subject())
    origin.tag(Reference(SOURCE, "v1"), subject)
    wanted = {graphs.attach(origin, SOURCE, subject, f"evidence {number}").digest for number in range(60)}
    with real.olareg(tmp_path) as host, closing(_registry(host)) as store:
        copy(side(origin, SOURCE), side(store, SOURCE))
        assert graphs.listed(store, SOURCE, subject.digest) == wanted


class NoReading(MemoryStore):
    def fetch(self, repository: str, descriptor: Descriptor) -> bytes:
        raise AssertionError("a blob was read that could have been mounted")


def test_blobs_are_mounted_within_a_registry(source: Side, tmp_path: Path) -> None:
    with real.distribution(tmp_path) as host, closing(_registry(host)) as store:
        copy(source, side(store, "one/here"))
        graph, tags = read(side(store, "one/here"))
        destination = side(store, "two/there")
        made = plan(graph, destination, tags)
        assert made.blobs
        unread = Side(NoReading(), "one/here")
        assert transfer(made, unread, destination, mount=True) == {}
        hold_the_same(source, destination)


def test_what_cannot_be_carried_over_takes_only_what_needs_it(source: Side) -> None:
    graph, tags = read(source)
    lost = next(node for node in graph.nodes.values() if node.manifest.annotations.get("label") == "sbom")
    (layer,) = lost.blobs[1:]

    class Without(MemoryStore):
        def fetch(self, repository: str, descriptor: Descriptor) -> bytes:
            if descriptor.digest == layer.digest:
                raise StoreUnavailable("out of order")
            return source.store.fetch(repository, descriptor)

    destination = side(MemoryStore(), "r")
    failed = transfer(plan(graph, destination, tags), side(Without(), SOURCE), destination)
    signature, about = (graph.nodes[digest] for digest in _above(graph, lost.descriptor.digest))
    assert set(failed) == {layer.digest, *(node.descriptor.digest for node in (lost, signature, about))}
    assert read(destination)[1] == tags
    assert unproven(graph, tags.values(), destination, tags).keys() >= {lost.descriptor.digest}


def _above(graph: Graph, digest: Digest) -> list[Digest]:
    """The chain of single referrers above a manifest."""
    found = [item.digest for item in graph.nodes[digest].referrers]
    return found + [upper for item in found for upper in _above(graph, item)]


def test_the_proof_finds_every_difference(source: Side) -> None:
    graph, tags = read(source)
    destination = side(MemoryStore(), "r")
    copy(source, destination)
    roots = list(tags.values())
    assert unproven(graph, roots, destination, tags) == {}
    subject = next(node for node in graph.nodes.values() if node.manifest.annotations.get("label") == "index")
    more = graphs.attach(destination.store, "r", subject.descriptor, "only there")
    assert unproven(graph, roots, destination, tags).keys() == {subject.descriptor.digest, more.digest}
    destination.store.delete("r", more.digest)
    sbom = subject.referrers[0].digest
    destination.store.delete("r", sbom)
    assert unproven(graph, roots, destination, tags).keys() >= {subject.descriptor.digest, sbom}
    copy(source, destination)
    destination.store.tag(Reference("r", "v1"), graph.nodes[sbom].descriptor)
    assert unproven(graph, roots, destination, tags).keys() == {subject.descriptor.digest}


def test_an_artifact_brings_its_version_but_not_its_siblings() -> None:
    store = MemoryStore()
    first, second = (push_anchor(store, SOURCE, "acme", number) for number in (1, 2))
    version = Manifest.parse(store.fetch(SOURCE, first)).subject
    assert version is not None
    release = graphs.attach(store, SOURCE, version, "release statement")
    evidence = graphs.attach(store, SOURCE, first, "evidence")
    other = graphs.attach(store, SOURCE, second, "of the sibling")
    alone = walk(store, SOURCE, [first])
    assert set(alone.nodes) == {item.digest for item in (first, version, release, evidence)}
    both = walk(store, SOURCE, [first, version])
    assert set(both.nodes) == set(alone.nodes) | {second.digest, other.digest}
    assert both.reached([first.digest]) == set(alone.nodes)
    assert both.reached([first.digest, version.digest]) == set(both.nodes)
    inner = write_index([version.plain()])
    outer = write_index([inner.descriptor()])
    for index in (inner, outer):
        store.push(SOURCE, index.descriptor(), index.raw)
    later = walk(store, SOURCE, [first, outer.descriptor()])  # the version is met from below first
    assert set(later.nodes) == {*both.nodes, inner.digest, outer.digest}


def test_cosigns_older_tags_come_with_what_they_are_about(source: Side) -> None:
    tags = list(source.store.tags(SOURCE))
    image = source.store.resolve(Reference(SOURCE, "v1"))
    graph = walk(source.store, SOURCE, [image], tags=tags)
    (tag,) = (tag for tag in tags if tag.endswith(".sig"))
    old = source.store.resolve(Reference(SOURCE, tag)).digest
    assert graph.cosign_tags() == {tag: old}
    labels = {node.manifest.annotations.get("label") for node in graph.nodes.values()}
    assert {"old signature", "of the old signature"} <= labels
    assert old not in walk(source.store, SOURCE, [image]).nodes


def test_the_proof_misses_a_blob(source: Side, tmp_path: Path) -> None:
    destination = side(DirectoryStore(tmp_path, "store", create=True), "")
    copy(source, destination)
    graph, tags = read(destination)
    sbom = next(node for node in graph.nodes.values() if node.manifest.annotations.get("label") == "sbom")
    layer = sbom.blobs[1].digest
    (tmp_path / "blobs/sha256" / layer.encoded).unlink()
    found = unproven(graph, tags.values(), destination, tags)
    assert found == {sbom.descriptor.digest: f"the blob {layer} is not at the destination"}


def test_a_damaged_manifest_is_a_problem_and_hides_nothing(tmp_path: Path) -> None:
    with closing(DirectoryStore(tmp_path, "store", create=True)) as store:
        subject = graphs.push(store, "", graphs.subject())
        good, bad = (graphs.attach(store, "", subject, label) for label in ("good", "bad"))
        blob = tmp_path / "blobs/sha256" / bad.digest.encoded
        blob.chmod(0o644)
        blob.write_bytes(blob.read_bytes()[:-1] + b" ")
        graph = walk(store, "", [subject])
        assert set(graph.nodes) == {subject.digest, good.digest}
        assert bad.digest in graph.problems


def test_a_store_that_never_ends_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "GRAPH_MANIFESTS", 50)
    store = MemoryStore()
    last = first = graphs.push(store, SOURCE, graphs.subject())
    for number in range(60):
        last = graphs.attach(store, SOURCE, last, f"{number}")
    graph = walk(store, SOURCE, [first])
    assert len(graph.nodes) == 50
    assert list(graph.problems.values()) == [("more than 50 manifests hang together",)]


@pytest.mark.parametrize(
    ("tag", "about"),
    [
        (f"sha256-{'a' * 64}.sig", f"sha256:{'a' * 64}"),
        (f"sha512-{'a' * 128}.att", f"sha512:{'a' * 128}"),
        (f"sha256-{'a' * 64}.sbom", f"sha256:{'a' * 64}"),
        (f"sha256-{'a' * 64}", None),
        (f"sha256-{'a' * 63}.sig", None),
        (f"sha512-{'a' * 64}.sig", None),
        (f"sha256-{'A' * 64}.sig", None),
        (f"sha256-{'a' * 64}.sig.x", None),
        ("v1.sig", None),
    ],
)
def test_cosigns_older_tags(tag: str, about: str | None) -> None:
    assert cosign_subject(tag) == (None if about is None else Digest.parse(about))


def _registry(host: str) -> RegistryStore:
    return RegistryStore(host, name=host, credentials=UserCredentials({}, Path("nowhere")))


@pytest.mark.slow
def test_two_hundred_anchors_through_five_stores(tmp_path: Path) -> None:
    """Registry with the API → archive → registry without → directory → registry with: the same at every stop."""
    by_name = {factory.name: factory for factory in FACTORIES}
    with ExitStack() as running:
        origin = side(MemoryStore(), SOURCE)
        for number in range(200):
            artifact = push_anchor(origin.store, SOURCE, f"package-{number}")
            for label in range(5):
                evidence = graphs.attach(origin.store, SOURCE, artifact, f"evidence {number} {label}")
                graphs.attach(origin.store, SOURCE, evidence, f"signature {number} {label}")
        last, (graph, tags) = origin, read(origin)
        manifests = {digest: node.manifest.raw for digest, node in graph.nodes.items()}
        assert len(manifests) == 200 * (2 + 5 + 5)
        blobs = list({blob.digest: blob for node in graph.nodes.values() for blob in node.blobs}.values())
        contents = [origin.store.fetch(SOURCE, blob) for blob in blobs]
        assert len(blobs) == 200 * (5 + 5) + 1
        for stop, name in enumerate(("olareg", "archive", "distribution", "directory tree", "olareg")):
            (tmp_path / str(stop)).mkdir()
            factory = by_name[name]
            opener = running.enter_context(factory.running(tmp_path / str(stop)))
            with closing(opener()) as store:
                target = side(store, factory.repository)
                assert transfer(plan(graph, target, tags), last, target) == {}
            last = side(running.enter_context(closing(opener())), factory.repository)
            twin, named = read(last)
            assert {digest: node.manifest.raw for digest, node in twin.nodes.items()} == manifests
            assert (differences(graph, twin), named) == ((), tags)
            assert list(in_parallel(partial(last.store.fetch, last.repository), blobs)) == contents
            graph = twin
