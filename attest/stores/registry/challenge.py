"""What a registry asks for in `WWW-Authenticate`, and the scopes for it (distribution token.md, scope.md). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_TOKEN: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PART: Final = re.compile(
    rf"[\s,]*(?:(?P<name>{_TOKEN})\s*=\s*(?:\"(?P<quoted>(?:[^\"\\]|\\.)*)\"|(?P<bare>{_TOKEN}))|(?P<scheme>{_TOKEN}))"
)
_SCOPE: Final = re.compile(r"(?P<kind>[a-z0-9]+(?:\([a-z0-9]+\))?):(?P<name>.+):(?P<actions>[a-z*]+(?:,[a-z*]+)*)")

PULL: Final = ("pull",)
PUSH: Final = ("pull", "push")
DELETE: Final = ("delete", "pull")


@dataclass(frozen=True, slots=True, order=True)
class Scope:
    """One resource and the actions wanted on it, such as ``repository:npm/semver:pull,push``."""

    kind: str
    name: str
    actions: tuple[str, ...]

    @classmethod
    def repository(cls, name: str, actions: Iterable[str]) -> Scope:
        return cls("repository", name, tuple(sorted(set(actions))))

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}:{','.join(self.actions)}"


Scopes = tuple[Scope, ...]
"""Sorted, one entry a resource, so that equal wishes compare equal."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """``scheme`` is ``basic`` or ``bearer``; the rest stands only with ``bearer``."""

    scheme: str
    realm: str = ""
    service: str = ""
    scopes: Scopes = ()

    @classmethod
    def parse(cls, header: str) -> Challenge | None:
        """The strongest challenge of the header that can be met: bearer, else basic, else None."""
        offered: dict[str, dict[str, str]] = {}
        current: dict[str, str] = {}
        for part in _PART.finditer(header[:8192]):
            if part["scheme"] is not None:
                current = offered.setdefault(part["scheme"].lower(), {})
            else:
                value = part["bare"] if part["quoted"] is None else re.sub(r"\\(.)", r"\1", part["quoted"])
                current.setdefault(part["name"].lower(), value)
        bearer = offered.get("bearer")
        if bearer is not None and bearer.get("realm"):
            return cls("bearer", bearer["realm"], bearer.get("service", ""), parse_scopes(bearer.get("scope", "")))
        return cls("basic") if "basic" in offered else None


def parse_scopes(text: str) -> Scopes:
    """A space-separated list; what is not a scope is left out."""
    matches = (_SCOPE.fullmatch(item) for item in text.split())
    return merge(Scope(match["kind"], match["name"], tuple(match["actions"].split(","))) for match in matches if match)


def merge(scopes: Iterable[Scope]) -> Scopes:
    """Actions on the same resource united; sorted."""
    actions: dict[tuple[str, str], set[str]] = {}
    for scope in scopes:
        actions.setdefault((scope.kind, scope.name), set()).update(scope.actions)
    return tuple(sorted(Scope(kind, name, tuple(sorted(found))) for (kind, name), found in actions.items()))


def covers(granted: Scopes, wanted: Scopes) -> bool:
    """Whether a token asked for with ``granted`` serves for ``wanted``."""
    held = {(scope.kind, scope.name): scope.actions for scope in granted}
    return all(set(scope.actions) <= set(held.get((scope.kind, scope.name), ())) for scope in wanted)
