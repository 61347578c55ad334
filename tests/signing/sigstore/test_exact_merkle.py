"""Places in a Merkle tree that are none."""

from __future__ import annotations

import pytest

from attest.signing.sigstore.merkle import leaf_hash, root_from_path


@pytest.mark.parametrize(("index", "size"), [(-1, 1), (-1, 0), (0, 0), (1, 1), (2, 1), (-2, 1)])
def test_no_leaf_stands_there(index: int, size: int) -> None:
    assert root_from_path(b"leaf", 0, 1, []) == leaf_hash(b"leaf")
    assert root_from_path(b"leaf", index, size, []) is None
