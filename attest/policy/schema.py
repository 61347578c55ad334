"""The keys of a policy file, and its JSON Schema for editors (draft 2020-12): `attest policy schema`."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

from attest.policy.cases import CASE
from attest.policy.identities import IDENTITIES
from attest.policy.rules import RULES, terms
from attest.policy.rules.provenance import SLSA
from attest.policy.rules.rule import Absence
from attest.policy.shapes import (
    Choice,
    Either,
    Exactly,
    File,
    Key,
    Line,
    Listed,
    Name,
    Named,
    Record,
    Several,
    Table,
    Whole,
    schema,
)
from attest.policy.trust import KEYS_ONLY, ROOT
from attest.policy.waivers import WAIVER

VERSION: Final = 1


class Leniency(StrEnum):
    """What a gap means: it stands in the way, or it is only shown."""

    DENY = "deny"
    WARN = "warn"


RULE_TABLES: Final[tuple[Table, ...]] = (
    *(
        {**terms.COMMON, "require": Key(Exactly(name), terms.COMMON["require"].about, required=True), **rule.KEYS}
        for name, rule in RULES.items()
    ),
    terms.CHECK,
)
BUILDER: Final[Table] = {
    "identity": Key(Name(), "Who signs for it: the name of an identity.", required=True),
    "id": Key(Line(), "Its id as provenance writes it, exact.", required=True),
    "slsa": Key(SLSA, "The SLSA build level that it is trusted with, whatever a predicate says."),
}
RESOLVE: Final[Table] = {
    "by": Key(Several(Name(), alone=True), "Whose release statements say it: names of identities.", required=True),
    "absence": Key(Choice(Absence), "What proves that no statement is missing; where it is not written, nothing does."),
}
POLICY: Final[Table] = {
    "version": Key(Whole(VERSION, VERSION), "The version of this format.", required=True),
    "name": Key(Line(), "What findings and verdicts call the policy.", required=True),
    "extends": Key(
        Several(File(policy=True), alone=True),
        "Files, directories, or oci:HOST/REPO@sha256:… of policies to which this one adds rules.",
    ),
    "applies_to": Key(
        Several(Line(("pkg:npm/@acme/*", "pkg:pypi/**", "registry.example/acme/*"))),
        "Packages and images that it decides about; others are denied. * is one segment, ** any number.",
    ),
    "trust": Key(Either((Record(ROOT), Record(KEYS_ONLY))), "Whose word counts about certificates, logs and times."),
    "identities": Key(Named(IDENTITIES), "Whom the policy trusts, by a name."),
    "builders": Key(Named((BUILDER,)), "Builders that the policy trusts, by a name."),
    "rules": Key(Listed(RULE_TABLES), "What must hold; all that are enforced."),
    "resolve": Key(Record(RESOLVE), "Who says which artifacts a version has, where no digest is named."),
    "unresolved": Key(Choice(Leniency), "What to do with artifacts that only the store names; deny if not written."),
    "undigested": Key(Choice(Leniency), "What to do with entries of lockfiles without digest; deny if not written."),
    "waivers": Key(Listed((WAIVER,)), "Dated exceptions, each of one rule for one artifact."),
    "tests": Key(Listed((CASE,)), "What the policy is meant to say; run by attest policy test."),
}


def document() -> dict[str, Any]:
    """The JSON Schema of a policy file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A policy of attest",
        **schema(POLICY),
    }
