"""Several stores read as one; the first is written.

Evidence is united by digest, and every place where it was found stays visible. A store that is down is a problem of
the listing and makes it incomplete; it never hides what the others have. Nor does one that lies: where stores describe
one digest differently, the manifest itself decides, and content that is damaged in one is read from the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeVar

from attest import limits
from attest.errors import FormatError, NotFound, StoreError, StoreUnavailable
from attest.oci.descriptor import Descriptor
from attest.oci.digest import Digest
from attest.oci.manifest import Manifest
from attest.oci.reference import Reference
from attest.stores.listings import listings
from attest.stores.parallel import in_parallel
from attest.stores.protocol import Found, Referrers, Store, unite

T = TypeVar("T")

_REMEMBERED: Final = 50_000


@dataclass(frozen=True, slots=True)
class Member:
    """One of the stores. ``place`` gives, for a repository of the union, the one in which this store holds the same."""

    store: Store
    place: Callable[[str], str]


class UnionStore:
    """See `Store`. Its repositories are the packages' own (``npm/semver``), wherever each member keeps them."""

    def __init__(self, members: Sequence[Member]) -> None:
        self._members = tuple(members)
        self.name = ", ".join(member.store.name for member in members)
        self._holders: dict[Digest, tuple[Member, ...]] = {}

    def resolve(self, reference: Reference) -> Descriptor:
        """By a tag: as the first store has it that knows the tag."""
        return self._first(
            self._members,
            lambda member: member.store.resolve(replace(reference, repository=member.place(reference.repository))),
            f"no manifest {reference}",
        )

    def fetch(self, repository: str, descriptor: Descriptor) -> bytes:
        """From a store that listed it, else from the first that has it undamaged."""
        holders = self._holders.get(descriptor.digest, ())
        others = tuple(member for member in self._members if member not in holders)
        return self._first(
            (*holders, *others),
            lambda member: member.store.fetch(member.place(repository), descriptor),
            f"no content {descriptor.digest}",
        )

    def push(self, repository: str, descriptor: Descriptor, data: bytes) -> None:
        first = self._members[0]
        first.store.push(first.place(repository), descriptor, data)

    def referrers(self, repository: str, subject: Digest, *, artifact_type: str | None = None) -> Referrers:
        """What all stores list. Raises `StoreUnavailable` only where none could be asked."""

        def ask(member: Member) -> Referrers | StoreError:
            try:
                return member.store.referrers(member.place(repository), subject, artifact_type=artifact_type)
            except StoreError as error:
                return error

        answers = tuple(zip(self._members, in_parallel(ask, self._members), strict=True))
        listed = [(member, answer) for member, answer in answers if isinstance(answer, Referrers)]
        failures = [answer for _, answer in answers if isinstance(answer, StoreError)]
        if not listed:
            raise _together(failures, "no store can be read")
        return self._united(repository, listed, failures)

    def listings(self, repository: str, subject: Digest) -> Iterator[Referrers]:
        """What all stores list, each asked in its first way, then each that has one in its second."""
        asked = [(member, listings(member.store, member.place(repository), subject)) for member in self._members]
        failures: list[StoreError] = []
        listed_at: datetime | None = None
        untold = False

        def ask(item: tuple[Member, Iterator[Referrers]]) -> Referrers | StoreError | None:
            try:
                return next(item[1], None)
            except StoreError as error:
                return error

        while asked:
            answers = tuple(zip(asked, in_parallel(ask, asked), strict=True))
            listed = [(item[0], answer) for item, answer in answers if isinstance(answer, Referrers)]
            told = [answer for _, answer in answers if isinstance(answer, StoreError)]
            failures += told
            untold = untold or bool(told)
            if listed:
                part = self._united(repository, listed, failures)
                listed_at, untold = part.listed_at, False
                yield part
            asked = [item for item, answer in answers if isinstance(answer, Referrers)]
        if listed_at is None or len(failures) == len(self._members):
            raise _together(failures, "no store can be read")
        if untold:
            yield Referrers((), False, listed_at, tuple(map(str, failures)))

    def members(self, repository: str) -> Iterator[tuple[Store, str]]:
        """Each store, and its own name of ``repository``."""
        for member in self._members:
            yield member.store, member.place(repository)

    def _united(
        self, repository: str, listed: Sequence[tuple[Member, Referrers]], failures: Sequence[StoreError]
    ) -> Referrers:
        claims: dict[Digest, list[tuple[Member, Found]]] = {}
        for member, listing in listed:
            for found in listing.items:
                claims.setdefault(found.descriptor.digest, []).append((member, found))
        items = unite(self._agreed(repository, claimed) for claimed in claims.values())
        said = (problem for _, listing in listed for problem in listing.problems)
        return Referrers(
            items,  # each store has its own cap: one that is flooded takes no room from the others
            not failures and all(listing.complete for _, listing in listed),
            min(listing.listed_at for _, listing in listed),
            tuple(dict.fromkeys((*map(str, failures), *said))),
        )

    def tag(self, reference: Reference, descriptor: Descriptor) -> None:
        first = self._members[0]
        first.store.tag(replace(reference, repository=first.place(reference.repository)), descriptor)

    def tags(self, repository: str) -> Iterator[str]:
        """Those of all stores. Raises `StoreUnavailable` where one cannot be asked: half a list looks like a whole."""
        found: set[str] = set()
        missing: list[NotFound] = []
        for member in self._members:
            try:
                found.update(member.store.tags(member.place(repository)))
            except NotFound as error:
                missing.append(error)
        if len(missing) == len(self._members):
            raise _together(missing, "no such repository")
        return iter(sorted(found))

    def delete(self, repository: str, digest: Digest) -> None:
        first = self._members[0]
        first.store.delete(first.place(repository), digest)

    def close(self) -> None:
        """Close all, even if one fails."""
        failures: list[StoreError] = []
        for member in self._members:
            try:
                member.store.close()
            except StoreError as error:
                failures.append(error)
        if failures:
            raise failures[0]

    def _agreed(self, repository: str, claimed: Sequence[tuple[Member, Found]]) -> Found:
        """One digest as all who list it describe it; where they differ, as the first whose words fit the content."""
        members = tuple(member for member, _ in claimed)
        if len(self._holders) < _REMEMBERED:
            self._holders[claimed[0][1].descriptor.digest] = members
        descriptor = claimed[0][1].descriptor
        if any(found.descriptor != descriptor for _, found in claimed):
            for member, found in claimed:
                told = self._read(repository, member, found.descriptor)
                if told is not None:
                    descriptor = told
                    break
        places = {place for _, found in claimed for place in found.places}
        return Found(descriptor, tuple(sorted(places, key=lambda place: (place.store, place.where))))

    @staticmethod
    def _read(repository: str, member: Member, claimed: Descriptor) -> Descriptor | None:
        """As the manifest describes itself, if ``member`` has one that fits what it says of it."""
        if claimed.size > limits.MANIFEST:
            return None
        try:
            raw = member.store.fetch(member.place(repository), claimed)
            manifest = Manifest.parse(raw, media_type=claimed.media_type)
        except (StoreError, FormatError):
            return None
        return replace(manifest.listing_descriptor(), digest=claimed.digest)

    def _first(self, members: Sequence[Member], ask: Callable[[Member], T], what: str) -> T:
        """The first good answer; else the gravest error: unreachable, before damaged, before not there."""
        missing: list[NotFound] = []
        damaged: list[FormatError] = []
        down: list[StoreError] = []
        for member in members:
            try:
                return ask(member)
            except NotFound as error:
                missing.append(error)
            except FormatError as error:
                damaged.append(error)
            except StoreError as error:
                down.append(error)
        if down:
            raise _together(down, what)
        if damaged:
            raise damaged[0]
        raise _together(missing, what)


def _together(errors: Sequence[StoreError], what: str) -> StoreError:
    """One error as it is; of several, what each store said."""
    if len(errors) == 1:
        return errors[0]
    kind = NotFound if all(isinstance(error, NotFound) for error in errors) else StoreUnavailable
    return kind(what, why="; ".join(map(str, errors)))
