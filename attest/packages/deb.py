"""Debian packages: the vendor is the namespace, the version has its epoch."""

from __future__ import annotations

from typing import Final

from attest.packages.row import Ecosystem

ROW: Final = Ecosystem("deb", namespace="the vendor, such as debian", namespace_min=1, namespace_max=1)
