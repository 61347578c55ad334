"""Learn who publishes what: everything that is attached is verified, whoever made it, and nothing is guessed.

A publisher signs a package or its provenance. A package with several of them is left alone until somebody says which
one is meant; one that has another publisher than before is a change, and a change is shown before it is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, TypeAlias

from attest.errors import FormatError, StoreError, UsageError
from attest.evidence.collect import collect
from attest.evidence.identity import Identity, principal
from attest.evidence.model import Kind, Subject
from attest.evidence.trust import Trust
from attest.evidence.verify import EvidenceSet, Verified, verify
from attest.policy.publisher_lock import Admitted, Pinned, package_of, release_line
from attest.policy.publishers import Publisher, Roots, of_author
from attest.policy.standing import Standing
from attest.signing.proof import Author, CertificateAuthor
from attest.statements.provenance import read_provenance, repository
from attest.stores.protocol import Store

_Number: TypeAlias = tuple[int, str]

_VERSION: Final = re.compile(r"v?(?:([0-9]+)[:!])?([0-9]+(?:\.[0-9]+)*)(.*)", re.DOTALL)
_TOLD: Final = 8
_BEFORE_RELEASE: Final = re.compile(
    r"~|[-._]?(?:a|b|c|rc|m|alpha|beta|pre|preview|dev|next|canary|snapshot)[-._]?[0-9]*\b", re.I
)


@dataclass(frozen=True, slots=True)
class Anybody(Identity):
    """Whomever a Sigstore certificate names. Nothing is ever admitted by it: it is for looking."""

    @property
    def principal(self) -> str:
        """Nobody's."""
        return f"any:{self.name}"

    def differs(self, author: Author) -> str | None:
        """Not from any subject of such a certificate."""
        return None if isinstance(author, CertificateAuthor) else f"{self.name} has a certificate of Sigstore's"


@dataclass(frozen=True, slots=True)
class Seen:
    """A signature or provenance that holds. ``builder`` and ``source`` are the provenance's."""

    kind: Kind
    author: Author
    publisher: Publisher
    builder: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Observed:
    """One subject. ``unreadable`` says why there may be more, ``problems`` what of it cannot be taken for anybody's."""

    subject: Subject
    seen: tuple[Seen, ...]
    problems: tuple[str, ...] = ()
    unreadable: str | None = None


@dataclass(frozen=True, slots=True)
class Unlearned:
    """A package of which it cannot be said who publishes it. ``candidates`` are those whom it could be."""

    package: str
    why: str
    candidates: tuple[str, ...] = ()
    unreadable: bool = False


@dataclass(frozen=True, slots=True)
class Learned:
    """By package: what there is to pin, of what was seen by whoever is pinned; and those that are left alone."""

    packages: Mapping[str, Pinned]
    observed: tuple[Observed, ...]
    unlearned: tuple[Unlearned, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One difference to the lock at hand: ``field`` as ``publisher.issuer`` or ``lines.7.builder``, None for a package
    that is new; ``old`` and ``new`` are None where there was or is none."""

    package: str
    field: str | None
    old: str | None
    new: str | None


@dataclass(slots=True)
class Merged:
    """The lock as it would become. ``new`` are packages and release lines that it does not have, ``changed`` what is
    different from what it has."""

    packages: dict[str, Pinned]
    new: list[Change] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)


def observe(store: Store, repository: str, subject: Subject, trust: Trust, roots: Roots, *, now: datetime) -> Observed:
    """Everything attached to ``subject`` that holds and by which somebody publishes it."""
    try:
        collection = collect(store, repository, subject, documents=True)
    except StoreError as error:
        return Observed(subject, (), unreadable=str(error))
    return observed_in(verify(collection, trust, now=now), roots, now=now)


def observed_in(evidence: EvidenceSet, roots: Roots, *, now: datetime) -> Observed:
    """What of the evidence is a publisher's: signatures and provenance that nobody revoked who made them."""
    subject = evidence.subject
    standing = Standing.of(evidence.verified, (), subject, now)
    seen: dict[Seen, None] = {}
    problems: dict[str, None] = {}
    for item in evidence.verified:
        if item.kind in (Kind.SIGNATURE, Kind.PROVENANCE) and standing.against(item) is None:
            try:
                seen[_seen(item, roots)] = None
            except (UsageError, FormatError) as error:
                problems[f"{item.kind} {item.digest}: {error}"] = None
    unreadable = None if evidence.complete else "; ".join(evidence.problems) or "not all could be listed"
    return Observed(subject, tuple(seen), tuple(problems), unreadable)


def learn(observed: Sequence[Observed], signers: Iterable[str] = ()) -> Learned:
    """One publisher a package. Where several come into question, only those that ``signers`` names, by its key's
    digest, its workflow or its subject, are candidates.

    Raises `UsageError` for one in ``signers`` who published nothing of all this, unless something could not be read.
    """
    chosen = frozenset(signers)
    _check_seen(chosen, observed)
    by_package: dict[str, list[Observed]] = {}
    unlearned: list[Unlearned] = []
    for item in observed:
        package = package_of(item.subject)
        if package is None:
            unlearned.append(Unlearned(str(item.subject), "it has no name under which it could be pinned"))
        else:
            by_package.setdefault(package, []).append(item)
    packages: dict[str, Pinned] = {}
    kept: list[Observed] = []
    for package, items in sorted(by_package.items()):
        found = _pin(package, items, chosen)
        if isinstance(found, Unlearned):
            unlearned.append(found)
        else:
            packages[package] = found
            kept += [
                replace(item, seen=tuple(s for s in item.seen if s.publisher == found.publisher)) for item in items
            ]
    return Learned(packages, tuple(kept), tuple(unlearned))


def merge(old: Mapping[str, Pinned], learned: Mapping[str, Pinned]) -> Merged:
    """``old`` with what was learned: an older version than the recorded one changes nothing about its release line."""
    merged = Merged(dict(old))
    for package, found in sorted(learned.items()):
        before = old.get(package)
        if before is None:
            merged.packages[package] = found
            merged.new.append(Change(package, None, None, name_of(found.publisher)))
            continue
        lines = dict(before.lines)
        merged.changed += _differences(package, "publisher", before.publisher.fields, found.publisher.fields)
        for line, admitted in found.lines.items():
            known = lines.get(line)
            if known is None:
                merged.new.append(Change(package, f"lines.{line}", None, admitted.version))
            elif version_order(admitted.version) < version_order(known.version):
                continue
            else:
                before_it = {**known.fields, "version": admitted.version}
                merged.changed += _differences(package, f"lines.{line}", before_it, admitted.fields)
            lines[line] = admitted
        merged.packages[package] = Pinned(found.publisher, lines)
    return merged


def name_of(publisher: Publisher) -> str:
    """The one field by which people know a publisher, and name it."""
    fields = publisher.fields
    return next(fields[key] for key in ("key", "workflow", "subject", "x509") if key in fields)


def version_order(version: str) -> tuple[_Number, tuple[_Number, ...], bool, str]:
    """A key that sorts versions of one release line: by number, what comes before a release before it.

    >>> sorted(["1.10.0", "1.9", "1.10.0-rc.1"], key=version_order)
    ['1.9', '1.10.0-rc.1', '1.10.0']
    """
    match = _VERSION.fullmatch(version)
    if match is None:
        return _number("0"), (), False, version
    numbers = [_number(part) for part in match[2].split(".")]
    while len(numbers) > 1 and numbers[-1] == _number("0"):
        numbers.pop()
    return _number(match[1] or "0"), tuple(numbers), _BEFORE_RELEASE.match(match[3]) is None, match[3].lstrip("-._~")


def _number(digits: str) -> _Number:
    """In the order of numbers, of which Python makes none of more than some thousand digits."""
    significant = digits.lstrip("0")
    return len(significant), significant


def _seen(item: Verified, roots: Roots) -> Seen:
    author = item.proof.author
    publisher = of_author(author, roots)
    if item.kind is Kind.SIGNATURE:
        return Seen(item.kind, author, publisher)
    facts = read_provenance(item.statement.predicate_type, item.statement.predicate)
    certified = author.claims.get("source_repository") if isinstance(author, CertificateAuthor) else None
    if certified is not None and facts.source != (repository(certified) or certified):
        raise UsageError("the provenance names another source than its signer's certificate", why=certified)
    return Seen(item.kind, author, publisher, facts.builder, facts.source)


def _check_seen(chosen: frozenset[str], observed: Sequence[Observed]) -> None:
    published = {name_of(seen.publisher) for item in observed for seen in item.seen}
    unknown = sorted(chosen - published)
    if unknown and all(item.unreadable is None for item in observed):
        known = ", ".join(sorted(published)[:_TOLD])
        raise UsageError(
            f"{unknown[0]!r:.200} published nothing of this",
            where="--signer",
            why=f"there is {known}" if known else "nobody did whose signature can be verified",
        )


def _pin(package: str, items: Sequence[Observed], chosen: frozenset[str]) -> Pinned | Unlearned:
    unreadable = next((item.unreadable for item in items if item.unreadable is not None), None)
    if unreadable is not None:
        return Unlearned(package, f"something may be missing: {unreadable}", unreadable=True)
    candidates = {seen.publisher for item in items for seen in item.seen}
    named = {publisher for publisher in candidates if name_of(publisher) in chosen}
    candidates = named or candidates
    if not candidates:
        problems = "; ".join(dict.fromkeys(problem for item in items for problem in item.problems))
        return Unlearned(package, problems or "no signature and no provenance that can be verified")
    if len(candidates) > 1:
        return Unlearned(package, "several publish it", tuple(sorted(map(name_of, candidates))))
    (publisher,) = candidates
    lines: dict[str, Admitted] = {}
    for version, found in sorted(_by_version(items, publisher).items(), key=lambda pair: version_order(pair[0])):
        admitted = _admitted(version, found)
        if isinstance(admitted, str):
            return Unlearned(package, admitted)
        lines[release_line(version)] = admitted
    return Pinned(publisher, lines)


def _by_version(items: Iterable[Observed], publisher: Publisher) -> dict[str, list[Seen]]:
    found: dict[str, list[Seen]] = {}
    for item in items:
        own = [seen for seen in item.seen if seen.publisher == publisher]
        if item.subject.purl is not None and own:
            found.setdefault(item.subject.purl.version, []).extend(own)
    return found


def _admitted(version: str, found: Iterable[Seen]) -> Admitted | str:
    """What is the same in all that was found, or what is not."""
    found = tuple(found)
    signers = {principal(seen.author) for seen in found}
    builders = {seen.builder for seen in found if seen.builder is not None}
    sources = {seen.source for seen in found if seen.source is not None}
    for what, several in (("builders", builders), ("sources", sources), ("signers", signers)):
        if len(several) > 1:
            return f"version {version} has several {what}: {', '.join(sorted(several))}"
    return Admitted(version, next(iter(signers)), next(iter(builders), None), next(iter(sources), None))


def _differences(package: str, where: str, old: Mapping[str, str], new: Mapping[str, str]) -> list[Change]:
    return [
        Change(package, f"{where}.{key}", old.get(key), new.get(key))
        for key in dict.fromkeys((*old, *new))
        if old.get(key) != new.get(key)
    ]
