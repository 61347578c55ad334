"""The one table of ecosystems (design.md §4). A row never changes: anchors are made by it."""

from __future__ import annotations

from typing import Final

from attest.packages import (
    apk,
    brew,
    cargo,
    cocoapods,
    conda,
    cpan,
    deb,
    gem,
    golang,
    hex,
    maven,
    npm,
    nuget,
    pub,
    pypi,
    rpm,
    swift,
)
from attest.packages.row import MANY, Ecosystem

_MODULES: Final = (
    npm,
    pypi,
    gem,
    maven,
    cargo,
    nuget,
    brew,
    golang,
    hex,
    deb,
    rpm,
    apk,
    conda,
    pub,
    swift,
    cpan,
    cocoapods,
)
TABLE: Final = {module.ROW.type: module.ROW for module in _MODULES}


def ecosystem(type: str) -> Ecosystem:
    """The row of a purl type in lower case; a type without one is taken exactly, by sha256."""
    return TABLE.get(type) or Ecosystem(type, namespace_max=MANY)
