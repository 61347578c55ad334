"""Merkle inclusion (RFC 9162 §2.1.3.2, the same trees as RFC 6962): a path of hashes from one leaf to the root."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence


def leaf_hash(leaf: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + leaf).digest()


def root_from_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root of the tree of ``size`` leaves whose leaf ``index`` is ``leaf``; None if no such path exists."""
    if not 0 <= index < size:
        return None
    node, last = index, size - 1
    root = leaf_hash(leaf)
    for sibling in path:
        if last == 0:
            return None
        if node & 1 or node == last:
            root = _node(sibling, root)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            root = _node(root, sibling)
        node, last = node >> 1, last >> 1
    return root if last == 0 else None


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
