"""What a converted policy is made of, and how it is written.

A converted policy never admits what its original denies. Where the original lets one of several ways suffice, a way
that cannot be said is left out; where something more is asked that cannot be said, all that it is asked of is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from attest.formats.strict_yaml import quoted

_UNFIT: Final = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST: Final = 60


@dataclass(frozen=True, slots=True)
class Left:
    """What was not carried over; ``where`` is FILE:LINE, or the path of a member in JSON."""

    where: str
    why: str

    def __str__(self) -> str:
        return f"{self.where}: {self.why}"


class NotCarried(Exception):
    """Something cannot be said here; whoever asked for it decides what is left out with it."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(why)
        self.left = Left(where, why)


@dataclass(frozen=True, slots=True)
class Who:
    """An identity: its terms as they are written, without a name. ``key`` is the PEM of one that is a key."""

    terms: tuple[tuple[str, str], ...] = ()
    key: bytes | None = None


@dataclass(frozen=True, slots=True)
class Demand:
    """A rule: a signature, or an attestation of ``type``, by ``threshold`` of ``by``."""

    by: tuple[Who, ...]
    threshold: int = 1
    type: str | None = None


@dataclass(frozen=True, slots=True)
class Converted:
    """One policy. Without ``applies_to`` or ``demands`` there is none, for nothing of it could be carried over."""

    name: str
    applies_to: tuple[str, ...]
    demands: tuple[Demand, ...]
    left: tuple[Left, ...]

    @property
    def exists(self) -> bool:
        """Whether anything is left to be written."""
        return bool(self.applies_to and self.demands)

    @property
    def file_name(self) -> str:
        """Of the policy; its keys' begin in the same way."""
        return f"{file_stem(self.name)}.yaml"


@dataclass(frozen=True, slots=True)
class Options:
    """What the user says of it: ``images`` instead of patterns that mean everything; ``root`` as the trust root of
    certificates, None for the public one; ``without_log`` where keys count without the log entry that was asked for."""

    images: tuple[str, ...] = ()
    root: str | None = None
    without_log: bool = False


def file_stem(name: str) -> str:
    """A name that any file system takes."""
    return _UNFIT.sub("-", name).strip("-.")[:_LONGEST] or "policy"


def write(converted: Converted, options: Options, origin: str) -> dict[str, bytes]:
    """The files of a policy that `exists`, by name."""
    stem = file_stem(converted.name)
    names: dict[Who, str] = {}
    for demand in converted.demands:
        for who in demand.by:
            names.setdefault(who, f"signer-{len(names) + 1}")
    keys = {f"{stem}-{name}.pub": who.key for who, name in names.items() if who.key is not None}
    keyed = all(who.key is not None or dict(who.terms).get("notation") is not None for who in names)
    trust = "keys_only: true" if keyed else f"root: {quoted(options.root or 'public-good')}"
    lines = [
        f"# Converted from {_comment(origin)} by attest policy convert.",
        *(f"# Left out: {_comment(str(item))}" for item in converted.left),
        "version: 1",
        f"name: {quoted(stem)}",
        f"applies_to: [{', '.join(map(quoted, converted.applies_to))}]",
        f"trust: {{{trust}}}",
        "identities:",
        *(f"  {name}: {{{_terms(who, f'{stem}-{name}.pub')}}}" for who, name in names.items()),
        "rules:",
        *_rules(converted.demands, names),
    ]
    return {converted.file_name: "\n".join((*lines, "")).encode(), **keys}


def _terms(who: Who, file: str) -> str:
    terms = [("key", quoted(file))] if who.key is not None else []
    return ", ".join(f"{key}: {value}" for key, value in (*terms, *who.terms))


def _rules(demands: Iterable[Demand], names: Mapping[Who, str]) -> Iterator[str]:
    for number, demand in enumerate(demands, 1):
        kind = "signature" if demand.type is None else f"attestation, type: {quoted(demand.type)}"
        by = ", ".join(dict.fromkeys(names[who] for who in demand.by))
        threshold = f", threshold: {demand.threshold}" if demand.threshold > 1 else ""
        yield f"  - {{id: rule-{number}, require: {kind}, by: [{by}]{threshold}}}"


def _comment(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text)


@dataclass(slots=True)
class Ledger:
    """What is left out while one policy is read."""

    left: list[Left] = field(default_factory=list)

    def note(self, where: str, why: str) -> None:
        self.left.append(Left(where, why))
