"""What kind of document a file is, told from its content: its media type and the predicate type it is attached as."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from attest import limits, names
from attest.errors import FormatError, UsageError
from attest.oci import strict_json


@dataclass(frozen=True, slots=True)
class Document:
    """A recognised JSON document; ``predicate_type`` is None where it can only be attached unsigned."""

    raw: bytes
    media_type: str
    predicate_type: str | None
    value: Mapping[str, Any] = field(hash=False)


ALIASES: Final = {
    "cyclonedx": names.PREDICATE_CYCLONEDX,
    "spdx": names.PREDICATE_SPDX,
    "spdxjson": names.PREDICATE_SPDX,
    "slsaprovenance": names.PREDICATE_SLSA_V1,
    "slsaprovenance1": names.PREDICATE_SLSA_V1,
    "slsaprovenance02": names.PREDICATE_SLSA_V02,
}
"""Short names for ``--type``, as cosign has them, but for `slsaprovenance`, which here is the current version."""


def read(data: bytes, *, where: str, kind: str | None = None) -> Document:
    """Recognise ``data``; ``kind`` (an alias or a predicate type URI) says what it must be when its content does not.

    Raises `FormatError` where the content is not what ``kind`` says, `UsageError` where it must be said.
    """
    value = strict_json.read_object(data, where=where, limit=limits.EVIDENCE_BLOB)
    recognised = _recognise(value)
    if kind is None:
        if recognised is None:
            raise UsageError("cannot tell what kind of document this is", where=where, next_step="say it with --type")
        return Document(data, *recognised, value)
    predicate_type = ALIASES.get(kind, kind)
    if ":" not in predicate_type:
        known = ", ".join(sorted(ALIASES))
        raise UsageError(f"unknown document type {kind!r}", why=f"known are {known}, or any predicate type URI")
    if kind in ALIASES and (recognised is None or recognised[1] != predicate_type):
        raise FormatError(f"not a {kind} document", where=where, why="its content says otherwise")
    return Document(data, recognised[0] if recognised else "application/json", predicate_type, value)


def _recognise(value: Mapping[str, Any]) -> tuple[str, str | None] | None:
    if value.get("bomFormat") == "CycloneDX":
        return names.CYCLONEDX_JSON, names.PREDICATE_CYCLONEDX
    if isinstance(value.get("spdxVersion"), str) or "spdx.org" in str(value.get("@context")):
        return names.SPDX_JSON, names.PREDICATE_SPDX
    if isinstance(value.get("buildDefinition"), dict) and isinstance(value.get("runDetails"), dict):
        return "application/json", names.PREDICATE_SLSA_V1
    if isinstance(value.get("builder"), dict) and isinstance(value.get("buildType"), str):
        return "application/json", names.PREDICATE_SLSA_V02
    if "sarif" in str(value.get("$schema")) and isinstance(value.get("runs"), list):
        return names.SARIF_JSON, None
    return None
