"""Alpine packages: the vendor is the namespace; the digest is that of the whole file."""

from __future__ import annotations

from typing import Final

from attest.packages.row import Ecosystem

ROW: Final = Ecosystem("apk", namespace="the vendor, such as alpine", namespace_min=1, namespace_max=1)
