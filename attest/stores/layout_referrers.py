"""How programs note, in a layout's `index.json`, which manifests refer to a subject.

The image-spec says nothing about it, so there are several ways. In each, an entry of `index.json` leads to a
*response*: an image index that lists the subject's referrers as the registry's referrers API would answer.

=============  =====================================================================================================
fallback form  the response's entry has the `ref.name` that the distribution-spec gives to the fallback tag of the
               subject ("Referrers Tag Schema"): regctl; olareg reads it until it converts the layout
olareg's form  `index.json` as a whole has the annotation `org.olareg.referrer.convert: "true"` and the response's
               entry has `org.olareg.referrer.subject: DIGEST`; fallback tags are then ignored by olareg
listed         no response: the referrer itself is an entry of `index.json`: oras
unlisted       no response and no entry: the referrer only lies among the blobs: cosign save
=============  =====================================================================================================

The first two are kept here; the last two need the manifests themselves: see `attest.stores.layout_survey`.
Writing keeps the fallback form everywhere, and in a converted layout marks the same entry in olareg's form too. olareg
converts a response only if every entry has exactly the artifact type and annotations of its manifest, and never
answers again if not: responses are therefore always written from the manifests, never from what stood there before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from attest import names
from attest.oci.descriptor import Descriptor
from attest.oci.digest import Digest
from attest.stores.layout_index import Entry, LayoutIndex
from attest.stores.protocol import Where

_FALLBACK_TAG: Final = re.compile(r"(?:sha256|sha512)-[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Response:
    """A place in `index.json` that leads to a listing of referrers."""

    where: Where
    descriptor: Descriptor


def fallback_tag(subject: Digest) -> str:
    """Algorithm and hex are cut to 32 and 64 characters, so that of a sha512 only the first half stands in the tag."""
    return re.sub(r"[^a-zA-Z0-9._-]", "-", f"{subject.algorithm[:32]}-{subject.encoded[:64]}")


def is_fallback_tag(tag: str) -> bool:
    return _FALLBACK_TAG.fullmatch(tag) is not None


def is_converted(index: LayoutIndex) -> bool:
    """Whether olareg has taken this layout over."""
    return index.annotations.get(names.ANNOTATION_OLAREG_CONVERTED) == "true"


def responses(index: LayoutIndex) -> Iterator[Response]:
    """Every response there is, in either form."""
    for entry in index.entries:
        if entry.tag is not None and is_fallback_tag(entry.tag):
            yield Response(Where.FALLBACK_TAG, entry.descriptor)
        if names.ANNOTATION_OLAREG_SUBJECT in entry.descriptor.annotations:
            yield Response(Where.LAYOUT, entry.descriptor)


class Responses:
    """The responses of one `index.json` by what they are about: looked for once, not for every subject."""

    def __init__(self, index: LayoutIndex) -> None:
        self.index = index
        self._found: dict[tuple[Where, str], dict[Digest, Response]] = {}
        for entry in index.entries:
            about = entry.descriptor.annotations.get(names.ANNOTATION_OLAREG_SUBJECT)
            for where, text in ((Where.FALLBACK_TAG, entry.tag), (Where.LAYOUT, about)):
                if text is not None:
                    known = self._found.setdefault((where, text), {})
                    known.setdefault(entry.descriptor.digest, Response(where, entry.descriptor))

    def about(self, subject: Digest) -> Iterator[Response]:
        """Each once in either form, however often `index.json` names it."""
        for key in ((Where.FALLBACK_TAG, fallback_tag(subject)), (Where.LAYOUT, str(subject))):
            yield from self._found.get(key, {}).values()


def answering(index: LayoutIndex, answers: Mapping[Digest, Descriptor | None]) -> LayoutIndex:
    """With these responses, by subject, as the one answer about each; with none at all where there is None."""
    converted = is_converted(index)
    wanted: dict[str, Entry] = {}
    for subject, response in answers.items():
        if response is not None:
            marks = {names.ANNOTATION_REF_NAME: fallback_tag(subject)}
            if converted:
                marks[names.ANNOTATION_OLAREG_SUBJECT] = str(subject)
            wanted[fallback_tag(subject)] = Entry.of(response.plain()).marked(marks)
    tags = {fallback_tag(subject) for subject in answers}
    about = set(map(str, answers))

    def concerns(entry: Entry) -> bool:
        return entry.tag in tags or entry.descriptor.annotations.get(names.ANNOTATION_OLAREG_SUBJECT) in about

    now = [entry for entry in index.entries if concerns(entry)]
    if len(now) == len(wanted) and all(wanted.get(entry.tag or "") == entry for entry in now):
        return index
    return index.without(concerns).adding(wanted.values())
