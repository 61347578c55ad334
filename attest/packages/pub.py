"""Dart and Flutter: pub."""

from __future__ import annotations

from typing import Final

from attest.packages.row import Ecosystem

ROW: Final = Ecosystem("pub", one_artifact=True)
