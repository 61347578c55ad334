"""Maven: the group id, with its dots, is the namespace. A jar that Maven's archiver built says which artifact it is."""

from __future__ import annotations

import re
from typing import Final

from attest import limits
from attest.errors import PackageError
from attest.formats import strict_xml
from attest.packages.archives import Archive, Container, Member
from attest.packages.row import Ecosystem, Identity, Reader

_FOLDER: Final = ("META-INF", "maven")
_PATTERN: Final = "/".join((*_FOLDER, "**"))
_PROPERTIES: Final = "pom.properties"
_POM: Final = "pom.xml"
_PROPERTY: Final = re.compile(r"([A-Za-z0-9._-]+)=(.*)")
_COORDINATE: Final = re.compile(r"[A-Za-z0-9_.+-]+")
_COORDINATES: Final = ("groupId", "artifactId", "version")

Coordinates = tuple[str | None, str | None, str | None]


def _read(archive: Archive) -> Identity | None:
    """The artifact of ``META-INF/maven/GROUP/ARTIFACT``; a jar with several was put together from others."""
    described = [
        member
        for member in archive.all(_PATTERN)
        if len(member.path) == 5 and member.path[:2] == _FOLDER and member.path[4] in (_PROPERTIES, _POM)
    ]
    folders = {member.path[2:4] for member in described}
    if not folders:
        return None
    if len(folders) > 1:
        shown = ", ".join(sorted(":".join(folder) for folder in folders)[:3])
        raise PackageError(
            "several Maven artifacts in one jar",
            why=f"{len(folders)} of them, such as {shown[:200]}",
            next_step="name it by purl, with --digest",
        )
    found: Coordinates = (None, None, None)
    for member in described:
        coordinates = _properties(member) if member.path[4] == _PROPERTIES else _pom(member)
        found = _agreed(found, coordinates, member)
    (folder,) = folders
    group, artifact, version = _agreed(found, (folder[0], folder[1], None), described[0])
    if group is None or artifact is None or version is None:
        raise PackageError(
            "a jar that does not say its version", where=described[0].name, next_step="name it by purl, with --digest"
        )
    return Identity((group,), artifact, version)


def _agreed(one: Coordinates, other: Coordinates, member: Member) -> Coordinates:
    for name, first, second in zip(_COORDINATES, one, other, strict=True):
        if first is not None and second is not None and first != second:
            raise PackageError(
                "a jar that contradicts itself",
                where=member.name[:200],
                why=f"its {name} is {first[:80]!r} and {second[:80]!r}",
            )
    group, artifact, version = (first or second for first, second in zip(one, other, strict=True))
    return group, artifact, version


def _properties(member: Member) -> Coordinates:
    """As Maven's archiver writes them: one ``key=value`` a line, nothing escaped."""
    found: dict[str, str] = {}
    for line in re.split(r"\r\n|\n|\r", member.data.decode("latin-1")):
        if not line.strip() or line.startswith(("#", "!")):
            continue
        match = _PROPERTY.fullmatch(line)
        if match is None or line.endswith("\\"):
            raise _refused(member, f"a line that Maven does not write: {line[:80]!r}")
        key, value = match.groups()
        if key in found:
            raise _refused(member, f"{key} stands there twice")
        found[key] = value
    missing = [name for name in _COORDINATES if name not in found]
    if missing:
        raise _refused(member, f"it has no {missing[0]}")
    return _checked((found["groupId"], found["artifactId"], found["version"]), member)


def _pom(member: Member) -> Coordinates:
    """What the project says of itself, group and version else from its parent; what a property stands for is None."""
    project = strict_xml.read(member.data, where=member.name, limit=limits.PACKAGE_METADATA)
    if project.name != "project":
        raise _refused(member, f"its root is {project.name[:80]!r}")
    parent = project.one("parent")

    def value(name: str, *, inherited: bool = True) -> str | None:
        text = (project.value(name) or "").strip()
        above = parent.value(name) if parent is not None else None
        text = text or ((above or "").strip() if inherited else "")
        return None if not text or "${" in text else text

    return _checked((value("groupId"), value("artifactId", inherited=False), value("version")), member)


def _checked(coordinates: Coordinates, member: Member) -> Coordinates:
    for name, value in zip(_COORDINATES, coordinates, strict=True):
        if value is not None and _COORDINATE.fullmatch(value) is None:
            raise _refused(member, f"its {name} is none: {value[:80]!r}")
    return coordinates


def _refused(member: Member, why: str) -> PackageError:
    return PackageError("not the metadata of a Maven artifact", where=member.name[:200], why=why)


def _coordinates(namespace: tuple[str, ...], name: str) -> str:
    return ":".join((*namespace, name))


ROW: Final = Ecosystem(
    "maven",
    registry_name=_coordinates,
    namespace="the group id, with dots",
    namespace_min=1,
    namespace_max=1,
    readers=(
        Reader(
            "Maven artifact",
            Container.ZIP,
            "META-INF/maven/GROUP/ARTIFACT/pom.properties",
            (_PATTERN,),
            _read,
        ),
    ),
)
