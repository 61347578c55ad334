"""What the files that a policy is made of define: identities and builders, rules and checks, and whose word counts for
them.

Each name is known in the file that defines it and in those that extend that file, and none is defined twice
(docs/decisions/0021-composed-policies.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from attest import limits
from attest.errors import PolicyError
from attest.evidence.identity import Identity
from attest.policy import check, composing, publisher_lock, publishers, waivers
from attest.policy.check import Check
from attest.policy.fields import Fields
from attest.policy.files import File
from attest.policy.identities import read_identity
from attest.policy.publisher_lock import PinnedIdentity, PublisherLock
from attest.policy.rules import RULES, terms
from attest.policy.rules.lifecycle import NoRevocationRule
from attest.policy.rules.rule import Absence, Builder, Context, Mode, Rule, Written
from attest.policy.schema import BUILDER
from attest.policy.shapes import fit
from attest.policy.waivers import Waiver

_RULES_LATER: Final = ("release", "audit", "review")


class Definitions:
    """Those of the files that were added so far."""

    def __init__(self, *, keys_only: bool, lock: PublisherLock | None) -> None:
        self._keys_only = keys_only
        self._lock = lock
        pinned: dict[str, Identity] = {}
        if lock is not None:
            pinned[publishers.NAME] = PinnedIdentity(publishers.NAME, lock=lock)
        self._first = Context(pinned, {}, lock)
        self.contexts: dict[str, Context] = {}
        self.identities: dict[str, Identity] = dict(pinned)
        self.builders: dict[str, Builder] = {}
        self.rules: dict[str, Rule[Any]] = {}
        self.checks: dict[str, Check] = {}
        self._files_of: dict[str, str] = {}
        self._revokers: dict[str, tuple[str, ...]] = {}
        self.resolvers: tuple[str, ...] = ()
        self.revokers: tuple[str, ...] = ()
        self.resolve_absence: Absence | None = None
        self.waivers: list[Waiver] = []

    def add(self, file: File) -> None:
        """One file; those that it extends have been added. Raises `PolicyError`."""
        fields = file.fields
        context = self.contexts[file.name] = self._context(file)
        if fields.has("rules"):
            self._add_rules(file, context)
        if fields.has("resolve"):
            if self.resolvers:
                raise PolicyError("policy: 'resolve' stands in what it extends", where=fields.line_of("resolve"))
            entry = Fields(fields.node("resolve"), "'resolve'")
            self.resolvers = terms.identities(entry, context)
            self.revokers = self._revokers_for(file)
            if entry.has("absence"):
                self.resolve_absence = entry.choice("absence", Absence, Absence.SEAL)
        self.waivers += waivers.read(fields, [id_ for id_, place in self._files_of.items() if place == file.name])

    def _add_rules(self, file: File, context: Context) -> None:
        """Checks last: they may name any rule of the file and of what it extends."""
        nodes = file.fields.nodes("rules")
        count = len(self._files_of) + len(nodes)
        if count > limits.POLICY_RULES:
            raise PolicyError(
                f"{count} rules",
                where=file.fields.line_of("rules"),
                why=f"more than the limit of {limits.POLICY_RULES}",
            )
        entries = [Fields(node, f"rule {position}") for position, node in enumerate(nodes, 1)]
        rules: list[Rule[Any]] = []
        for entry in (entry for entry in entries if not entry.has("check")):
            rule = _rule(entry, context)
            self._add_id(rule.id, entry, file)
            self.rules[rule.id] = rule
            rules.append(rule)
        self._revokers[file.name] = _named_to_revoke(rules)
        revokers = self._revokers_for(file)
        self.rules.update((rule.id, replace(rule, revokers=revokers)) for rule in rules)
        near = {file.name, *(parent.name for parent in file.ancestors)}
        named = check.by_name(rule for rule in self.rules.values() if self._files_of[rule.id] in near)
        for entry in (entry for entry in entries if entry.has("check")):
            item = check.read(entry, named)
            self._add_id(item.id, entry, file)
            self.checks[item.id] = item

    def _revokers_for(self, file: File) -> tuple[str, ...]:
        """Whose revocations are honoured in a file: those of whom it names, or what it extends. Nobody else could take
        away from a parent what stands against a package."""
        near = (*file.ancestors, file)
        return tuple(dict.fromkeys(name for item in near for name in self._revokers.get(item.name, ())))

    def _add_id(self, id_: str, entry: Fields, file: File) -> None:
        before = self._files_of.setdefault(id_, file.name)
        if id_ in self.rules or id_ in self.checks:
            other = None if before == file.name else "in this file and in one that it extends, or in two of these"
            raise PolicyError(f"the rule id {id_!r} stands twice", where=entry.line_of("id"), why=other)

    def _context(self, file: File) -> Context:
        fields = file.fields
        before = [self._first, *(self.contexts[parent.name] for parent in file.parents)]
        own = {
            name: read_identity(name, item, file.base, keys_only=self._keys_only)
            for name, item in fields.named("identities", "identity")
        }
        if publishers.NAME in own:
            raise PolicyError(
                f"'identities': {publishers.NAME!r} is whomever {publisher_lock.FILE} pins",
                where=Fields(fields.node("identities"), "'identities'").line_of(publishers.NAME),
                next_step="give it another name",
            )
        composing.add(self.identities, own, "identity", fields, "identities")
        identities = {name: item for context in before for name, item in context.identities.items()} | own
        trusted = {name: _builder(name, item, identities) for name, item in fields.named("builders", "builder")}
        composing.add(self.builders, trusted, "builder", fields, "builders")
        builders = {name: item for context in before for name, item in context.builders.items()} | trusted
        return Context(identities, builders, self._lock, file.base)


def _builder(name: str, fields: Fields, identities: Mapping[str, Identity]) -> Builder:
    fit(fields, BUILDER)
    identity = fields.string("identity")
    _known(identity, identities, fields, "identity")
    slsa = fields.integer("slsa") if fields.has("slsa") else None
    return Builder(name, identity, fields.string("id"), slsa)


def _named_to_revoke(rules: Iterable[Rule[Any]]) -> tuple[str, ...]:
    """By those rules that decide: the others change nothing."""
    deciding = (rule for rule in rules if isinstance(rule, NoRevocationRule) and rule.mode is Mode.ENFORCE)
    return tuple(name for rule in deciding for name in rule.by)


def _rule(fields: Fields, context: Context) -> Rule[Any]:
    fields.what = f"rule {fields.name('id')!r}"
    require = fields.string("require")
    kind = RULES.get(require)
    if kind is None:
        later = require in _RULES_LATER
        raise PolicyError(
            f"{fields.what}: 'require: {require[:80]}' is {'not in this version' if later else 'unknown'}",
            where=fields.line_of("require"),
            why=f"known: {', '.join(RULES)}",
        )
    fit(fields, {**terms.COMMON, **kind.KEYS})
    return kind.read(Written(fields, context))


def _known(name: str, identities: Mapping[str, Identity], fields: Fields, key: str) -> None:
    if name not in identities:
        known = ", ".join(identities) or "none"
        raise PolicyError(f"{fields.what}: no identity {name!r:.80}", where=fields.line_of(key), why=f"known: {known}")
