"""JSON Schemas (draft 2020-12) of everything that ``--json`` prints, one file an output, and of `attest.lock`."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any, Final

NAMES: Final = (
    "anchor",
    "clients",
    "convert",
    "copy",
    "doctor",
    "explain",
    "import",
    "learn",
    "list",
    "lock",
    "pack",
    "receipt",
    "release",
    "replay",
    "tree",
    "verdict",
    "written",
)


def schema(name: str) -> dict[str, Any]:
    """The schema of one output. Raises `KeyError` for a name that is not in `NAMES`."""
    if name not in NAMES:
        raise KeyError(name)
    found: dict[str, Any] = json.loads((files(__name__) / f"{name}.schema.json").read_text(encoding="utf-8"))
    return found
