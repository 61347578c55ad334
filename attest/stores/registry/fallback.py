"""The fallback tag: referrers on registries without the referrers API (distribution-spec "Referrers Tag Schema").

One index under a tag made from the subject's digest lists all referrers. Every writer reads it, adds its entry and
writes it back; most registries offer no conditional write, so the last writer wins and may drop what another one just
added. What makes that harmless here (docs/decisions/0005-registry-client.md has the argument):

1. *announce*: before the index, the referrer gets a tag of its own, ``<fallback tag>.ref-<32 hex digits>``. Tags do not
   overwrite each other, so they are the list that cannot lose anything.
2. *write*: the index as read, with every announced referrer that is missing in it.
3. *look*: read index and announcements again after the own write; go back to 2 unless nothing is missing.

Whoever writes last looks after that write, and everyone announced before looking: nothing can be missing at the end.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Final

from attest import limits, names
from attest.errors import FormatError, NotFound, StoreError, StoreRefused, StoreUnavailable
from attest.oci import strict_json
from attest.oci.descriptor import Descriptor
from attest.oci.digest import Digest
from attest.oci.manifest import MANIFEST_TYPES, Manifest, write_index
from attest.stores.layout_referrers import fallback_tag, is_fallback_tag
from attest.stores.registry.listing import Listed, add_entries
from attest.stores.registry.manifests import Manifests
from attest.stores.registry.messages import Interrupted
from attest.stores.registry.options import Clock

_ANNOUNCED: Final = re.compile(rf"(.+){re.escape(names.ANNOUNCEMENT)}[0-9a-f]{{32}}")
_ROUNDS: Final = 60
_REMEMBERED: Final = 20_000


def announcement(subject: Digest, referrer: Digest) -> str:
    """The tag that says: this manifest refers to ``subject``."""
    return f"{fallback_tag(subject)}{names.ANNOUNCEMENT}{referrer.encoded[:32]}"


def is_bookkeeping(tag: str) -> bool:
    """Whether a tag is there for the listing of referrers and not for people."""
    match = _ANNOUNCED.fullmatch(tag)
    return is_fallback_tag(tag if match is None else match[1])


def is_poor(descriptor: Descriptor) -> bool:
    """Whether another client left out artifact type or annotations (wire-formats §9.1.1): read the manifest."""
    return descriptor.artifact_type in (None, "", names.OCI_EMPTY) or not descriptor.annotations


@dataclass(frozen=True, slots=True)
class _Index:
    """The index under the fallback tag; ``etag`` is "" where the registry gives none, ``found`` False for none."""

    descriptors: tuple[Descriptor, ...] = ()
    annotations: Mapping[str, str] = field(default_factory=dict)
    found: bool = False
    etag: str = ""
    raw: bytes = b""

    def conditions(self) -> Mapping[str, str]:
        """Only what was read may be replaced; registries that do not know these headers ignore them."""
        if not self.found:
            return {"If-None-Match": "*"}
        return {"If-Match": self.etag} if self.etag else {}


class FallbackTags:
    """The fallback tags of one registry; safe for many threads, processes and machines."""

    def __init__(self, manifests: Manifests, clock: Clock) -> None:
        self._manifests = manifests
        self._clock = clock
        self._lock = threading.Lock()
        self._locks: dict[tuple[str, Digest], _Counted] = {}
        self._rich: dict[tuple[str, Digest], Descriptor] = {}
        self._sorted: set[str] = set()

    def read(self, repository: str, subject: Digest) -> Listed:
        """What the index lists, as it stands there. Something else under the tag counts as nothing."""
        listed = Listed()
        try:
            response = self._manifests.answer(repository, fallback_tag(subject))
        except NotFound:
            return listed
        except StoreError as error:
            listed.failed = error
            listed.problems.append(str(error))
            return listed
        if response.media_type in MANIFEST_TYPES and response.media_type != names.OCI_INDEX:
            return listed
        where = f"{repository}:{fallback_tag(subject)}"
        try:
            value = strict_json.read_object(response.body, where=where, limit=limits.MANIFEST)
        except FormatError as error:
            listed.problems.append(str(error))
            return listed
        entries = value.get("manifests")
        add_entries(entries if isinstance(entries, list) else (), listed, where)
        return listed

    def rich(self, repository: str, subject: Digest, descriptor: Descriptor) -> Descriptor | None:
        """The entry as it should be, from the manifest; None when that is gone or refers to something else."""
        key = (repository, descriptor.digest)
        with self._lock:
            known = self._rich.get(key)
        if known is not None:
            return known
        try:
            manifest = self._manifests.get(repository, str(descriptor.digest))
        except NotFound:
            return None
        except FormatError:
            return descriptor  # listed is listed: whoever reads it will say what is wrong with it
        if manifest.subject is None or manifest.subject.digest != subject:
            return None
        made = manifest.listing_descriptor()
        made = made if made.digest == descriptor.digest else _under(made, descriptor.digest)
        with self._lock:
            if len(self._rich) < _REMEMBERED:
                self._rich[key] = made
        return made

    def add(self, repository: str, subject: Digest, manifest: Manifest, digest: Digest) -> None:
        """List a manifest that is there as a referrer of ``subject``. Returns when it is listed, and nothing was lost.

        Raises `StoreRefused` where something else lies under the tag or the index is full.
        """
        entry = _under(manifest.listing_descriptor(), digest)
        with self._alone(repository, subject):
            own = announcement(subject, digest)
            self._manifests.put(repository, own, manifest.media_type, manifest.raw)
            for attempt in range(_ROUNDS):
                index = self._index(repository, subject)
                wanted = self._with_announced(repository, subject, index, entry, own)
                if wanted == index.descriptors:
                    return
                self._pause(attempt)
                self._write(repository, subject, index, wanted)
        raise StoreUnavailable(
            "cannot list the referrer", where=f"{repository}:{fallback_tag(subject)}", why="others write all the time"
        )

    def remove(self, repository: str, subject: Digest, digest: Digest) -> None:
        """Drop an entry whose manifest is already gone."""
        with self._alone(repository, subject):
            for attempt in range(_ROUNDS):
                index = self._index(repository, subject)
                wanted = tuple(item for item in index.descriptors if item.digest != digest)
                if wanted == index.descriptors:
                    return
                self._pause(attempt)
                self._write(repository, subject, index, wanted)

    def _index(self, repository: str, subject: Digest) -> _Index:
        tag = fallback_tag(subject)
        try:
            response = self._manifests.answer(repository, tag)
        except NotFound:
            return _Index()
        try:
            found = self._manifests.parse(repository, tag, response)
        except FormatError as error:
            raise StoreRefused("cannot list the referrer", where=f"{repository}:{tag}", why=str(error)) from None
        if found.media_type != names.OCI_INDEX:
            raise StoreRefused("cannot list the referrer", where=f"{repository}:{tag}", why="the tag names no index")
        etag = response.headers.get("etag", "")
        return _Index(found.manifests, found.annotations, True, "" if etag.startswith("W/") else etag, found.raw)

    def _with_announced(
        self, repository: str, subject: Digest, index: _Index, entry: Descriptor, own: str
    ) -> tuple[Descriptor, ...]:
        """The index's entries, poor ones repaired, with what is announced and missing; sorted when anything changes."""
        entries = {item.digest: item for item in index.descriptors}
        for digest, item in entries.items():
            if is_poor(item):
                entries[digest] = self.rich(repository, subject, item) or item
        entries[entry.digest] = entry
        listed = {digest.encoded[:32] for digest in entries}
        for tag in self._announced(repository, subject, index, own):
            if tag.rpartition("-")[2] not in listed:
                found = self._announced_entry(repository, subject, tag)
                if found is not None:
                    entries[found.digest] = found
        if entries == {item.digest: item for item in index.descriptors} and len(entries) == len(index.descriptors):
            return index.descriptors
        return tuple(entries[digest] for digest in sorted(entries))

    def _announced(self, repository: str, subject: Digest, index: _Index, own: str) -> list[str]:
        """The announcements. Where tags are known to come sorted, they stand directly behind the fallback tag.

        Some registries list tags in the order of their making, some skip one behind a ``last`` that is no tag: so all
        tags are read unless the fallback tag is there and the order was seen.
        """
        mark = fallback_tag(subject)
        prefix = f"{mark}{names.ANNOUNCEMENT}"
        if index.found and repository in self._sorted:
            near: list[str] = []
            for tag in self._manifests.tags(repository, after=mark):
                if not tag.startswith(prefix):
                    break
                near.append(tag)
            if own in near and near == sorted(near):
                return near
        tags = list(self._manifests.tags(repository))
        if mark in tags and own in tags and tags == sorted(tags):
            # the first announcement is made before the fallback tag, so this is not the order of their making
            with self._lock:
                self._sorted.add(repository)
        return [tag for tag in tags if tag.startswith(prefix)]

    def _announced_entry(self, repository: str, subject: Digest, tag: str) -> Descriptor | None:
        try:
            manifest = self._manifests.get(repository, tag)
        except (NotFound, FormatError):
            return None
        if manifest.subject is None or manifest.subject.digest != subject:
            return None
        digest = manifest.digest
        return manifest.listing_descriptor() if digest.encoded.startswith(tag.rpartition("-")[2]) else None

    def _write(self, repository: str, subject: Digest, index: _Index, entries: tuple[Descriptor, ...]) -> None:
        try:
            made = write_index(entries, annotations=index.annotations)
        except FormatError as error:
            where = f"{repository}:{fallback_tag(subject)}"
            raise StoreRefused("cannot list the referrer: index too large", where=where, why=error.why) from None
        with suppress(Interrupted):  # whether it was carried out shows when it is read again
            self._manifests.put(
                repository, fallback_tag(subject), names.OCI_INDEX, made.raw, conditions=index.conditions()
            )

    def _pause(self, attempt: int) -> None:
        """None at first; then at random, longer and longer, so that not all writers move in step."""
        if attempt > 1:
            self._clock.sleep(self._clock.jitter() * min(2.0, 0.02 * 1.5**attempt))

    @contextmanager
    def _alone(self, repository: str, subject: Digest) -> Iterator[None]:
        """Threads of one process write one after the other: they would only undo each other's work."""
        key = (repository, subject)
        with self._lock:
            counted = self._locks.setdefault(key, _Counted())
            counted.users += 1
        try:
            with counted.lock:
                yield
        finally:
            with self._lock:
                counted.users -= 1
                if counted.users == 0:
                    del self._locks[key]


@dataclass(slots=True)
class _Counted:
    """A lock and how many hold or want it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    users: int = 0


def _under(descriptor: Descriptor, digest: Digest) -> Descriptor:
    """The same descriptor under the digest that it was pushed by, which may be a sha512."""
    return replace(descriptor, digest=digest)
