"""What is wrong with a policy although it can be read: names that nothing uses, rules that can never hold or change
nothing, waivers that have expired, patterns that anybody matches. What cannot be read is told as well, the first of it.

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
from attest.evidence.patterns import ImagePattern, SubjectPattern, parse_pattern
from attest.packages.patterns import PurlPattern
from attest.policy import files
from attest.policy.document import Policy, compose
from attest.policy.fetching import Fetching
from attest.policy.fields import Fields
from attest.policy.files import File
from attest.policy.matching import distinct
from attest.policy.rules.lifecycle import NoRevocationRule
from attest.policy.rules.provenance import ProvenanceRule
from attest.policy.rules.rule import Rule
from attest.policy.tried import is_always_true
from attest.policy.yaml_nodes import Entries, Items, Node, Text

_EVERYTHING: Final = re.compile(r"(?:[a-z][a-z0-9+.-]*://)?[^/@:*]*(?::[0-9]+)?(?:[/@:]\*)+")
"""A scheme and a host at most, and then only segments that may be anything."""
_PATTERNS: Final = ("source", "workflow", "ref", "build_type", "resource")
_ONE: Final = "*"
_ANY: Final = "**"


@dataclass(frozen=True, slots=True)
class Complaint:
    """``where`` is FILE:LINE:COLUMN, or FILE:LINE of what is no YAML."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def lint(data: bytes, *, where: str, base: Path, now: datetime) -> list[Complaint]:
    """Everything that is wrong with a policy, in the order of the file, and then with what it extends; of one that is
    refused only why."""
    try:
        with Fetching(offline=False) as fetching:
            top = files.read(data, where=where, base=base, columns=True, fetch=fetching.fetch)
            policy = compose(top)
    except PolicyError as error:
        why = f": {error.why}" if error.why else ""
        return [Complaint(error.where or where, f"{error.what}{why}")]
    found = [*_unused(top), *_expired(policy, top, now)]
    for file in (top, *top.ancestors):
        found += [*_hopeless(policy, file.fields, now), *_idle(policy, file.fields), *_too_wide(file.fields)]
    order = {path: position for position, path in enumerate(_path(file.fields.where) for file in (top, *top.ancestors))}
    return sorted(found, key=lambda item: (order[_path(item.where)], *_position(item.where)))


def _path(where: str) -> str:
    return where.rsplit(":", 2)[0]


def _position(where: str) -> list[int]:
    return [int(part) for part in where.rsplit(":", 2)[1:]]


def _unused(top: File) -> Iterator[Complaint]:
    """Names that this file defines: those of a file that it extends may be for others."""
    fields = top.fields
    used = {key: {item.text for item in _under(fields, key)} for key in ("by", "builders", "identity")}
    for name, entry in fields.named("identities", "identity"):
        if name not in used["by"] | used["identity"]:
            yield Complaint(_place(fields, "identities", name), f"{entry.what} is used by nothing")
    for name, entry in fields.named("builders", "builder"):
        if name not in used["builders"]:
            yield Complaint(_place(fields, "builders", name), f"{entry.what} is used by nothing")


def _hopeless(policy: Policy, fields: Fields, now: datetime) -> Iterator[Complaint]:
    rules = {rule.id: rule for rule in policy.rules}
    for node in _listed(fields, "rules"):
        rule = rules.get(Fields(node, "rule").string("id"))
        if rule is None:  # a check
            continue
        speaking = {name for name in rule.by if _may_speak(policy, policy.identities[name], now)}
        wanted = set(rule.by)
        if isinstance(rule, ProvenanceRule) and rule.builders:
            wanted = {builder.identity for builder in rule.builders}
        needed, possible = max(rule.threshold, 1), _possible(policy, rule, speaking & wanted)
        if possible < needed:
            why = f"{', '.join(sorted(wanted - speaking))} ended, or may not speak about these packages"
            if _possible(policy, rule, wanted) < needed:
                why = f"it needs {needed}, and only {possible} can ever count"
            yield Complaint(node.where, f"rule {rule.id!r} can never hold: {why}")


def _idle(policy: Policy, fields: Fields) -> Iterator[Complaint]:
    """Rules that change nothing although they look as if they did."""
    rules = {rule.id: rule for rule in policy.rules}
    checks = {check.id: check for check in policy.checks}
    for node in _listed(fields, "rules"):
        id_ = Fields(node, "rule").string("id")
        rule = rules.get(id_)
        if isinstance(rule, NoRevocationRule):
            ignored = sorted(set(rule.by) - set(rule.revokers))  # nobody, where it is enforced
            if ignored:
                what = f"what {', '.join(ignored)} revoked goes on counting, for only an enforced rule changes that"
                yield Complaint(node.where, f"rule {id_!r} has the mode {rule.mode}: {what}")
        elif rule is None and is_always_true(checks[id_].expression):
            place = Fields(node, "rule").node("check").where
            yield Complaint(place, f"rule {id_!r} was true of all values that were tried: it seems to deny nothing")


def _may_speak(policy: Policy, identity: Identity, now: datetime) -> bool:
    """Where nothing proves a time, what has ended has ended for all; some of its packages must be the policy's."""
    ended = policy.root is None and identity.until is not None and identity.until <= now
    return not ended and (
        not identity.packages or any(_overlap(own, wanted) for own in identity.packages for wanted in policy.applies_to)
    )


def _possible(policy: Policy, rule: Rule[Any], speaking: set[str]) -> int:
    return distinct(Signer(name, policy.identities[name].principal) for name in rule.by if name in speaking)


def _overlap(one: SubjectPattern, other: SubjectPattern) -> bool:
    """Whether there can be a subject that both mean."""
    if isinstance(one, PurlPattern) and isinstance(other, PurlPattern):
        versions = {one.version, other.version} - {None, _ONE}
        return one.type == other.type and len(versions) < 2 and _meet(one.segments, other.segments)
    images = isinstance(one, ImagePattern) and isinstance(other, ImagePattern)
    return images and _meet(one.segments, other.segments)


def _meet(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    for first, second in zip(one, other, strict=False):
        if _ANY in (first, second):
            return True
        if first != second and _ONE not in (first, second):
            return False
    return len(one) == len(other)


def _expired(policy: Policy, top: File, now: datetime) -> Iterator[Complaint]:
    nodes = [node for file in (*top.ancestors, top) for node in _listed(file.fields, "waivers")]
    for waiver, node in zip(policy.waivers, nodes, strict=True):
        words = f"the waiver of {waiver.rule!r} for {waiver.subject}"
        if not waiver.holds(now):
            yield Complaint(node.where, f"{words} expired on {waiver.expires:%Y-%m-%d}, and has no effect")
        elif not _is_for(policy, waiver.subject):
            yield Complaint(node.where, f"{words} is for what the policy does not apply to, and has no effect")


def _is_for(policy: Policy, subject: str) -> bool:
    pattern = parse_pattern(subject)
    return any(_overlap(pattern, wanted) for wanted in policy.applies_to)


def _too_wide(fields: Fields) -> Iterator[Complaint]:
    for node in _listed(fields, "rules"):
        for key in _PATTERNS:
            for item in _texts(node, key):
                if _EVERYTHING.fullmatch(item.text):
                    yield Complaint(item.where, f"{key!r}: {item.text!r} matches everything")


def _listed(fields: Fields, key: str) -> tuple[Node, ...]:
    return fields.nodes(key) if fields.has(key) else ()


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
            if name == key:
                yield from (item for item in _members(value) if isinstance(item, Text))
            yield from _texts(value, key)


def _members(node: Node) -> tuple[Node, ...]:
    return node.items if isinstance(node, Items) else (node,)


def _place(fields: Fields, key: str, name: str) -> str:
    return Fields(fields.node(key), key).line_of(name)
