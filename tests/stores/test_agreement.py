"""Whatever is done to them, the stores give the same answers as the one in memory."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest.errors import AttestError
from attest.oci.manifest import Manifest
from attest.oci.reference import Reference
from attest.stores.archive import ArchiveStore
from attest.stores.directory import DirectoryStore
from attest.stores.memory import MemoryStore
from attest.stores.protocol import Store
from tests.stores.graphs import push, referrer, subject

SUBJECTS = [subject(str(number)) for number in range(2)]
REFERRERS = [referrer(of.descriptor(), label) for of in SUBJECTS for label in ("a", "b")]
SECOND = [referrer(REFERRERS[0].descriptor(), "of a referrer")]
MANIFESTS = [*SUBJECTS, *REFERRERS, *SECOND]

manifests = st.sampled_from(MANIFESTS)
steps = st.one_of(
    st.tuples(st.just("push"), manifests, st.none()),
    st.tuples(st.just("delete"), manifests, st.none()),
    st.tuples(st.just("tag"), manifests, st.sampled_from(["v1", "v2"])),
)


def outcome(action: Callable[[], object]) -> object:
    try:
        return action()
    except AttestError as error:
        return type(error)


def do(store: Store, kind: str, manifest: Manifest, tag: str | None) -> object:
    if kind == "push":
        return outcome(lambda: push(store, "", manifest))
    if kind == "delete":
        return outcome(lambda: store.delete("", manifest.digest))
    return outcome(lambda: store.tag(Reference("", tag), manifest.descriptor()))


def state(store: Store) -> object:
    return (
        outcome(lambda: list(store.tags(""))),
        [outcome(lambda tag=tag: store.resolve(Reference("", tag))) for tag in ("v1", "v2")],  # type: ignore[misc]
        [outcome(lambda item=item: store.resolve(Reference("", digest=item.digest))) for item in MANIFESTS],  # type: ignore[misc]
        [[found.descriptor for found in store.referrers("", item.digest).items] for item in MANIFESTS],
        [store.referrers("", item.digest).complete for item in MANIFESTS],
    )


@given(st.lists(steps, max_size=12))
def test_the_stores_agree(
    tmp_path_factory: pytest.TempPathFactory, plan: list[tuple[str, Manifest, str | None]]
) -> None:
    folder = tmp_path_factory.mktemp("agree")
    memory = MemoryStore()
    directory = DirectoryStore(folder / "layout", "directory", create=True)
    archive = ArchiveStore(folder / "pack.tar", "archive", create=True)
    for step in plan:
        assert do(memory, *step) == do(directory, *step) == do(archive, *step)
        assert state(memory) == state(directory) == state(archive)
    archive.close()
    assert state(memory) == state(DirectoryStore(folder / "layout", "directory", create=True))
    assert state(memory) == state(ArchiveStore(folder / "pack.tar", "archive", create=True))
