"""A bill of materials before it is written, in a form that CycloneDX and SPDX can both hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from attest.packages.metadata.facts import Person, Scope


class Kind(StrEnum):
    """What a part is."""

    PACKAGE = "package"
    PROJECT = "project"
    """What is put together of packages: a directory of them, or what a lockfile was made for."""
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Part:
    """One component. ``ref`` is its own in the bill; all that is not known is None or empty.

    ``digests`` are hex by algorithm, as `hashlib` names it. ``licenses`` are as written, and all hold. ``needed`` is
    what for, where only a requirement says that there is one. ``notes`` are pairs of a name of `attest.names` and a
    text, for which the formats have no field of their own. ``documents`` are SBOMs of this part elsewhere: a place and
    the hex sha256 of what lies there.
    """

    ref: str
    name: str
    kind: Kind = Kind.PACKAGE
    group: str | None = None
    version: str | None = None
    purl: str | None = None
    file_name: str | None = None
    digests: Mapping[str, str] = field(default_factory=dict, hash=False)
    licenses: tuple[str, ...] = ()
    authors: tuple[Person, ...] = ()
    supplier: Person | None = None
    description: str | None = None
    homepage: str | None = None
    repository: str | None = None
    needed: Scope | None = None
    notes: tuple[tuple[str, str], ...] = ()
    documents: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Edge:
    """That one part needs ``to``. ``scope`` is None where only that much is known."""

    to: str
    scope: Scope | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Bill:
    """``main`` is what the document is about, ``parts`` all else, ``edges`` what needs what, by ref.

    ``files`` are the files in ``main``. ``unsaid`` are the refs of parts that do not say what they need.
    """

    main: Part
    parts: tuple[Part, ...] = ()
    edges: Mapping[str, tuple[Edge, ...]] = field(default_factory=dict, hash=False)
    files: tuple[Part, ...] = ()
    unsaid: frozenset[str] = frozenset()
