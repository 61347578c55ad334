"""GitHub's attestations API (REST, "List attestations"), which Homebrew uses for its bottles, too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attest.errors import EnvelopeError
from attest.evidence.imports.bundles import read_bundle
from attest.evidence.imports.model import Item, Malformed, each
from attest.oci.strict_json import Fields


def read_attestations(values: list[Any], where: str) -> Iterator[Item | Malformed]:
    """Every element of ``attestations``. The file names in them may be of any ecosystem."""
    return each(values, where, _read)


def _read(value: Any, where: str) -> Item:
    if not isinstance(value, dict):
        raise EnvelopeError("not an attestation", why="it is no JSON object")
    fields = Fields(value, "attestation")
    if fields.value.get("bundle") is None:
        url = fields.optional_string("bundle_url")
        raise EnvelopeError(
            "the bundle itself is not in the answer",
            why="from API version 2026-03-10 on GitHub sends its address only" if url else "nor is its address",
            next_step="import the files of: gh attestation download",
        )
    return read_bundle(fields.object("bundle").value, where)
