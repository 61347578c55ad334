"""Waivers: until when, for what, and of which rule."""

from __future__ import annotations

from tests.hostile.case import NOW, Case, admitted, denied
from tests.hostile.making import by


def cases() -> list[Case]:
    missing = {"signed": "signature-missing", "sbom": "sbom-missing"}

    def refused(name: str, trick: str, naive: str) -> Case:
        return denied(name, "waived", findings=missing, now=NOW, trick=trick, naive=naive)

    return [
        admitted("waived", "waived", findings=missing, now=NOW, trick="none: the rule is waived until tomorrow"),
        refused(
            "waived-until-today",
            "the waiver's day has begun, in UTC",
            "counts the day in, or begins it in the machine's own time zone",
        ),
        refused("waived-until-yesterday", "the waiver expired yesterday", "does not look when it expires"),
        refused("waived-other-bytes", "the waiver is for other bytes of that name", "compares names only"),
        refused("waived-another-rule", "the waiver is for another rule", "waives the package as a whole"),
        refused(
            "waived-look-alike",
            "the waiver names these bytes by a name that is one letter shorter",
            "compares digests only, or the beginning of names",
        ),
        admitted(
            "not-waived",
            "waived",
            by("release"),
            findings=missing | {"signed": "signature-verified"},
            now=NOW,
            trick="none: it needs no waiver, and a rule that only warns stands in nobody's way",
        ),
    ]
