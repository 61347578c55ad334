"""Conda: channel, subdir and build are told apart by the digest."""

from __future__ import annotations

from typing import Final

from attest.packages.row import Ecosystem

ROW: Final = Ecosystem("conda")
