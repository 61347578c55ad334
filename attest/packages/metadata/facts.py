"""What a package says about itself, in one form for all ecosystems. Read, not judged; nothing is looked up."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from attest import limits
from attest.errors import PackageError, UsageError
from attest.packages.archives import Archive
from attest.packages.purl import Purl
from attest.packages.row import Ecosystem
from attest.packages.table import ecosystem

_LONGEST: Final = 1_000
"""Most characters of one text that are kept; a description may go on for pages."""
_UNFIT: Final = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+")
_PERSON: Final = re.compile(r"([^<>(]*)(?:<([^<>]*)>)?[^<>]*")
_MAIL: Final = re.compile(r"[^\s@<>\"]+@[^\s@<>\"]+")


class Scope(StrEnum):
    """What a package needs another one for."""

    RUNTIME = "runtime"
    OPTIONAL = "optional"
    BUILD = "build"
    DEVELOPMENT = "development"


@dataclass(frozen=True, slots=True)
class Requirement:
    """Another package that this one declares to need.

    ``name`` and ``wanted`` are as the ecosystem writes them; ``wanted`` is empty where any version will do.
    ``condition`` says when it is needed, else None. ``package`` is normalised, its version empty unless exactly one
    will do; None for what is no package: a module, a file, a repository.
    """

    name: str
    scope: Scope
    wanted: str = ""
    condition: str | None = None
    package: Purl | None = None

    def __str__(self) -> str:
        return " ; ".join(part for part in (self.wanted or "*", self.condition) if part)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody; one of both is there."""

    name: str | None
    mail: str | None = None

    def __str__(self) -> str:
        return self.name or self.mail or ""


@dataclass(frozen=True, slots=True)
class Metadata:
    """``licenses`` are as written; of several all hold. ``supplier`` is who gives the package out, an organisation or
    its maintainer, where it says so. ``requirements`` is None where the file does not say what it needs."""

    licenses: tuple[str, ...] = ()
    authors: tuple[Person, ...] = ()
    supplier: Person | None = None
    description: str | None = None
    homepage: str | None = None
    repository: str | None = None
    requirements: tuple[Requirement, ...] | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Where one kind of file says it: ``members`` as for `attest.packages.row.Reader`. ``read`` is given the purl that
    the file is known to be, and raises `FormatError`."""

    members: tuple[str, ...]
    read: Callable[[Archive, Purl], Metadata]


def line(value: object) -> str | None:
    """Text on one line without what cannot be printed, cut off where it is too long; None for what is no text."""
    if not isinstance(value, str):
        return None
    text = _UNFIT.sub(" ", value[: 4 * _LONGEST].encode("utf-8", "replace").decode("utf-8")).strip()
    return (text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…") or None


def lines(values: object) -> tuple[str, ...]:
    """Each text of a list, or a text alone; anything else is nothing."""
    many = values if isinstance(values, list | tuple) else [values]
    return tuple(dict.fromkeys(text for value in many if (text := line(value)) is not None))


def address(value: object) -> str | None:
    """A web address, without a blank; None for anything else."""
    text = line(value)
    return text if text is not None and re.fullmatch(r"(?:git\+)?(?:https?|git|ssh)://\S+", text) else None


def person(value: object, mail: object = None) -> Person | None:
    """``Name <mail>``, or both apart."""
    match = _PERSON.fullmatch(line(value) or "")
    name, written = (None, None) if match is None else ((match[1].strip(' ",') or None), match[2])
    written = line(mail) or written
    found = _MAIL.fullmatch((written or "").strip())
    if found is None and name is not None and _MAIL.fullmatch(name):
        found, name = _MAIL.fullmatch(name), None
    return None if name is None and found is None else Person(name, found[0] if found else None)


def people(values: Iterable[object]) -> tuple[Person, ...]:
    """All who are somebody, each once."""
    return tuple(dict.fromkeys(found for value in values if (found := person(value)) is not None))


def requirement(
    type: str,
    namespace: tuple[str, ...],
    name: str,
    scope: Scope,
    wanted: object = "",
    *,
    version: str | None = None,
    condition: str | None = None,
    shown: str | None = None,
) -> Requirement:
    """A package of ``type`` that is needed; ``version`` is the only one that will do."""
    row = ecosystem(type)
    written = shown or row.registry_name(namespace, name)
    found = Requirement(line(written) or "?", scope, line(wanted) or "", line(condition))
    try:
        any_version = _package(row, namespace, name)
        exact = any_version if version is None else Purl.of(type, namespace, name, version)
    except (ValueError, UsageError):
        return found
    return replace(found, package=exact)


def _package(row: Ecosystem, namespace: tuple[str, ...], name: str) -> Purl:
    """Without a version. Raises `ValueError` for what the ecosystem would not call a package."""
    namespace = namespace or row.namespace_default
    row.check_namespace(namespace)
    for segment in (*namespace, name):
        if segment in ("", ".", "..") or "/" in segment or not segment.isprintable() or len(segment) > _LONGEST:
            raise ValueError(f"{segment!r} is no segment of a name")
    return Purl(row.type, row.normalise_segments(namespace), row.name(name), "")


def mapping(value: object, where: str) -> Mapping[str, object]:
    """An object; an absent one is empty, as is the empty list that some write. Raises `PackageError`."""
    if value is None or value == []:
        return {}
    if not isinstance(value, dict):
        raise PackageError("not the metadata of a package", where=where, why="a list or a text where names should be")
    return value


def bounded(found: Iterable[Requirement], where: str) -> tuple[Requirement, ...]:
    """Each once, in their order. Raises `PackageError` for more than any package has."""
    kept: dict[Requirement, None] = {}
    for number, item in enumerate(found):
        if number >= limits.REQUIREMENTS:
            why = f"more than {limits.REQUIREMENTS}"
            raise PackageError("too many requirements", where=where, why=why)
        kept[item] = None
    return tuple(kept)
