"""A policy's YAML: read as any configuration is, refused as a policy."""

from __future__ import annotations

from attest import limits
from attest.errors import PolicyError, YAMLError
from attest.formats import strict_yaml
from attest.formats.strict_yaml import Entries, Items, Node, Text

__all__ = ["Entries", "Items", "Node", "Text", "read"]


def read(data: bytes, *, where: str, columns: bool = False) -> Node:
    """The one document in ``data``; every node's ``where`` is ``WHERE:LINE``, with ``columns`` ``WHERE:LINE:COLUMN``.

    Raises `PolicyError`.
    """
    try:
        return strict_yaml.read(data, where=where, limit=limits.POLICY, columns=columns)
    except YAMLError as error:
        raise PolicyError(error.what, where=error.where, why=error.why, next_step=error.next_step) from None
