"""Conda: info/index.json and info/about.json (conda-build, "Conda package specification")."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from attest import limits
from attest.errors import PackageError
from attest.oci import strict_json
from attest.packages.archives import Archive, Container
from attest.packages.containers import nested
from attest.packages.metadata.facts import (
    Metadata,
    Person,
    Requirement,
    Scope,
    Source,
    address,
    bounded,
    line,
    lines,
    requirement,
)
from attest.packages.purl import Purl

_INDEX: Final = "info/index.json"
_ABOUT: Final = "info/about.json"
_INFO: Final = "info-*.tar.zst"
_PINNED: Final = re.compile(r"={0,2}([0-9][A-Za-z0-9_.!+]*)(?: [A-Za-z0-9_.+]+)?")
_VIRTUAL: Final = "__"
"""As ``__glibc``: what the machine has, and no package."""


def _read(archive: Archive, _purl: Purl) -> Metadata:
    index, about = _object(archive, _INDEX), _object(archive, _ABOUT)
    extra = about.get("extra")
    maintainers = extra.get("recipe-maintainers") if isinstance(extra, dict) else None
    depends = index.get("depends", [])
    if not isinstance(depends, list) or not all(isinstance(item, str) and item.strip() for item in depends):
        raise PackageError("not the metadata of a conda package", where=f"{_INDEX}: depends")
    return Metadata(
        licenses=lines(index.get("license") or about.get("license")),
        authors=tuple(Person(name) for name in lines(maintainers)),
        description=line(about.get("summary")),
        homepage=_first(about.get("home")),
        repository=_first(about.get("dev_url")),
        requirements=bounded(map(_requirement, depends), _INDEX),
    )


def _read_zip(archive: Archive, purl: Purl) -> Metadata:
    packed = archive.one(_INFO)
    if packed is None:
        raise PackageError("no metadata")
    return _read(nested(packed, (_INDEX, _ABOUT)), purl)


def _object(archive: Archive, name: str) -> Mapping[str, Any]:
    member = archive.one(name)
    return {} if member is None else strict_json.read_object(member.data, where=name, limit=limits.PACKAGE_METADATA)


def _first(value: object) -> str | None:
    return next(_addresses(value), None)


def _addresses(value: object) -> Iterator[str]:
    for text in lines(value):
        found = address(text)
        if found is not None:
            yield found


def _requirement(text: str) -> Requirement:
    """``NAME [VERSION [BUILD]]``."""
    name, _, wanted = text.strip().partition(" ")
    wanted = wanted.strip()
    if name.startswith(_VIRTUAL):
        return Requirement(line(name) or "?", Scope.RUNTIME, line(wanted) or "")
    exact = _PINNED.fullmatch(wanted)
    return requirement("conda", (), name, Scope.RUNTIME, wanted, version=None if exact is None else exact[1])


SOURCES: Final = {
    Container.TAR_BZ2: Source((_INDEX, _ABOUT), _read),
    Container.ZIP: Source((_INFO,), _read_zip),
}
