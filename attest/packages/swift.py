"""Swift: the source host, in lower case, and its owner are the namespace.

A version is named by its git commit, and by the sha256 of a registry's archive: two artifacts.
"""

from __future__ import annotations

from typing import Final

from attest.packages.digest import GIT_COMMIT, SHA256
from attest.packages.row import MANY, Ecosystem, ascii_lower

ROW: Final = Ecosystem(
    "swift",
    algorithms=(SHA256, GIT_COMMIT),
    namespace="the source host and owner, such as github.com/apple",
    namespace_min=2,
    namespace_max=MANY,
    first_segment=ascii_lower,
)
