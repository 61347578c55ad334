"""Maven: the group id, with its dots, is the namespace."""

from __future__ import annotations

from typing import Final

from attest.packages.row import Ecosystem

ROW: Final = Ecosystem("maven", namespace="the group id, with dots", namespace_min=1, namespace_max=1)
