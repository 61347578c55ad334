"""Bills of several packages as one, and requirements that are met by what lies beside them or in a lockfile."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from attest import names
from attest.packages.digest import ArtifactDigest
from attest.packages.lockfiles.lock import Lock
from attest.packages.purl import Purl
from attest.sboms.bill import Bill, Edge, Kind, Part
from attest.sboms.package import group_and_name
from attest.sboms.parts import add, both


def united(directory: str, bills: Sequence[tuple[Purl, Bill]]) -> Bill:
    """Of the packages in a directory; about the one version that they are files of, or else about the directory.

    Several files of a version are one part, with a note for each file's digest: no digest is that of all.
    """
    mains: dict[Purl, list[Part]] = {}
    parts: dict[str, Part] = {}
    edges: dict[str, dict[Edge, None]] = {}
    for purl, bill in bills:
        mains.setdefault(purl, []).append(bill.main)
        refs = {part.ref: add(parts, part, f"{part.ref} {bill.main.ref}") for part in bill.parts}
        refs[bill.main.ref] = str(purl)
        for ref, found in bill.edges.items():
            edges.setdefault(refs[ref], {}).update((replace(edge, to=refs[edge.to]), None) for edge in found)
    unsaid = {str(purl) for purl, bill in bills if bill.main.ref in bill.unsaid}
    whole = {str(purl): _of_files(purl, files) for purl, files in mains.items()}
    if len(whole) == 1:
        (main,) = whole.values()
        kept = {ref: tuple(found) for ref, found in edges.items()}
        return Bill(main, tuple(parts.values()), kept, unsaid=frozenset(unsaid))
    main = Part(f"directory:{directory}", directory, Kind.PROJECT)
    edges[main.ref] = {Edge(ref): None for ref in whole}
    listed = Bill(
        main, tuple(parts.values()), {ref: tuple(several) for ref, several in edges.items()}, unsaid=frozenset(unsaid)
    )
    return with_known(listed, whole.values())


def _of_files(purl: Purl, files: Sequence[Part]) -> Part:
    first, *others = files
    if not others:
        return replace(first, ref=str(purl))
    notes = [note for file in files for note in file.notes]
    for file in files:
        notes += [(names.NOTE_FILE, file.file_name or ""), *_digest_notes(file.digests.items())]
    documents = tuple(dict.fromkeys(document for file in files for document in file.documents))
    return replace(
        first,
        ref=str(purl),
        file_name=None,
        digests={},
        licenses=tuple(dict.fromkeys(text for file in files for text in file.licenses)),
        notes=tuple(dict.fromkeys(notes)),
        documents=documents,
    )


def _digest_notes(digests: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(names.NOTE_DIGEST, f"{algorithm}:{value}") for algorithm, value in digests]


def with_known(bill: Bill, known: Iterable[Part]) -> Bill:
    """The bill with these parts beside its own. A requirement that only one of them meets is that one from now on.

    Whether its version is one that will do was for the resolver to find out, who chose it.
    """
    there = {part.ref: part for part in known if part.ref != bill.main.ref}
    versions: dict[str, list[str]] = {}
    for ref, part in there.items():
        if part.purl is not None and part.version is not None:
            versions.setdefault(Purl.parse(part.purl).package, []).append(ref)
    renamed = {package: refs[0] for package, refs in versions.items() if len(refs) == 1}
    refs = {bill.main.ref: bill.main.ref, **{ref: ref for ref in there}}
    for part in bill.parts:
        met = there.get(renamed.get(part.ref, ""))
        found = part if met is None else replace(part, ref=met.ref, version=met.version)
        refs[part.ref] = add(there, found, f"{part.ref} in {bill.main.ref}")
    edges = {
        refs[ref]: tuple(dict.fromkeys(replace(edge, to=refs[edge.to]) for edge in found))
        for ref, found in bill.edges.items()
    }
    return replace(bill, parts=tuple(there.values()), edges=edges)


def locked_parts(lock: Lock) -> list[Part]:
    """What a lockfile pins; an entry is a part even where it has no digest, and says why."""
    digests: dict[str, dict[ArtifactDigest, None]] = {}
    parts: dict[str, Part] = {}
    for entry in lock.entries:
        if entry.covered is not None:
            continue
        notes = [(names.NOTE_LOCK, text) for text in (entry.gap, entry.condition) if text]
        if entry.purl is None:
            part = Part(f"{lock.kind}:{entry.place}", entry.name, notes=tuple(notes))
        else:
            group, name = group_and_name(entry.purl)
            text = str(entry.purl)
            part = Part(text, name, group=group, version=entry.purl.version, purl=text, notes=tuple(notes))
        parts[part.ref] = both(parts[part.ref], part) if part.ref in parts else part
        digests.setdefault(part.ref, {}).update(dict.fromkeys(entry.digests))
    return [_with_digests(part, digests[ref]) for ref, part in parts.items()]


def _with_digests(part: Part, digests: Iterable[ArtifactDigest]) -> Part:
    """A digest of the part, where it is the only one of its algorithm; else those of the files it may be."""
    found: dict[str, list[str]] = {}
    for digest in digests:
        found.setdefault(digest.algorithm, []).append(digest.hex)
    several = [(name, value) for name, values in found.items() if len(values) > 1 for value in values]
    return replace(
        part,
        digests={name: values[0] for name, values in found.items() if len(values) == 1},
        notes=(*part.notes, *_digest_notes(several)),
    )


def bill_of_lock(lock: Lock, purl: Purl | None = None) -> Bill:
    """About the package that was locked, or about the lockfile itself. By what else a part is needed is not said."""
    parts = locked_parts(lock)
    if purl is None:
        main = Part(f"lockfile:{lock.path.name}", lock.path.name, Kind.PROJECT, notes=((names.NOTE_LOCK, lock.kind),))
    else:
        group, name = group_and_name(purl)
        main = Part(str(purl), name, Kind.PROJECT, group=group, version=purl.version, purl=str(purl))
    parts = [part for part in parts if part.ref != main.ref]
    return Bill(main, tuple(parts), {main.ref: tuple(Edge(part.ref) for part in parts)})
