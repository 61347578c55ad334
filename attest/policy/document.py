"""The policy file (design.md §6): read strictly, refused with the line, never half understood.

What a later version of `attest` reads and this one does not is refused by name: a policy that is admitted by leaving
out what was not understood would be no policy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from attest import limits
from attest.errors import PolicyError
from attest.evidence.identity import Identity
from attest.evidence.model import Subject
from attest.evidence.patterns import SubjectPattern, matches_any, parse_pattern
from attest.evidence.trust import Sigstore, Trust
from attest.oci.digest import Digest
from attest.policy import cases, publisher_lock, publishers, trust, waivers, yaml_nodes
from attest.policy.cases import Case
from attest.policy.fields import Fields
from attest.policy.identities import read_identity
from attest.policy.publisher_lock import PinnedIdentity
from attest.policy.rules import RULES, terms
from attest.policy.rules.lifecycle import NoRevocationRule
from attest.policy.rules.provenance import SLSA_MAX
from attest.policy.rules.rule import Absence, Builder, Context, Mode, Rule, Written
from attest.policy.trust import RootTerms
from attest.policy.verdict import PolicyFile
from attest.policy.waivers import Waiver
from attest.regular_file import open_regular

VERSION: Final = 1

_KEYS: Final = (
    "version",
    "name",
    "applies_to",
    "trust",
    "identities",
    "builders",
    "rules",
    "resolve",
    "unresolved",
    "undigested",
    "waivers",
    "tests",
)
_LATER: Final = ("extends",)
_RULES_LATER: Final = ("vex", "release", "audit", "review")


class Leniency(StrEnum):
    """What a gap means: it stands in the way, or it is only shown."""

    DENY = "deny"
    WARN = "warn"


@dataclass(frozen=True, slots=True)
class Policy:
    """``digest`` is that of the file's bytes, ``files`` are all others that it is made of; ``root`` is None where only
    keys are trusted.

    ``unresolved`` is about packages whose artifacts only the store named, ``undigested`` about entries of lockfiles for
    which no digest pins what is installed. ``resolvers`` are the names of those whose release statements say which
    artifacts a package has.
    """

    name: str
    digest: Digest
    applies_to: tuple[SubjectPattern, ...]
    root: RootTerms | None
    identities: Mapping[str, Identity] = field(hash=False)
    rules: tuple[Rule[Any], ...]
    files: tuple[PolicyFile, ...] = ()
    unresolved: Leniency = Leniency.DENY
    undigested: Leniency = Leniency.DENY
    resolvers: tuple[str, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    cases: tuple[Case, ...] = ()

    @property
    def revokers(self) -> tuple[Identity, ...]:
        """Whose revocations are honoured, whoever made the evidence: those that a `no-revocation` rule names."""
        names = {name: None for rule in self.rules if isinstance(rule, NoRevocationRule) for name in rule.by}
        return tuple(self.identities[name] for name in names)

    @property
    def needs_absence(self) -> bool:
        """Whether a rule is about what is not there, so that all that is there has to be looked at."""
        return any(rule.absence is not None for rule in self.rules)

    @property
    def needs_seals(self) -> bool:
        """Whether a rule wants absence to be sealed."""
        return any(rule.absence is Absence.SEAL for rule in self.rules)

    def trust(self, sigstore: Sigstore | None = None) -> Trust:
        """Against what evidence is verified for this policy, with the trust root that it names."""
        return Trust(tuple(self.identities.values()), sigstore)

    def applies(self, subject: Subject) -> bool:
        """Whether ``subject`` is a package or an image that the policy is for."""
        return matches_any(self.applies_to, subject)


def load(path: Path) -> Policy:
    """Read a policy file. Key files are relative to it. Raises `PolicyError`."""
    return parse(content(path), where=str(path), base=path.parent)


def content(path: Path) -> bytes:
    """The bytes of a policy file; of one that is too large enough to be refused. Raises `PolicyError`."""
    try:
        with open_regular(path) as file:
            return file.read(limits.POLICY + 1)
    except OSError as error:
        raise PolicyError("cannot read the policy", where=str(path), why=error.strerror) from None


def parse(data: bytes, *, where: str, base: Path, columns: bool = False) -> Policy:
    """Read a policy; ``where`` names it in errors, ``base`` is the directory of its key files.

    Places in it are lines, with ``columns`` lines and columns. Raises `PolicyError`.
    """
    fields = Fields(yaml_nodes.read(data, where=where, columns=columns), "policy")
    fields.only(*_KEYS, later=_LATER)
    fields.integer("version", minimum=VERSION, maximum=VERSION)
    root = trust.read(fields, base)
    context = _context(fields, base, keys_only=root is None)
    rules = _rules(fields, context)
    return Policy(
        name=fields.string("name"),
        digest=Digest.of(data),
        applies_to=fields.each("applies_to", parse_pattern),
        root=root,
        identities=context.identities,
        rules=rules,
        files=() if context.lock is None else (PolicyFile(publisher_lock.FILE, context.lock.digest),),
        unresolved=fields.choice("unresolved", Leniency, Leniency.DENY),
        undigested=fields.choice("undigested", Leniency, Leniency.DENY),
        resolvers=_resolvers(fields, context),
        waivers=waivers.read(fields, [rule.id for rule in rules]),
        cases=cases.read(fields, base, context.identities),
    )


def _context(fields: Fields, base: Path, *, keys_only: bool) -> Context:
    identities = {
        name: read_identity(name, item, base, keys_only=keys_only)
        for name, item in fields.named("identities", "identity")
    }
    if publishers.NAME in identities:
        raise PolicyError(
            f"'identities': {publishers.NAME!r} is whomever {publisher_lock.FILE} pins",
            where=Fields(fields.node("identities"), "'identities'").line_of(publishers.NAME),
            next_step="give it another name",
        )
    lock = publisher_lock.beside(fields, base)
    if lock is not None:
        identities[publishers.NAME] = PinnedIdentity(publishers.NAME, lock=lock)
    builders = {name: _builder(name, item, identities) for name, item in fields.named("builders", "builder")}
    return Context(identities, builders, lock)


def _builder(name: str, fields: Fields, identities: Mapping[str, Identity]) -> Builder:
    fields.only("identity", "id", "slsa")
    identity = fields.string("identity")
    _known(identity, identities, fields, "identity")
    slsa = fields.integer("slsa", minimum=1, maximum=SLSA_MAX) if fields.has("slsa") else None
    return Builder(name, identity, fields.string("id"), slsa)


def _resolvers(fields: Fields, context: Context) -> tuple[str, ...]:
    if not fields.has("resolve"):
        return ()
    entry = Fields(fields.node("resolve"), "'resolve'")
    entry.only("by")
    by = entry.strings("by")
    for name in by:
        _known(name, context.identities, entry, "by")
    return by


def _rules(fields: Fields, context: Context) -> tuple[Rule[Any], ...]:
    nodes = fields.nodes("rules")
    if len(nodes) > limits.POLICY_RULES:
        raise PolicyError(
            f"{len(nodes)} rules", where=fields.line_of("rules"), why=f"more than the limit of {limits.POLICY_RULES}"
        )
    rules: dict[str, Rule[Any]] = {}
    for position, node in enumerate(nodes, 1):
        entry = Fields(node, f"rule {position}")
        rule = _rule(entry, context)
        if rule.id in rules:
            raise PolicyError(f"the rule id {rule.id!r} stands twice", where=entry.line_of("id"))
        rules[rule.id] = rule
    if not any(rule.mode is Mode.ENFORCE and rule.threshold > 0 for rule in rules.values()):
        raise PolicyError(
            "no rule that wants evidence is enforced, so the policy would admit anything",
            where=fields.line_of("rules"),
            next_step="give one rule such as 'require: signature' the mode enforce",
        )
    return tuple(rules.values())


def _rule(fields: Fields, context: Context) -> Rule[Any]:
    if fields.has("check"):
        raise PolicyError(f"{fields.what}: 'check' is not in this version", where=fields.line_of("check"))
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
    fields.only(*terms.COMMON, *kind.KEYS)
    return kind.read(Written(fields, context))


def _known(name: str, identities: Mapping[str, Identity], fields: Fields, key: str) -> None:
    if name not in identities:
        known = ", ".join(identities) or "none"
        raise PolicyError(f"{fields.what}: no identity {name!r:.80}", where=fields.line_of(key), why=f"known: {known}")
