"""Verification summaries (https://slsa.dev/verification_summary/v1, the same type for SLSA 1.0, 1.1 and 1.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from attest.errors import FormatError
from attest.oci.strict_json import Fields
from attest.statements.moments import parse_time

_LEVEL: Final = re.compile(r"(SLSA_[A-Z]+_LEVEL_)([0-9])", re.ASCII)


@dataclass(frozen=True, slots=True)
class Summary:
    """Who verified what against which policy, and whether it passed; ``policy`` has digests in hex by algorithm."""

    verifier: str
    time: datetime
    resource: str
    policy_uri: str | None
    policy: Mapping[str, str] = field(hash=False)
    passed: bool
    levels: tuple[str, ...]

    def has(self, level: str) -> bool:
        """Whether it says so; of one of SLSA's tracks a higher level implies the lower ones."""
        wanted = _LEVEL.fullmatch(level)
        if wanted is None:
            return level in self.levels
        found = (_LEVEL.fullmatch(item) for item in self.levels)
        return any(item is not None and item[1] == wanted[1] and item[2] >= wanted[2] for item in found)


def read_summary(predicate: Mapping[str, Any] | None) -> Summary:
    """Raises `FormatError`."""
    fields = Fields(predicate or {}, "vsa")
    result = fields.string("verificationResult")
    if result not in ("PASSED", "FAILED"):
        raise FormatError("not a result", where="vsa.verificationResult", why=result[:80])
    levels = tuple(fields.texts("verifiedLevels"))
    policy = fields.object("policy")
    return Summary(
        verifier=fields.object("verifier").string("id"),
        time=parse_time(fields.string("timeVerified"), "vsa.timeVerified"),
        resource=fields.string("resourceUri"),
        policy_uri=policy.optional_string("uri"),
        policy=policy.strings("digest"),
        passed=result == "PASSED" and "FAILED" not in levels,
        levels=levels,
    )
