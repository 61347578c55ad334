"""The policy file (design.md §6): read strictly, refused with the line, never half understood.

What a later version of `attest` reads and this one does not is refused by name: a policy that is admitted by leaving
out what was not understood would be no policy.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from attest import limits
from attest.errors import PolicyError
from attest.evidence.identity import Identity
from attest.evidence.model import Subject
from attest.evidence.patterns import SubjectPattern, matches_any
from attest.evidence.trust import Sigstore, Trust
from attest.oci.digest import Digest
from attest.policy import cases, check, composing, files, publisher_lock, publishers, waivers
from attest.policy.cases import Case
from attest.policy.check import Check
from attest.policy.fetching import Fetching
from attest.policy.fields import Fields
from attest.policy.files import Fetch, Fetched, File
from attest.policy.identities import read_identity
from attest.policy.publisher_lock import PinnedIdentity, PublisherLock
from attest.policy.rules import RULES, terms
from attest.policy.rules.dependencies import DependenciesRule
from attest.policy.rules.lifecycle import NoRevocationRule
from attest.policy.rules.rule import Absence, Builder, Context, Mode, Rule, Written
from attest.policy.schema import BUILDER, POLICY, Leniency
from attest.policy.shapes import fit
from attest.policy.trust import RootTerms
from attest.policy.verdict import PolicyFile
from attest.policy.waivers import Waiver

_RULES_LATER: Final = ("release", "audit", "review")


@dataclass(frozen=True, slots=True)
class Policy:
    """``digest`` is that of the file's bytes, ``files`` are all others that it is made of; ``root`` is None where only
    keys are trusted.

    ``components`` are the policies that its `dependencies` rules name, and those that these name, by their paths.
    ``unresolved`` is about packages whose artifacts only the store named, and about components without a digest that
    nobody resolves who may; ``undigested`` about entries of lockfiles for which no digest pins what is installed.
    ``resolvers`` are the names of those whose release statements say which artifacts a package has, ``revokers`` of
    those whose revocations of these are honoured; ``resolve_absence`` is what proves that none of them is missing.
    """

    name: str
    digest: Digest
    applies_to: tuple[SubjectPattern, ...]
    root: RootTerms | None
    identities: Mapping[str, Identity] = field(hash=False)
    rules: tuple[Rule[Any], ...]
    checks: tuple[Check, ...] = ()
    components: Mapping[Path, Policy] = field(default_factory=dict, hash=False)
    files: tuple[PolicyFile, ...] = ()
    unresolved: Leniency = Leniency.DENY
    undigested: Leniency = Leniency.DENY
    resolvers: tuple[str, ...] = ()
    revokers: tuple[str, ...] = ()
    resolve_absence: Absence | None = None
    waivers: tuple[Waiver, ...] = ()
    cases: tuple[Case, ...] = ()

    @property
    def needs_absence(self) -> bool:
        """Whether a rule is about what is not there, so that all that is there has to be looked at."""
        return any(rule.absence is not None for rule in self.rules)

    @property
    def needs_seals(self) -> bool:
        """Whether anything in it wants absence to be sealed."""
        return Absence.SEAL in (self.resolve_absence, *(rule.absence for rule in self.rules))

    def trust(self, sigstore: Sigstore | None = None) -> Trust:
        """Against what evidence is verified for this policy, with the trust root that it names."""
        return Trust(tuple(self.identities.values()), sigstore)

    def applies(self, subject: Subject) -> bool:
        """Whether ``subject`` is a package or an image that the policy is for."""
        return matches_any(self.applies_to, subject)


def load(path: Path, *, offline: bool = False) -> Policy:
    """Read a policy file. Key files are relative to it. Raises `PolicyError`."""
    return parse(files.content(path), where=str(path), base=path.parent, offline=offline)


def parse(data: bytes, *, where: str, base: Path, columns: bool = False, offline: bool = False) -> Policy:
    """Read a policy; ``where`` names it in errors, ``base`` is the directory of its key files.

    Places in it are lines, with ``columns`` lines and columns. With ``offline`` no registry is asked for what it
    extends. Raises `PolicyError`.
    """
    with Fetching(offline=offline) as fetching:
        read = files.read(data, where=where, base=base, columns=columns, fetch=fetching.fetch)
        return _with_components(compose(read), base, fetching.fetch)


def _with_components(policy: Policy, base: Path, fetch: Fetch) -> Policy:
    """With the policies that its rules want of components. Raises `PolicyError`."""
    components = _of_components(policy, fetch)
    used = (item for path, part in components.items() for item in _files_of(path, part, base.resolve()))
    return replace(policy, components=components, files=(*policy.files, *used)) if components else policy


def _files_of(path: Path, policy: Policy, base: Path) -> Iterator[PolicyFile]:
    """What a policy of components is made of; by its own name where it does not lie beside the policy that names it."""
    name = path.relative_to(base).as_posix() if path.is_relative_to(base) else path.name
    yield PolicyFile(name, policy.digest)
    yield from (PolicyFile(f"{name}: {file.name}", file.digest) for file in policy.files)


def _of_components(policy: Policy, fetch: Fetch) -> Mapping[Path, Policy]:
    """The policies that its rules want of components, and what those want of theirs: each once, so that one may name
    itself. Raises `PolicyError`."""
    found: dict[Path, Policy] = {}
    wanted = _named_for_components(policy)
    while wanted:
        path = wanted.pop()
        if path not in found:
            if len(found) == limits.COMPONENT_POLICIES:
                raise PolicyError(f"more than {len(found)} policies of components", where=str(path))
            data = files.content(path)
            found[path] = compose(files.read(data, where=str(path), base=path.parent, columns=False, fetch=fetch))
            wanted += _named_for_components(found[path])
    return dict(sorted(found.items()))


def _named_for_components(policy: Policy) -> list[Path]:
    return [rule.policy for rule in policy.rules if isinstance(rule, DependenciesRule)]


def load_fetched(fetched: Fetched, fetching: Fetching) -> Policy:
    """Read a policy out of a registry. Raises `PolicyError`."""
    return _with_components(compose(files.read_fetched(fetched, fetching.fetch)), fetched.folder, fetching.fetch)


def compose(top: File) -> Policy:
    """The policy that a file and all that it extends make together. Raises `PolicyError`.

    A file adds to what it extends and changes nothing of it (docs/decisions/0021-composed-policies.md).
    """
    every = (*top.ancestors, top)
    for file in every:
        fit(file.fields, POLICY)
    root = composing.trust_of(top)
    lock = composing.lock_of(top)
    reading = _Reading(keys_only=root is None, lock=lock)
    for file in every:
        reading.add(file)
    fields = top.fields
    if not reading.rules:
        fields.nodes("rules")  # which says that there are none
    _check_decides(reading.rules.values(), fields)
    locked = () if lock is None else (PolicyFile(publisher_lock.FILE, lock.digest),)
    return Policy(
        name=fields.string("name"),
        digest=top.digest,
        applies_to=composing.applies_to(top),
        root=root,
        identities=reading.identities,
        rules=tuple(reading.rules.values()),
        checks=tuple(reading.checks.values()),
        files=(*(PolicyFile(file.name, file.digest) for file in top.ancestors), *locked),
        unresolved=composing.leniency(top, "unresolved"),
        undigested=composing.leniency(top, "undigested"),
        resolvers=reading.resolvers,
        revokers=reading.revokers,
        resolve_absence=reading.resolve_absence,
        waivers=tuple(reading.waivers),
        cases=cases.read(fields, top.base, reading.contexts[top.name].identities),
    )


class _Reading:
    """What was read of the files so far. In each only those names are known that it defines, or that what it extends
    defines; and none is defined twice."""

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
            rules.append(_rule(entry, context))
            self._add_id(rules[-1].id, entry, file)
            self.rules[rules[-1].id] = rules[-1]
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
        if before != file.name or id_ in self.rules or id_ in self.checks:
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


def _check_decides(rules: Iterable[Rule[Any]], fields: Fields) -> None:
    """Raises `PolicyError` where nothing could be missing."""
    if not any(rule.mode is Mode.ENFORCE and rule.threshold > 0 for rule in rules):
        raise PolicyError(
            "no rule that wants evidence is enforced, so the policy would admit anything",
            where=fields.line_of("rules"),
            next_step="give one rule such as 'require: signature' the mode enforce",
        )


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
