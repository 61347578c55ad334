"""Commands that a verdict proposes, as they are to be typed here: about the stores that were named, not the default."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Callable
from typing import Final

from attest.cli.options import store_texts
from attest.stores.location import Location, Scheme

_READING: Final = "policy learn"
_COMMAND: Final = re.compile(rf"\battest (?=(attach|sign|seal|revoke|{_READING})\b)")
_WRITABLE: Final = (Scheme.DIRECTORY, Scheme.REGISTRY)
"""A pack with more in it is no longer what its list says; services are only read."""


def typed_here(arguments: argparse.Namespace) -> Callable[[str], str]:
    """What makes a remedy one for this run. Of the environment nothing is repeated: it holds for the next command, too.

    Raises `UsageError` for what is no STORE.
    """
    if not (arguments.stores_before or arguments.stores):
        return str
    locations = [Location.parse(text) for text in store_texts(arguments)]
    plain = " --plain-http" if getattr(arguments, "plain_http", False) else ""

    def named(match: re.Match[str]) -> str:
        wanted = [item.text for item in locations if match[1] == _READING or item.scheme in _WRITABLE]
        return f"attest{plain if wanted else ''}{''.join(f' --store {shlex.quote(text)}' for text in wanted)} "

    return lambda remedy: _COMMAND.sub(named, remedy)
