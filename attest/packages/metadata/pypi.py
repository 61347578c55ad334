"""PyPI: METADATA and PKG-INFO (Python packaging, "Core metadata specifications")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import Message
from typing import Final

from attest import limits
from attest.errors import PackageError
from attest.packages import pypi
from attest.packages.archives import Archive, Container, Member
from attest.packages.metadata.facts import (
    Metadata,
    Person,
    Requirement,
    Scope,
    Source,
    address,
    bounded,
    line,
    people,
    person,
    requirement,
)
from attest.packages.purl import Purl
from attest.packages.specifiers import objection

_LICENSE_LENGTH: Final = 200
"""A longer License is the text of one, of which its first line says the name."""
_CLASSIFIER: Final = "License :: "
_NAMED: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_EXTRA: Final = re.compile(r"\bextra\s*==")
_EXACT: Final = re.compile(r"===?\s*([^*,\s]+)")
_REPOSITORIES: Final = frozenset({"repository", "source", "sourcecode", "github", "gitlab", "code"})
_HOMEPAGES: Final = frozenset({"homepage"})
_UNDECLARED: Final = frozenset({"1.0", "1.1", "1.2", "2.0", "2.1"})
"""Versions in which an sdist without a field may have left it to the build."""


def _wheel(archive: Archive, _purl: Purl) -> Metadata:
    return _metadata(archive.one("*.dist-info/METADATA"), built=True)


def _sdist(archive: Archive, _purl: Purl) -> Metadata:
    return _metadata(archive.one("*/PKG-INFO"), built=False)


def _metadata(member: Member | None, *, built: bool) -> Metadata:
    if member is None:
        raise PackageError("no metadata")
    headers = pypi.headers(member)
    urls = dict(_urls(headers))
    said = built or not (
        headers.get("Metadata-Version", "") in _UNDECLARED or "requires-dist" in _texts(headers, "Dynamic", lower=True)
    )
    written = _texts(headers, "Requires-Dist")
    if sum(map(len, written)) > limits.REQUIREMENTS_TEXT:
        why = f"more than {limits.REQUIREMENTS_TEXT} characters"
        raise PackageError("too many requirements", where=member.name, why=why)
    found = bounded(map(_requirement, written), member.name)
    return Metadata(
        licenses=tuple(_licenses(headers)),
        authors=_people(headers, "Author"),
        supplier=next(iter(_people(headers, "Maintainer")), None),
        description=line(headers.get("Summary")),
        homepage=address(headers.get("Home-page")) or _first(urls, _HOMEPAGES),
        repository=_first(urls, _REPOSITORIES),
        requirements=found if said or found else None,
    )


def _texts(headers: Message, name: str, *, lower: bool = False) -> list[str]:
    found = [str(value) for value in headers.get_all(name, [])]
    return [value.lower() for value in found] if lower else found


def _people(headers: Message, who: str) -> tuple[Person, ...]:
    """A name in one field and its address in another; or, from pyproject.toml, several of both in the second."""
    name, mail = headers.get(who), headers.get(f"{who}-email")
    named = person(name, mail if name is not None and mail is not None and "," not in mail else None)
    if named is not None and named.mail is not None:
        return (named,)
    return tuple(dict.fromkeys((*([named] if named else []), *people((mail or "").split(",")))))


def _licenses(headers: Message) -> Iterator[str]:
    expression = line(headers.get("License-Expression"))
    text = (headers.get("License") or "").strip()
    classifiers = [item for item in _texts(headers, "Classifier") if item.startswith(_CLASSIFIER)]
    if expression is not None:
        yield expression
    elif text and text.upper() != "UNKNOWN" and len(text) <= _LICENSE_LENGTH:
        yield line(text) or ""
    elif classifiers:
        names = (item.rpartition(" :: ")[2] for item in classifiers)
        yield from dict.fromkeys(name for item in names if (name := line(item)) not in (None, "OSI Approved"))
    elif text and text.upper() != "UNKNOWN":
        yield line(text.splitlines()[0]) or ""


def _urls(headers: Message) -> Iterator[tuple[str, str]]:
    for text in _texts(headers, "Project-URL"):
        label, _, url = text.partition(",")
        found = address(url.strip())
        if found is not None:
            yield re.sub(r"[\W_]", "", label).lower(), found


def _first(urls: dict[str, str], labels: frozenset[str]) -> str | None:
    return next((url for label, url in urls.items() if label in labels), None)


def _requirement(text: str) -> Requirement:
    """By the dependency specifiers specification; of what is older than that, the name and the rest as it is."""
    from packaging.requirements import InvalidRequirement
    from packaging.requirements import Requirement as Specifier

    why = objection(text)
    if why is not None:
        raise PackageError("not a requirement", where="Requires-Dist", why=why)
    try:
        parsed = Specifier(text)
    except InvalidRequirement:
        match = _NAMED.match(text)
        if match is None:
            raise PackageError("not a requirement", where="Requires-Dist", why=repr(text[:80])) from None
        rest, _, condition = text[match.end() :].partition(";")
        scope = Scope.OPTIONAL if _EXTRA.search(condition) else Scope.RUNTIME
        return requirement("pypi", (), match[0], scope, rest, condition=condition, shown=match[0])
    marker = None if parsed.marker is None else str(parsed.marker)
    scope = Scope.OPTIONAL if marker is not None and _EXTRA.search(marker) else Scope.RUNTIME
    name = f"{parsed.name}[{','.join(sorted(parsed.extras))}]" if parsed.extras else parsed.name
    if parsed.url is not None:
        return Requirement(name, scope, line(f"@ {parsed.url}") or "", line(marker))
    wanted = str(parsed.specifier)
    exact = _EXACT.fullmatch(wanted)
    version = None if exact is None else exact[1]
    return requirement("pypi", (), parsed.name, scope, wanted, version=version, condition=marker, shown=name)


SOURCES: Final = {
    Container.ZIP: Source(("*.dist-info/METADATA",), _wheel),
    Container.TAR_GZ: Source(("*/PKG-INFO",), _sdist),
}
