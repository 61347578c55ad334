"""The keys that all rules share: who, how many, how several combine, how old, and what proves absence."""

from __future__ import annotations

from typing import Final

from attest import limits
from attest.errors import PolicyError
from attest.evidence.identity import Signer
from attest.policy.ages import parse_age
from attest.policy.fields import Fields
from attest.policy.matching import distinct
from attest.policy.rules.rule import Absence, Context, Match, Mode, Terms, Written
from attest.policy.shapes import Choice, Key, Line, Name, Several, Table, Whole
from attest.policy.yaml_nodes import Items

_ID: Final = Key(Name(), "By what findings, waivers and checks name the rule.", required=True)
_MODE: Final = Key(Choice(Mode), "enforce (the default) decides; warn and audit are shown and change nothing.")
_ABSENCE: Final = Key(Choice(Absence), "What proves that nothing is missing: a seal, or the store's listing.")
BY: Final = Key(Several(Name(), alone=True), "Whose evidence counts: names of identities, or publisher.", required=True)
CHECK: Final[Table] = {
    "id": _ID,
    "check": Key(Line(("built.run == sbom.run",)), "An expression over what counted under other rules.", required=True),
    "mode": _MODE,
}
"""Keys of a rule over other rules."""
COMMON: Final[Table] = {
    "id": _ID,
    "require": Key(Line(), "What kind of rule it is.", required=True),
    "by": BY,
    "mode": _MODE,
}
WANTED: Final[Table] = {
    "threshold": Key(Whole(1, limits.POLICY_RULES), "How many of by, with as many distinct keys; 1 if not written."),
    "match": Key(Choice(Match), "Of several: any that fits is enough, all must fit, or only the latest is looked at."),
    "absence": _ABSENCE,
    "max_age": Key(Line(("30d", "12h")), "How old it may be, in days or hours."),
}
"""Keys of a rule that wants evidence."""
UNWANTED: Final[Table] = {"absence": _ABSENCE}
"""Keys of a rule that wants none."""
_HOW: Final = "write absence: seal, or absence: listing if the store is trusted to list everything"


def wanted(written: Written, *, forbids: bool = False, weighs: bool = False) -> Terms:
    """Of a rule that wants evidence. What ``forbids`` content looks at all of it, unless the rule says otherwise; what
    ``weighs`` one document against another needs absence whatever `match` says. Raises `PolicyError`.
    """
    fields = written.fields
    match = fields.choice("match", Match, Match.ALL if forbids else Match.ANY)
    absence: Absence | None = None
    if match is Match.LATEST and not fields.has("absence"):
        raise _missing(fields, "a store can hide what is later")
    if match is not Match.ANY or weighs:
        absence = fields.choice("absence", Absence, Absence.LISTING)
    elif fields.has("absence"):
        raise PolicyError(
            f"{fields.what}: 'absence' does not go with match: any",
            where=fields.line_of("absence"),
            why="one that fits is enough, whatever is missing",
            next_step="take it out, or write match: all or match: latest",
        )
    return Terms(
        id=fields.name("id"),
        by=identities(fields, written.context),
        mode=fields.choice("mode", Mode, Mode.ENFORCE),
        threshold=_threshold(fields, written.context),
        match=match,
        absence=absence,
        max_age=fields.parsed("max_age", parse_age) if fields.has("max_age") else None,
    )


def unwanted(written: Written) -> Terms:
    """Of a rule by which something must not be there. Raises `PolicyError`."""
    fields = written.fields
    if not fields.has("absence"):
        raise _missing(fields, "a store can hide what stands against a package")
    return Terms(
        id=fields.name("id"),
        by=identities(fields, written.context),
        mode=fields.choice("mode", Mode, Mode.ENFORCE),
        threshold=0,
        match=Match.ALL,
        absence=fields.choice("absence", Absence, Absence.SEAL),
        max_age=None,
    )


def identities(fields: Fields, context: Context) -> tuple[str, ...]:
    """The names in a `by`, one or a list. Raises `PolicyError` for one that the policy does not have."""
    by = fields.strings("by") if isinstance(fields.node("by"), Items) else (fields.string("by"),)
    for name in by:
        if name not in context.identities:
            known = ", ".join(context.identities) or "none"
            raise PolicyError(
                f"{fields.what}: no identity {name!r:.80}", where=fields.line_of("by"), why=f"known: {known}"
            )
    return by


def _threshold(fields: Fields, context: Context) -> int:
    if not fields.has("threshold"):
        return 1
    threshold = fields.integer("threshold")
    possible = distinct(Signer(name, context.identities[name].principal) for name in identities(fields, context))
    if threshold > possible:
        raise PolicyError(
            f"{fields.what}: a threshold of {threshold} can never be met",
            where=fields.line_of("threshold"),
            why=f"'by' has {possible} distinct names with distinct keys",
        )
    return threshold


def _missing(fields: Fields, why: str) -> PolicyError:
    return PolicyError(f"{fields.what}: 'absence' is missing", where=fields.where, why=why, next_step=_HOW)
