"""Whole graphs from store to store: everything arrives, nothing twice, and an interruption costs only the rest."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack, closing
from itertools import permutations
from pathlib import Path

import pytest

from attest.oci.descriptor import EMPTY, EMPTY_BYTES, Descriptor
from attest.oci.digest import Digest
from attest.oci.manifest import write_index
from attest.oci.reference import Reference
from attest.packages.anchors import anchor, version_anchor
from attest.packages.digest import ArtifactDigest
from attest.packages.purl import Purl
from attest.stores.graph import Graph, differences, walk
from attest.stores.memory import MemoryStore
from attest.stores.protocol import Store
from attest.stores.threads import for_threads
from attest.stores.transfer import Plan, Side, has, plan, transfer
from tests.stores import graphs
from tests.stores.factories import FACTORIES, Factory

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


@pytest.mark.slow
def test_two_hundred_anchors_through_five_stores(tmp_path: Path) -> None:
    """Registry with the API → archive → registry without → directory → registry with: the same at every stop."""
    by_name = {factory.name: factory for factory in FACTORIES}
    with ExitStack() as running:
        origin = side(MemoryStore(), SOURCE)
        for number in range(200):
            artifact = push_anchor(origin.store, SOURCE, f"package-{number}")
            for label in range(5):
                evidence = graphs.attach(origin.store, SOURCE, artifact, f"evidence {label}")
                graphs.attach(origin.store, SOURCE, evidence, f"signature of {label}")
        last = origin
        for stop, name in enumerate(("olareg", "archive", "distribution", "directory tree", "olareg")):
            (tmp_path / str(stop)).mkdir()
            factory = by_name[name]
            opener = running.enter_context(factory.running(tmp_path / str(stop)))
            with closing(opener()) as store:
                made = copy(last, side(store, factory.repository))
            assert made.manifests == 200 * (2 + 5 + 5)
            last = side(running.enter_context(closing(opener())), factory.repository)
            hold_the_same(origin, last)
