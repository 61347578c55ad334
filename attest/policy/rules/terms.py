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
from attest.policy.yaml_nodes import Items

COMMON: Final = ("id", "require", "by", "mode")
WANTED: Final = ("threshold", "match", "absence", "max_age")
"""Keys of a rule that wants evidence."""
UNWANTED: Final = ("absence",)
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
    threshold = fields.integer("threshold", minimum=1, maximum=limits.POLICY_RULES)
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
