"""The licences that SPDX lists, as `license_expression` knows them, with the ids that they had before.

Not its own ready-made list: that takes some `LicenseRef-…` for the licences of others, and what stands behind such a
reference is whatever the document's author wrote.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from license_expression import Licensing  # type: ignore[import-untyped]

_OWN: Final = "LicenseRef-"


@cache
def licensing() -> Licensing:
    """Read once."""
    from license_expression import LicenseSymbol, Licensing, get_license_index

    symbols = []
    for entry in get_license_index():
        key = entry.get("spdx_license_key")
        if key and not key.startswith(_OWN):
            others = tuple(other for other in entry.get("other_spdx_license_keys", ()) if not other.startswith(_OWN))
            symbols.append(LicenseSymbol(key, aliases=others, is_exception=bool(entry.get("is_exception"))))
    return Licensing(symbols)
