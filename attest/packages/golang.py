"""Go: the module path in its exact case, and go.sum's h1 hash in hex."""

from __future__ import annotations

from typing import Final

from attest.packages.digest import DIR_HASH_1
from attest.packages.row import MANY, Ecosystem

ROW: Final = Ecosystem(
    "golang", algorithms=(DIR_HASH_1,), one_artifact=True, namespace="the module path", namespace_max=MANY
)
