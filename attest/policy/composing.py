"""What a policy takes over from the files that it extends, and what it may not say against them.

A file adds to what it extends and softens nothing: what a parent's rules mean is the same whoever extends it
(docs/decisions/0021-composed-policies.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from attest.errors import PolicyError
from attest.evidence.patterns import SubjectPattern, parse_pattern
from attest.policy import publisher_lock, trust
from attest.policy.fields import Fields
from attest.policy.files import File
from attest.policy.publisher_lock import PublisherLock
from attest.policy.schema import Leniency
from attest.policy.trust import RootTerms

_T = TypeVar("_T")


def trust_of(top: File) -> RootTerms | None:
    """The one trust of all files: whoever could trust more in a file of their own could meet another's rules by it.

    None where they trust keys only. Raises `PolicyError` for two that differ.
    """
    writing = [file for file in (*top.ancestors, top) if file.fields.has("trust")]
    if not writing:
        return trust.read(top.fields, top.base)
    first, *others = [(file, trust.read(file.fields, file.base)) for file in writing]
    for file, terms in others:
        if terms != first[1]:
            raise PolicyError(
                f"'trust' is another than that of {first[0].name}",
                where=file.fields.line_of("trust"),
                why="all files that one policy is made of have the same",
                next_step="leave it out of the file that extends",
            )
    return first[1]


def applies_to(top: File) -> tuple[SubjectPattern, ...]:
    """The file's own, else all that the files say that it extends. Raises `PolicyError` where nothing does."""
    if top.fields.has("applies_to"):
        return top.fields.each("applies_to", parse_pattern)
    writing = [file for file in top.ancestors if file.fields.has("applies_to")]
    found = (pattern for file in writing for pattern in file.fields.each("applies_to", parse_pattern))
    return tuple(dict.fromkeys(found)) or top.fields.each("applies_to", parse_pattern)


def leniency(top: File, key: str) -> Leniency:
    """``unresolved`` or ``undigested``: never softer than what is extended. Raises `PolicyError`."""
    return _leniency(top, key) or Leniency.DENY


def _leniency(file: File, key: str) -> Leniency | None:
    """None where a file and what it extends have no rules, so that they leave it to others."""
    parents = {_leniency(parent, key) for parent in file.ancestors} - {None}
    strictest = Leniency.DENY if Leniency.DENY in parents else Leniency.WARN if parents else None
    if not file.fields.has(key):
        return strictest or (Leniency.DENY if file.fields.has("rules") else None)
    written = file.fields.choice(key, Leniency, Leniency.DENY)
    if written is Leniency.WARN and strictest is Leniency.DENY:
        raise PolicyError(
            f"policy: {key!r} is softer than what it extends",
            where=file.fields.line_of(key),
            why="there it is deny, which it is too where it is not written",
        )
    return written


def lock_of(top: File) -> PublisherLock | None:
    """The publishers that are pinned for all files: beside the one that looks into it, else beside the first.

    None where no file does. Raises `PolicyError` for two.
    """
    found: dict[str, PublisherLock] = {}
    for file in (*top.ancestors, top):
        base = file.base if (file.base / publisher_lock.FILE).exists() else top.base
        lock = publisher_lock.beside(file.fields, base)
        if lock is not None:
            found[str(base.resolve())] = lock
            if len(found) > 1:
                raise PolicyError(
                    f"two files named {publisher_lock.FILE}",
                    where=file.fields.where,
                    why=f"one in each of {' and '.join(found)}",
                    next_step="keep one: who publishes a package has one answer",
                )
    return next(iter(found.values()), None)


def add(known: dict[str, _T], new: Mapping[str, _T], what: str, fields: Fields, key: str) -> None:
    """Put ``new`` into ``known``; what is known already is not defined again. Raises `PolicyError`."""
    for name in new:
        if name in known:
            raise PolicyError(
                f"the {what} {name!r} stands in a file that this one extends, or in another one",
                where=Fields(fields.node(key), repr(key)).line_of(name),
                why="what it means there it means for all",
                next_step="give it another name",
            )
    known.update(new)
