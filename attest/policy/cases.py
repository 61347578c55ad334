"""Cases: what a policy is meant to say, written in its file (design.md §6, `tests`). Read here, run by `trial`.

Nothing that a case names is opened when the policy is read: whoever verifies packages needs no test material.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from attest import names
from attest.errors import PolicyError, UsageError
from attest.policy.codes import Code
from attest.policy.fields import Fields
from attest.policy.shapes import Day, Either, Key, Line, Listed, Name, Record, Several, Table, Truth, fit
from attest.policy.waivers import digest_reader, parse_subject
from attest.policy.yaml_nodes import Text
from attest.statements import lifecycle

_EXPECT: Final[Table] = {
    "admitted": Key(Truth(), "Whether it is to be admitted.", required=True),
    "codes": Key(Several(Line()), "All codes that stand in the way, where it is not."),
}
_DESCRIBED: Final[Table] = {
    "by": Key(Name(), "The identity that made it.", required=True),
    "type": Key(Line(("signature",)), "signature, or the URI of a predicate type.", required=True),
    "predicate": Key(Line(), "A JSON file with the predicate."),
    "time": Key(Day(), "Its verified time."),
}
CASE: Final[Table] = {
    "name": Key(Line(), "What the test is about.", required=True),
    "subject": Key(Line(("pkg:npm/semver@7.6.3",)), "A purl with version, or HOST/REPO of an image.", required=True),
    "digest": Key(Line(), "The artifact's digest, or that of the image's manifest.", required=True),
    "evidence": Key(
        Either((Line(), Listed((_DESCRIBED,)))), "A directory or an archive with a store, or evidence that is made up."
    ),
    "now": Key(Day(), "On which day it is tried; today if not written."),
    "expect": Key(Record(_EXPECT), "What is to come of it.", required=True),
}
_SIGNATURE: Final = "signature"


@dataclass(frozen=True, slots=True)
class Described:
    """Evidence that is made up: a statement by the identity ``by``, whose predicate is what is in the file, or empty.

    ``time`` is its verified time, None where nothing proves one.
    """

    by: str
    predicate_type: str
    predicate: Path | None
    time: datetime | None


@dataclass(frozen=True, slots=True)
class Case:
    """One subject, what is attached to it, and what is to come of it.

    ``evidence`` is a directory or an archive with a store in it, or made up; none at all is nothing attached. ``codes``
    are all that stands in the way, None where the case does not say. ``now`` is None for whenever it is run.
    """

    name: str
    where: str
    subject: str
    digest: str
    evidence: Path | tuple[Described, ...]
    now: datetime | None
    admitted: bool
    codes: frozenset[Code] | None


def read(fields: Fields, base: Path, identities: Collection[str]) -> tuple[Case, ...]:
    """The policy's `tests`; paths begin at ``base``. Raises `PolicyError`."""
    if not fields.has("tests"):
        return ()
    cases: dict[str, Case] = {}
    for position, node in enumerate(fields.nodes("tests"), 1):
        entry = Fields(node, f"test {position}")
        case = _case(entry, base, identities)
        if case.name in cases:
            raise PolicyError(f"{entry.what}: the name {case.name!r:.80} stands twice", where=entry.line_of("name"))
        cases[case.name] = case
    return tuple(cases.values())


def _case(fields: Fields, base: Path, identities: Collection[str]) -> Case:
    fit(fields, CASE)
    subject = fields.parsed("subject", parse_subject)
    admitted, codes = _expected(Fields(fields.node("expect"), f"{fields.what}: 'expect'"))
    return Case(
        name=fields.string("name"),
        where=fields.where,
        subject=subject,
        digest=fields.parsed("digest", digest_reader(subject)),
        evidence=_evidence(fields, base, identities),
        now=fields.midnight("now") if fields.has("now") else None,
        admitted=admitted,
        codes=codes,
    )


def _expected(fields: Fields) -> tuple[bool, frozenset[Code] | None]:
    admitted = fields.boolean("admitted")
    if not fields.has("codes"):
        return admitted, None
    if admitted:
        raise PolicyError(
            f"{fields.what}: 'codes' goes with admitted: false",
            where=fields.line_of("codes"),
            why="nothing stands in the way of what is admitted",
        )
    return admitted, frozenset(fields.each("codes", _code))


def _code(text: str) -> Code:
    known = [str(code) for code in Code]
    if text in known:
        return Code(text)
    near = get_close_matches(text, known, n=2, cutoff=0.6)
    raise UsageError(f"no code {text[:80]!r}", why=f"nearest: {', '.join(near)}" if near else None)


def _evidence(fields: Fields, base: Path, identities: Collection[str]) -> Path | tuple[Described, ...]:
    if not fields.has("evidence"):
        return ()
    if isinstance(fields.node("evidence"), Text):
        return base / fields.string("evidence")
    entries = (
        Fields(node, f"{fields.what}: evidence {position}") for position, node in enumerate(fields.nodes("evidence"), 1)
    )
    return tuple(_described(entry, base, identities) for entry in entries)


def _described(fields: Fields, base: Path, identities: Collection[str]) -> Described:
    fit(fields, _DESCRIBED)
    by, written = fields.string("by"), fields.string("type")
    if by not in identities:
        raise PolicyError(
            f"{fields.what}: no identity {by!r:.80}", where=fields.line_of("by"), why=f"known: {', '.join(identities)}"
        )
    kind = names.PREDICATE_COSIGN_SIGN if written == _SIGNATURE else written
    if "://" not in kind or kind in lifecycle.PAYLOADS:
        raise PolicyError(
            f"{fields.what}: 'type': {written[:80]!r} cannot be made up",
            where=fields.line_of("type"),
            why=f"expected {_SIGNATURE}, or the URI of a predicate type",
            next_step="name a directory or an archive with real evidence",
        )
    empty = kind == names.PREDICATE_COSIGN_SIGN
    if empty == fields.has("predicate"):
        raise PolicyError(
            f"{fields.what}: 'predicate' is {'for other types' if empty else 'missing'}",
            where=fields.line_of("predicate"),
            why="a signature says nothing more" if empty else "expected a JSON file",
        )
    predicate = None if empty else base / fields.string("predicate")
    return Described(by, kind, predicate, fields.midnight("time") if fields.has("time") else None)
