"""`index.json` of an OCI image layout (image-spec, image-layout.md) as a value; each change makes a new one.

What others wrote there is kept member by member: unknown annotations, platforms and keys survive every change.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from attest import limits, names
from attest.errors import FormatError
from attest.oci import strict_json
from attest.oci.descriptor import Descriptor
from attest.oci.digest import Digest
from attest.oci.strict_json import Fields


@dataclass(frozen=True, slots=True)
class Entry:
    """One member of `manifests`; ``fields`` is what stands there."""

    descriptor: Descriptor
    fields: Mapping[str, Any] = field(hash=False)

    @classmethod
    def of(cls, descriptor: Descriptor) -> Entry:
        return cls(descriptor, descriptor.json())

    @property
    def tag(self) -> str | None:
        return self.descriptor.annotations.get(names.ANNOTATION_REF_NAME)

    def marked(self, marks: Mapping[str, str]) -> Entry:
        """With these annotations added."""
        return self._annotated({**self.descriptor.annotations, **marks})

    def unmarked(self, *keys: str) -> Entry:
        """Without these annotations."""
        return self._annotated({key: text for key, text in self.descriptor.annotations.items() if key not in keys})

    def _annotated(self, annotations: Mapping[str, str]) -> Entry:
        fields = {key: value for key, value in self.fields.items() if key != "annotations"}
        if annotations:
            fields["annotations"] = dict(annotations)
        return Entry(Descriptor.parse(Fields(fields, "index.json")), fields)


@dataclass(frozen=True, slots=True)
class LayoutIndex:
    """The entries in their order, and all other members of the document."""

    entries: tuple[Entry, ...] = ()
    fields: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @classmethod
    def parse(cls, raw: bytes, *, where: str) -> LayoutIndex:
        """Raises `FormatError`, also for a single entry that is no descriptor."""
        fields = Fields(strict_json.read_object(raw, where=where, limit=limits.INDEX), where)
        if fields.integer("schemaVersion") != 2:
            raise FormatError("not schema version 2", where=f"{where}.schemaVersion")
        fields.strings("annotations")
        entries = tuple(Entry(Descriptor.parse(item), item.value) for item in fields.objects("manifests"))
        return cls(entries, {key: value for key, value in fields.value.items() if key != "manifests"})

    def write(self) -> bytes:
        value = {"schemaVersion": 2, "mediaType": names.OCI_INDEX, **self.fields}
        value["manifests"] = [entry.fields for entry in self.entries]
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()

    @property
    def annotations(self) -> Mapping[str, str]:
        return self.fields.get("annotations") or {}

    def tagged(self, tag: str) -> Descriptor | None:
        """What the tag names. Where it stands twice the last one counts, as for oras-go."""
        return next((entry.descriptor for entry in reversed(self.entries) if entry.tag == tag), None)

    def listing(self, descriptors: Iterable[Descriptor]) -> LayoutIndex:
        """With an entry for each of these, unless there is one."""
        known = {entry.descriptor.digest for entry in self.entries}
        new = {item.digest: item for item in descriptors if item.digest not in known}
        return self._with((*self.entries, *map(Entry.of, new.values()))) if new else self

    def tagging(self, tags: Mapping[str, Descriptor]) -> LayoutIndex:
        """With each tag on its descriptor and nowhere else; what they named before stays listed."""
        named: dict[str, list[Digest]] = {}
        for entry in self.entries:
            if entry.tag is not None and entry.tag in tags:
                named.setdefault(entry.tag, []).append(entry.descriptor.digest)
        moved = {tag: item for tag, item in tags.items() if named.get(tag) != [item.digest]}
        if not moved:
            return self
        entries = list(self.untagging(lambda entry: entry.tag in moved, names.ANNOTATION_REF_NAME).entries)
        first: dict[Digest, int] = {}
        for position, entry in enumerate(entries):
            first.setdefault(entry.descriptor.digest, position)
        for tag, item in moved.items():
            position = first.setdefault(item.digest, len(entries))
            mark = {names.ANNOTATION_REF_NAME: tag}
            if position == len(entries):
                entries.append(Entry.of(item.plain()).marked(mark))
            elif entries[position].tag is None:
                entries[position] = entries[position].marked(mark)
            else:
                entries.append(entries[position].marked(mark))
        return self._with(entries)

    def untagging(self, chosen: Callable[[Entry], bool], *marks: str) -> LayoutIndex:
        """Take the marks from the chosen entries; an entry that then says nothing new is left out."""
        kept = [entry for entry in self.entries if not chosen(entry)]
        known = {entry.descriptor.digest for entry in kept}
        for entry in self.entries:
            if chosen(entry) and entry.descriptor.digest not in known:
                known.add(entry.descriptor.digest)
                kept.append(entry.unmarked(*marks))
        return self._with(kept)

    def without(self, chosen: Callable[[Entry], bool]) -> LayoutIndex:
        return self._with(entry for entry in self.entries if not chosen(entry))

    def adding(self, entries: Iterable[Entry]) -> LayoutIndex:
        return self._with((*self.entries, *entries))

    def _with(self, entries: Iterable[Entry]) -> LayoutIndex:
        return LayoutIndex(tuple(entries), self.fields)
