"""What is wrong with a policy although it can be read: names that nothing uses, rules that can never hold, waivers that
have expired, patterns that anybody matches. What cannot be read is told as well, the first of it.

Names are looked up wherever the file has a `by` or `builders`, so that no rule has to tell what it uses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from attest.errors import PolicyError
from attest.evidence.identity import Identity, Signer
from attest.evidence.patterns import ImagePattern, SubjectPattern
from attest.policy import yaml_nodes
from attest.policy.document import Policy, parse
from attest.policy.fields import Fields
from attest.policy.matching import distinct
from attest.policy.rules.rule import Rule
from attest.policy.yaml_nodes import Entries, Items, Node, Text

_EVERYTHING: Final = re.compile(r"(?:[a-z][a-z0-9+.-]*://)?[^/@:*]*(?::[0-9]+)?(?:[/@:]\*)+")
"""A scheme and a host at most, and then only segments that may be anything."""
_PATTERNS: Final = ("source", "workflow", "ref")


@dataclass(frozen=True, slots=True)
class Complaint:
    """``where`` is FILE:LINE:COLUMN, or FILE:LINE of what is no YAML."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def lint(data: bytes, *, where: str, base: Path, now: datetime) -> list[Complaint]:
    """Everything that is wrong with a policy, in the order of the file; of one that is refused only why."""
    try:
        policy = parse(data, where=where, base=base, columns=True)
    except PolicyError as error:
        why = f": {error.why}" if error.why else ""
        return [Complaint(error.where or where, f"{error.what}{why}")]
    fields = Fields(yaml_nodes.read(data, where=where, columns=True), "policy")
    found = [*_unused(fields), *_hopeless(policy, fields, now), *_expired(policy, fields, now), *_too_wide(fields)]
    return sorted(found, key=lambda item: [int(part) for part in item.where.rsplit(":", 2)[1:]])


def _unused(fields: Fields) -> Iterator[Complaint]:
    used = {key: {item.text for item in _under(fields, key)} for key in ("by", "builders", "identity")}
    for name, entry in fields.named("identities", "identity"):
        if name not in used["by"] | used["identity"]:
            yield Complaint(_place(fields, "identities", name), f"{entry.what} is used by nothing")
    for name, entry in fields.named("builders", "builder"):
        if name not in used["builders"]:
            yield Complaint(_place(fields, "builders", name), f"{entry.what} is used by nothing")


def _hopeless(policy: Policy, fields: Fields, now: datetime) -> Iterator[Complaint]:
    rules = {rule.id: rule for rule in policy.rules}
    for node in fields.nodes("rules"):
        rule = rules.get(Fields(node, "rule").string("id"))
        if rule is None:  # a check
            continue
        speaking = {name for name in rule.by if _may_speak(policy, policy.identities[name], now)}
        if _possible(policy, rule, speaking) < max(rule.threshold, 1):
            silent = ", ".join(sorted(set(rule.by) - speaking))
            yield Complaint(
                node.where, f"rule {rule.id!r} can never hold: {silent} ended, or may not speak about these packages"
            )


def _may_speak(policy: Policy, identity: Identity, now: datetime) -> bool:
    """Where nothing proves a time, what has ended has ended for all; some of its packages must be the policy's."""
    ended = policy.root is None and identity.until is not None and identity.until <= now
    kinds = {_kind(pattern) for pattern in policy.applies_to}
    return not ended and (not identity.packages or any(_kind(pattern) in kinds for pattern in identity.packages))


def _possible(policy: Policy, rule: Rule[Any], speaking: set[str]) -> int:
    return distinct(Signer(name, policy.identities[name].principal) for name in rule.by if name in speaking)


def _kind(pattern: SubjectPattern) -> str:
    """What two patterns must have in common to mean the same subject: the registry, or the ecosystem."""
    return pattern.segments[0] if isinstance(pattern, ImagePattern) else f"pkg:{pattern.type}"


def _expired(policy: Policy, fields: Fields, now: datetime) -> Iterator[Complaint]:
    nodes = fields.nodes("waivers") if fields.has("waivers") else ()
    for waiver, node in zip(policy.waivers, nodes, strict=True):
        if not waiver.holds(now):
            words = f"of {waiver.rule!r} for {waiver.subject} expired on {waiver.expires:%Y-%m-%d}"
            yield Complaint(node.where, f"the waiver {words}, and has no effect")


def _too_wide(fields: Fields) -> Iterator[Complaint]:
    for key in _PATTERNS:
        for item in _texts(fields.node("rules"), key):
            if _EVERYTHING.fullmatch(item.text):
                yield Complaint(item.where, f"{key!r}: {item.text!r} matches everything")


def _under(fields: Fields, key: str) -> Iterator[Text]:
    """What is named under ``key`` wherever something is used: in rules, in `resolve`, by builders."""
    for part in ("rules", "resolve", "builders"):
        if fields.has(part):
            yield from _texts(fields.node(part), key)


def _texts(node: Node, key: str) -> Iterator[Text]:
    """Every text under a ``key`` in ``node``, however deep it lies."""
    if isinstance(node, Items):
        for item in node.items:
            yield from _texts(item, key)
    elif isinstance(node, Entries):
        for name, value in node.values.items():
            if name == key and not isinstance(value, Entries):
                yield from (item for item in _members(value) if isinstance(item, Text))
            yield from _texts(value, key)


def _members(node: Node) -> tuple[Node, ...]:
    return node.items if isinstance(node, Items) else (node,)


def _place(fields: Fields, key: str, name: str) -> str:
    return Fields(fields.node(key), key).line_of(name)
