"""What there is to seal where something only looks as if it were more, and whose seals count for the next number."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from attest import names
from attest.errors import StoreUnavailable
from attest.evidence import seal as seals
from attest.evidence.model import Collection, Subject
from attest.oci.descriptor import EMPTY, EMPTY_BYTES
from attest.oci.manifest import write_image
from attest.signing.proof import KeyAuthor
from attest.stores.memory import MemoryStore
from tests.evidence_factory import NOW, SUBJECT, key, proven, signed
from tests.policy.test_absence import seal

MILLISECONDS = int(NOW.timestamp() * 1000)


@pytest.mark.parametrize("looks_like", [names.ANCHOR, names.VERSION_ANCHOR])
def test_what_only_looks_like_an_anchor_is_sealed_as_it_is(looks_like: str) -> None:
    store = MemoryStore()
    manifest = write_image(artifact_type=looks_like, config=EMPTY, layers=[EMPTY])
    store.push("x", EMPTY, EMPTY_BYTES)
    store.push("x", manifest.descriptor(), manifest.raw)
    subject = Subject(manifest.descriptor(), name="it")
    assert list(seals.packages(store, "x", [subject])) == [subject]


def test_a_listing_that_is_not_whole_says_so_in_any_case() -> None:
    part = Collection(SUBJECT, (), (), False, (), NOW, whole=True)
    with pytest.raises(StoreUnavailable) as caught:
        seals.sealable(part)
    assert caught.value.why == "the store did not say why"
    with pytest.raises(StoreUnavailable) as caught:
        seals.sealable(replace(part, problems=("a", "b")))
    assert caught.value.why == "a; b"


def test_whose_seals_count_for_the_next_number() -> None:
    far = timedelta(days=365)
    mine = seal("security", sequence=MILLISECONDS + 5, issued=NOW + far)
    strange = seal("mallory", sequence=MILLISECONDS + 50, issued=NOW + far)
    unsigned_by_a_key = proven(mine, KeyAuthor(key("security").public))
    public = key("security").public
    for earlier, number in (
        ([], MILLISECONDS),
        ([strange], MILLISECONDS),
        ([unsigned_by_a_key], MILLISECONDS),
        ([mine], MILLISECONDS + 6),
        ([signed("security"), strange, unsigned_by_a_key, mine], MILLISECONDS + 6),
        ([seal("security", sequence=MILLISECONDS - 1)], MILLISECONDS),
    ):
        assert seals.sequence(earlier, public, NOW) == number
        assert seals.sequence(earlier, None, NOW) == MILLISECONDS
