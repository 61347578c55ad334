"""The policy file (design.md §6): read strictly, refused with the line, never half understood.

What a later version of `attest` reads and this one does not is refused by name: a policy that is admitted by leaving
out what was not understood would be no policy.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from attest import limits
from attest.errors import PolicyError
from attest.evidence.identity import Identity
from attest.evidence.model import Subject
from attest.evidence.patterns import SubjectPattern, matches_any
from attest.evidence.trust import Sigstore, Trust
from attest.oci.digest import Digest
from attest.policy import cases, composing, files, publisher_lock
from attest.policy.cases import Case
from attest.policy.check import Check
from attest.policy.definitions import Definitions
from attest.policy.fetching import Fetching
from attest.policy.fields import Fields
from attest.policy.files import Fetch, Fetched, File
from attest.policy.rules.dependencies import DependenciesRule
from attest.policy.rules.rule import Absence, Mode, Rule
from attest.policy.schema import POLICY, Leniency
from attest.policy.shapes import fit
from attest.policy.trust import RootTerms
from attest.policy.verdict import PolicyFile
from attest.policy.waivers import Waiver


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
    defined = Definitions(keys_only=root is None, lock=lock)
    for file in every:
        defined.add(file)
    fields = top.fields
    if not defined.rules:
        fields.nodes("rules")  # which says that there are none
    _check_decides(defined.rules.values(), fields)
    locked = () if lock is None else (PolicyFile(publisher_lock.FILE, lock.digest),)
    return Policy(
        name=fields.string("name"),
        digest=top.digest,
        applies_to=composing.applies_to(top),
        root=root,
        identities=defined.identities,
        rules=tuple(defined.rules.values()),
        checks=tuple(defined.checks.values()),
        files=(*(PolicyFile(file.name, file.digest) for file in top.ancestors), *locked),
        unresolved=composing.leniency(top, "unresolved"),
        undigested=composing.leniency(top, "undigested"),
        resolvers=defined.resolvers,
        revokers=defined.revokers,
        resolve_absence=defined.resolve_absence,
        waivers=tuple(defined.waivers),
        cases=cases.read(fields, top.base, defined.contexts[top.name].identities),
    )


def _check_decides(rules: Iterable[Rule[Any]], fields: Fields) -> None:
    """Raises `PolicyError` where nothing could be missing."""
    if not any(rule.mode is Mode.ENFORCE and rule.threshold > 0 for rule in rules):
        raise PolicyError(
            "no rule that wants evidence is enforced, so the policy would admit anything",
            where=fields.line_of("rules"),
            next_step="give one rule such as 'require: signature' the mode enforce",
        )
