"""All ecosystems by purl type, and what they say about file names."""

from __future__ import annotations

from collections.abc import Iterator

from attest.errors import UsageError
from attest.packages.purl import Purl
from attest.packages.row import Ecosystem
from attest.packages.table import ecosystem

__all__ = ["Ecosystem", "ecosystem", "names_from_file_name"]


def names_from_file_name(type: str, file_name: str) -> Iterator[Purl]:
    """The package that a file name means in the ecosystem ``type``; nothing where the name does not make it certain."""
    read = ecosystem(type).file_name
    found = None if read is None else read(file_name)
    if found is not None:
        try:
            yield Purl.of(type, (), *found)
        except UsageError:
            return
