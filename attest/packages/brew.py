"""Homebrew: the tap is the namespace; the default one, homebrew/core, is written out."""

from __future__ import annotations

import re
from typing import Final

from attest.packages.row import Ecosystem

_BOTTLE: Final = re.compile(
    r"(?:[0-9a-f]{64}--)?"  # as attestations made afterwards have it: the hash of the URL
    r"(?P<name>[A-Za-z0-9@+._]+(?:-[A-Za-z0-9@+._]+)*)--(?P<version>[A-Za-z0-9+_.~-]+)"
    r"\.[a-z0-9_]+\.bottle(?:\.[0-9]+)?\.tar\.gz"
)


def _file_name(file_name: str) -> tuple[str, str] | None:
    """NAME--VERSION.TAG.bottle[.REBUILD].tar.gz; a bottle of another tap than the default has the same name."""
    match = _BOTTLE.fullmatch(file_name)
    return None if match is None else (match["name"], match["version"])


ROW: Final = Ecosystem(
    "brew",
    namespace="the tap, USER/REPOSITORY",
    namespace_min=2,
    namespace_max=2,
    namespace_default=("homebrew", "core"),
    file_name=_file_name,
)
