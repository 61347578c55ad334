"""The bill of one package file: itself, and what it declares to need."""

from __future__ import annotations

from typing import Final

from attest import names
from attest.packages.digest import SHA256
from attest.packages.files import PackageFile
from attest.packages.metadata.facts import Metadata, Person, Requirement, Scope
from attest.packages.purl import Purl
from attest.sboms.bill import Bill, Edge, Part
from attest.sboms.parts import both

_GROUPED: Final = frozenset({"npm", "maven"})
"""Types of which CycloneDX's own makers write the namespace as the group of a component."""
_PATHS: Final = frozenset({"golang", "swift"})
"""Types whose packages people call by the whole path."""


def group_and_name(purl: Purl, written: str | None = None) -> tuple[str | None, str]:
    """What the formats call a package; ``written`` is its name where the ecosystem normalises it."""
    if purl.type in _GROUPED:
        return (purl.namespace[0] if purl.namespace else None), purl.name
    if purl.type in _PATHS:
        return None, "/".join((*purl.namespace, purl.name))
    return None, written or purl.name


def main_part(package: PackageFile, metadata: Metadata, supplier: str | None = None) -> Part:
    """The package itself; ``supplier`` is who gives it out, instead of whom it names."""
    purl = package.purl
    written = package.registry_name if "/" not in package.registry_name else None
    group, name = group_and_name(purl, written)
    notes = [] if package.platform is None else [(names.NOTE_PLATFORM, package.platform)]
    if metadata.requirements is None:
        notes.append((names.NOTE_UNSAID, "unknown"))
    said = metadata.supplier or next(iter(metadata.authors), None)
    return Part(
        ref=f"{purl}#{package.digest}",
        name=name,
        group=group,
        version=purl.version,
        purl=str(purl),
        file_name=package.path.name,
        digests={SHA256: package.sha256, package.digest.algorithm: package.digest.hex},
        licenses=metadata.licenses,
        authors=metadata.authors,
        supplier=Person(supplier) if supplier is not None else said,
        description=metadata.description,
        homepage=metadata.homepage,
        repository=metadata.repository,
        notes=tuple(notes),
    )


def bill_of(
    package: PackageFile, metadata: Metadata, *, supplier: str | None = None, files: tuple[Part, ...] = ()
) -> Bill:
    """What the file itself says, without the SBOMs in it."""
    main = main_part(package, metadata, supplier)
    parts: dict[str, Part] = {}
    texts: dict[tuple[str, Scope], list[str]] = {}
    for item in metadata.requirements or ():
        if item.package is not None and item.package.package == package.purl.package:
            continue  # an extra of its own that stands for others
        part = _part(item)
        parts[part.ref] = part if part.ref not in parts else both(parts[part.ref], part)
        texts.setdefault((part.ref, item.scope), []).append(str(item))
    needs = tuple(Edge(ref, scope, f"{scope} {' | '.join(found)}") for (ref, scope), found in texts.items())
    unsaid = frozenset({main.ref}) if metadata.requirements is None else frozenset[str]()
    return Bill(main, tuple(parts.values()), {main.ref: needs}, files, unsaid)


def _part(item: Requirement) -> Part:
    """What is needed is a component without a version, unless only one will do."""
    note = (f"{names.NOTE_REQUIREMENT}:{item.scope}", str(item))
    if item.package is None:
        return Part(f"requirement:{item.name}", item.name, needed=item.scope, notes=(note,))
    version = item.package.version or None
    purl = item.package.package if version is None else str(item.package)
    group, name = group_and_name(item.package)
    return Part(purl, name, group=group, version=version, purl=purl, needed=item.scope, notes=(note,))
