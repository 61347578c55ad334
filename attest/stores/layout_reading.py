"""Reading one OCI image layout (image-spec, image-layout.md), over whatever holds its files.

Nothing is believed of `index.json` and of responses but what the manifests themselves say; what cannot be read is told
and hides nothing else. Writing is in `attest.stores.layout`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final, Protocol

from attest import limits, names
from attest.errors import AttestError, FormatError, NotFound, StoreUnavailable
from attest.oci import strict_json
from attest.oci.descriptor import Descriptor
from attest.oci.digest import Digest
from attest.oci.reference import Reference, is_tag
from attest.stores import layout_referrers
from attest.stores.layout_index import LayoutIndex
from attest.stores.layout_survey import Blobs, Surveyor, blob_path
from attest.stores.protocol import Found, Place, Referrers, Where, unite

MARKER: Final = "oci-layout"
INDEX: Final = "index.json"
_MARKER_LIMIT: Final = 4096
_ATTEMPTS: Final = 5


class Readable(Blobs, Protocol):
    """The files of one layout, by path relative to it. ``where`` names it in messages.

    Reading raises `NotFound` and `StoreUnavailable`.
    """

    @property
    def where(self) -> str: ...
    def has(self, path: str) -> bool: ...


class LayoutReading:
    """See `Store` for `resolve`, `fetch`, `referrers` and `tags`; ``store`` is its name."""

    def __init__(self, files: Readable, store: str) -> None:
        self._files = files
        self._store = store
        self._surveyor = Surveyor(files)
        self._read: tuple[bytes, LayoutIndex] | None = None
        self._responses = layout_referrers.Responses(LayoutIndex())

    def resolve(self, reference: Reference) -> Descriptor:
        index = self.index()
        if reference.digest is not None:
            return self.manifest(reference.digest)
        named = None if reference.tag is None else index.tagged(reference.tag)
        if named is None:
            raise NotFound(f"no tag {reference.tag}", where=self._files.where)
        if named.size > limits.MANIFEST:
            raise FormatError(
                f"the tag {reference.tag} names no manifest", where=self._files.where, why="it is too large"
            )
        self.fetch(named)
        return named.plain()

    def fetch(self, descriptor: Descriptor) -> bytes:
        path = blob_path(descriptor.digest)
        data = self._files.read(path, descriptor.size)
        descriptor.check(data, where=f"{self._files.where}/{path}")
        return data

    def referrers(self, subject: Digest, artifact_type: str | None) -> Referrers:
        for _ in range(_ATTEMPTS):
            try:
                index = self.index()
            except NotFound:
                return Referrers((), True, datetime.now(UTC))
            listing = self._referrers(index, subject, artifact_type)
            if listing.complete or self.index() is index:
                break  # else a writer replaced what was being read
        return listing

    def told(self, subject: Digest) -> Referrers | None:
        """What the responses about ``subject`` list, as they list it; None where there is none that can be read.

        All of it may be there, but nobody looked for more.
        """
        try:
            entries = list(self._responded(self.index(), subject))
        except (NotFound, StoreUnavailable, FormatError):
            return None  # why, is for `referrers` to say
        items = unite(self._found(where, entry) for where, entry in entries)
        return Referrers(items[: limits.REFERRERS], True, datetime.now(UTC)) if items else None

    def tags(self) -> Iterator[str]:
        found = {entry.tag for entry in self.index().entries}
        yield from sorted(tag for tag in found if tag and is_tag(tag) and not layout_referrers.is_fallback_tag(tag))

    # --- for those who write ---

    def index(self) -> LayoutIndex:
        """Parsed again only when it changed. Raises `NotFound` where no layout is."""
        files = self._files
        try:
            raw = files.read(INDEX, limits.INDEX)
        except NotFound:
            if files.has(MARKER) or files.has("blobs"):
                raise _damaged(f"{files.where}/{INDEX}", "it is missing") from None
            raise
        if self._read is None or self._read[0] != raw:
            try:
                index = LayoutIndex.parse(raw, where=f"{files.where}/{INDEX}")
            except FormatError as error:
                raise _damaged(f"{files.where}/{INDEX}", str(error)) from None
            self._check_version()
            self._read = raw, index
        return self._read[1]

    def remember(self, raw: bytes, index: LayoutIndex) -> None:
        """What `index.json` says now, so that it need not be parsed."""
        self._read = raw, index

    def manifest(self, digest: Digest) -> Descriptor:
        """Media type from the manifest itself, so that an unlisted one is found too."""
        node = self._surveyor.node(digest)
        if node is None or not self._files.has(blob_path(digest)):
            raise NotFound(f"no manifest {digest}", where=self._files.where)
        return node.descriptor.plain()

    def subject_of(self, digest: Digest) -> Digest | None:
        try:
            node = self._surveyor.node(digest)
        except (NotFound, FormatError):
            return None
        return None if node is None else node.subject

    def known_referrers(self, index: LayoutIndex, subject: Digest, there: frozenset[str]) -> dict[Digest, Descriptor]:
        """What the responses about ``subject`` list, as the manifests themselves say it."""
        listed: dict[Digest, Descriptor] = {}
        for _, entry in self._responded(index, subject):
            try:
                node = self._surveyor.node(entry.digest)
            except (NotFound, FormatError):
                continue
            if node is not None and node.subject == subject and blob_path(entry.digest) in there:
                listed[entry.digest] = node.descriptor
        return listed

    # --- parts ---

    def _check_version(self) -> None:
        where = f"{self._files.where}/{MARKER}"
        try:
            marker = strict_json.read_object(self._files.read(MARKER, _MARKER_LIMIT), where=where, limit=_MARKER_LIMIT)
        except NotFound:
            return  # a writer was killed before its first blob; the next write completes it
        except FormatError as error:
            raise _damaged(where, str(error)) from None
        if marker.get("imageLayoutVersion") != names.LAYOUT_VERSION:
            raise _damaged(where, f"expected imageLayoutVersion {names.LAYOUT_VERSION}")

    def _referrers(self, index: LayoutIndex, subject: Digest, artifact_type: str | None) -> Referrers:
        survey = self._surveyor.survey(index)
        items = [self._found(Where.LAYOUT, item) for item in survey.referrers.get(subject, ())]
        good = {item.descriptor.digest: item.descriptor for item in items}
        hidden = {digest: why for digest, why in survey.unread.items() if digest != subject}
        problems: list[str] = []
        for where, entry in self._responded(index, subject, skipping=(NotFound, StoreUnavailable, FormatError)):
            known = good.get(entry.digest)
            if known is not None:
                items.append(self._found(where, known))
            elif self._is_lost(entry.digest, hidden):
                items.append(self._found(where, entry))
                problems.append(f"{entry.digest}: {hidden.pop(entry.digest, 'it is listed but not there')}")
                if artifact_type not in (None, entry.artifact_type):
                    hidden[entry.digest] = "what type it has cannot be known"
            else:
                problems.append(f"{entry.digest}: it is listed, but has another subject")
        problems += [f"{digest}: {why}" for digest, why in sorted(hidden.items())]
        if survey.cut is not None:
            problems.append(survey.cut)
        chosen = unite(item for item in items if artifact_type in (None, item.descriptor.artifact_type))
        if len(chosen) > limits.REFERRERS:
            problems.append(f"{len(chosen)} referrers, more than the limit of {limits.REFERRERS}")
        complete = not hidden and survey.cut is None and len(chosen) <= limits.REFERRERS
        return Referrers(chosen[: limits.REFERRERS], complete, datetime.now(UTC), tuple(dict.fromkeys(problems)))

    def _responded(
        self,
        index: LayoutIndex,
        subject: Digest,
        *,
        skipping: tuple[type[AttestError], ...] = (NotFound, FormatError),
    ) -> Iterator[tuple[Where, Descriptor]]:
        """What the responses about ``subject`` list. A response that cannot be read is among the survey's unread."""
        responses = self._responses
        if responses.index is not index:
            responses = self._responses = layout_referrers.Responses(index)
        for response in responses.about(subject):
            try:
                node = self._surveyor.node(response.descriptor.digest)
            except skipping:
                continue
            for entry in () if node is None else node.manifests:
                yield response.where, entry

    def _is_lost(self, digest: Digest, unread: Mapping[Digest, str]) -> bool:
        return digest in unread or not self._files.has(blob_path(digest))

    def _found(self, where: Where, descriptor: Descriptor) -> Found:
        return Found(descriptor, (Place(self._store, where),))


def _damaged(where: str, why: str) -> StoreUnavailable:
    return StoreUnavailable(
        "the layout is damaged", where=where, why=why, next_step="restore the file from a copy of the layout"
    )
