"""Hex: an organization, if any, is the namespace; the digest is the outer checksum."""

from __future__ import annotations

from typing import Final

from attest.packages.row import Ecosystem

ROW: Final = Ecosystem("hex", one_artifact=True, namespace="the organization", namespace_max=1)
