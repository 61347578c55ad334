"""A store as it was seen: what came later is not there, and nothing is written."""

from __future__ import annotations

import pytest

from attest.errors import NotFound, StoreRefused
from attest.evidence.attach import attach_bundle, push_anchor
from attest.evidence.recorded import AsRecorded
from attest.oci.descriptor import EMPTY
from attest.oci.reference import Reference
from attest.stores.memory import MemoryStore
from tests.evidence_factory import DIGEST, NOW, PURL, bundle_of, signed


def test_a_store_as_it_was_seen() -> None:
    store = MemoryStore("memory")
    anchor = push_anchor(store, "x", "left", PURL, DIGEST)
    first, second = (
        attach_bundle(store, "x", anchor, bundle_of(signed("release", note=note)).raw, predicate_type=note, created=NOW)
        for note in ("a", "b")
    )
    then, same = (AsRecorded(store, frozenset({anchor.digest, first.digest})) for _ in range(2))
    assert then.name == "memory"
    assert [item.descriptor.digest for item in then.referrers("x", anchor.digest).items] == [first.digest]
    assert then.beside == {second.digest}
    assert then == same  # whatever else was listed
    assert hash(then) == hash(same)
    assert then != AsRecorded(store, frozenset({anchor.digest}))
    (listing,) = then.listings("x", anchor.digest)
    assert [item.descriptor.digest for item in listing.items] == [first.digest]
    assert then.resolve(Reference("x", digest=first.digest)).digest == first.digest
    with pytest.raises(NotFound, match="not there when it was recorded"):
        then.resolve(Reference("x", digest=second.digest))
    assert then.fetch("x", first.descriptor()) == first.raw
    assert list(then.tags("x")) == ["left"]
    with pytest.raises(StoreRefused, match="a record is not written to"):
        then.push("x", EMPTY, b"{}")
    with pytest.raises(StoreRefused, match="a record is not written to"):
        then.tag(Reference("x", "y"), anchor)
    with pytest.raises(StoreRefused, match="a record is not written to"):
        then.delete("x", first.digest)
    then.close()
