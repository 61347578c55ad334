"""Homebrew: the tap is the namespace; the default one, homebrew/core, is written out."""

from __future__ import annotations

from typing import Final

from attest.packages.row import Ecosystem

ROW: Final = Ecosystem(
    "brew",
    namespace="the tap, USER/REPOSITORY",
    namespace_min=2,
    namespace_max=2,
    namespace_default=("homebrew", "core"),
)
